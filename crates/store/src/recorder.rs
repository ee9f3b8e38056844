//! The recorder: event batches in, rows out, each event exactly once.
//!
//! # Contract
//! Batches are taken in the order of the log ([`Recorder::take`]) and written by
//! [`Recorder::commit`], together with the position, in one transaction.  What has been seen is passed
//! over; a gap, another past, or a damaged batch is an error, and the recorder stays where it is.
//! After any error [`Recorder::rewind`] forgets what is not committed, and the log is read again from
//! [`Recorder::position`].

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use wire::record::EventBatch;
use wire::record::batch::HASH;
use xxhash_rust::xxh3::xxh3_64;

use crate::checkpoint::Checkpoints;
use crate::error::StoreError;
use crate::pending::Pending;
use crate::position::{Next, Origin, Position};
use crate::{schema, write};

/// What a commit wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Events.
    pub events: u64,
    /// Bytes of their batches.
    pub bytes: u64,
    /// Orders that began.
    pub orders: u64,
    /// Trades.
    pub trades: u64,
}

/// The writer of the store.  One at a time has the file.
#[derive(Debug)]
pub struct Recorder {
    connection: Connection,
    checkpoints: Checkpoints,
    committed: Option<Position>,
    durable: Option<Position>,
    taken: Option<Position>,
    pending: Pending,
}

impl Recorder {
    /// Open the store at `path`, and make it when it is not there.
    ///
    /// # Errors
    /// `Sqlite` or `Schema` when it cannot be used.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = schema::open_for_writing(path)?;
        let checkpoints = Checkpoints::start(path, &mut connection)?;
        checkpoints.move_all(&connection)?;
        let committed = Position::load(&connection)?;
        Ok(Self {
            connection,
            checkpoints,
            committed,
            durable: committed,
            taken: committed,
            pending: Pending::default(),
        })
    }

    /// What is committed; `None` in a store that is empty.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        self.committed
    }

    /// What no power cut takes back: the position of the last checkpoint.
    #[must_use]
    pub const fn durable(&self) -> Option<Position> {
        self.durable
    }

    /// What is taken, committed or not.
    #[must_use]
    pub const fn taken(&self) -> Option<Position> {
        self.taken
    }

    /// Events that are taken and not committed.
    #[must_use]
    pub const fn pending_events(&self) -> usize {
        self.pending.events
    }

    /// Where what was taken last stands: it is committed with it.
    pub fn stands_at(&mut self, origin: Origin) {
        if let Some(taken) = &mut self.taken {
            taken.origin = origin;
        }
    }

    /// The log was begun anew: what is recorded stands elsewhere in it.
    ///
    /// # Errors
    /// `Sqlite`.
    pub(crate) fn renumber(&mut self, offset: u64, origin: Origin) -> Result<(), StoreError> {
        let moved = self.committed.map(|at| Position {
            offset,
            origin,
            ..at
        });
        if let Some(position) = &moved {
            position.save(&self.connection)?;
        }
        (self.committed, self.durable, self.taken) = (moved, moved, moved);
        Ok(())
    }

    /// Take the batch at `offset` of the events log.
    ///
    /// # Errors
    /// `Record`, `Damaged`, `Gap` or `Chain`; then [`Self::rewind`] must follow.
    pub fn take(&mut self, offset: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let batch = read_batch(offset, bytes)?;
        match Position::judge(self.taken.as_ref(), offset, &batch)? {
            Next::Seen => Ok(()),
            Next::Take(next) => {
                if self.taken.is_none() && next.first_seq > 1 {
                    self.pending.late_ns = Some(batch.header.time_ns);
                }
                self.add(offset, &batch)?;
                self.taken = Some(next);
                Ok(())
            }
        }
    }

    /// Take events that tell of what was before the log begins: entries, instruments, open orders
    /// (an acceptance, then a status report that says how far it is).  They count as of `time_ns`, when
    /// the log begins.
    ///
    /// They are written with the next commit, and are no part of the position.
    ///
    /// # Errors
    /// `Record` when it is no row of event batches.
    pub fn seed(&mut self, mut batches: &[u8], time_ns: u64) -> Result<(), StoreError> {
        let bad = |error| StoreError::Record { offset: 0, error };
        self.pending.late_ns = Some(time_ns);
        while !batches.is_empty() {
            let batch = EventBatch::take(&mut batches).map_err(bad)?;
            for event in batch.events() {
                let (_, event) = event.map_err(bad)?;
                self.pending.seed(time_ns, &event);
            }
        }
        Ok(())
    }

    fn add(&mut self, offset: u64, batch: &EventBatch<'_>) -> Result<(), StoreError> {
        self.pending
            .add_batch(batch)
            .map_err(|error| StoreError::Record { offset, error })
    }

    /// Write what is pending, and the position with it.
    ///
    /// # Errors
    /// `Sqlite`: nothing of it is written; [`Self::rewind`] must follow.
    pub fn commit(&mut self) -> Result<Written, StoreError> {
        if self.taken == self.committed && self.pending.is_empty() {
            return Ok(Written::default());
        }
        let immediate = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(immediate)?;
        write::write(&transaction, &mut self.pending)?;
        if let Some(position) = &self.taken {
            position.save(&transaction)?;
        }
        transaction.commit()?;
        self.committed = self.taken;
        let written = Written {
            events: self.pending.events as u64,
            bytes: self.pending.bytes,
            orders: self.pending.begun,
            trades: self.pending.trades.len() as u64,
        };
        self.pending.clear();
        Ok(written)
    }

    /// Whether the files that are written are still those of the store's path.
    ///
    /// # Errors
    /// `Unfit` when they are gone, or others.
    pub fn stand(&self) -> Result<(), StoreError> {
        self.checkpoints.stand()
    }

    /// Forget what is not committed.
    pub fn rewind(&mut self) {
        self.pending.clear();
        self.taken = self.committed;
    }

    /// Move the write-ahead log into the file, with rests, and sync both; false when a reader was in
    /// the way.  In a `hurry` it takes no rest.
    ///
    /// # Errors
    /// `Sqlite` when the disk refuses a page, `Sync` when it may have lost some.
    pub fn checkpoint(&mut self, hurry: &dyn Fn() -> bool) -> Result<bool, StoreError> {
        self.checkpoints.sync_log(hurry)?;
        self.durable = self.committed;
        self.checkpoints.move_gently(&self.connection, hurry)
    }

    /// The last checkpoint: the write-ahead log is emptied as well, if nobody reads.
    ///
    /// # Errors
    /// As [`Self::checkpoint`].
    pub fn finish(&mut self) -> Result<(), StoreError> {
        self.checkpoints.move_all(&self.connection)?;
        self.durable = self.committed;
        Ok(())
    }

    /// Bytes of the write-ahead log that are in use.
    #[must_use]
    pub fn wal_bytes(&self) -> u64 {
        self.checkpoints.log_bytes()
    }
}

/// Read the batch that is all of `bytes`, and hold its hash to its bytes.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "a batch has a header and a hash"
)]
pub(crate) fn read_batch(offset: u64, bytes: &[u8]) -> Result<EventBatch<'_>, StoreError> {
    let batch = EventBatch::read(bytes).map_err(|error| StoreError::Record { offset, error })?;
    if xxh3_64(&bytes[..bytes.len() - HASH]) != batch.hash {
        return Err(StoreError::Damaged { offset });
    }
    Ok(batch)
}
