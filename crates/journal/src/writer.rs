//! The writer thread: all that waits becomes one transaction.

#![allow(
    clippy::disallowed_methods,
    reason = "how long a commit took, or may be put off: nothing that is written follows from it"
)]

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Instant;

use rusqlite::{Connection, params};

use crate::chain::chain;
use crate::checkpoint::Checkpoints;
use crate::error::describe;
use crate::files::beside;
use crate::open::fill;
use crate::options::{LogOptions, Synchronous};
use crate::schema::{Meta, column};
use crate::shared::{Pending, Shared, State};

pub(crate) struct Writer {
    pub shared: Arc<Shared>,
    pub options: LogOptions,
    pub path: PathBuf,
    pub connection: Connection,
    pub meta: Meta,
    /// The write-ahead log, to sync it apart from SQLite.
    pub wal: File,
    pub next: u64,
    pub chain: u64,
    pub checkpoints: Checkpoints,
    pub taken: Vec<Pending>,
    /// What nobody waits for waits until then.
    pub not_before: Instant,
}

/// What the writer does next.
#[derive(Debug, Default)]
struct Turn {
    delete_before: u64,
    sync: Option<u64>,
    close: bool,
}

impl Writer {
    /// Work until the log is closed or fails.
    pub fn run(mut self) {
        if self.options.synchronous == Synchronous::Full {
            // Who waits for an answer waits for this thread.  If it can't be had, it is only slower.
            let _ = timeslice::shorten();
        }
        if let Err(error) = fill(&beside(&self.path, "-wal"), self.options.wal_bytes_max) {
            let path = self.path.display();
            self.shared
                .fail(format!("{path}: preparing its write-ahead log: {error}"));
        }
        let end = loop {
            let Some(turn) = self.wait() else {
                break Ok(());
            };
            match self.serve(&turn) {
                Ok(()) if turn.close => break self.finish(),
                Ok(()) => {}
                Err(error) => break Err(error),
            }
        };
        if let Err(what) = end {
            self.shared.fail(format!("{}: {what}", self.path.display()));
        }
        self.checkpoints.stop();
        drop(self.connection);
        self.shared.state().closed = true;
        self.shared.done.notify_all();
    }

    /// Wait for work and take it: batches into `taken`, the rest as a turn.  `None` after a failure.
    fn wait(&mut self) -> Option<Turn> {
        let mut state = self.shared.state();
        loop {
            if state.failure.is_some() {
                return None;
            }
            let turn = Turn {
                delete_before: state.delete_before.min(self.next),
                sync: (state.sync_asked > state.sync_done).then_some(state.sync_asked),
                close: state.closing,
            };
            let delete = turn.delete_before > self.meta.first;
            let now = Instant::now();
            let asked = delete || turn.sync.is_some() || turn.close;
            let due = now >= self.not_before || state.pending_bytes >= self.options.linger_bytes;
            if asked || due && !state.pending.is_empty() {
                let mut bytes = 0;
                for next in &state.pending {
                    bytes += next.batch.len() as u64;
                    if bytes > self.options.commit_bytes_max && !self.taken.is_empty() {
                        break;
                    }
                    self.taken.push(next.clone());
                }
                // What is left of the queue goes first; so do syncs and the end.
                let last = state.pending.len() == self.taken.len();
                return Some(Turn {
                    sync: turn.sync.filter(|_| last),
                    close: turn.close && last,
                    ..turn
                });
            }
            state = self.sleep(state, now);
        }
    }

