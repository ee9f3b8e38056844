//! All connections and sessions of binary order entry.

use wire::record::command::{Command, EntryClosed};
use wire::record::{CommandBatchHeader, EventBatch, RecordError};
use wire::sbe::{self, Request, encode_report};
use wire::soup::{self, LoginRequest, Packets, Sender};

use crate::connection::Connection;
use crate::histogram::Histogram;
use crate::pending::{Pending, Share};
use crate::replay::{messages_of, told};
use crate::session::Session;
use crate::tally::Tally;

/// Bounds of order entry; units are in the names.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one packet.
    pub packet_bytes_max: usize,
    /// Unanswered requests of one connection.
    pub requests_in_flight_max: u32,
    /// From connection to login.
    pub login_deadline_ns: u64,
    /// Silence after which a heartbeat is sent.
    pub heartbeat_interval_ns: u64,
    /// Without a whole packet, after which the line is dropped.
    pub idle_deadline_ns: u64,
}

/// What a socket read asks of the connection's owner.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// Nothing: requests, if any, wait to be sealed.
    Nothing,
    /// Stop reading the socket until the connection is among those to resume.
    Throttle,
    /// Decide on a login; what came after it waits for the next call of `receive`.
    Login {
        /// User name, as sent.
        user: String,
        /// Password, as sent.
        password: String,
        /// Session id, empty for the current one.
        session: String,
        /// First message wanted, 0 for the newest.
        sequence: u64,
    },
    /// Tell the instruments: number of the question, the one instrument or all.
    SecurityList(u64, Option<u32>),
    /// The client says goodbye.
    Logout,
    /// Say why (it is in the connection's buffer) and close.
    Malformed(String),
}

