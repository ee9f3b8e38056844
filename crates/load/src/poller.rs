//! Readiness of many sockets, with timeouts in nanoseconds.

use std::fmt;
use std::os::fd::{AsFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Most events taken at once.
const EVENTS_MAX: usize = 1024;

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
        if timeout_ns > 0 {
            let mut descriptors = [PollFd::new(&self.epoll, PollFlags::IN)];
            let timeout = Timespec {
                tv_sec: (timeout_ns / 1_000_000_000) as i64,
                tv_nsec: (timeout_ns % 1_000_000_000) as i64,
            };
            match poll(&mut descriptors, Some(&timeout)) {
                Ok(0) | Err(Errno::INTR) => return Ok(()),
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
        self.events.clear();
        let at_once = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        epoll::wait(
            &self.epoll,
            spare_capacity(&mut self.events),
            Some(&at_once),
        )?;
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