    /// Until there is work, or what waits has waited long enough.
    fn sleep<'a>(&self, mut state: MutexGuard<'a, State>, now: Instant) -> MutexGuard<'a, State> {
        let wake = &self.shared.wake;
        let lingers = self.not_before.saturating_duration_since(now);
        let mut state = if lingers.is_zero() {
            state.sleeps_until_bytes = 0;
            wake.wait(state).unwrap_or_else(PoisonError::into_inner)
        } else {
            state.sleeps_until_bytes = self.options.linger_bytes;
            let woken = wake.wait_timeout(state, lingers);
            woken.unwrap_or_else(PoisonError::into_inner).0
        };
        state.sleeps_until_bytes = u64::MAX;
        state
    }

    fn serve(&mut self, turn: &Turn) -> Result<(), String> {
        if !self.taken.is_empty() || turn.delete_before > self.meta.first {
            self.commit(turn.delete_before)?;
        }
        if let Some(asked) = turn.sync {
            self.sync()?;
            self.shared.state().sync_done = asked;
            self.shared.done.notify_all();
            self.shared.signal();
        }
        self.checkpoints
            .after_commit(&self.connection, &self.shared)
    }

    /// One transaction: what was taken, and a slice of what is to be deleted.
    fn commit(&mut self, delete_before: u64) -> Result<(), String> {
        let start = Instant::now();
        let first = self.next;
        let mut meta = self.meta;
        let (chain, bytes) = self
            .transact(&mut meta, delete_before)
            .map_err(|error| format!("commit: {}", describe(&error)))?;
        let records = self.taken.len() as u64;
        let deleted = meta.first - self.meta.first;
        self.meta = meta;
        self.next = first + records;
        self.chain = chain;
        self.publish();
        self.shared.wrote(self.taken.len());
        self.taken.clear();
        self.not_before = Instant::now() + self.options.linger;
        let mut stats = self.shared.stats();
        stats.deleted += deleted;
        if records > 0 {
            stats.committed(records, bytes, start.elapsed());
        }
        Ok(())
    }

    fn transact(&self, meta: &mut Meta, delete_before: u64) -> rusqlite::Result<(u64, u64)> {
        let connection = &self.connection;
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let mut insert = connection.prepare_cached(
            "INSERT INTO entries (offset, append_ns, chain, batch) VALUES (?1, ?2, ?3, ?4)",
        )?;
        let (mut before, mut bytes) = (self.chain, 0);
        for (offset, record) in (self.next..).zip(&self.taken) {
            before = chain(before, offset, record.append_ns, &record.batch);
            bytes += record.batch.len() as u64;
            insert.execute(params![
                offset as i64,
                record.append_ns as i64,
                before as i64,
                &record.batch[..]
            ])?;
        }
        if delete_before > meta.first {
            self.delete_slice(meta, delete_before)?;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok((before, bytes))
    }

    /// Delete a few records, more than were added, so that deleting keeps pace.
    fn delete_slice(&self, meta: &mut Meta, delete_before: u64) -> rusqlite::Result<()> {
        let most = self
            .options
            .delete_records_max
            .max(2 * self.taken.len() as u64);
        let until = delete_before.min(meta.first + most);
        meta.chain_before = self
            .connection
            .prepare_cached("SELECT chain FROM entries WHERE offset = ?1")?
            .query_row(params![(until - 1) as i64], |row| column(row, 0))?;
        self.connection
            .prepare_cached("DELETE FROM entries WHERE offset >= ?1 AND offset < ?2")?
            .execute(params![meta.first as i64, until as i64])?;
        meta.first = until;
        meta.write(&self.connection)
    }

    fn publish(&self) {
        let shared = &self.shared;
        shared.first.store(self.meta.first, Ordering::Release);
        shared.written.store(self.next - 1, Ordering::Release);
        if self.options.synchronous == Synchronous::Full {
            shared.durable.store(self.next - 1, Ordering::Release);
        }
        shared.signal();
    }

    /// Make what is written durable.
    fn sync(&self) -> Result<(), String> {
        if self.options.synchronous == Synchronous::Normal {
            self.wal
                .sync_data()
                .map_err(|error| format!("sync: {error}"))?;
        }
        self.shared.durable.store(self.next - 1, Ordering::Release);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), String> {
        self.sync()?;
        self.checkpoints.last(&self.connection, &self.shared)
    }
}
