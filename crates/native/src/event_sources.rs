//! Where a recorder reads events: a file, a log in memory, or whatever fulfils `journal.port.NamedLog`.

use std::path::PathBuf;

use journal::ReadError;
use pyo3::prelude::*;
use store::{EventSource, LogSource, read_kept};

use crate::fault::caught;
use crate::journal::{LogRecord, MemoryLog};

/// The events log.
#[derive(FromPyObject)]
pub enum Events {
    Memory(Py<MemoryLog>),
    File(PathBuf),
    Named(Py<PyAny>),
}

impl Events {
    /// What the recorder's thread reads.
    ///
    /// # Errors
    /// A sentence, where there is no such file.
    pub fn source(self) -> Result<Box<dyn EventSource>, String> {
        Ok(match self {
            Self::Memory(log) => Box::new(MemorySource(log)),
            Self::File(path) => Box::new(LogSource::open(&path)?),
            Self::Named(log) => Box::new(NamedSource(log)),
        })
    }
}

/// A log in memory as a source; reading it needs no GIL.
struct MemorySource(Py<MemoryLog>);

impl EventSource for MemorySource {
    fn read(&mut self, from: u64, bytes_max: usize) -> Result<Vec<(u64, Vec<u8>)>, String> {
        read_kept(from, |from| self.0.get().0.read(from, bytes_max))
    }

    fn last(&mut self) -> Result<Option<u64>, String> {
        let next = self.0.get().0.next_offset();
        Ok(next.checked_sub(1).filter(|last| *last > 0))
    }

    fn journal_id(&mut self) -> Result<u64, String> {
        Ok(self.0.get().0.journal_id())
    }

    fn chain(&mut self, offset: u64) -> Result<Option<u64>, String> {
        match self.0.get().0.read(offset, 1) {
            Ok(entries) => Ok(entries.first().map(|entry| entry.chain)),
            Err(ReadError::Deleted { .. } | ReadError::Beyond { .. }) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// A log of Python's, by the methods that the port names.
struct NamedSource(Py<PyAny>);

impl NamedSource {
    /// Ask it; whatever is raised is a sentence, and so is a panic of what it calls.
    fn ask<T>(&self, ask: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>) -> Result<T, String> {
        let asked = caught(|| {
            Python::try_attach(|py| ask(self.0.bind(py)).map_err(|error| said(py, &error)))
        })?;
        asked.unwrap_or_else(|| Err("the interpreter ends".to_owned()))
    }
}

/// What an error of Python's says; its name where it says nothing.
fn said(py: Python<'_>, error: &PyErr) -> String {
    let text = error.value(py).to_string();
    if text.is_empty() {
        return error.to_string();
    }
    text
}

impl EventSource for NamedSource {
    fn read(&mut self, from: u64, bytes_max: usize) -> Result<Vec<(u64, Vec<u8>)>, String> {
        self.ask(|log| {
            let first: u64 = log.getattr("first_offset")?.extract()?;
            let next: u64 = log.getattr("next_offset")?.extract()?;
            let from = from.max(first);
            if from >= next {
                return Ok(Vec::new());
            }
            let records: Vec<Py<LogRecord>> =
                log.call_method1("read", (from, bytes_max))?.extract()?;
            let entry = |record: Py<LogRecord>| {
                let record = record.get();
                (record.offset, record.batch.as_bytes(log.py()).to_vec())
            };
            Ok(records.into_iter().map(entry).collect())
        })
    }

    fn last(&mut self) -> Result<Option<u64>, String> {
        self.ask(|log| {
            log.call_method0("look")?;
            let last: u64 = log.getattr("written_offset")?.extract()?;
            Ok((last > 0).then_some(last))
        })
    }

    fn journal_id(&mut self) -> Result<u64, String> {
        self.ask(|log| log.getattr("journal_id")?.extract())
    }

    fn chain(&mut self, offset: u64) -> Result<Option<u64>, String> {
        self.ask(|log| log.call_method1("chain_at", (offset,))?.extract())
    }
}
