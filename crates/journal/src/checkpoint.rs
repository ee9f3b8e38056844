//! Checkpoints: moving pages from the write-ahead log to the database file.
//!
//! A helper thread does it in passes, each as soon as `checkpoint_bytes` have gathered, while the
//! writer goes on (`pass.rs`).  When the write-ahead log is full and only
//! little is left to move, the writer moves the rest itself, at a moment without a reader; then SQLite
//! begins the file again at the next commit.  At twice the limit the writer waits for that moment and
//! moves all: that bounds the file whatever the load.

#![allow(
    clippy::disallowed_methods,
    reason = "how long a pass took: nothing that is written follows from it"
)]

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use rusqlite::Connection;

use crate::error::{OpenError, describe};
use crate::gate::Gate;
use crate::options::{LogOptions, Synchronous};
use crate::pass::Mover;
use crate::schema::PAGE;
use crate::shared::{Shared, lock};
use crate::wal::FRAME_HEADER;

/// Bytes of a frame.
const FRAME: u64 = (PAGE + FRAME_HEADER) as u64;
/// What the writer moves itself at most, in frames: it stood still for 5 ms (at 256 frames for 19)
/// under 40 MB/s.
const REST_FRAMES: u64 = 64;

/// The frames of the write-ahead log, as the threads see them.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// Frames that hold something since the file was begun.
    pub written: AtomicU64,
    /// How many of them the helper's last pass found in the database file, or brought there.
    moved: AtomicU64,
    /// A pass is under way in the helper.
    busy: Mutex<bool>,
    idle: Condvar,
}

impl Frames {
    fn set_busy(&self, busy: bool) {
        *lock(&self.busy) = busy;
        self.idle.notify_all();
    }

    fn wait_idle(&self) {
        let mut busy = lock(&self.busy);
        while *busy {
            busy = self
                .idle
                .wait(busy)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }
}

#[derive(Debug)]
pub(crate) struct Checkpoints {
    frames: Arc<Frames>,
    gate: Arc<Gate>,
    /// Frames at the last look.
    seen: u64,
    /// How many of them the database file has.
    moved: u64,
    /// A pass was asked of the helper, and its result is not taken yet.
    asked: bool,
    /// SQLite began the file again while that pass was under way: its result is of the past.
    stale: bool,
    pass_frames: u64,
    full_frames: u64,
    ask: Option<SyncSender<()>>,
    helper: Option<JoinHandle<Mover>>,
}

impl Checkpoints {
    /// Start the helper.  The writer's connection says through `frames` how far it has written.
    pub fn start(
        path: &Path,
        options: &LogOptions,
        frames: Arc<Frames>,
        gate: Arc<Gate>,
        shared: Arc<Shared>,
    ) -> Result<Self, OpenError> {
        let (ask, asked) = sync_channel(1);
        let full_frames = (options.wal_bytes_max / FRAME).max(1);
        let helper = Helper {
            mover: Mover::open(path, options.synchronous == Synchronous::Full)?,
            name: path.display().to_string(),
            full_frames,
            frames: Arc::clone(&frames),
            shared,
        };
        let helper = std::thread::Builder::new()
            .name("journal-ckpt".to_owned())
            .spawn(move || helper.run(&asked))
            .map_err(|error| OpenError::io(path, "starting a thread", &error))?;
        Ok(Self {
            frames,
            gate,
            seen: 0,
            moved: 0,
            asked: false,
            stale: false,
            pass_frames: (options.checkpoint_bytes / FRAME).max(1),
            full_frames,
            ask: Some(ask),
            helper: Some(helper),
        })
    }

    /// Called between commits.
    pub fn after_commit(&mut self, writer: &Connection, shared: &Shared) -> Result<(), String> {
        let written = self.frames.written.load(Ordering::Acquire);
        if written < self.seen {
            // SQLite began the file again.
            self.moved = 0;
            self.stale = self.asked;
            shared.stats().wal_restarts += 1;
        }
        self.seen = written;
        shared.stats().wal_bytes = written * FRAME;
        if written >= 2 * self.full_frames && written > self.moved {
            return self.overdue(writer, shared);
        }
        if *lock(&self.frames.busy) {
            return Ok(());
        }
        if std::mem::take(&mut self.asked) && !std::mem::take(&mut self.stale) {
            self.moved = self.frames.moved.load(Ordering::Acquire);
        }
        self.choose(writer, shared)
    }

