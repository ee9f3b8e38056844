//! What events say, counted, for who has no order entry that sees them all.

use gateway::Tally as Inner;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use wire::record::field::screaming;

use crate::gateway_outcomes::TallyRow;

/// Counts events, as order entry does.
#[derive(Debug, Default)]
#[pyclass(module = "core._native")]
pub struct Tally(Inner);

#[pymethods]
impl Tally {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Count event batches that stand one after the other: all of them, or none.
    fn take(&mut self, batches: &[u8]) -> PyResult<()> {
        let taken = self.0.take(batches);
        taken.map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// What was counted so far.
    fn rows(&self) -> Vec<TallyRow> {
        rows(&self.0)
    }
}

/// What was counted, by name and reason.
pub fn rows(tally: &Inner) -> Vec<TallyRow> {
    let row = |name: &str, reason: &str, count| TallyRow {
        name: name.to_owned(),
        reason: reason.to_owned(),
        count,
    };
    let mut rows = vec![
        row("accepted", "", tally.accepted),
        row("trade", "", tally.trades),
        row("replaced", "", tally.replaced),
    ];
    let canceled = tally.canceled();
    rows.extend(canceled.map(|(why, n)| row("canceled", why.name(), n)));
    let rejected = tally.rejected();
    rows.extend(rejected.map(|(why, n)| row("rejected", why.name(), n)));
    let refused = tally.cancel_rejected();
    rows.extend(refused.map(|(why, n)| row("cancel_rejected", why.name(), n)));
    let refused = tally.refused();
    rows.extend(refused.map(|(why, n)| row("refused", &screaming(&format!("{why:?}")), n)));
    rows
}
