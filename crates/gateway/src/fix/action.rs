//! What a session asks of whoever drives it.

use std::fmt;

use wire::fix::dictionary::SessionRejectReason as Reason;

/// An administrative message that the session says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admin {
    /// The answer to a Logon: HeartBtInt, and whether numbers begin anew.
    Logon {
        /// Seconds.
        heartbeat_s: u32,
        /// ResetSeqNumFlag (141).
        reset: bool,
        /// NextExpectedMsgSeqNum (789), where the client has sent its own.
        next_expected: Option<u64>,
    },
    /// Heartbeat, with the TestReqID that it answers.
    Heartbeat(Option<Vec<u8>>),
    /// TestRequest, whose TestReqID is this number.
    TestRequest(u64),
    /// ResendRequest from this number on, to the end.
    ResendRequest(u64),
    /// Reject of a message.
    Reject {
        /// RefSeqNum (45).
        number: u64,
        /// RefTagID (371).
        tag: Option<u32>,
        /// RefMsgType (372).
        msg_type: Vec<u8>,
        /// SessionRejectReason (373).
        reason: Reason,
    },
    /// Logout, with Text (58) where there is something to say.
    Logout(Option<String>),
}

/// A secret, which is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub Vec<u8>);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A Logon that is to be decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logon {
    /// SenderCompID (49).
    pub sender: Vec<u8>,
    /// TargetCompID (56).
    pub target: Vec<u8>,
    /// SenderSubID (50).
    pub sender_sub: Vec<u8>,
    /// MsgSeqNum (34).
    pub number: u64,
    /// HeartBtInt (108), in seconds, as it was sent.
    pub heartbeat_s: i64,
    /// ResetSeqNumFlag (141).
    pub reset: bool,
    /// NextExpectedMsgSeqNum (789).
    pub next_expected: Option<u64>,
    /// Username (553).
    pub username: Vec<u8>,
    /// Password (554), in 4.2 RawData (96).
    pub password: Password,
}

/// What is to be done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Decide on a Logon: nothing else is handled before that.
    Decide(Logon),
    /// Journal a message of the session, and send it when it is durable.
    Say(Admin),
    /// Send a Logout that belongs to no session: MsgSeqNum 1, no event.
    Outside(&'static str),
    /// Let the numbers of both sides begin anew: what is journaled next has number 1.
    Reset,
    /// Take the application message of this number: the one that was given, or one that has waited.
    Take(u64, Option<Vec<u8>>),
    /// Tell again what was told from the first number to the last; 0 is the newest.
    Resend(u64, u64),
    /// Close the connection once all that was said is sent.
    Close(&'static str),
}
