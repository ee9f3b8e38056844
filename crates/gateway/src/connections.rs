//! All connections and sessions of order entry by one protocol: who there is, and their deadlines.
//!
//! `intake` is the way in (socket reads to sealed batches), `reports` the way out (events to buffers).

use crate::connection::Connection;
use crate::histogram::Histogram;
use crate::limits::Limits;
use crate::pending::Pending;
use crate::protocol::Protocol;
use crate::protocol::{Passing, Reading};
use crate::session::{INDEX_BYTES, Session};
use crate::tally::Tally;

/// What a tick asks of a connection's owner.
#[derive(Debug, PartialEq, Eq)]
pub enum TickAction {
    /// Write a heartbeat (it is in the connection's buffer).
    Heartbeat,
    /// Close the connection: why.
    Close(&'static str),
}

/// The answer to a claim of this gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimed {
    /// Slot of the session.
    pub session: u32,
    /// Whether the session is this gateway's.
    pub granted: bool,
}

/// Connections, sessions, and the command records that wait to be sealed.
#[derive(Debug)]
pub struct Connections<P: Protocol> {
    /// Its own state.
    pub protocol: P,
    pub(crate) limits: Limits,
    pub(crate) connections: Vec<Option<Connection<P::Connection>>>,
    free: Vec<u32>,
    generation: u32,
    pub(crate) sessions: Vec<Session<P::Session>>,
    /// Slot of a session by its entry number, plus 1.
    by_entry: Vec<u32>,
    pub(crate) pending: Pending,
    pub(crate) touched: Vec<u32>,
    pub(crate) resumed: Vec<u32>,
    /// Claims that were answered.
    pub(crate) claimed: Vec<Claimed>,
    /// Connections whose session was logged in to elsewhere.
    pub(crate) moved: Vec<u32>,
    /// Connections that were told the last message of their session: why they are to be closed.
    pub(crate) ended: Vec<(u32, &'static str)>,
    /// Connections that are to be told messages again.
    pub(crate) behind: Vec<u32>,
    /// Who is to be told when fewer requests wait.
    crowd: Vec<u32>,
    pub(crate) busy: bool,
    /// Offset of the event batch that `route` will see next.
    pub(crate) next_offset: u64,
    /// Bytes of the events that were seen, by which sessions note where their messages stand.
    pub(crate) seen_bytes: u64,
    /// From the socket read to the answer.
    pub latency: Histogram,
    /// Requests received, of all sessions.
    pub requests: u64,
    /// Messages routed to live connections.
    pub reports: u64,
    /// What the routed events say, of all gateways.
    pub tally: Tally,
    /// The highest number of an entry that there is.
    pub entries: u32,
}

impl<P: Protocol> Connections<P> {
    /// What it was made with.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// No connections, no sessions.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self::of(P::default(), limits)
    }

    /// The same, of a protocol that was given something.
    #[must_use]
    pub fn of(protocol: P, limits: Limits) -> Self {
        Self {
            protocol,
            limits,
            connections: Vec::new(),
            free: Vec::new(),
            generation: 0,
            sessions: Vec::new(),
            by_entry: Vec::new(),
            pending: Pending::default(),
            touched: Vec::new(),
            resumed: Vec::new(),
            claimed: Vec::new(),
            moved: Vec::new(),
            ended: Vec::new(),
            behind: Vec::new(),
            crowd: Vec::new(),
            busy: false,
            next_offset: 1,
            // The first message of a session that is seen is noted, whatever an earlier life has noted.
            seen_bytes: INDEX_BYTES,
            latency: Histogram::default(),
            requests: 0,
            reports: 0,
            tally: Tally::default(),
            entries: 0,
        }
    }

