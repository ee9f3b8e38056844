//! The way in: socket reads to command records, and records to sealed batches.

use wire::record::CommandBatchHeader;
use wire::record::command::{Command, EntryClaim, EntryClosed};
use wire::sbe::{self, Request};
use wire::soup::{self, LoginRequest, Packets, Sender};

use crate::connection::Rest;
use crate::order_entry::{OrderEntry, Received};
use crate::pending::{Mark, Pending, Share};
use crate::session::Session;

/// So many requests of a connection that are no orders are handled at a time: each costs as much as an order
/// in the journal, and nothing waits for it.
const OTHERS_MAX: u32 = 32;

/// Where a connection stood before a read.
#[derive(Debug, Clone, Copy)]
pub struct Before {
    connection_id: u32,
    waiting: Mark,
    last_cl_ord_id: Option<u64>,
}

impl OrderEntry {
    /// Where a connection stands now, so that a read of it can be undone.
    #[must_use]
    pub fn before(&self, connection_id: u32) -> Before {
        let connection = self.connections.get(connection_id as usize);
        let slot = connection
            .and_then(Option::as_ref)
            .and_then(|connection| connection.session);
        let session = slot.and_then(|slot| self.sessions.get(slot as usize));
        Before {
            connection_id,
            waiting: self.pending.mark(),
            last_cl_ord_id: session.map(|session| session.last_cl_ord_id),
        }
    }

    /// A read has failed halfway: what it brought is forgotten as if the connection had been cut before it,
    /// and so is what stands in its buffer.  The owner closes it.
    pub fn undo(&mut self, before: &Before) {
        self.pending.back_to(before.waiting);
        let Some(connection) = self.connection(before.connection_id) else {
            return;
        };
        connection.rest = Rest::default();
        connection.out.clear();
        let slot = connection.session;
        let session = slot.and_then(|slot| self.sessions.get_mut(slot as usize));
        if let (Some(session), Some(last)) = (session, before.last_cl_ord_id) {
            session.last_cl_ord_id = last;
        }
    }

    /// Take a socket read, or nothing to go on with what was read before.
    pub fn receive(&mut self, connection_id: u32, data: &[u8], now_ns: u64) -> Received {
        let Some(connection) = self.connection(connection_id) else {
            return Received::Nothing;
        };
        if connection.rest.is_empty() {
            let (used, outcome) = self.packets(connection_id, data, now_ns);
            if used < data.len()
                && let Some(connection) = self.connection(connection_id)
            {
                connection.rest.extend(&data[used..]);
            }
            return outcome;
        }
        let mut rest = std::mem::take(&mut connection.rest);
        rest.extend(data);
        let (used, outcome) = self.packets(connection_id, rest.unread(), now_ns);
        rest.consume(used, self.limits.packet_bytes_max);
        if let Some(connection) = self.connection(connection_id) {
            connection.rest = rest;
        }
        outcome
    }

