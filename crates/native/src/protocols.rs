//! The protocols of order entry, told apart: what all of them do, and what each does alone.

use gateway::fix::{Counts, Names, State};
use gateway::{Before, FixEntry, OrderEntry, Replayed};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use wire::record::RecordError;

use crate::fault::caught;
use crate::gateway_outcomes::{ReadFailed, ReadOutcome, Session, Traffic};

/// Order entry by one of the protocols.
#[derive(Debug)]
pub enum Entries {
    /// SBE over SoupBinTCP.
    Binary(OrderEntry),
    /// FIX.
    Fix(FixEntry),
}

/// What every protocol does.
macro_rules! each {
    ($entries:expr, $inner:ident => $work:expr) => {
        match $entries {
            $crate::protocols::Entries::Binary($inner) => $work,
            $crate::protocols::Entries::Fix($inner) => $work,
        }
    };
}
pub(crate) use each;

impl Entries {
    /// What goes on of one whose state is not to be trusted.
    pub fn bare(&self, now_ns: u64) -> Self {
        match self {
            Self::Binary(inner) => Self::Binary(inner.bare(now_ns)),
            Self::Fix(inner) => Self::Fix(inner.bare(now_ns)),
        }
    }

    /// The wall clock shows this, in ns since the epoch; the binary protocol has no times of its own.
    pub const fn tell_time(&mut self, wall_ns: u64) {
        if let Self::Fix(inner) = self {
            inner.protocol.wall_ns = wall_ns;
        }
    }

    /// Whether it is to be told the time.
    pub const fn needs_time(&self) -> bool {
        matches!(self, Self::Fix(_))
    }

    /// Take a socket read; what is asked because of it.  One that ends in a fault is undone.
    pub fn read(&mut self, connection: u32, data: &[u8], now_ns: u64) -> Option<ReadOutcome> {
        match self {
            Self::Binary(inner) => {
                let before: Before<u64> = inner.before(connection);
                match caught(|| inner.receive(connection, data, now_ns)) {
                    Ok(received) => ReadOutcome::of_binary(received),
                    // One connection's bytes did that: it alone is to go.
                    Err(reason) => {
                        inner.undo(&before);
                        Some(ReadOutcome::Failed(ReadFailed { reason }))
                    }
                }
            }
            Self::Fix(inner) => {
                let before: Before<State> = inner.before(connection);
                match caught(|| inner.receive(connection, data, now_ns)) {
                    Ok(received) => ReadOutcome::of_fix(received, inner.version_of(connection)),
                    Err(reason) => {
                        inner.undo(&before);
                        Some(ReadOutcome::Failed(ReadFailed { reason }))
                    }
                }
            }
        }
    }

    /// Take over the sessions of another.
    pub fn adopt(&mut self, of: &Self, next_offset: u64) {
        match (self, of) {
            (Self::Binary(inner), Self::Binary(of)) => inner.adopt(of, next_offset),
            (Self::Fix(inner), Self::Fix(of)) => {
                let counts = inner.protocol.counts;
                inner.adopt(of, next_offset);
                inner.protocol.counts = counts;
            }
            _ => {}
        }
    }

    /// Take over where another's sessions have found their messages.
    pub fn complete(&mut self, of: &Self) {
        match (self, of) {
            (Self::Binary(inner), Self::Binary(of)) => inner.complete(of),
            (Self::Fix(inner), Self::Fix(of)) => inner.complete(of),
            _ => {}
        }
    }

    /// What went through so far.
    pub fn counts(&self) -> Traffic {
        let (requests, reports) = each!(self, inner => (inner.requests, inner.reports));
        let fix = match self {
            Self::Binary(_) => Counts::default(),
            Self::Fix(inner) => inner.protocol.counts,
        };
        Traffic {
            requests,
            reports,
            garbled: fix.garbled,
            resends: fix.resends,
            gaps: fix.gaps,
        }
    }

    /// How a session stands.
    pub fn session(&self, slot: u32) -> Option<Session> {
        match self {
            Self::Binary(inner) => {
                let session = inner.session(slot)?;
                let last = session.state;
                Some(Session::of(session, last, 0, inner.heard_ns(slot)))
            }
            Self::Fix(inner) => {
                let session = inner.session(slot)?;
                let next_in = session.state.numbers.next_in;
                Some(Session::of(session, 0, next_in, inner.heard_ns(slot)))
            }
        }
    }

    /// Of the binary protocol.
    pub fn binary(&mut self) -> PyResult<&mut OrderEntry> {
        match self {
            Self::Binary(inner) => Ok(inner),
            Self::Fix(_) => Err(PyTypeError::new_err("this order entry speaks FIX")),
        }
    }

    /// Of FIX.
    pub fn fix(&mut self) -> PyResult<&mut FixEntry> {
        match self {
            Self::Fix(inner) => Ok(inner),
            Self::Binary(_) => Err(PyTypeError::new_err("this order entry does not speak FIX")),
        }
    }

    /// Make messages again: bytes that are done with, and how it goes on.
    pub fn replay(
        &mut self,
        connection: u32,
        batches: &[u8],
        messages_max: u64,
    ) -> Result<(usize, Replayed), RecordError> {
        each!(self, inner => inner.replay(connection, batches, messages_max))
    }

    /// Add a session of FIX: its entry, what that was told, its numbers and its names.
    pub fn add_fix_session(
        &mut self,
        entry: u32,
        told: (u64, u64),
        (epoch, last_num): (u64, u64),
        names: Names,
    ) -> PyResult<u32> {
        let inner = self.fix()?;
        let names = inner.protocol.add_names(names);
        let slot = inner.add_session(entry, told, State::of(epoch, last_num, names));
        inner.set_epoch(slot, epoch);
        Ok(slot)
    }
}
