//! What a protocol is to its connections: a machine without I/O that reads bytes and encodes events.

use std::fmt::Debug;

use wire::record::event::{EntryClaimed, SessionReset};
use wire::record::{Event, EventBatchHeader, Leg};

use crate::limits::Limits;
use crate::pending::Pending;
use crate::session::Session;

/// So many requests of a connection that are no orders are handled at a time: each costs as much as an order
/// in the journal, and nothing waits for it.
const OTHERS_MAX: u32 = 32;

/// What a socket read asks of the connection's owner; `A` is what only one protocol asks.
#[derive(Debug, PartialEq, Eq)]
pub enum Received<A> {
    /// Nothing: requests, if any, wait to be sealed.
    Nothing,
    /// Stop reading the socket until the connection is among those to resume.
    Throttle,
    /// There is more than is handled in one turn: stop reading the socket, and ask for the rest later.
    Later,
    /// Decide on something; what came after it waits for the next call of `receive`.
    Asks(A),
    /// The client says goodbye.
    Logout,
    /// Say why (it is in the connection's buffer) and close.
    Malformed(String),
    /// Close: it is over, and all that was to be said is in the connection's buffer.
    Over(&'static str),
}

/// A protocol: how bytes become command records, and events become messages.
///
/// The connections own what all protocols need; its own state, that of a session and that of a connection are
/// given to it.
pub trait Protocol: Debug + Clone + Default {
    /// What it knows of a session beyond how many messages that was told.  A read that fails is undone with it.
    type Session: Debug + Copy + Default;
    /// What it knows of a connection beyond what all protocols do.
    type Connection: Debug;
    /// What it asks of a connection's owner.
    type Asks: Debug + PartialEq + Eq;

    /// A connection was opened.
    fn connected(&self, now_ns: u64) -> Self::Connection;

    /// Itself as it was at first, with what it was made with: what it has learned is not to be trusted.
    #[must_use]
    fn anew(&self) -> Self {
        Self::default()
    }

    /// Handle the whole messages of `bytes`, until there are enough or one is to be decided on: how many bytes
    /// they took, and what is asked.
    fn receive(
        &mut self,
        bytes: &[u8],
        reading: &mut Reading<'_, Self>,
    ) -> (usize, Received<Self::Asks>);

    /// Append what a session is told of an event.
    fn report(
        &self,
        session: &Session<Self::Session>,
        connection: &mut Self::Connection,
        told: &Told<'_>,
        out: &mut Vec<u8>,
    );

    /// Old messages are about to be told, from the one of this number on, as the session counts.
    fn replays(&self, _connection: &mut Self::Connection, _first: u64) {}

    /// Old messages were told up to the one before `next`, as the session counts: append what is still to be
    /// said of them.
    fn replayed(
        &self,
        _session: &Session<Self::Session>,
        _connection: &mut Self::Connection,
        _next: u64,
        _out: &mut Vec<u8>,
    ) {
    }

    /// Time has passed on a connection; what is to be done, where that is not heartbeats and deadlines alone.
    fn tick(&mut self, _reading: &mut Reading<'_, Self>) -> Passing {
        Passing::Deadlines
    }

    /// Append what a connection says that has nothing to say.
    fn heartbeat(out: &mut Vec<u8>);

    /// Whether an event is one that a session begins with on a connection (or ends with, at once).
    fn begins(_event: &Event<'_>) -> bool {
        true
    }

    /// Whether an event is the last one that a connection is told.
    fn ends(_event: &Event<'_>) -> bool {
        false
    }

    /// The numbers of a session have begun anew, wherever that was asked for.
    fn reset(_session: &mut Self::Session, _reset: &SessionReset) {}

    /// Take an event, whomever it is told.
    fn see(&mut self, event: &Event<'_>);

    /// A session was claimed, by whichever gateway.
    fn claimed(session: &mut Self::Session, claim: &EntryClaimed);
}

/// What is to be told: an event, and by which message.
#[derive(Debug)]
pub struct Told<'a> {
    /// The event.
    pub event: &'a Event<'a>,
    /// Its sequence number.
    pub seq: u64,
    /// The header of its batch.
    pub header: &'a EventBatchHeader,
    /// Which side of it is told.
    pub leg: Leg,
    /// The number of the message within the entry, in all its sessions.
    pub number: u64,
    /// The connection may have been told it before: all messages before this number may have been told.
    pub told_before: u64,
}

/// What the passing of time asks, by the protocol's own rules or by those of all.
#[derive(Debug, PartialEq, Eq)]
pub enum Passing {
    /// Heartbeats after silence, and the deadlines of [`Limits`].
    Deadlines,
    /// Nothing.
    Nothing,
    /// Close the connection: why.
    Close(&'static str),
}

/// A read of a connection: what its protocol may ask and fill.
#[derive(Debug)]
pub struct Reading<'a, P: Protocol> {
    /// Bounds of order entry.
    pub limits: &'a Limits,
    /// New orders are refused.
    pub busy: bool,
    /// The session that the connection is logged in to.
    pub session: Option<&'a mut Session<P::Session>>,
    /// What the protocol knows of the connection.
    pub connection: &'a mut P::Connection,
    /// What is to be written.
    pub out: &'a mut Vec<u8>,
    /// The time now, for intervals.
    pub now_ns: u64,
    /// Set where the connection is to be closed once it was told the last message of its session: why.
    pub ends: &'a mut Option<&'static str>,
    pub(crate) pending: &'a mut Pending,
    pub(crate) heard: bool,
    pub(crate) requests: u32,
    pub(crate) others: u32,
}

#[allow(
    clippy::arithmetic_side_effects,
    reason = "requests of one read are counted one by one"
)]
impl<P: Protocol> Reading<'_, P> {
    /// A whole message came.
    #[inline(always)]
    pub fn heard(&mut self) {
        self.heard = true;
    }

    /// Command records, to which one is to be appended.
    #[inline(always)]
    pub fn records(&mut self) -> &mut Vec<u8> {
        &mut self.pending.records
    }

    /// The record is whole, of an order or of something that changes one.
    #[inline(always)]
    pub fn order(&mut self) {
        self.pending.end_record();
        self.requests += 1;
    }

    /// The record is whole, of something that changes nothing.
    #[inline(always)]
    pub fn other(&mut self) {
        self.order();
        self.others += 1;
    }

    /// Whether no more is to be handled in this turn.
    #[inline(always)]
    #[must_use]
    pub fn has_enough(&self) -> bool {
        self.others >= OTHERS_MAX
    }
}
