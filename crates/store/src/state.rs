//! What the recorder's thread shares with those who ask about it.

use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::{EventfdFlags, eventfd};

use crate::position::Position;
use crate::recorder::Written;

/// Counters, positions and failures of a recorder.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    /// Transactions.
    pub transactions: u64,
    /// Events recorded.
    pub events: u64,
    /// Bytes of their batches.
    pub bytes: u64,
    /// Orders begun.
    pub orders: u64,
    /// Trades recorded.
    pub trades: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// Attempts that failed.
    pub failures: u64,
    /// Processor time of the thread, in nanoseconds.
    pub cpu_ns: u64,
    /// What is recorded.
    pub position: Option<Position>,
    /// What no power cut takes back.
    pub durable: Option<Position>,
    /// Offset of the last entry of the log, when it was last looked at.
    pub last_offset: Option<u64>,
    /// What fails now: nothing when all is well.
    pub failure: Option<String>,
    /// The recorder halted by itself, and does not try again.
    pub halted: bool,
    /// What was remarkable at the start: a store put aside, a log without its beginning.
    pub notice: Option<String>,
}

#[derive(Debug, Default)]
struct State {
    stats: Stats,
    woken: bool,
    stopping: bool,
}

/// Shared by the thread and its owner.
#[derive(Debug)]
pub struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    notify: OwnedFd,
}

#[allow(
    clippy::arithmetic_side_effects,
    reason = "what was done, counted one by one, in bytes and in nanoseconds"
)]
impl Shared {
    pub fn new(
        position: Option<Position>,
        durable: Option<Position>,
        notice: Option<String>,
    ) -> std::io::Result<Self> {
        let mut state = State::default();
        (state.stats.position, state.stats.durable) = (position, durable);
        state.stats.notice = notice;
        Ok(Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            notify: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
        })
    }

    pub fn notify_fd(&self) -> RawFd {
        self.notify.as_fd().as_raw_fd()
    }

    pub fn clear_notify(&self) {
        let _ = rustix::io::read(&self.notify, &mut [0u8; 8]);
    }

    /// It can only be refused when the descriptor is readable already.
    fn notify(&self) {
        let _ = rustix::io::write(&self.notify, &1u64.to_ne_bytes());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change below is whole, whoever panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn stats(&self) -> Stats {
        self.lock().stats.clone()
    }

    pub fn wake(&self) {
        self.lock().woken = true;
        self.changed.notify_one();
    }

    pub fn stop(&self) {
        self.lock().stopping = true;
        self.changed.notify_one();
    }

    pub fn is_stopping(&self) -> bool {
        self.lock().stopping
    }

    /// Wait, until woken or told to stop.
    pub fn pause(&self, longest: Duration) {
        let quiet = |state: &mut State| !state.woken && !state.stopping;
        let waited = self.changed.wait_timeout_while(self.lock(), longest, quiet);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.woken = false;
    }

    pub fn saw(&self, last_offset: Option<u64>) {
        self.lock().stats.last_offset = last_offset;
    }

    pub fn wrote(&self, position: Option<Position>, written: Written) {
        let mut state = self.lock();
        let stats = &mut state.stats;
        if stats.position == position {
            return;
        }
        stats.transactions += 1;
        stats.position = position;
        stats.events += written.events;
        stats.bytes += written.bytes;
        stats.orders += written.orders;
        stats.trades += written.trades;
        drop(state);
        self.notify();
    }

    pub fn spent(&self, processor: Duration) {
        self.lock().stats.cpu_ns += u64::try_from(processor.as_nanos()).unwrap_or(u64::MAX);
    }

    pub fn checkpointed(&self, durable: Option<Position>) {
        let stats = &mut self.lock().stats;
        stats.checkpoints += 1;
        stats.durable = durable;
    }

    pub fn fail(&self, sentence: String, halted: bool) {
        let mut state = self.lock();
        state.stats.failures += 1;
        state.stats.failure = Some(sentence);
        state.stats.halted = halted;
        drop(state);
        self.notify();
    }

    pub fn recovered(&self) {
        let mut state = self.lock();
        if !state.stats.halted && state.stats.failure.take().is_some() {
            drop(state);
            self.notify();
        }
    }
}
