//! Event batches that are stored: their heads, the search for one, and the comparison with what is made.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use wire::record::EventBatch;
use wire::record::search::{BatchKey, first_batch_behind};

use crate::engine::bad;
use crate::journal::LogRecord;
use crate::log::AnyLog;
use crate::named::named;

/// Bytes of events that are enough for whoever tells them.
const TOLD_BYTES: usize = 256 << 10;

named! {
    /// What stands before the events of a batch, and the hash behind them.
    EventHead {
        part: u16,
        last: bool,
        command_offset: u64,
        command_hash: u64,
        time_ns: u64,
        first_seq: u64,
        last_seq: u64,
        events: u32,
        previous_hash: u64,
        hash: u64,
    }
}

/// The head of an event batch; its hash is not held to its bytes.
#[pyfunction]
pub fn event_head(batch: &[u8]) -> PyResult<EventHead> {
    let batch = EventBatch::read(batch).map_err(bad)?;
    let header = batch.header;
    let behind = header.first_seq.saturating_add(header.count.into());
    Ok(EventHead {
        part: header.part,
        last: header.last,
        command_offset: header.command_offset,
        command_hash: header.command_hash,
        time_ns: header.time_ns,
        first_seq: header.first_seq,
        last_seq: behind.saturating_sub(1),
        events: header.count,
        previous_hash: header.previous_hash,
        hash: batch.hash,
    })
}

/// Offset of the first event batch that a later command than `after_command` made; with `part`, of the
/// first behind that one of the command's own.
#[pyfunction]
#[pyo3(signature = (events, after_command, part=None))]
pub fn first_batch_after(
    py: Python<'_>,
    events: AnyLog,
    after_command: u64,
    part: Option<u16>,
) -> PyResult<u64> {
    let behind = (after_command, part.unwrap_or(u16::MAX));
    first_batch_behind(behind, events.kept(py)?, |offset| {
        let batch = events.batch(py, offset)?;
        let batch = EventBatch::read(batch.as_bytes(py)).map_err(bad)?;
        Ok(batch.header.key())
    })
}

/// What of the event batches from `start` on tells an entry, as batches that hold nothing else, and the offset
/// behind those that were read: about `bytes_max` bytes of them, one batch at least, and fewer where `TOLD_BYTES`
/// were found.
#[pyfunction]
pub fn events_told(
    py: Python<'_>,
    events: AnyLog,
    entry: u32,
    start: u64,
    bytes_max: usize,
) -> PyResult<(Py<PyBytes>, u64)> {
    let (mut told, mut behind, mut read_bytes) = (Vec::new(), start, 0_usize);
    events.read(py, start, bytes_max, |offset, batch| {
        behind = offset.saturating_add(1);
        read_bytes = read_bytes.saturating_add(batch.len());
        EventBatch::read(batch)?.push_told(entry, &mut told)?;
        Ok(read_bytes >= bytes_max || told.len() >= TOLD_BYTES)
    })?;
    Ok((PyBytes::new(py, &told).unbind(), behind))
}

/// Events as they are stored, which the engine's are compared with as it makes them.
#[derive(Debug)]
#[pyclass(module = "core._native")]
pub struct StoredStream {
    /// Whose the first batch is that is kept, until the engine has made it.
    begin: Option<BatchKey>,
    gone_bytes: usize,
    stored: Vec<u8>,
}

impl StoredStream {
    /// The part of what was made that the log may hold.
    fn kept<'a>(&mut self, made: &'a [u8]) -> PyResult<&'a [u8]> {
        let Some(begin) = self.begin else {
            return Ok(made);
        };
        let mut rest = made;
        while !rest.is_empty() {
            let here = rest;
            if EventBatch::take(&mut rest).map_err(bad)?.header.key() >= begin {
                self.begin = None;
                rest = here;
                break;
            }
        }
        let gone = made.len().saturating_sub(rest.len());
        self.gone_bytes = self.gone_bytes.saturating_add(gone);
        Ok(rest)
    }
}

#[pymethods]
impl StoredStream {
    /// `first` is the first batch that is stored, if there is any.
    #[new]
    const fn new(first: Option<&EventHead>) -> Self {
        Self {
            begin: match first {
                Some(first) => Some((first.command_offset, first.part)),
                None => None,
            },
            gone_bytes: 0,
            stored: Vec::new(),
        }
    }

    /// Bytes that were made of what the log holds no more.
    #[getter]
    const fn gone_bytes(&self) -> usize {
        self.gone_bytes
    }

    /// Bytes that were read and not compared yet.
    fn __len__(&self) -> usize {
        self.stored.len()
    }

    /// Compare what was made with what is stored, of which `more` gives records as they are needed, and
    /// none at the end; what is not stored yet.
    fn compare<'py>(
        &mut self,
        py: Python<'py>,
        made: &[u8],
        more: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let made = self.kept(made)?;
        while self.stored.len() < made.len() {
            let records: Vec<Py<LogRecord>> = more.call0()?.extract()?;
            if records.is_empty() {
                break;
            }
            for record in &records {
                self.stored
                    .extend_from_slice(record.get().batch.as_bytes(py));
            }
        }
        let length = made.len().min(self.stored.len());
        let (same, rest) = made.split_at(length);
        if !self.stored.starts_with(same) {
            return Err(PyValueError::new_err(difference(&self.stored, made)));
        }
        self.stored.drain(..length);
        Ok(PyBytes::new(py, rest))
    }
}

/// Where they differ, in a sentence.
fn difference(stored: &[u8], made: &[u8]) -> String {
    let (mut stored, mut rest) = (stored, made);
    while !rest.is_empty() {
        let here = rest;
        let Ok(batch) = EventBatch::take(&mut rest) else {
            break;
        };
        let ours = &here[..here.len().saturating_sub(rest.len())];
        let length = ours.len().min(stored.len());
        if stored[..length] != ours[..length] {
            let command = batch.header.command_offset;
            return format!(
                "the events of the command batch at offset {command} are not those that are stored"
            );
        }
        stored = &stored[length..];
    }
    "the stored events end inside a batch".to_owned()
}
