//! Who stands at the ends of the pipeline: a new protocol, or a new reader of events, is a connection in here.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::commands::Commands;
use crate::gateway::OrderEntry;
use crate::ports::{CommandSource, EventReader};
use crate::view::View;

/// Those who send commands.
#[derive(Debug, FromPyObject)]
pub enum Source {
    /// Written by Python.
    Commands(Py<Commands>),
    /// Read from sockets.
    OrderEntry(Py<OrderEntry>),
}

impl From<Source> for Box<dyn CommandSource> {
    fn from(source: Source) -> Self {
        match source {
            Source::Commands(commands) => Box::new(commands),
            Source::OrderEntry(entry) => Box::new(entry),
        }
    }
}

/// Those who are told of events.
#[derive(Debug, FromPyObject)]
pub enum Reader {
    /// Reports, which are written to their connections at once; Python is told which may be read again, or
    /// that it has failed.
    OrderEntry(Py<OrderEntry>),
    /// Answers and notifications, which Python is told.
    View(Py<View>),
}

impl From<Reader> for Box<dyn EventReader> {
    fn from(reader: Reader) -> Self {
        match reader {
            Reader::OrderEntry(entry) => Box::new(entry),
            Reader::View(view) => Box::new(view),
        }
    }
}

/// Where nothing native reads events: Python is told the batches as they are.
#[derive(Debug)]
pub struct AsTheyAre;

impl EventReader for AsTheyAre {
    fn take<'py>(&self, py: Python<'py>, batches: &[u8]) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(Some(PyBytes::new(py, batches).into_any()))
    }
}
