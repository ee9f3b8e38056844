//! What version 1 of the journal wrote, brought over: `upgrade` for Python.

use std::path::PathBuf;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use upgrade::events::Upgraded;

/// An event batch that was brought over.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen, get_all)]
pub struct UpgradedBatch {
    batch: Py<PyBytes>,
    hash: u64,
    hash_before: u64,
}

/// One event batch of version 1 in this version's layout, chained to the one before it.
#[pyfunction]
#[pyo3(signature = (batch, previous_hash=None))]
pub fn upgrade_events(
    py: Python<'_>,
    batch: &[u8],
    previous_hash: Option<u64>,
) -> PyResult<UpgradedBatch> {
    let upgraded = upgrade::events::bring_over(batch, previous_hash);
    let Upgraded {
        batch,
        hash,
        hash_before,
    } = upgraded.map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(UpgradedBatch {
        batch: PyBytes::new(py, &batch).unbind(),
        hash,
        hash_before,
    })
}

/// A snapshot of version 1 in this version's layout.
#[pyfunction]
pub fn upgrade_snapshot<'py>(
    py: Python<'py>,
    snapshot: &[u8],
    event_hash: u64,
) -> PyResult<Bound<'py, PyBytes>> {
    py.detach(|| upgrade::snapshot::bring_over(snapshot, event_hash))
        .map(|bytes| PyBytes::new(py, &bytes))
        .map_err(|error| PyValueError::new_err(error.to_string()))
}

/// Say in a store that nobody writes which batch, by its new hash and chain, is the last that it has.
#[pyfunction]
pub fn move_store(py: Python<'_>, path: PathBuf, hash: u64, chain: u64) -> PyResult<()> {
    py.detach(|| store::move_position(&path, hash, chain))
        .map_err(|error| crate::store::failed(&error))
}
