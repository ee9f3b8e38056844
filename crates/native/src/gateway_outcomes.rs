//! What order entry says of connections and sessions, as Python sees it: a class for each outcome.

use std::fmt;

use gateway::fix::{self, Logon};
use gateway::{Asks, ReceivedOf, Row, TickAction};
use pyo3::prelude::*;
use wire::fix::Version;

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
    /// A client asks for a session by a FIX Logon; fields are empty where it has none.
    LogonRequested {
        begin_string: String,
        sender_comp_id: String,
        target_comp_id: String,
        sender_sub_id: String,
        reset: bool,
        username: String,
        password: Secret,
    }
}

impl LogonRequested {
    fn of(logon: &Logon, version: Version) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            begin_string: version.begin_string().to_owned(),
            sender_comp_id: text(&logon.sender),
            target_comp_id: text(&logon.target),
            sender_sub_id: text(&logon.sender_sub),
            reset: logon.reset,
            username: text(&logon.username),
            password: Secret(text(&logon.password.0)),
        }
    }
}

named! {
    /// A client asks to be told messages again, from the first number to the last; 0 is the newest.
    ResendRequested {
        first: u64,
        last: u64,
    }
}

named! {
    /// The connection is over: what is to be said stands in its buffer.
    Over {
        reason: String,
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
    Logon(LogonRequested),
    /// See the class.
    Resend(ResendRequested),
    /// See the class.
    Over(Over),
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
    /// What binary order entry has received, where that asks something.
    pub fn of_binary(received: ReceivedOf<Asks>) -> Option<Self> {
        Self::of(received, |asks| match asks {
            Asks::SecurityList(req_id, instrument) => {
                Self::SecurityList(SecurityListRequested { req_id, instrument })
            }
            Asks::Login {
                user,
                password,
                session,
                sequence,
            } => Self::Login(LoginRequested {
                user,
                password: Secret(password),
                session,
                sequence,
            }),
        })
    }

    /// The same of FIX.
    pub fn of_fix(received: ReceivedOf<fix::Asks>, version: Version) -> Option<Self> {
        Self::of(received, |asks| match asks {
            fix::Asks::Logon(logon) => Self::Logon(LogonRequested::of(&logon, version)),
            fix::Asks::Resend(first, last) => Self::Resend(ResendRequested { first, last }),
        })
    }

    fn of<A>(received: ReceivedOf<A>, asked: impl FnOnce(A) -> Self) -> Option<Self> {
        Some(match received {
            ReceivedOf::Nothing => return None,
            ReceivedOf::Throttle => Self::Throttled(Throttled),
            ReceivedOf::Later => Self::PutOff(PutOff),
            ReceivedOf::Logout => Self::Logout(LogoutRequested),
            ReceivedOf::Malformed(reason) => Self::Malformed(Malformed { reason }),
            ReceivedOf::Over(reason) => Self::Over(Over {
                reason: reason.to_owned(),
            }),
            ReceivedOf::Asks(asks) => asked(asks),
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
        /// These connections were told the last message of their sessions: why they are to be closed.
        ended: Vec<(u32, String)>,
        /// These connections are to be told messages again.
        behind: Vec<u32>,
        /// Entries of FIX that were opened: number and name.
        opened: Vec<(u32, String)>,
    }
}

impl Routed {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.resumed.is_empty()
            && self.claimed.is_empty()
            && self.moved.is_empty()
            && self.ended.is_empty()
            && self.behind.is_empty()
            && self.opened.is_empty()
    }
}

named! {
    /// Messages were made again: where in the event batches to go on, whether the connection is live now, or is
    /// to be told others first, which stand elsewhere.
    ReplayPortion {
        at: usize,
        live: bool,
        elsewhere: bool,
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
        next_in: u64,
        epoch: u64,
        heard_ns: u64,
        connection: Option<u32>,
    }
}

impl Session {
    /// A session, in its own numbers; `last_cl_ord_id` of the binary protocol, `next_in` of FIX.
    pub fn of<S: Copy + Default>(
        session: &gateway::Session<S>,
        last_cl_ord_id: u64,
        next_in: u64,
        heard_ns: u64,
    ) -> Self {
        Self {
            entry: session.entry,
            sent: session.shown(session.sent),
            oldest: session.shown(session.oldest),
            last_cl_ord_id,
            next_in,
            epoch: session.epoch,
            heard_ns,
            connection: session.connection_id,
        }
    }
}

named! {
    /// Where the sessions' messages stand in the events log.
    SessionIndex {
        next_offset: u64,
        entries: u32,
        sessions: Vec<Row>,
    }
}

named! {
    /// What went through order entry.
    Traffic {
        requests: u64,
        reports: u64,
        garbled: u64,
        resends: u64,
        gaps: u64,
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
