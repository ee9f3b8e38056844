//! A thread that records: reads the events log at its own pace, below the hot path in priority.

#![allow(
    clippy::disallowed_methods,
    reason = "when the next checkpoint is due: nothing that is written follows from it"
)]

use std::os::fd::RawFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::error::StoreError;
use crate::recorder::Recorder;
use crate::source::{EventSource, origin};
use crate::startup::{Begun, seed_late};
use crate::state::{Shared, Stats};

/// Limits of the recorder's pace.
#[derive(Debug, Clone, Copy)]
pub struct RunnerLimits {
    /// Most events in one transaction (a batch is never cut).
    pub transaction_events_max: usize,
    /// Most bytes that are read from the log at once.
    pub read_bytes_max: usize,
    /// Pause between two looks at a log that has nothing more.
    pub interval: Duration,
    /// What that pause grows to while there is much to record.
    pub interval_busy: Duration,
    /// Size of the write-ahead log at which a checkpoint is made, in bytes.
    pub wal_bytes_max: u64,
    /// Longest time between what is recorded and the checkpoint that makes it durable.
    pub checkpoint_interval: Duration,
    /// Longest pause between two attempts after a failure.
    pub retry_interval_max: Duration,
    /// Nice value of the thread: 0 the same as the hot path, 19 the lowest priority.
    pub nice: i32,
}

/// A look that finds so many events makes the next pause longer: an order that comes and goes
/// within one transaction is written once.
const MUCH_EVENTS: u64 = 1_000;

/// First pause after a failure; it doubles up to `retry_interval_max`.
const RETRY_INTERVAL_MIN: Duration = Duration::from_millis(50);

/// The recorder's thread.
#[derive(Debug)]
pub struct Runner {
    limits: RunnerLimits,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Runner {
    /// Record from `source` into the store at `path`, until [`Self::stop`].
    ///
    /// A store of another journal is put aside first, and a new one begun.  `seed` tells of
    /// what was before the log begins, and is used only by a store that is empty while the log no
    /// longer begins at event 1 (see [`Recorder::seed`]).  No connection to the store may be open in this
    /// process: what counts is what the disk holds.
    ///
    /// # Errors
    /// When the store cannot be opened, or the log cannot be read; `Unfit` when the store is of this
    /// journal and can't be brought up from the log.
    pub fn start(
        path: &Path,
        mut source: Box<dyn EventSource>,
        seed: &[u8],
        limits: RunnerLimits,
    ) -> Result<Self, StoreError> {
        let Begun {
            recorder,
            notice,
            unseeded,
        } = crate::startup::begin(path, source.as_mut(), seed)?;
        let shared = Arc::new(Shared::new(
            recorder.position(),
            recorder.durable(),
            notice,
        )?);
        let mut work = Work {
            path: path.to_owned(),
            recorder,
            source,
            seed: if unseeded { seed } else { &[] }.to_vec(),
            limits,
            shared: Arc::clone(&shared),
            checkpointed: Instant::now(),
            wal_bytes_next: limits.wal_bytes_max,
        };
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || {
                let _alarm = Alarm(Arc::clone(&work.shared));
                work.run();
            })?;
        Ok(Self {
            limits,
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// What it was started with.
    #[must_use]
    pub const fn limits(&self) -> &RunnerLimits {
        &self.limits
    }

    /// Look at the log now, rather than at the end of the pause.
    pub fn wake(&self) {
        self.shared.wake();
    }

    /// Record what the log holds, make it durable, and end the thread.
    pub fn stop(&self) {
        self.shared.stop();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // What a panic has to say, the alarm has said.
            let _ = thread.join();
        }
    }

    /// A descriptor that becomes readable after each transaction and each failure.
    #[must_use]
    pub fn notify_fd(&self) -> RawFd {
        self.shared.notify_fd()
    }

    /// Make the descriptor wait for the next one; to be called before [`Self::stats`].
    pub fn clear_notify(&self) {
        self.shared.clear_notify();
    }

    /// Counters, positions and failures.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Tells of a panic of the thread.
struct Alarm(Arc<Shared>);

impl Drop for Alarm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0
                .fail("the recorder's thread panicked".to_owned(), true);
        }
    }
}

struct Work {
    path: PathBuf,
    recorder: Recorder,
    source: Box<dyn EventSource>,
    /// For a store that is empty beside a log that was empty, too.
    seed: Vec<u8>,
    limits: RunnerLimits,
    shared: Arc<Shared>,
    checkpointed: Instant,
    wal_bytes_next: u64,
}

