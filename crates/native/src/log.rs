//! Any log that fulfils the Journal port, as native code calls it.

use std::ops::Range;

use journal::{ReadError, Record};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use wire::record::RecordError;

use crate::engine::bad;
use crate::journal::{JournalError, Log, LogRecord, MemoryLog, append_error, read_error};

/// Bytes of batches that are read at once.
const PIECE_BYTES: usize = 1 << 20;

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

    /// The offsets of the records that can be read.
    pub fn kept(&self, py: Python<'_>) -> PyResult<Range<u64>> {
        let (first, written) = match self {
            Self::Log(log) => (log.get().0.first_offset(), log.get().0.written_offset()),
            Self::Memory(log) => (log.get().0.first_offset(), log.get().0.durable_offset()),
            Self::Other(log) => (
                log.getattr(py, "first_offset")?.extract(py)?,
                log.getattr(py, "written_offset")?.extract(py)?,
            ),
        };
        Ok(first..written.saturating_add(1))
    }

    /// The batch at an offset that can be read.
    pub fn batch(&self, py: Python<'_>, offset: u64) -> PyResult<Py<PyBytes>> {
        let read = match self {
            Self::Log(log) => log.get().read(py, offset, 1)?,
            Self::Memory(log) => log.get().read(py, offset, 1)?,
            Self::Other(log) => {
                let read: Vec<Py<LogRecord>> =
                    log.call_method1(py, "read", (offset, 1))?.extract(py)?;
                let batch = read.first().map(|record| record.get().batch.clone_ref(py));
                return batch.ok_or_else(|| missing(offset));
            }
        };
        let record = read.into_iter().next();
        Ok(record.ok_or_else(|| missing(offset))?.batch)
    }

    /// Hand on batches from an offset on, with their offsets, until that says that it is enough or nothing more is
    /// written; of our own logs without the interpreter.
    pub fn read(
        &self,
        py: Python<'_>,
        start: u64,
        bytes_max: usize,
        mut hand_on: impl FnMut(u64, &[u8]) -> Result<bool, RecordError> + Send,
    ) -> PyResult<()> {
        let piece = bytes_max.min(PIECE_BYTES);
        let mut all = |read: &dyn Fn(u64) -> Result<Vec<Record>, ReadError>,
                       end: &dyn Fn() -> u64| {
            let (mut at, mut enough) = (start, false);
            while !enough {
                let records = read(at).map_err(|error| read_error(&error))?;
                enough = records.is_empty();
                for record in records {
                    enough |= hand_on(record.offset, &record.batch).map_err(bad)?;
                    at = record.offset.saturating_add(1);
                }
                enough |= at > end();
            }
            Ok(())
        };
        match self {
            Self::Log(log) => {
                let log = &log.get().0;
                py.detach(|| all(&|from| log.read(from, piece), &|| log.written_offset()))
            }
            Self::Memory(log) => {
                let log = &log.get().0;
                py.detach(|| all(&|from| log.read(from, piece), &|| log.durable_offset()))
            }
            Self::Other(log) => {
                let read = log.call_method1(py, "read", (start, piece))?;
                let read: Vec<Py<LogRecord>> = read.extract(py)?;
                for record in read.iter().map(Py::get) {
                    hand_on(record.offset, record.batch.as_bytes(py)).map_err(bad)?;
                }
                Ok(())
            }
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

fn missing(offset: u64) -> PyErr {
    JournalError::new_err(format!("the log holds no record {offset}"))
}
