//! Any log that fulfils the Journal port, as native code calls it.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::journal::{Log, MemoryLog, append_error};

/// A log: ours are called without Python in between.
#[derive(Debug, FromPyObject)]
pub enum AnyLog {
    /// On disk.
    Log(Py<Log>),
    /// In memory.
    Memory(Py<MemoryLog>),
    /// Any other, by the methods that the port names.
    Other(Py<PyAny>),
}

impl AnyLog {
    /// Append batches; the first one's offset.
    pub fn append(&self, py: Python<'_>, append_ns: u64, batches: &[&[u8]]) -> PyResult<u64> {
        let first = match self {
            Self::Log(log) => log.get().0.append(append_ns, batches),
            Self::Memory(log) => log.get().0.append(append_ns, batches),
            Self::Other(log) => {
                let batches: Vec<_> = batches.iter().map(|b| PyBytes::new(py, b)).collect();
                let first = log.call_method1(py, "append", (append_ns, batches))?;
                return first.extract(py);
            }
        };
        first.map_err(|error| append_error(&error))
    }

    /// Highest offset that survives the loss of power.
    pub fn durable_offset(&self, py: Python<'_>) -> PyResult<u64> {
        match self {
            Self::Log(log) => Ok(log.get().0.durable_offset()),
            Self::Memory(log) => Ok(log.get().0.durable_offset()),
            Self::Other(log) => log.getattr(py, "durable_offset")?.extract(py),
        }
    }

    /// Bytes that wait for the log's writer.
    pub fn queue_bytes(&self, py: Python<'_>) -> PyResult<u64> {
        match self {
            Self::Log(log) => Ok(log.get().0.queue_bytes()),
            Self::Memory(_) => Ok(0),
            Self::Other(log) => log.getattr(py, "queue_bytes")?.extract(py),
        }
    }
}
