//! A log in memory, with the face of [`crate::Log`]: durable at once, for as long as the process lives.

use std::collections::VecDeque;
use std::os::fd::RawFd;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard};

use crate::Record;
use crate::chain::{chain, chain_start};
use crate::error::{AppendError, ReadError};
use crate::shared::{Shared, lock};

/// The log.
#[derive(Debug)]
pub struct MemoryLog {
    journal_id: u64,
    bytes_max: u64,
    kept: Mutex<Kept>,
    /// Its eventfd, and its durable offset.
    shared: Shared,
}

#[derive(Debug)]
struct Kept {
    first: u64,
    chain: u64,
    bytes: u64,
    records: VecDeque<Record>,
    closed: bool,
}

impl Kept {
    fn next(&self) -> u64 {
        self.first + self.records.len() as u64
    }
}

impl MemoryLog {
    /// An empty log of this name, which holds up to `bytes_max` of batches.
    ///
    /// # Errors
    /// When the system gives no eventfd.
    pub fn new(journal_id: u64, bytes_max: u64) -> std::io::Result<Self> {
        let kept = Kept {
            first: 1,
            chain: chain_start(journal_id),
            bytes: 0,
            records: VecDeque::new(),
            closed: false,
        };
        Ok(Self {
            journal_id,
            bytes_max,
            kept: Mutex::new(kept),
            shared: Shared::new(1, 1)?,
        })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        lock(&self.kept)
    }

    /// As [`crate::Log::append`]; what is appended is durable on return.
    ///
    /// # Errors
    /// `Full` when more than `bytes_max` would be kept, `Closed` after the end.
    pub fn append(&self, append_ns: u64, batches: &[&[u8]]) -> Result<u64, AppendError> {
        let bytes: u64 = batches.iter().map(|batch| batch.len() as u64).sum();
        let mut kept = self.kept();
        if kept.closed {
            return Err(AppendError::Closed);
        }
        if kept.bytes + bytes > self.bytes_max {
            return Err(AppendError::Full { bytes: kept.bytes });
        }
        let first = kept.next();
        for (offset, batch) in (first..).zip(batches) {
            kept.chain = chain(kept.chain, offset, append_ns, batch);
            let record = Record {
                offset,
                append_ns,
                chain: kept.chain,
                batch: batch.to_vec(),
            };
            kept.records.push_back(record);
        }
        kept.bytes += bytes;
        self.shared
            .durable
            .store(kept.next() - 1, Ordering::Release);
        Ok(first)
    }

    /// As [`crate::Log::journal_id`].
    #[must_use]
    pub fn journal_id(&self) -> u64 {
        self.journal_id
    }

    /// As [`crate::Log::durable_offset`].
    #[must_use]
    pub fn durable_offset(&self) -> u64 {
        self.shared.durable.load(Ordering::Acquire)
    }

    /// As [`crate::Log::first_offset`].
    #[must_use]
    pub fn first_offset(&self) -> u64 {
        self.kept().first
    }

    /// As [`crate::Log::next_offset`].
    #[must_use]
    pub fn next_offset(&self) -> u64 {
        self.kept().next()
    }

    /// As [`crate::Log::notify_fd`]; nobody need wait for an append that is durable on return, so it
    /// does not become readable by itself.
    #[must_use]
    pub fn notify_fd(&self) -> RawFd {
        self.shared.fd()
    }

    /// As [`crate::Log::clear_notify`].
    pub fn clear_notify(&self) {
        self.shared.clear_signal();
    }

    /// As [`crate::Log::read`].
    ///
    /// # Errors
    /// `Deleted` before the log's beginning, `Beyond` behind its end.
    pub fn read(&self, from: u64, bytes_max: usize) -> Result<Vec<Record>, ReadError> {
        let kept = self.kept();
        if from < kept.first {
            return Err(ReadError::Deleted { first: kept.first });
        }
        if from > kept.next() {
            return Err(ReadError::Beyond { next: kept.next() });
        }
        let mut bytes = 0;
        let mut records = Vec::new();
        for record in kept.records.iter().skip((from - kept.first) as usize) {
            bytes += record.batch.len();
            if bytes > bytes_max && !records.is_empty() {
                break;
            }
            records.push(record.clone());
        }
        Ok(records)
    }

    /// As [`crate::Log::delete_before`], at once.
    pub fn delete_before(&self, offset: u64) {
        let mut kept = self.kept();
        while kept.first < offset
            && let Some(record) = kept.records.pop_front()
        {
            kept.bytes -= record.batch.len() as u64;
            kept.first += 1;
        }
    }

    /// Bytes of batches that are kept.
    #[must_use]
    pub fn bytes_kept(&self) -> u64 {
        self.kept().bytes
    }

    /// Take nothing more.
    pub fn close(&self) {
        self.kept().closed = true;
    }
}
