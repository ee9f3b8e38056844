//! A checkpoint pass beside the writer, which does not make its commits wait for one large flush.
//!
//! `SQLite`'s own pass syncs the write-ahead log, writes the pages, and syncs the database in one go.  Here
//! it is told to sync nothing, and the two syncs are made around it, in the same order, a portion at a
//! time ([`disk::write_back`]).
//!
//! Meanwhile the writer commits.  A read transaction that is as old as the first sync holds both sides
//! together: the pass moves nothing that was committed after that transaction began, so nothing that
//! is not synced; and the write-ahead log is not begun again before it ends, so not before the second
//! sync (SQLite, "Write-Ahead Logging", section 2.2: a reader's end mark limits checkpoints and resets).
//!
//! When the second sync fails, that transaction stays open until the writer has ended.  The log is then
//! opened afresh, with all of the process's connections closed between: SQLite finds the write-ahead
//! log whole, and moves it again.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use crate::error::{OpenError, describe};
use crate::files::beside;
use crate::schema::connect_beside;

#[derive(Debug)]
pub(crate) struct Mover {
    /// Moves, and syncs nothing.
    mover: Connection,
    /// Holds the read transaction.
    anchor: Connection,
    /// The write-ahead log, where commits don't sync it.
    log: Option<File>,
    /// Closed after the connections, or their locks would go.
    file: Arc<File>,
}

impl Mover {
    /// For the log at `path`; `synced` when each of its commits is.
    pub fn open(path: &Path, synced: bool) -> Result<Self, OpenError> {
        let connect = || {
            connect_beside(path)
                .map_err(|error| OpenError::sqlite(path, "opening to checkpoint", &error))
        };
        let io = |error| OpenError::io(path, "opening to checkpoint", &error);
        let mover = connect()?;
        mover
            .pragma_update(None, "synchronous", "OFF")
            .map_err(|error| OpenError::sqlite(path, "opening to checkpoint", &error))?;
        let log = (!synced).then(|| File::open(beside(path, "-wal")));
        Ok(Self {
            mover,
            anchor: connect()?,
            log: log.transpose().map_err(io)?,
            file: disk::hold(path).map_err(io)?,
        })
    }

    /// Move what was committed when this began and no reader still needs; how many frames the
    /// database has now.  In a `hurry` it takes no rest.
    pub fn pass(&self, hurry: &dyn Fn() -> bool) -> Result<u64, String> {
        let sqlite = |error: rusqlite::Error| describe(&error);
        self.anchor
            .execute_batch("BEGIN; SELECT id FROM meta")
            .map_err(sqlite)?;
        // After a failure it stays as it is: nothing may write over what the database may not have.
        let moved = self.within(hurry)?;
        self.anchor.execute_batch("COMMIT").map_err(sqlite)?;
        Ok(moved)
    }

    fn within(&self, hurry: &dyn Fn() -> bool) -> Result<u64, String> {
        if let Some(log) = &self.log {
            sync(log, hurry)?;
        }
        let moved: i64 = self
            .mover
            .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")
            .and_then(|mut pass| pass.query_row([], |row| row.get(2)))
            .map_err(|error| describe(&error))?;
        sync(&self.file, hurry)?;
        Ok(u64::try_from(moved).unwrap_or(0))
    }
}

fn sync(file: &File, hurry: &dyn Fn() -> bool) -> Result<(), String> {
    disk::write_back(file, hurry)
        .and_then(|()| file.sync_data())
        .map_err(|error| format!("fsync failed: {error}"))
}
