//! What can go wrong in a run.

use std::fmt;
use std::io;

/// Why a run ended without a result.
#[derive(Debug)]
pub enum LoadError {
    /// A socket or a file.
    Io(io::Error),
    /// The exchange did not let a session in.
    Login(String),
    /// The exchange has no such instrument.
    Instrument(u32),
    /// The other side sent what it may not send.
    Protocol(String),
    /// The exchange has refused every order so far, and there were so many.
    Refused(u64),
    /// The other side closed a connection in the middle of the run.
    Closed(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Login(who) => write!(f, "login refused: {who}"),
            Self::Instrument(number) => write!(f, "the exchange has no instrument {number}"),
            Self::Protocol(what) => write!(f, "protocol error: {what}"),
            Self::Refused(orders) => write!(
                f,
                "the exchange has refused all of {orders} orders: is the market open?"
            ),
            Self::Closed(who) => write!(f, "connection closed by the other side: {who}"),
        }
    }
}

impl std::error::Error for LoadError {}

impl From<io::Error> for LoadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<rustix::io::Errno> for LoadError {
    fn from(error: rustix::io::Errno) -> Self {
        Self::Io(error.into())
    }
}
