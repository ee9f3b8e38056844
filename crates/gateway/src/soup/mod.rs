//! The binary protocol: SBE messages in the packets of SoupBinTCP 4.10.

mod instruments;

use wire::record::Event;
use wire::record::event::EntryClaimed;
use wire::sbe::{self, Request, encode_report};
use wire::soup::{self, LoginRequest, Packets, Sender};

use crate::connections::Connections;
use crate::instruments::Instruments;
use crate::protocol::{Protocol, Reading, Received, Told};

pub use instruments::answer;

/// What it knows beyond connections and sessions.
#[derive(Debug, Clone, Default)]
pub struct Soup {
    /// What clients are told when they ask for instruments.
    pub instruments: Instruments,
}

/// What it asks of a connection's owner.
#[derive(Debug, PartialEq, Eq)]
pub enum Asks {
    /// Decide on a login.
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
}

impl Protocol for Soup {
    /// The highest ClOrdID that was passed on.
    type Session = u64;
    type Connection = ();
    type Asks = Asks;

    fn connected(&self, _: u64) {}

    fn receive(
        &mut self,
        bytes: &[u8],
        reading: &mut Reading<'_, Self>,
    ) -> (usize, Received<Asks>) {
        let mut packets = Packets::new(bytes, Sender::Client, reading.limits.packet_bytes_max);
        let mut outcome = Received::Nothing;
        for packet in packets.by_ref() {
            let packet = match packet {
                Ok(packet) => packet,
                Err(error) => {
                    outcome = malformed(&error.to_string(), reading.out);
                    break;
                }
            };
            reading.heard();
            match (packet.kind, reading.session.is_some()) {
                (soup::kind::UNSEQUENCED, true) => {
                    if let Some(asked) = request(packet.payload, reading) {
                        outcome = Received::Asks(asked);
                        break;
                    }
                    if reading.has_enough() {
                        break;
                    }
                }
                (soup::kind::CLIENT_HEARTBEAT | soup::kind::DEBUG, _) => {}
                (soup::kind::LOGOUT, _) => {
                    outcome = Received::Logout;
                    break;
                }
                (soup::kind::LOGIN_REQUEST, false) => {
                    outcome = login(packet.payload, reading.out);
                    break;
                }
                (soup::kind::LOGIN_REQUEST, true) => {
                    outcome = malformed("second login on one connection", reading.out);
                    break;
                }
                _ => {
                    outcome = malformed("packet before login", reading.out);
                    break;
                }
            }
        }
        (packets.consumed(), outcome)
    }

    #[inline(always)]
    fn report(&self, _: &crate::Session<u64>, _: &mut (), told: &Told<'_>, out: &mut Vec<u8>) {
        encode_report(told.event, told.seq, told.header, told.leg, out);
    }

    fn heartbeat(out: &mut Vec<u8>) {
        soup::push_empty(soup::kind::SERVER_HEARTBEAT, out);
    }

    #[inline(always)]
    fn see(&mut self, event: &Event<'_>) {
        self.instruments.take(event);
    }

    fn claimed(last_cl_ord_id: &mut u64, claim: &EntryClaimed) {
        *last_cl_ord_id = claim.last_num;
    }
}

impl Connections<Soup> {
    /// End a connection's session on it, by the packet for that in its buffer; false while a request of it is
    /// unanswered, or something is still to be told.  Its socket is not read any more.
    pub fn end_session(&mut self, connection_id: u32) -> bool {
        let Some(connection) = self.connection(connection_id) else {
            return true;
        };
        let over = connection.live && connection.unanswered == 0;
        if over {
            soup::push_empty(soup::kind::END_OF_SESSION, &mut connection.out);
        }
        over
    }
}

/// One request: a record that waits, unless it asks for something that is no command.
#[inline(always)]
fn request(payload: &[u8], reading: &mut Reading<'_, Soup>) -> Option<Asks> {
    let busy = reading.busy;
    let (entry, last) = match &reading.session {
        Some(session) => (session.entry, session.state),
        None => return None,
    };
    let records = reading.records();
    let mut ref_id = 0;
    if !(busy && sbe::refuse_busy(entry, payload, records)) {
        match sbe::decode_request(entry, payload, records) {
            Ok(Request::SecurityList { req_id, instrument }) => {
                return Some(Asks::SecurityList(req_id, instrument));
            }
            // OrderStatusRequest takes no ClOrdID.
            Ok(Request::Command {
                template,
                ref_id: id,
            }) if template != sbe::OrderStatusRequest::TEMPLATE => ref_id = id,
            Ok(Request::Command { .. }) | Err(_) => {}
        }
    }
    if ref_id > last {
        if let Some(session) = &mut reading.session {
            session.state = ref_id;
        }
        reading.order();
    } else {
        reading.other();
    }
    None
}

fn malformed(why: &str, out: &mut Vec<u8>) -> Received<Asks> {
    soup::push_debug(why, out);
    Received::Malformed(why.to_owned())
}

fn login(payload: &[u8], out: &mut Vec<u8>) -> Received<Asks> {
    match LoginRequest::read(payload) {
        Ok(request) => Received::Asks(Asks::Login {
            user: request.user.to_owned(),
            password: request.password.to_owned(),
            session: request.session.to_owned(),
            sequence: request.sequence,
        }),
        Err(error) => malformed(&error.to_string(), out),
    }
}
