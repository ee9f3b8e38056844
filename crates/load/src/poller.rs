//! Readiness of many sockets, with timeouts in nanoseconds.

use std::fmt;
use std::os::fd::{AsFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Most events taken at once.
const EVENTS_MAX: usize = 1024;

/// Shorter waits are measured in nanoseconds, longer ones in milliseconds.
const POLL_BELOW_NS: u64 = 5_000_000;

const fn timespec(ns: u64) -> Timespec {
    Timespec {
        tv_sec: (ns / 1_000_000_000) as i64,
        tv_nsec: (ns % 1_000_000_000) as i64,
    }
}

/// What a socket is ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// The number under which it was added.
    pub token: usize,
    /// There is something to read, or its end.
    pub readable: bool,
    /// There is room to write.
    pub writable: bool,
}

/// An epoll instance.
pub struct Poller {
    epoll: OwnedFd,
    events: Vec<Event>,
}

impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Poller").field(&self.epoll).finish()
    }
}

impl Poller {
    /// A poller of nothing.
    ///
    /// # Errors
    /// When the system has no more descriptors.
    pub fn new() -> Result<Self, Errno> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            events: Vec::with_capacity(EVENTS_MAX),
        })
    }

    fn flags(writable: bool) -> EventFlags {
        if writable {
            EventFlags::IN | EventFlags::OUT
        } else {
            EventFlags::IN
        }
    }

    /// Watch `socket` for reading, and for writing too if asked.
    ///
    /// # Errors
    /// What the system says.
    pub fn add(&self, socket: impl AsFd, token: usize, writable: bool) -> Result<(), Errno> {
        let data = EventData::new_u64(token as u64);
        epoll::add(&self.epoll, socket, data, Self::flags(writable))
    }

    /// Change whether `socket` is watched for writing.
    ///
    /// # Errors
    /// What the system says.
    pub fn modify(&self, socket: impl AsFd, token: usize, writable: bool) -> Result<(), Errno> {
        let data = EventData::new_u64(token as u64);
        epoll::modify(&self.epoll, socket, data, Self::flags(writable))
    }

    /// Watch `socket` no more.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove(&self, socket: impl AsFd) -> Result<(), Errno> {
        epoll::delete(&self.epoll, socket)
    }

    /// Wait until something is ready or `timeout_ns` have passed, and append what is ready to `ready`.
    ///
    /// # Errors
    /// What the system says; an interrupted wait is no error.
    pub fn wait(&mut self, timeout_ns: u64, ready: &mut Vec<Ready>) -> Result<(), Errno> {
        // epoll_wait counts in milliseconds; poll on the epoll descriptor counts in nanoseconds.
        let mut timeout = timespec(timeout_ns);
        if (1..POLL_BELOW_NS).contains(&timeout_ns) {
            let mut descriptors = [PollFd::new(&self.epoll, PollFlags::IN)];
            match poll(&mut descriptors, Some(&timeout)) {
                Ok(0) | Err(Errno::INTR) => return Ok(()),
                Ok(_) => timeout = timespec(0),
                Err(error) => return Err(error),
            }
        }
        self.events.clear();
        let room = spare_capacity(&mut self.events);
        match epoll::wait(&self.epoll, room, Some(&timeout)) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error),
        }
        ready.extend(self.events.iter().map(|event| {
            let flags = event.flags;
            Ready {
                token: event.data.u64() as usize,
                readable: flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR),
                writable: flags.contains(EventFlags::OUT),
            }
        }));
        Ok(())
    }
}