    /// Add the session of an entry that was told `sent` messages, and reset at the one of number `base`; its slot.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "sessions and entries are numbered one by one"
    )]
    pub fn add_session(&mut self, entry: u32, (sent, base): (u64, u64), state: P::Session) -> u32 {
        let slot = self.sessions.len() as u32;
        let mut session = Session::new(entry, sent, state);
        session.base = base;
        self.sessions.push(session);
        let entry = entry as usize;
        if self.by_entry.len() <= entry {
            self.by_entry.resize(entry + 1, 0);
        }
        self.by_entry[entry] = slot + 1;
        slot
    }

    /// The session at `slot`.
    #[must_use]
    pub fn session(&self, slot: u32) -> Option<&Session<P::Session>> {
        self.sessions.get(slot as usize)
    }

    /// A session was reset so often, as the engine knows.
    pub fn set_epoch(&mut self, slot: u32, epoch: u64) {
        if let Some(session) = self.sessions.get_mut(slot as usize) {
            session.epoch = epoch;
        }
    }

    /// When the last message of a session came; 0 where none has since this order entry began.
    #[must_use]
    pub fn heard_ns(&self, slot: u32) -> u64 {
        let Some(session) = self.session(slot) else {
            return 0;
        };
        let connection_id = session.connection_id;
        let connection = connection_id.and_then(|id| self.connections.get(id as usize)?.as_ref());
        connection.map_or(session.heard_ns, |it| it.last_ns)
    }

    pub(crate) fn session_of(&mut self, entry: u32) -> Option<&mut Session<P::Session>> {
        let slot = self.slot_of(entry)?;
        self.sessions.get_mut(slot as usize)
    }

    /// The slot of an entry's session.
    pub(crate) fn slot_of(&self, entry: u32) -> Option<u32> {
        self.by_entry.get(entry as usize)?.checked_sub(1)
    }

    /// The oldest command whose events the sessions' last `messages` messages need.
    pub fn needs_command(&self, messages: u64) -> Option<u64> {
        let needed = self.sessions.iter();
        needed
            .filter_map(|session| session.needs_command(messages))
            .min()
    }

    /// New orders are refused (or no longer).
    pub fn set_busy(&mut self, busy: bool) {
        self.busy = busy;
    }

    /// The offset in the events log of the batch that `route` or `scan` will see next.
    pub fn set_next_offset(&mut self, offset: u64) {
        self.next_offset = offset;
    }

    /// A connection was opened; its number.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "a connection was just added"
    )]
    pub fn connected(&mut self, now_ns: u64) -> u32 {
        self.generation = self.generation.wrapping_add(1);
        let state = self.protocol.connected(now_ns);
        let connection = Connection::new(self.generation, state, now_ns);
        if let Some(slot) = self.free.pop() {
            self.connections[slot as usize] = Some(connection);
            return slot;
        }
        self.connections.push(Some(connection));
        (self.connections.len() - 1) as u32
    }

    /// A connection was closed; the slot of the session that it was logged in to.
    pub fn disconnected(&mut self, connection_id: u32) -> Option<u32> {
        let connection = self.connections.get_mut(connection_id as usize)?.take()?;
        self.free.push(connection_id);
        let slot = connection.session?;
        let session = self.sessions.get_mut(slot as usize)?;
        // Its session may have gone elsewhere, and have come back since.
        if session.connection_id == Some(connection_id) {
            session.connection_id = None;
            session.heard_ns = session.heard_ns.max(connection.last_ns);
        }
        Some(slot)
    }

    pub(crate) fn connection(
        &mut self,
        connection_id: u32,
    ) -> Option<&mut Connection<P::Connection>> {
        self.connections.get_mut(connection_id as usize)?.as_mut()
    }

    /// Heartbeats and deadlines; heartbeats stand in the connections' buffers.
    pub fn tick(&mut self, now_ns: u64) -> Vec<(u32, TickAction)> {
        let mut actions = Vec::new();
        for slot in 0..self.connections.len() as u32 {
            let action = match self.pass_time(slot, now_ns) {
                Passing::Nothing => continue,
                Passing::Close(why) => TickAction::Close(why),
                Passing::Deadlines => match self.deadlines(slot, now_ns) {
                    Some(action) => action,
                    None => continue,
                },
            };
            actions.push((slot, action));
        }
        actions
    }

    /// Time has passed on a connection, as its protocol sees it.
    fn pass_time(&mut self, connection_id: u32, now_ns: u64) -> Passing {
        let reading = |protocol: &mut P, reading: &mut Reading<'_, P>| protocol.tick(reading);
        self.with_reading(connection_id, now_ns, reading)
            .unwrap_or(Passing::Nothing)
    }

    /// Let the protocol do something on a connection, which may bring records.
    pub(crate) fn with_reading<T>(
        &mut self,
        connection_id: u32,
        now_ns: u64,
        work: impl FnOnce(&mut P, &mut Reading<'_, P>) -> T,
    ) -> Option<T> {
        let limits = self.limits;
        let connection = self.connections.get_mut(connection_id as usize)?.as_mut()?;
        let session = connection
            .session
            .and_then(|slot| self.sessions.get_mut(slot as usize));
        let mut reading = Reading {
            limits: &limits,
            busy: self.busy,
            session,
            connection: &mut connection.state,
            out: &mut connection.out,
            now_ns,
            ends: &mut connection.ends,
            pending: &mut self.pending,
            heard: false,
            requests: 0,
            others: 0,
        };
        let done = work(&mut self.protocol, &mut reading);
        let said = (reading.requests, reading.others);
        if reading.heard {
            connection.heard = true;
            connection.last_ns = now_ns;
        }
        self.attribute(connection_id, said, now_ns);
        Some(done)
    }

    /// The deadlines of all protocols, and a heartbeat after silence.
    fn deadlines(&mut self, connection_id: u32, now_ns: u64) -> Option<TickAction> {
        let limits = self.limits;
        let connection = self.connection(connection_id)?;
        // A connection whose socket is not read, at our own word, can give no sign of life.
        if (connection.heard || connection.throttled || connection.later)
            && connection.session.is_some()
        {
            connection.heard_ns = now_ns;
        }
        if connection.spoke {
            connection.spoke_ns = now_ns;
        }
        (connection.heard, connection.spoke) = (false, false);
        let silent_ns = now_ns.saturating_sub(connection.heard_ns);
        if connection.session.is_none() && silent_ns >= limits.login_deadline_ns {
            Some(TickAction::Close("login deadline"))
        } else if connection.session.is_some() && silent_ns >= limits.idle_deadline_ns {
            Some(TickAction::Close("idle deadline"))
        } else if connection.session.is_some()
            && now_ns.saturating_sub(connection.spoke_ns) >= limits.heartbeat_interval_ns
        {
            P::heartbeat(&mut connection.out);
            connection.spoke_ns = now_ns;
            Some(TickAction::Heartbeat)
        } else {
            None
        }
    }

    /// The log now begins with the events of this command.
    pub fn forget_before(&mut self, first_command: u64) {
        for session in &mut self.sessions {
            session.forget_before(first_command);
        }
    }

    /// The journal failed: what waits is dropped, and the owner closes every connection.
    pub fn outage(&mut self) {
        self.pending.clear();
        self.touched.clear();
        self.resumed.clear();
        self.claimed.clear();
        self.moved.clear();
        self.ended.clear();
        self.behind.clear();
        self.crowd.clear();
    }

    /// What goes on of an order entry whose state is not to be trusted: what it has counted, and the connections
    /// that are open, which are logged in to nothing.  It has no sessions until it is given some.
    #[must_use]
    pub fn bare(&self, now_ns: u64) -> Self {
        let mut bare = Self::of(self.protocol.anew(), self.limits);
        bare.generation = self.generation;
        for (slot, connection) in self.connections.iter().enumerate() {
            let connection = connection.as_ref();
            if connection.is_none() {
                bare.free.push(slot as u32);
            }
            let connection = connection.map(|connection| {
                let state = self.protocol.connected(now_ns);
                Connection::new(connection.generation, state, now_ns)
            });
            bare.connections.push(connection);
        }
        bare.busy = self.busy;
        bare.next_offset = self.next_offset;
        bare.seen_bytes = self.seen_bytes;
        bare.latency = self.latency.clone();
        bare.requests = self.requests;
        bare.reports = self.reports;
        bare.tally = self.tally.clone();
        bare
    }

    /// Take over the sessions of another, and what its protocol knows, as they stand before the event batch at
    /// `next_offset`.
    pub fn adopt(&mut self, of: &Self, next_offset: u64) {
        self.sessions.clone_from(&of.sessions);
        self.by_entry.clone_from(&of.by_entry);
        self.protocol.clone_from(&of.protocol);
        self.entries = of.entries;
        self.next_offset = next_offset;
    }

    /// Take over where the messages stand that another's sessions have found before those of its own.
    pub fn complete(&mut self, of: &Self) {
        for (session, before) in self.sessions.iter_mut().zip(&of.sessions) {
            session.put_before(before);
        }
    }

    /// Whether so many requests wait that the rest of a connection has to wait too.  It is then among those
    /// to resume as soon as there are fewer.
    pub fn is_crowded(&mut self, connection_id: u32) -> bool {
        let crowded = self.pending.weight() >= self.limits.requests_waiting_max;
        if crowded && !self.crowd.contains(&connection_id) {
            self.crowd.push(connection_id);
        }
        crowded
    }

    /// Requests were sealed: there may be room for those of others.
    pub(crate) fn make_room(&mut self) {
        if !self.crowd.is_empty() && self.pending.weight() < self.limits.requests_waiting_max {
            self.resumed.append(&mut self.crowd);
        }
    }
}
