//! What order entry says of connections and sessions, as Python sees it: a class for each outcome.

use std::fmt;

use gateway::{Asks, Received, Row, TickAction};
use pyo3::prelude::*;

use crate::named::named;

/// A text of Python's that is not shown.
#[derive(Clone, PartialEq, Eq, Hash, FromPyObject, IntoPyObject, IntoPyObjectRef)]
#[pyo3(transparent)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

named! {
    /// A client asks for a session.
    LoginRequested {
        user: String,
        password: Secret,
        session: String,
        sequence: u64,
    }
}

named! {
    /// A client asks for instruments.
    SecurityListRequested {
        req_id: u64,
        instrument: Option<u32>,
    }
}

named! {
    /// More was read than one turn of the loop may take.
    PutOff {}
}

named! {
    /// As many requests of the session are unanswered as may be.
    Throttled {}
}

named! {
    /// The client ends the connection.
    LogoutRequested {}
}

named! {
    /// Bytes that are not of this protocol.
    Malformed {
        reason: String,
    }
}

named! {
    /// The read ended in a fault of ours.
    ReadFailed {
        reason: String,
    }
}

named! {
    /// Several requests wait, for the end of this turn of the loop.
    Wake {}
}

/// What a socket read asks of Python.
#[derive(Debug, IntoPyObject)]
pub enum ReadOutcome {
    /// See the class.
    Login(LoginRequested),
    /// See the class.
    SecurityList(SecurityListRequested),
    /// See the class.
    PutOff(PutOff),
    /// See the class.
    Throttled(Throttled),
    /// See the class.
    Logout(LogoutRequested),
    /// See the class.
    Malformed(Malformed),
    /// See the class.
    Failed(ReadFailed),
    /// See the class.
    Wake(Wake),
}

impl ReadOutcome {
    /// What order entry has received, where that asks something.
    pub fn of(received: Received) -> Option<Self> {
        Some(match received {
            Received::Nothing => return None,
            Received::Throttle => Self::Throttled(Throttled),
            Received::Later => Self::PutOff(PutOff),
            Received::Logout => Self::Logout(LogoutRequested),
            Received::Malformed(reason) => Self::Malformed(Malformed { reason }),
            Received::Asks(Asks::SecurityList(req_id, instrument)) => {
                Self::SecurityList(SecurityListRequested { req_id, instrument })
            }
            Received::Asks(Asks::Login {
                user,
                password,
                session,
                sequence,
            }) => Self::Login(LoginRequested {
                user,
                password: Secret(password),
                session,
                sequence,
            }),
        })
    }
}

named! {
    /// A connection has a heartbeat in its buffer.
    HeartbeatDue {
        connection: u32,
    }
}

named! {
    /// A connection is to be closed.
    ConnectionOver {
        connection: u32,
        reason: String,
    }
}

/// What the passing of time asks.
#[derive(Debug, IntoPyObject)]
pub enum ConnectionDue {
    /// See the class.
    Heartbeat(HeartbeatDue),
    /// See the class.
    Over(ConnectionOver),
}

impl ConnectionDue {
    /// What is due on a connection.
    pub fn of((connection, action): (u32, TickAction)) -> Self {
        match action {
            TickAction::Heartbeat => Self::Heartbeat(HeartbeatDue { connection }),
            TickAction::Close(reason) => Self::Over(ConnectionOver {
                connection,
                reason: reason.to_owned(),
            }),
        }
    }
}

named! {
    /// A session was asked for at this gateway, and is its own now, or not.
    Claimed {
        session: u32,
        granted: bool,
    }
}

impl Claimed {
    /// The answer to a claim.
    pub const fn of(claimed: gateway::Claimed) -> Self {
        Self {
            session: claimed.session,
            granted: claimed.granted,
        }
    }
}

named! {
    /// What events say of connections and sessions.
    Routed {
        /// These connections' sockets may be read again.
        resumed: Vec<u32>,
        /// Claims of this gateway that were answered.
        claimed: Vec<Claimed>,
        /// The sessions of these connections were logged in to elsewhere.
        moved: Vec<u32>,
    }
}

named! {
    /// A reader of events failed, and knows nothing any more.
    Failed {
        reason: String,
    }
}

named! {
    /// How a session stands.
    Session {
        entry: u32,
        sent: u64,
        oldest: u64,
        last_cl_ord_id: u64,
        connection: Option<u32>,
    }
}

named! {
    /// Where the sessions' messages stand in the events log.
    SessionIndex {
        next_offset: u64,
        sessions: Vec<Row>,
    }
}

named! {
    /// What went through order entry.
    Traffic {
        requests: u64,
        reports: u64,
    }
}

named! {
    /// How often something happened.
    TallyRow {
        name: String,
        reason: String,
        count: u64,
    }
}
