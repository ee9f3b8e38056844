//! The same events in a store of their own: what the store that is looked at must say of them.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use wire::record::EventBatch;

use crate::error::StoreError;
use crate::position::Position;
use crate::recorder::Recorder;
use crate::schema;

/// Events in one transaction.
const TRANSACTION_EVENTS: usize = 100_000;
/// Bytes of the write-ahead log at which it is moved.
const WAL_BYTES: u64 = 64 << 20;

/// The scratch store while it is written.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    /// How far the store has come, and where it began.
    at: Option<Position>,
    recorder: Option<Recorder>,
    /// Engine time of the first batch.
    begin_ns: u64,
}

/// What the events tell: the scratch store, once it is written.
#[derive(Debug)]
pub struct Replayed {
    pub connection: Connection,
    /// Its first event.
    pub first_seq: u64,
    /// Engine time of its first batch.
    pub begin_ns: u64,
    /// What was taken last.
    pub end: Position,
    /// The lowest id of an order that begins in these events: all with higher ids do.
    pub begun_from: Option<u64>,
}

impl Scratch {
    pub fn new(path: &Path, at: Option<Position>) -> Self {
        Self {
            path: path.to_owned(),
            at,
            recorder: None,
            begin_ns: 0,
        }
    }

    pub fn take(&mut self, mut batches: &[u8]) -> Result<(), StoreError> {
        let Some(at) = self.at else {
            return Ok(());
        };
        while !batches.is_empty() {
            let all = batches;
            let batch = EventBatch::take(&mut batches)
                .map_err(|error| StoreError::Record { offset: 0, error })?;
            let header = &batch.header;
            let (before, key) = (header.first_seq < at.first_seq, header.key());
            if before || key > (at.command_offset, at.part) {
                continue;
            }
            let bytes = &all[..all.len().saturating_sub(batches.len())];
            self.record(header.command_offset, header.time_ns, bytes)?;
        }
        Ok(())
    }

    fn record(&mut self, command: u64, time_ns: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let recorder = if let Some(recorder) = &mut self.recorder {
            recorder
        } else {
            self.begin_ns = time_ns;
            self.recorder.insert(Recorder::open(&self.path)?)
        };
        recorder.take(command, bytes)?;
        if recorder.pending_events() >= TRANSACTION_EVENTS {
            recorder.commit()?;
            if recorder.wal_bytes() >= WAL_BYTES {
                recorder.checkpoint(&|| true)?;
            }
        }
        Ok(())
    }

    /// What was taken; `None` where no event was of the store.
    pub fn finish(&mut self) -> Result<Option<Replayed>, StoreError> {
        let Some(mut recorder) = self.recorder.take() else {
            return Ok(None);
        };
        recorder.commit()?;
        recorder.finish()?;
        let Some(end) = recorder.position() else {
            return Ok(None);
        };
        drop(recorder);
        let connection = schema::open_for_reading(&self.path)?;
        let sql = "SELECT order_id FROM orders WHERE begun = 1 ORDER BY order_id LIMIT 1";
        let begun_from = {
            let mut select = connection.prepare(sql)?;
            let mut rows = select.query([])?;
            rows.next()?.map(|row| row.get::<_, i64>(0)).transpose()?
        };
        Ok(Some(Replayed {
            connection,
            first_seq: end.first_seq,
            begin_ns: self.begin_ns,
            end,
            begun_from: begun_from.map(|id| id as u64),
        }))
    }
}