    /// Handle the whole packets of `bytes`, or of as many as may be handled at a time: how many bytes
    /// they took, and what is asked.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "requests of one read, and of a connection that is read only while few are unanswered"
    )]
    fn packets(&mut self, connection_id: u32, bytes: &[u8], now_ns: u64) -> (usize, Received) {
        let Some(connection) = self
            .connections
            .get_mut(connection_id as usize)
            .and_then(Option::as_mut)
        else {
            return (bytes.len(), Received::Nothing);
        };
        let limits = self.limits;
        let most = limits.turn_bytes_max.max(limits.packet_bytes_max);
        let now = bytes.get(..most).unwrap_or(bytes);
        let mut packets = Packets::new(now, Sender::Client, limits.packet_bytes_max);
        let busy = self.busy;
        let (mut requests, mut others) = (0, 0);
        let mut outcome = Received::Nothing;
        let mut enough = false;
        let mut session = connection
            .session
            .and_then(|slot| self.sessions.get_mut(slot as usize));
        for packet in packets.by_ref() {
            let packet = match packet {
                Ok(packet) => packet,
                Err(error) => {
                    soup::push_debug(&error.to_string(), &mut connection.out);
                    outcome = Received::Malformed(error.to_string());
                    break;
                }
            };
            connection.heard = true;
            match (packet.kind, &mut session) {
                (soup::kind::UNSEQUENCED, Some(session)) => {
                    match request(session, packet.payload, &mut self.pending, busy) {
                        Taken::Order => {}
                        Taken::Other => {
                            others += 1;
                            enough = others == OTHERS_MAX;
                        }
                        Taken::Question(asked) => {
                            outcome = asked;
                            break;
                        }
                    }
                    requests += 1;
                    if enough {
                        break;
                    }
                }
                (soup::kind::CLIENT_HEARTBEAT | soup::kind::DEBUG, _) => {}
                (soup::kind::LOGOUT, _) => {
                    outcome = Received::Logout;
                    break;
                }
                (soup::kind::LOGIN_REQUEST, None) => {
                    outcome = login(packet.payload, &mut connection.out);
                    break;
                }
                (soup::kind::LOGIN_REQUEST, Some(_)) => {
                    outcome = malformed("second login on one connection", &mut connection.out);
                    break;
                }
                _ => {
                    outcome = malformed("packet before login", &mut connection.out);
                    break;
                }
            }
        }
        if requests > 0 {
            self.requests += u64::from(requests);
            connection.unanswered += requests;
            self.pending.attribute(Share {
                connection_id,
                generation: connection.generation,
                requests,
                others,
                received_ns: now_ns,
            });
        }
        // Also of a read that ended with something else: its rest is asked for with an empty one.
        if outcome == Received::Nothing
            && !connection.throttled
            && connection.unanswered >= limits.requests_in_flight_max
        {
            connection.throttled = true;
            outcome = Received::Throttle;
        }
        let used = packets.consumed();
        let more = now.len() < bytes.len() || (enough && used < bytes.len());
        connection.later = outcome == Received::Nothing && more;
        if connection.later {
            outcome = Received::Later;
        }
        (used, outcome)
    }

    /// Commands that wait to be sealed.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pending.len()
    }

    /// A client wants to log in: the engine is to say whether its session is this gateway's, which `route`
    /// will learn.
    pub fn claim(&mut self, entry: u32) {
        self.push_own(&Command::EntryClaim(EntryClaim { entry }));
    }

    /// A client is gone for good, or for longer than its grace: the engine is to know.
    pub fn entry_closed(&mut self, entry: u32) {
        self.push_own(&Command::EntryClosed(EntryClosed { entry }));
    }

    /// A command that no connection has sent.
    fn push_own(&mut self, command: &Command<'_>) {
        command.encode(&mut self.pending.records);
        self.pending.end_record();
        self.pending.attribute(Share {
            connection_id: u32::MAX,
            generation: 0,
            requests: 1,
            others: 0,
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
}

/// What became of a request.
enum Taken {
    /// A record that waits, and may change something.
    Order,
    /// A record that waits, and changes nothing: a question, a repeat, a refusal.
    Other,
    /// It asks for something that is no command.
    Question(Received),
}

/// One request: a record that waits, unless it asks for something that is no command.
#[inline(always)]
fn request(session: &mut Session, payload: &[u8], pending: &mut Pending, busy: bool) -> Taken {
    let records = &mut pending.records;
    let mut taken = Taken::Other;
    if !(busy && sbe::refuse_busy(session.entry, payload, records)) {
        match sbe::decode_request(session.entry, payload, records) {
            Ok(Request::SecurityList { req_id, instrument }) => {
                return Taken::Question(Received::SecurityList(req_id, instrument));
            }
            // OrderStatusRequest takes no ClOrdID.
            Ok(Request::Command { template, ref_id })
                if template != sbe::OrderStatusRequest::TEMPLATE =>
            {
                if ref_id > session.last_cl_ord_id {
                    session.last_cl_ord_id = ref_id;
                    taken = Taken::Order;
                }
            }
            Ok(Request::Command { .. }) | Err(_) => {}
        }
    }
    pending.end_record();
    taken
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
