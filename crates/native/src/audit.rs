//! The store held to what the events tell.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use store::Audit;
use store::audit::Watch;

use crate::engine::Engine;
use crate::named::named;
use crate::store::failed;

named! {
    /// What was found out about a store.
    AuditReport {
        findings: Vec<String>,
        more: u64,
        orders: u64,
        trades: u64,
        events: Option<(u64, u64)>,
    }
}

/// A store at rest that is compared with the events it was made from.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen)]
pub struct StoreAudit(Mutex<Option<Audit>>);

impl StoreAudit {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        ask: impl FnOnce(&mut Option<Audit>) -> PyResult<T> + Send,
    ) -> PyResult<T> {
        py.detach(|| ask(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn over() -> PyErr {
    PyValueError::new_err("the store was looked at already")
}

#[pymethods]
impl StoreAudit {
    #[new]
    fn new(py: Python<'_>, path: PathBuf, scratch: PathBuf) -> PyResult<Self> {
        py.detach(|| Audit::open(&path, &scratch))
            .map(|audit| Self(Mutex::new(Some(audit))))
            .map_err(|error| failed(&error))
    }

    /// Events in order, as whole batches.
    fn take(&self, py: Python<'_>, batches: &[u8]) -> PyResult<()> {
        self.with(py, |audit| {
            let audit = audit.as_mut().ok_or_else(over)?;
            audit.take(batches).map_err(|error| failed(&error))
        })
    }

    /// Compare; `progress` is told how many rows of how many were read.
    fn look(&self, py: Python<'_>, engine: &Engine, progress: Py<PyAny>) -> PyResult<AuditReport> {
        let raised = Arc::new(Mutex::new(None));
        let raise = Arc::clone(&raised);
        let watch: Watch = Arc::new(move |done, total| {
            Python::attach(|py| {
                let told = progress.call1(py, (done, total));
                match told.map(|_| ()).and_then(|()| py.check_signals()) {
                    Ok(()) => true,
                    Err(error) => {
                        *raise.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                        false
                    }
                }
            })
        });
        let engine = &engine.inner;
        let report = self.with(py, |audit| {
            let audit = audit.take().ok_or_else(over)?;
            audit.look(engine, &watch).map_err(|error| failed(&error))
        })?;
        if let Some(error) = raised.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(error);
        }
        let report = report.unwrap_or_default();
        Ok(AuditReport {
            findings: report.findings,
            more: report.more,
            orders: report.orders,
            trades: report.trades,
            events: report.events,
        })
    }
}
