//! Those who are told of events.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::gateway::OrderEntry;
use crate::view::View;

/// What reads the events of a source of commands.
#[derive(Debug, FromPyObject)]
pub enum Reader {
    /// Reports for lines.
    OrderEntry(Py<OrderEntry>),
    /// Answers and notifications.
    View(Py<View>),
}

impl Reader {
    fn take<'py>(&self, py: Python<'py>, batches: &[u8]) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self {
            Self::OrderEntry(entry) => {
                let mut entry = entry.try_borrow_mut(py)?;
                if !entry.take(py, batches)? {
                    return Ok(None);
                }
                entry.told(py).into_pyobject(py).map(Some)
            }
            Self::View(view) => {
                let mut view = view.try_borrow_mut(py)?;
                if !view.take(py, batches)? {
                    return Ok(None);
                }
                Ok(Some(view.told(py).into_pyobject(py)?.into_any()))
            }
        }
    }
}

/// Take event batches; what Python is to be told of them, if anything: where nothing native reads them,
/// the batches as they are.
pub fn take<'py>(
    reader: Option<&Reader>,
    py: Python<'py>,
    batches: &[u8],
) -> PyResult<Option<Bound<'py, PyAny>>> {
    match reader {
        Some(reader) => reader.take(py, batches),
        None => Ok(Some(PyBytes::new(py, batches).into_any())),
    }
}
