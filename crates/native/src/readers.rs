//! Those who are told of events, and what Python calls them.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::adapters::{AsTheyAre, Reader};
use crate::fault::caught;
use crate::ports::EventReader;

/// What Python is to be told: what is called, and with what.
pub(crate) type Delivery<'py> = (Py<PyAny>, Bound<'py, PyAny>);

/// The readers, in the order in which they are told.
#[derive(Debug)]
pub struct Readers {
    readers: Vec<(Box<dyn EventReader>, Py<PyAny>)>,
    /// Called with what went wrong where Python was told something: that is no fault of the engine's.
    on_undelivered: Py<PyAny>,
}

impl Readers {
    /// Nobody yet.
    pub const fn new(on_undelivered: Py<PyAny>) -> Self {
        Self {
            readers: Vec::new(),
            on_undelivered,
        }
    }

    /// Somebody more; Python is told by `on_output` what `reader` makes of events, or the events as they are.
    pub fn add(&mut self, reader: Option<Reader>, on_output: Py<PyAny>) {
        let reader = reader.map_or_else(|| Box::new(AsTheyAre) as Box<dyn EventReader>, Into::into);
        self.readers.push((reader, on_output));
    }

    /// How many.
    pub const fn len(&self) -> usize {
        self.readers.len()
    }

    /// Who is called where something can't be told.
    pub fn on_undelivered(&self, py: Python<'_>) -> Py<PyAny> {
        self.on_undelivered.clone_ref(py)
    }

    /// Let a reader read events; what Python is to be told of them.
    pub(crate) fn read<'py>(
        &self,
        py: Python<'py>,
        index: usize,
        batches: &[u8],
    ) -> PyResult<Option<Delivery<'py>>> {
        let (reader, on_output) = &self.readers[index];
        let what = reader.take(py, batches)?;
        Ok(what.map(|what| (on_output.clone_ref(py), what)))
    }

    /// Tell Python; what goes wrong there is the matter of who was told, and the others are told all
    /// the same.
    pub(crate) fn deliver(
        py: Python<'_>,
        (on_output, what): Delivery<'_>,
        on_undelivered: &Py<PyAny>,
    ) -> PyResult<()> {
        let outcome = caught(|| on_output.call1(py, (what,)).map(drop));
        let Err(error) = outcome.unwrap_or_else(|panic| Err(PyRuntimeError::new_err(panic))) else {
            return Ok(());
        };
        on_undelivered.call1(py, (error,)).map(drop)
    }

    /// Let go of all of them.
    pub fn close(&mut self, py: Python<'_>) {
        self.readers.clear();
        self.on_undelivered = py.None();
    }
}
