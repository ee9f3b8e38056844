//! Checkpoints of the store: moving pages from the write-ahead log to the file, without getting in the
//! way of the commands log, whose commits wait for the same disk.
//!
//! `SQLite`'s own checkpoint syncs the log, writes all pages, and syncs the file in one go: a second of
//! recording is some 20 MB, for which every commit would have to wait.  Here it is told to sync
//! nothing, and the two syncs are made around it, in the same order, a portion at a time.
//!
//! Until the second sync has succeeded nothing may write into the log again, for it holds the only
//! copy that counts.  The recorder is the one writer and waits for it.  When that sync fails, the
//! recorder ends: what it knows of the log says that all is moved.  Whoever opens the store when all
//! connections of this process are closed finds the log whole, and moves it again; so the owner closes
//! them, and begins another recorder.
//!
//! SQLite goes on writing into files that nobody can find any more.  [`Checkpoints::stand`] says
//! whether the paths still lead to those that were opened.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

use crate::error::StoreError;

/// Bytes of a frame: a page and its header (SQLite file format, section 4.1).
const FRAME: u64 = 4096 + 24;

/// Device and number of a file.
type Name = (u64, u64);

fn name(path: &Path) -> Option<Name> {
    path.metadata().ok().map(|it| (it.dev(), it.ino()))
}

#[derive(Debug)]
pub struct Checkpoints {
    path: PathBuf,
    log: PathBuf,
    /// Which files were opened: database and log.
    opened: [Option<Name>; 2],
    /// Frames that the log holds since it was begun.
    frames: Arc<AtomicU64>,
    /// Closed after the connection, or its locks would go.
    file: Arc<File>,
}

impl Checkpoints {
    /// For the store at `path`, whose one writer is `connection`.
    pub fn start(path: &Path, connection: &mut Connection) -> Result<Self, StoreError> {
        let frames = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&frames);
        connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: i32| {
            seen.store(u64::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let log = PathBuf::from(log);
        Ok(Self {
            path: path.to_owned(),
            opened: [name(path), name(&log)],
            log,
            frames,
            file: disk::hold(path)?,
        })
    }

    /// Whether what is written can still be found.
    ///
    /// # Errors
    /// `Unfit`, with the name of a file that is gone or another.
    pub fn stand(&self) -> Result<(), StoreError> {
        for (path, opened) in [&self.path, &self.log].into_iter().zip(self.opened) {
            let now = name(path);
            if now != opened {
                let what = if now.is_none() {
                    "gone"
                } else {
                    "another file"
                };
                let path = path.display();
                return Err(StoreError::Unfit(format!("{path} is {what} now")));
            }
        }
        Ok(())
    }

    /// Bytes of the log that are in use.
    #[allow(clippy::arithmetic_side_effects, reason = "frames of a file")]
    pub fn log_bytes(&self) -> u64 {
        self.frames.load(Ordering::Relaxed) * FRAME
    }

    /// Make what is committed durable.
    pub fn sync_log(&self, hurry: &dyn Fn() -> bool) -> Result<(), StoreError> {
        sync(&File::open(&self.log)?, hurry)
    }

    /// Move what no reader still needs, with rests; false when something is left.  What the log holds
    /// must be durable.
    pub fn move_gently(
        &self,
        connection: &Connection,
        hurry: &dyn Fn() -> bool,
    ) -> Result<bool, StoreError> {
        connection.pragma_update(None, "synchronous", "OFF")?;
        let moved = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
            Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        });
        // Also after a failure: a log that is begun again needs its first sync.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        let (frames, moved) = moved?;
        sync(&self.file, hurry)?;
        if moved == frames {
            self.frames.store(0, Ordering::Relaxed);
        }
        Ok(moved == frames)
    }

    /// Move all at once, as `SQLite` does it, and empty the log, unless somebody reads.
    pub fn move_all(&self, connection: &Connection) -> Result<(), StoreError> {
        // Where all is moved already, SQLite would not sync it again.
        sync(&self.file, &|| true)?;
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: i64 = connection.query_row(sql, [], |row| row.get(0))?;
        if busy == 0 {
            self.frames.store(0, Ordering::Relaxed);
            return Ok(());
        }
        sync(&File::open(&self.log)?, &|| true)
    }
}

/// Write back and sync.
fn sync(file: &File, hurry: &dyn Fn() -> bool) -> Result<(), StoreError> {
    disk::write_back(file, hurry)
        .and_then(|()| file.sync_data())
        .map_err(StoreError::Sync)
}
