//! What the caller and the threads of a log share.

use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustix::event::{EventfdFlags, eventfd};

use crate::error::AppendError;
use crate::stats::Stats;

/// A batch that is not written yet.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    pub append_ns: u64,
    pub batch: Arc<[u8]>,
}

/// What the lock guards.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// What is appended and not written: what the writer has in hand stays here until it is.
    pub pending: VecDeque<Pending>,
    pub pending_bytes: u64,
    pub next_offset: u64,
    pub delete_before: u64,
    /// Syncs asked for, and served.
    pub sync_asked: u64,
    pub sync_done: u64,
    /// The writer sleeps until so many bytes wait, or it is called for something else; awake, `u64::MAX`.
    pub sleeps_until_bytes: u64,
    pub closing: bool,
    pub closed: bool,
    pub failure: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// The writer waits here.
    pub wake: Condvar,
    /// Those who wait for the writer wait here.
    pub done: Condvar,
    pub failed: AtomicBool,
    pub written: AtomicU64,
    pub durable: AtomicU64,
    pub first: AtomicU64,
    stats: Mutex<Stats>,
    notify: OwnedFd,
    /// Somebody has asked for the descriptor: before, signals would be system calls for nobody.
    watched: AtomicBool,
}

/// A panic elsewhere must not hide the log's state from whoever asks for it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub fn new(first: u64, next: u64) -> std::io::Result<Self> {
        Ok(Self {
            state: Mutex::new(State {
                next_offset: next,
                ..State::default()
            }),
            wake: Condvar::new(),
            done: Condvar::new(),
            failed: AtomicBool::new(false),
            written: AtomicU64::new(next - 1),
            durable: AtomicU64::new(next - 1),
            first: AtomicU64::new(first),
            stats: Mutex::new(Stats::default()),
            notify: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            watched: AtomicBool::new(false),
        })
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub fn stats(&self) -> MutexGuard<'_, Stats> {
        lock(&self.stats)
    }

    /// Queue the batches, and say which offset the first has.
    pub fn append(
        &self,
        append_ns: u64,
        batches: &[&[u8]],
        queue_bytes_max: u64,
    ) -> Result<u64, AppendError> {
        let bytes: u64 = batches.iter().map(|batch| batch.len() as u64).sum();
        let mut state = self.state();
        if let Some(failure) = &state.failure {
            return Err(AppendError::Failed(failure.clone()));
        }
        if state.closing {
            return Err(AppendError::Closed);
        }
        if state.pending_bytes > queue_bytes_max {
            return Err(AppendError::Full {
                bytes: state.pending_bytes,
            });
        }
        let first = state.next_offset;
        state.pending.extend(batches.iter().map(|batch| Pending {
            append_ns,
            batch: Arc::from(*batch),
        }));
        state.pending_bytes += bytes;
        state.next_offset += batches.len() as u64;
        let wake = state.pending_bytes >= state.sleeps_until_bytes;
        if wake {
            state.sleeps_until_bytes = u64::MAX;
        }
        drop(state);
        // Who is awake looks again before it sleeps, and who lingers wants no call yet.
        if wake {
            self.wake.notify_one();
        }
        Ok(first)
    }

    /// The first batches that wait are written.
    pub fn wrote(&self, records: usize) {
        let mut state = self.state();
        for _ in 0..records {
            if let Some(written) = state.pending.pop_front() {
                state.pending_bytes -= written.batch.len() as u64;
            }
        }
    }

    /// Take nothing more, and drop what waits.  The first failure is the one that is kept.
    pub fn fail(&self, what: String) {
        let mut state = self.state();
        state.pending.clear();
        state.pending_bytes = 0;
        state.failure.get_or_insert(what);
        drop(state);
        self.failed.store(true, Ordering::Release);
        self.wake.notify_all();
        self.done.notify_all();
        self.signal();
    }

    pub fn fd(&self) -> RawFd {
        self.notify().as_raw_fd()
    }

    /// The eventfd.  Who asks first finds it readable, for what happened before.
    pub fn notify(&self) -> BorrowedFd<'_> {
        if !self.watched.swap(true, Ordering::SeqCst) {
            self.signal();
        }
        self.notify.as_fd()
    }

    /// Make the eventfd readable, if it is watched.  It can only refuse when it is readable already.
    pub fn signal(&self) {
        if self.watched.load(Ordering::SeqCst) {
            let _ = rustix::io::write(&self.notify, &1u64.to_ne_bytes());
        }
    }

    pub fn clear_signal(&self) {
        let _ = rustix::io::read(&self.notify, &mut [0u8; 8]);
    }
}
