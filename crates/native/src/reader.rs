//! Those who are told of events.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::gateway::OrderEntry;
use crate::view::View;

/// What reads the events of a source of commands.
#[derive(Debug, FromPyObject)]
pub enum Reader {
    /// Reports, which are written to their lines at once; Python is told which may be read again, or
    /// that it has failed.
    OrderEntry(Py<OrderEntry>),
    /// Answers and notifications, which Python is told.
    View(Py<View>),
}

impl Reader {
    fn take<'py>(&self, py: Python<'py>, batches: &[u8]) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self {
            Self::OrderEntry(entry) => {
                entry.try_borrow_mut(py)?.take(py, batches);
                // Nobody holds the order entry meanwhile: a writer may ask something of it.
                while let Some((writer, bytes)) = next_written(py, entry)? {
                    if let Err(error) = writer.call1(py, (bytes,)) {
                        entry.try_borrow_mut(py)?.fail(error.to_string());
                    }
                }
                let mut entry = entry.try_borrow_mut(py)?;
                if let Some(fault) = entry.take_fault() {
                    return Ok(Some(fault.into_pyobject(py)?.into_any()));
                }
                let resumed = entry.take_resumed();
                if resumed.is_empty() {
                    return Ok(None);
                }
                resumed.into_pyobject(py).map(Some)
            }
            Self::View(view) => {
                let mut view = view.try_borrow_mut(py)?;
                if !view.take(py, batches) {
                    return Ok(None);
                }
                Ok(Some(view.told(py).into_pyobject(py)?.into_any()))
            }
        }
    }
}

fn next_written<'py>(
    py: Python<'py>,
    entry: &Py<OrderEntry>,
) -> PyResult<Option<(Py<PyAny>, Bound<'py, PyBytes>)>> {
    Ok(entry.try_borrow_mut(py)?.next_written(py))
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