/// What a tick asks of a connection's owner.
#[derive(Debug, PartialEq, Eq)]
pub enum TickAction {
    /// Write a heartbeat (it is in the connection's buffer).
    Heartbeat,
    /// Close the line: why.
    Close(&'static str),
}

/// Connections, sessions, and the command records that wait to be sealed.
#[derive(Debug)]
pub struct OrderEntry {
    limits: Limits,
    connections: Vec<Option<Connection>>,
    free: Vec<u32>,
    generation: u32,
    sessions: Vec<Session>,
    /// Place of a session by its entry number, plus 1.
    by_entry: Vec<u32>,
    pending: Pending,
    touched: Vec<u32>,
    resumed: Vec<u32>,
    busy: bool,
    /// Offset of the event batch that `route` will see next.
    next_offset: u64,
    /// From the socket read to the answer.
    pub latency: Histogram,
    /// Requests received, of all sessions.
    pub requests: u64,
    /// Messages routed to live connections.
    pub reports: u64,
    /// What the routed events say, of all gateways.
    pub tally: Tally,
}

impl OrderEntry {
    /// No connections, no sessions.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            connections: Vec::new(),
            free: Vec::new(),
            generation: 0,
            sessions: Vec::new(),
            by_entry: Vec::new(),
            pending: Pending::default(),
            touched: Vec::new(),
            resumed: Vec::new(),
            busy: false,
            next_offset: 1,
            latency: Histogram::default(),
            requests: 0,
            reports: 0,
            tally: Tally::default(),
        }
    }

    /// Add the session of an entry that was told `sent` messages; its place.
    pub fn add_session(&mut self, entry: u32, sent: u64, last_cl_ord_id: u64) -> u32 {
        let place = self.sessions.len() as u32;
        self.sessions
            .push(Session::new(entry, sent, last_cl_ord_id));
        let slot = entry as usize;
        if self.by_entry.len() <= slot {
            self.by_entry.resize(slot + 1, 0);
        }
        self.by_entry[slot] = place + 1;
        place
    }

    /// The session at `place`.
    #[must_use]
    pub fn session(&self, place: u32) -> Option<&Session> {
        self.sessions.get(place as usize)
    }

    fn session_of(&mut self, entry: u32) -> Option<&mut Session> {
        let place = *self.by_entry.get(entry as usize)?;
        self.sessions.get_mut((place as usize).checked_sub(1)?)
    }

    /// Every session, to be changed by its owner.
    pub fn sessions_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.sessions.iter_mut()
    }

    /// New orders are refused (or no longer).
    pub fn set_busy(&mut self, busy: bool) {
        self.busy = busy;
    }

    /// The offset in the events log of the batch that `route` or `scan` will see next.
    pub fn set_next_offset(&mut self, offset: u64) {
        self.next_offset = offset;
    }

    /// A line was opened; its number.
    pub fn connected(&mut self, now_ns: u64) -> u32 {
        self.generation = self.generation.wrapping_add(1);
        let line = Connection::new(self.generation, now_ns);
        if let Some(place) = self.free.pop() {
            self.connections[place as usize] = Some(line);
            return place;
        }
        self.connections.push(Some(line));
        (self.connections.len() - 1) as u32
    }

    /// A line was closed; the place of the session that it was logged in to.
    pub fn disconnected(&mut self, connection: u32) -> Option<u32> {
        let line = self.connections.get_mut(connection as usize)?.take()?;
        self.free.push(connection);
        let place = line.session?;
        self.sessions.get_mut(place as usize)?.connection = None;
        Some(place)
    }

    fn line(&mut self, connection: u32) -> Option<&mut Connection> {
        self.connections.get_mut(connection as usize)?.as_mut()
    }

    /// Take a socket read.
    pub fn receive(&mut self, connection: u32, data: &[u8], now_ns: u64) -> Received {
        let Some(line) = self.line(connection) else {
            return Received::Nothing;
        };
        if line.rest.is_empty() {
            let (used, outcome) = self.packets(connection, data, now_ns);
            if used < data.len()
                && let Some(line) = self.line(connection)
            {
                line.rest.extend_from_slice(&data[used..]);
            }
            return outcome;
        }
        let mut rest = std::mem::take(&mut line.rest);
        rest.extend_from_slice(data);
        let (used, outcome) = self.packets(connection, &rest, now_ns);
        rest.drain(..used);
        if let Some(line) = self.line(connection) {
            line.rest = rest;
        }
        outcome
    }

    /// Handle the whole packets of `bytes`: how many bytes they took, and what is asked.
    fn packets(&mut self, connection: u32, bytes: &[u8], now_ns: u64) -> (usize, Received) {
        let Some(line) = self
            .connections
            .get_mut(connection as usize)
            .and_then(Option::as_mut)
        else {
            return (bytes.len(), Received::Nothing);
        };
        let mut packets = Packets::new(bytes, Sender::Client, self.limits.packet_bytes_max);
        let mut requests = 0;
        let mut outcome = Received::Nothing;
        let mut session = line
            .session
            .and_then(|place| self.sessions.get_mut(place as usize));
        for packet in packets.by_ref() {
            let packet = match packet {
                Ok(packet) => packet,
                Err(error) => {
                    soup::push_debug(&error.to_string(), &mut line.out);
                    outcome = Received::Malformed(error.to_string());
                    break;
                }
            };
            line.heard = true;
            match (packet.kind, &mut session) {
                (soup::kind::UNSEQUENCED, Some(session)) => {
                    let records = &mut self.pending.records;
                    if self.busy && sbe::refuse_busy(session.entry, packet.payload, records) {
                        self.pending.end_record();
                        requests += 1;
                        continue;
                    }
                    match sbe::decode_request(session.entry, packet.payload, records) {
                        Ok(Request::Command { template, ref_id }) => {
                            // OrderStatusRequest takes no ClOrdID.
                            if template != sbe::OrderStatusRequest::TEMPLATE {
                                session.last_cl_ord_id = session.last_cl_ord_id.max(ref_id);
                            }
                        }
                        Ok(Request::SecurityList { req_id, instrument }) => {
                            outcome = Received::SecurityList(req_id, instrument);
                            break;
                        }
                        Err(_refusal) => {}
                    }
                    self.pending.end_record();
                    requests += 1;
                }
                (soup::kind::CLIENT_HEARTBEAT | soup::kind::DEBUG, _) => {}
                (soup::kind::LOGOUT, _) => {
                    outcome = Received::Logout;
                    break;
                }
                (soup::kind::LOGIN_REQUEST, None) => {
                    outcome = login(packet.payload, &mut line.out);
                    break;
                }
                (soup::kind::LOGIN_REQUEST, Some(_)) => {
                    outcome = malformed("second login on one connection", &mut line.out);
                    break;
                }
                _ => {
                    outcome = malformed("packet before login", &mut line.out);
                    break;
                }
            }
        }
        if requests > 0 {
            self.requests += u64::from(requests);
            line.unanswered += requests;
            self.pending.attribute(Share {
                connection,
                generation: line.generation,
                requests,
                received_ns: now_ns,
            });
            if line.unanswered >= self.limits.requests_in_flight_max && outcome == Received::Nothing
            {
                line.throttled = true;
                outcome = Received::Throttle;
            }
        }
        (packets.consumed(), outcome)
    }

    /// Commands that wait to be sealed.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pending.len()
    }

    /// A client is gone for good, or for longer than its grace: the engine is to know.
    pub fn entry_closed(&mut self, entry: u32) {
        Command::EntryClosed(EntryClosed { entry }).encode(&mut self.pending.records);
        self.pending.end_record();
        self.pending.attribute(Share {
            connection: u32::MAX,
            generation: 0,
            requests: 1,
            received_ns: 0,
        });
    }

    /// Take up to `commands_max` commands as a batch, appended to `out`; false when there are none.
    pub fn seal(
        &mut self,
        header: CommandBatchHeader,
        commands_max: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        self.pending.seal(header, commands_max, out)
    }

    /// Log a line in to a session, to be told from message `sequence` on (0: the newest).
    ///
    /// Returns the number of the first message it will get, or `None` when that lies beyond the next.
    pub fn login(&mut self, connection: u32, place: u32, sequence: u64) -> Option<u64> {
        let session = self.sessions.get_mut(place as usize)?;
        let next = session.sent.saturating_add(1);
        if sequence > next {
            return None;
        }
        let first = match sequence {
            0 => next,
            wanted => wanted.max(session.oldest).min(next),
        };
        let line = self.connections.get_mut(connection as usize)?.as_mut()?;
        session.connection = Some(connection);
        line.session = Some(place);
        line.live = first == next;
        line.replay_next = first;
        Some(first)
    }

    /// Where in the events log to read for a line that is not live: offset, or `None` when it is.
    #[must_use]
    pub fn replay_offset(&self, connection: u32) -> Option<u64> {
        let line = self.connections.get(connection as usize)?.as_ref()?;
        if line.live {
            return None;
        }
        let session = self.sessions.get(line.session? as usize)?;
        session.offset_of(line.replay_next)
    }

    /// Append to the line's buffer what `batches` hold for it; true once it is live.
    ///
    /// # Errors
    /// A [`RecordError`] where `batches` are not event batches.
    pub fn replay(&mut self, connection: u32, batches: &[u8]) -> Result<bool, RecordError> {
        let Some(line) = self
            .connections
            .get_mut(connection as usize)
            .and_then(Option::as_mut)
        else {
            return Ok(true);
        };
        let Some(session) = line.session.and_then(|s| self.sessions.get(s as usize)) else {
            return Ok(true);
        };
        line.replay_next = messages_of(session.entry, line.replay_next, batches, &mut line.out)?;
        line.spoke = true;
        line.live = line.replay_next > session.sent;
        Ok(line.live)
    }

    /// Read event batches only to learn where the sessions' messages stand.
    ///
    /// # Errors
    /// A [`RecordError`] where `batches` are not event batches.
    pub fn scan(&mut self, batches: &[u8]) -> Result<(), RecordError> {
        let mut rest = batches;
        while !rest.is_empty() {
            let batch = EventBatch::take(&mut rest)?;
            let offset = self.next_offset;
            self.next_offset += 1;
            for event in batch.events() {
                let (_, event) = event?;
                told(&event, |entry, number, _| {
                    if let Some(session) = self.session_of(entry) {
                        session.located(number, offset);
                    }
                });
            }
        }
        Ok(())
    }

    /// Take event batches: reports go to the buffers of the lines that are live.
    ///
    /// # Errors
    /// A [`RecordError`] where `batches` are not event batches.
    pub fn route(
        &mut self,
        gateway: u16,
        incarnation: u32,
        batches: &[u8],
        now_ns: u64,
    ) -> Result<(), RecordError> {
        let mut rest = batches;
        while !rest.is_empty() {
            let batch = EventBatch::take(&mut rest)?;
            let header = batch.header;
            for event in batch.events() {
                let (seq, event) = event?;
                self.tally.add(&event);
                told(&event, |entry, number, leg| {
                    self.tell(entry, number, |out| {
                        encode_report(&event, seq, header.time_ns, leg, out);
                    });
                });
            }
            self.next_offset += 1;
            if header.last && header.gateway == gateway && header.incarnation == incarnation {
                self.settle(header.number, now_ns);
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn tell(&mut self, entry: u32, number: u64, write: impl FnOnce(&mut Vec<u8>)) {
        let offset = self.next_offset;
        let Some(session) = self.session_of(entry) else {
            return;
        };
        session.sent = number;
        session.located(number, offset);
        let Some(connection) = session.connection else {
            return;
        };
        let Some(Some(line)) = self.connections.get_mut(connection as usize) else {
            return;
        };
        if !line.live {
            return;
        }
        if line.out.is_empty() {
            self.touched.push(connection);
        }
        line.spoke = true;
        write(&mut line.out);
        self.reports += 1;
    }

    /// Batch `number` of this gateway is answered.
    fn settle(&mut self, number: u64, now_ns: u64) {
        for share in self.pending.answered(number) {
            let Some(Some(line)) = self.connections.get_mut(share.connection as usize) else {
                continue;
            };
            if line.generation != share.generation {
                continue;
            }
            self.latency.add(
                now_ns.saturating_sub(share.received_ns),
                share.requests.into(),
            );
            line.unanswered = line.unanswered.saturating_sub(share.requests);
            if line.throttled && line.unanswered <= self.limits.requests_in_flight_max / 2 {
                line.throttled = false;
                self.resumed.push(share.connection);
            }
        }
    }

    /// The lines that `route` wrote to, each with its buffer, which is emptied.
    pub fn take_touched(&mut self, mut take: impl FnMut(u32, &[u8])) {
        for connection in self.touched.drain(..) {
            if let Some(Some(line)) = self.connections.get_mut(connection as usize) {
                take(connection, &line.out);
                line.out.clear();
            }
        }
    }

    /// What stands in a line's buffer, which is emptied.
    pub fn take_out(&mut self, connection: u32) -> Vec<u8> {
        self.line(connection)
            .map(|line| std::mem::take(&mut line.out))
            .unwrap_or_default()
    }

    /// The lines whose sockets may be read again.
    pub fn take_resumed(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.resumed)
    }

    /// Heartbeats and deadlines; heartbeats stand in the lines' buffers.
    pub fn tick(&mut self, now_ns: u64) -> Vec<(u32, TickAction)> {
        let limits = self.limits;
        let mut actions = Vec::new();
        for (place, line) in self.connections.iter_mut().enumerate() {
            let Some(line) = line else { continue };
            if line.heard && line.session.is_some() {
                line.heard_ns = now_ns;
            }
            if line.spoke {
                line.spoke_ns = now_ns;
            }
            (line.heard, line.spoke) = (false, false);
            let silent_ns = now_ns.saturating_sub(line.heard_ns);
            let action = if line.session.is_none() && silent_ns >= limits.login_deadline_ns {
                TickAction::Close("login deadline")
            } else if line.session.is_some() && silent_ns >= limits.idle_deadline_ns {
                TickAction::Close("idle deadline")
            } else if line.session.is_some()
                && now_ns.saturating_sub(line.spoke_ns) >= limits.heartbeat_interval_ns
            {
                soup::push_empty(soup::kind::SERVER_HEARTBEAT, &mut line.out);
                line.spoke_ns = now_ns;
                TickAction::Heartbeat
            } else {
                continue;
            };
            actions.push((place as u32, action));
        }
        actions
    }

    /// The log now begins at `first_offset`.
    pub fn forget_before(&mut self, first_offset: u64) {
        for session in &mut self.sessions {
            session.forget_before(first_offset);
        }
    }

    /// The journal failed: what waits is dropped, and the owner closes every line.
    pub fn outage(&mut self) {
        self.pending.clear();
        self.touched.clear();
        self.resumed.clear();
    }
}

fn malformed(why: &str, out: &mut Vec<u8>) -> Received {
    soup::push_debug(why, out);
    Received::Malformed(why.to_owned())
}

fn login(payload: &[u8], out: &mut Vec<u8>) -> Received {
    match LoginRequest::read(payload) {
        Ok(request) => Received::Login {
            user: request.user.to_owned(),
            password: request.password.to_owned(),
            session: request.session.to_owned(),
            sequence: request.sequence,
        },
        Err(error) => malformed(&error.to_string(), out),
    }
}