impl Work {
    fn run(&mut self) {
        // Without the permission, or on another system, it runs at the priority of all.
        let _ = rustix::process::setpriority_process(None, self.limits.nice);
        let mut retry = RETRY_INTERVAL_MIN;
        let mut pause = self.limits.interval;
        loop {
            let stopping = self.shared.is_stopping();
            match self.turn() {
                Ok((more, events)) => {
                    retry = RETRY_INTERVAL_MIN;
                    self.shared.recovered();
                    if more {
                        continue;
                    }
                    if stopping {
                        break;
                    }
                    pause = self.next_pause(pause, events);
                    self.shared.pause(pause);
                }
                Err(error) => {
                    self.recorder.rewind();
                    self.shared.fail(error.to_string(), !error.is_transient());
                    if stopping || !error.is_transient() {
                        return;
                    }
                    self.shared.pause(retry);
                    retry = retry.saturating_mul(2).min(self.limits.retry_interval_max);
                    if let Err(error) = self.reopen() {
                        self.shared.fail(error.to_string(), !error.is_transient());
                        if !error.is_transient() {
                            return;
                        }
                    }
                }
            }
        }
        match self.recorder.finish() {
            Ok(()) => self.shared.checkpointed(self.recorder.durable()),
            Err(error) => self.shared.fail(error.to_string(), false),
        }
    }

    /// The pause after a look that found `events`, when the one before it was `pause`.
    fn next_pause(&self, pause: Duration, events: u64) -> Duration {
        let least = self.limits.interval;
        if events < MUCH_EVENTS {
            return least;
        }
        pause
            .saturating_mul(2)
            .min(self.limits.interval_busy.max(least))
    }

    /// Read and write one transaction's worth; whether there is more, and how many events it had.
    fn turn(&mut self) -> Result<(bool, u64), StoreError> {
        let begun = processor_time();
        self.recorder.stand()?;
        let more = self.gather()?;
        if let Some(taken) = self.recorder.taken()
            && self.recorder.position() != Some(taken)
        {
            let origin = origin(self.source.as_mut(), taken.offset).map_err(StoreError::Source)?;
            self.recorder.stands_at(origin);
        }
        let written = self.recorder.commit()?;
        let position = self.recorder.position();
        self.shared.wrote(position, written);
        self.checkpoint_when_due(more)?;
        self.shared.spent(processor_time().saturating_sub(begun));
        Ok((more, written.events))
    }

    /// Take batches until there are enough for a transaction, or no more; whether there may be more.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "offsets of a log begin at 1 and stay below 2^63"
    )]
    fn gather(&mut self) -> Result<bool, StoreError> {
        self.shared
            .saw(self.source.last().map_err(StoreError::Source)?);
        while self.recorder.pending_events() < self.limits.transaction_events_max {
            let from = self.recorder.taken().map_or(0, |at| at.offset + 1);
            let entries = self.source.read(from, self.limits.read_bytes_max);
            let entries = entries.map_err(StoreError::Source)?;
            if entries.is_empty() {
                return Ok(false);
            }
            for (offset, batch) in entries {
                self.seed_before(offset, &batch)?;
                self.recorder.take(offset, &batch)?;
            }
        }
        Ok(true)
    }

    /// The first batch of a log that was empty when this began may not be the first of all.
    fn seed_before(&mut self, offset: u64, batch: &[u8]) -> Result<(), StoreError> {
        if !self.seed.is_empty() {
            if seed_late(&mut self.recorder, &self.seed, offset, batch)?.is_some() {
                self.recorder.commit()?;
            }
            self.seed = Vec::new();
        }
        Ok(())
    }

    fn checkpoint_when_due(&mut self, more: bool) -> Result<(), StoreError> {
        let bytes = self.recorder.wal_bytes();
        let waited = self.checkpointed.elapsed();
        let late = waited >= self.limits.checkpoint_interval;
        let pending = self.recorder.durable() != self.recorder.position();
        if bytes >= self.wal_bytes_next || (late && pending && !more) {
            self.checkpoint()?;
        }
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let whole = self.recorder.checkpoint(&|| shared.is_stopping())?;
        self.checkpointed = Instant::now();
        // A reader was in the way: not again at once.
        let left = if whole { 0 } else { self.recorder.wal_bytes() };
        self.wal_bytes_next = left.saturating_add(self.limits.wal_bytes_max);
        self.shared.checkpointed(self.recorder.durable());
        Ok(())
    }

    /// After a failure the connection is thrown away: what it remembers may not be on the disk.
    fn reopen(&mut self) -> Result<(), StoreError> {
        // A store that is gone would be made anew, and know nothing of what was before.
        self.recorder.stand()?;
        self.recorder = Recorder::open(&self.path)?;
        Ok(())
    }
}

/// What the thread has had of a processor.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}