    /// Move the rest here, have the helper move what there is, or leave it for now.
    fn choose(&mut self, writer: &Connection, shared: &Shared) -> Result<(), String> {
        let rest = self.seen.saturating_sub(self.moved);
        let full = self.seen >= self.full_frames && rest > 0;
        if full && rest <= REST_FRAMES {
            // With a reader at work the file could not be begun again: the next commit looks again.
            let gate = Arc::clone(&self.gate);
            if let Some(_alone) = gate.alone_now() {
                self.moved = stalling_pass(writer, shared)?;
            }
        } else if full || rest >= self.pass_frames {
            self.asked = true;
            self.frames.set_busy(true);
            if let Some(ask) = &self.ask {
                // The channel takes one, and it is empty: the helper is not busy.
                let _ = ask.try_send(());
            }
        }
        Ok(())
    }

    /// The file is far too long: wait for the helper and for the reader, and move all.
    fn overdue(&mut self, writer: &Connection, shared: &Shared) -> Result<(), String> {
        self.frames.wait_idle();
        if shared.failed.load(Ordering::Acquire) {
            return Ok(());
        }
        let gate = Arc::clone(&self.gate);
        let _alone = gate.alone();
        self.asked = false;
        self.stale = false;
        self.moved = stalling_pass(writer, shared)?;
        Ok(())
    }

    /// Move all and empty the file, at the end.  A reader in another process may keep it from being emptied:
    /// then it holds what the database has too.
    pub fn last(&mut self, writer: &Connection, shared: &Shared) -> Result<(), String> {
        self.stop();
        let gate = Arc::clone(&self.gate);
        let alone = gate.alone();
        gate.disconnect(&alone);
        pass(writer, shared).map_err(|error| describe_pass(&error))?;
        writer
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|error| describe_pass(&error))
    }

    /// Let the helper end.
    pub fn stop(&mut self) {
        drop(self.ask.take());
        if let Some(helper) = self.helper.take() {
            // A panic there is no reason for one here: it has said `fail`.
            let _ = helper.join();
        }
    }
}

struct Helper {
    mover: Mover,
    name: String,
    full_frames: u64,
    frames: Arc<Frames>,
    shared: Arc<Shared>,
}

impl Helper {
    /// Gives back what it moved with: after a failure that must outlive the writer's last commit.
    fn run(self, asked: &Receiver<()>) -> Mover {
        while asked.recv().is_ok() {
            let start = Instant::now();
            // The writer will soon have to wait for the end of the pass.
            let full = || self.frames.written.load(Ordering::Acquire) >= self.full_frames;
            let result = self.mover.pass(&full);
            self.shared.stats().checkpointed(start.elapsed());
            match &result {
                Ok(moved) => self.frames.moved.store(*moved, Ordering::Release),
                Err(what) => self
                    .shared
                    .fail(format!("{}: checkpoint: {what}", self.name)),
            }
            self.frames.set_busy(false);
            if result.is_err() {
                break;
            }
        }
        self.mover
    }
}

fn describe_pass(error: &rusqlite::Error) -> String {
    format!("checkpoint: {}", describe(error))
}

/// A pass in the writer's own thread.
fn stalling_pass(writer: &Connection, shared: &Shared) -> Result<u64, String> {
    let start = Instant::now();
    let moved = pass(writer, shared).map_err(|error| describe_pass(&error))?;
    shared.stats().stalled(start.elapsed());
    Ok(moved)
}

/// A pass at once: moves what no reader still needs, waits for nobody, and says how much is moved now.
fn pass(connection: &Connection, shared: &Shared) -> rusqlite::Result<u64> {
    let start = Instant::now();
    let moved: i64 = connection
        .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?
        .query_row([], |row| row.get(2))?;
    shared.stats().checkpointed(start.elapsed());
    Ok(u64::try_from(moved).unwrap_or(0))
}
