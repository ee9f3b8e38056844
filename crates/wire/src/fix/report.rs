//! Events as the messages that a session is told: ExecutionReport, OrderCancelReject, OrderMassCancelReport.
//!
//! ExecType and OrdStatus follow the Order State Change Matrices (FIX 4.4 volume 4; FIX 4.2 appendix D).

use super::envelope::Envelope;
use super::version::{Version, ord_status};
use super::writer::Writer;
use crate::record::command::NO_PRICE;
use crate::record::event::{
    Accepted, CancelRejected, Canceled, MassCanceled, Rejected, Replaced, StatusReport, Trade,
};
use crate::record::numbers::exec_id;
use crate::record::{
    CancelReason, Event, EventBatchHeader, ExecInst, Leg, MassCancelType, OrdStatus, Reason, Side,
    TimeInForce,
};

/// Symbols by the numbers of instruments.
pub trait Symbols {
    /// The symbol of an instrument; empty where there is none.
    fn symbol(&self, instrument: u32) -> &str;
}

/// What a report is made with, beside its event.
#[derive(Debug)]
pub struct Telling<'a, S> {
    /// Its header.
    pub envelope: Envelope<'a>,
    /// The header of the event's batch.
    pub header: &'a EventBatchHeader,
    /// The event's sequence number.
    pub seq: u64,
    /// Which side of it is told.
    pub leg: Leg,
    /// Symbols of instruments.
    pub symbols: &'a S,
}

/// Append the message that tells of an event; false, and nothing is appended, where it is none about orders.
pub fn report<S: Symbols>(event: &Event<'_>, telling: &Telling<'_, S>, out: &mut Vec<u8>) -> bool {
    match (event, telling.leg) {
        (Event::Accepted(x, text), _) => telling.accepted(x, text, out),
        (Event::Trade(x, text, _), Leg::Taker) => telling.trade(&taker(x), x, text, out),
        (Event::Trade(x, _, text), Leg::Maker) => telling.trade(&maker(x), x, text, out),
        (Event::Canceled(x, text, request), _) => telling.canceled(x, (text, request), out),
        (Event::Replaced(x, text, request), _) => telling.replaced(x, (text, request), out),
        (Event::Rejected(x, _, text), _) => telling.rejected(x, text, out),
        (Event::CancelRejected(x, text, request), _) => {
            telling.cancel_rejected(x, (text, request), out);
        }
        (Event::MassCanceled(x, request), _) => telling.mass_canceled(x, request, out),
        (Event::StatusReport(x, text, request), _) => telling.status(x, (text, request), out),
        _ => return false,
    }
    true
}

/// One side of a trade.
#[derive(Debug, Clone, Copy)]
struct Side1 {
    order_id: u64,
    side: Side,
    cum: i64,
    leaves: i64,
    avg_px: i64,
}

const fn taker(x: &Trade) -> Side1 {
    Side1 {
        order_id: x.taker_order_id,
        side: x.taker_side,
        cum: x.taker_cum,
        leaves: x.taker_leaves,
        avg_px: x.taker_avg_px,
    }
}

const fn maker(x: &Trade) -> Side1 {
    Side1 {
        order_id: x.maker_order_id,
        side: x.taker_side.opposite(),
        cum: x.maker_cum,
        leaves: x.maker_leaves,
        avg_px: x.maker_avg_px,
    }
}

/// What every ExecutionReport says.
#[derive(Debug, Clone, Copy)]
struct State<'a> {
    order_id: u64,
    cl_ord_id: &'a str,
    orig_cl_ord_id: &'a str,
    exec_type: u8,
    status: u8,
    instrument: u32,
    side: u8,
    qty: i64,
    leaves: i64,
    cum: i64,
    avg_px: i64,
}

impl<S: Symbols> Telling<'_, S> {
    /// Begin an ExecutionReport: all that each of them has, in the order of the standard as far as it has one.
    fn execution<'o>(&self, state: &State<'_>, out: &'o mut Vec<u8>) -> Writer<'o> {
        let version = self.envelope.version;
        let is_status = state.exec_type == b'I';
        let mut to = self.envelope.open(b"8", out);
        match state.order_id {
            0 => to.text(37, b"NONE"),
            id => to.number(37, id),
        }
        if !state.cl_ord_id.is_empty() {
            to.text(11, state.cl_ord_id.as_bytes());
        }
        if !state.orig_cl_ord_id.is_empty() {
            to.text(41, state.orig_cl_ord_id.as_bytes());
        }
        if is_status && version == Version::Fix42 {
            to.number(17, 0);
        } else {
            let maker = self.leg == Leg::Maker;
            to.number(17, exec_id(self.header.partition, self.seq, maker));
        }
        let (mut exec_type, mut status) = (state.exec_type, state.status);
        if version == Version::Fix42 {
            to.character(20, if is_status { b'3' } else { b'0' });
            if matches!(exec_type, b'F' | b'I') {
                exec_type = status;
            }
            // A replaced order is "replaced" there until something of it is executed.
            if state.exec_type == b'5' && status == b'0' {
                status = b'5';
            }
        } else {
            status = plain(status);
        }
        to.character(150, exec_type);
        to.character(39, status);
        let symbol = self.symbols.symbol(state.instrument);
        to.text(
            55,
            if symbol.is_empty() {
                b"[N/A]"
            } else {
                symbol.as_bytes()
            },
        );
        if state.side > 0 {
            to.number(54, state.side.into());
        } else {
            // Undisclosed: no order was found (FIX 4.4 volume 6, Side).
            to.character(54, b'7');
        }
        to.decimal(38, state.qty);
        to.decimal(151, state.leaves);
        to.decimal(14, state.cum);
        to.decimal(6, state.avg_px);
        to.time(60, self.header.time_ns);
        to
    }

    fn accepted(&self, x: &Accepted, text: &str, out: &mut Vec<u8>) {
        let state = State {
            order_id: x.order_id,
            cl_ord_id: text,
            orig_cl_ord_id: "",
            exec_type: b'0',
            status: b'0',
            instrument: x.instrument,
            side: x.side.code(),
            qty: x.qty,
            leaves: x.qty,
            cum: 0,
            avg_px: 0,
        };
        let mut to = self.execution(&state, out);
        to.number(40, x.ord_type.code().into());
        price(x.price, &mut to);
        in_force(x.tif, x.exec_inst, &mut to);
        to.end();
    }

    #[allow(
        clippy::arithmetic_side_effects,
        reason = "held where the event was read"
    )]
    fn trade(&self, of: &Side1, x: &Trade, text: &str, out: &mut Vec<u8>) {
        let state = State {
            order_id: of.order_id,
            cl_ord_id: text,
            orig_cl_ord_id: "",
            exec_type: b'F',
            status: ord_status(OrdStatus::after_fill(of.leaves)),
            instrument: x.instrument,
            side: of.side.code(),
            qty: of.cum + of.leaves,
            leaves: of.leaves,
            cum: of.cum,
            avg_px: of.avg_px,
        };
        let mut to = self.execution(&state, out);
        to.decimal(32, x.qty);
        to.decimal(31, x.price);
        to.end();
    }

    fn canceled(&self, x: &Canceled, (text, request): (&str, &str), out: &mut Vec<u8>) {
        let asked = !request.is_empty();
        let own = matches!(x.reason, CancelReason::Mass);
        let (cl_ord_id, orig) = match (asked, own) {
            // A mass cancel names no order: each is told by its own name.
            (true, false) if !x.copy => (request, text),
            (true, false) => (request, ""),
            _ => (text, ""),
        };
        let (exec_type, qty) = match x.reason {
            CancelReason::Decremented => (b'D', x.total_qty()),
            CancelReason::SessionEnd => (b'C', x.former_qty()),
            _ => (b'4', x.former_qty()),
        };
        let state = State {
            order_id: x.order_id,
            cl_ord_id,
            orig_cl_ord_id: orig,
            exec_type,
            status: ord_status(x.status),
            instrument: x.instrument,
            side: x.side.code(),
            qty,
            leaves: x.leaves,
            cum: x.cum,
            avg_px: x.avg_px,
        };
        let mut to = self.execution(&state, out);
        price(x.price, &mut to);
        match x.reason {
            CancelReason::Decremented => to.number(378, 5),
            CancelReason::Requested | CancelReason::Mass | CancelReason::SessionEnd if asked => {}
            CancelReason::SessionEnd => {}
            // By the market's own doing; FIX.4.2 has no number for that.
            _ if self.envelope.version == Version::Fix44 => to.number(378, 8),
            _ => {}
        }
        if !asked {
            to.text(58, x.reason.name().as_bytes());
        }
        to.end();
    }

    fn replaced(&self, x: &Replaced, (text, request): (&str, &str), out: &mut Vec<u8>) {
        let (cl_ord_id, orig) = match request {
            "" => (text, ""),
            request if x.copy => (request, ""),
            request => (request, text),
        };
        let state = State {
            order_id: x.order_id,
            cl_ord_id,
            orig_cl_ord_id: orig,
            // What nobody asked for here is a restatement (matrix E.1.c).
            exec_type: if request.is_empty() { b'D' } else { b'5' },
            status: ord_status(x.status),
            instrument: x.instrument,
            side: x.side.code(),
            qty: x.qty,
            leaves: x.leaves,
            cum: x.cum,
            avg_px: x.avg_px,
        };
        let mut to = self.execution(&state, out);
        to.character(40, b'2');
        price(x.price, &mut to);
        in_force(x.tif, x.exec_inst, &mut to);
        if request.is_empty() {
            // The market's option; in FIX.4.2 the broker's.
            let market = self.envelope.version == Version::Fix44;
            to.number(378, if market { 8 } else { 4 });
        }
        to.end();
    }

    fn rejected(&self, x: &Rejected, text: &str, out: &mut Vec<u8>) {
        let state = State {
            order_id: x.order_id,
            cl_ord_id: text,
            orig_cl_ord_id: "",
            exec_type: b'8',
            status: b'8',
            instrument: x.instrument,
            side: x.side.code(),
            qty: x.qty,
            leaves: 0,
            cum: 0,
            avg_px: 0,
        };
        let mut to = self.execution(&state, out);
        to.number(103, self.envelope.version.ord_rej_reason(x.reason).into());
        to.text(58, x.reason.name().as_bytes());
        to.number(40, x.ord_type.code().into());
        price(x.price, &mut to);
        to.number(59, x.tif.code().into());
        to.end();
    }

    fn cancel_rejected(
        &self,
        x: &CancelRejected,
        (text, request): (&str, &str),
        out: &mut Vec<u8>,
    ) {
        let version = self.envelope.version;
        let mut to = self.envelope.open(b"9", out);
        match x.order_id {
            0 => to.text(37, b"NONE"),
            id => to.number(37, id),
        }
        to.text(11, request.as_bytes());
        to.text(
            41,
            if text.is_empty() {
                b"NONE"
            } else {
                text.as_bytes()
            },
        );
        to.character(
            39,
            match version {
                Version::Fix42 => ord_status(x.status),
                Version::Fix44 => plain(ord_status(x.status)),
            },
        );
        to.number(434, x.response_to.into());
        to.number(102, version.cxl_rej_reason(x.reason).into());
        to.text(58, x.reason.name().as_bytes());
        to.time(60, self.header.time_ns);
        to.end();
    }

    fn mass_canceled(&self, x: &MassCanceled, request: &str, out: &mut Vec<u8>) {
        let mut to = self.envelope.open(b"r", out);
        to.text(11, request.as_bytes());
        to.number(37, exec_id(self.header.partition, self.seq, false));
        to.number(530, x.kind.code().into());
        if x.reason == Reason::None {
            to.number(531, x.kind.code().into());
        } else {
            to.number(531, 0);
            to.number(
                532,
                if x.reason == Reason::UnknownSymbol {
                    1
                } else {
                    99
                },
            );
        }
        to.number(533, x.count.into());
        if x.kind == MassCancelType::Security {
            let symbol = self.symbols.symbol(x.instrument);
            if !symbol.is_empty() {
                to.text(55, symbol.as_bytes());
            }
        }
        if x.side > 0 {
            to.number(54, x.side.into());
        }
        to.time(60, self.header.time_ns);
        if x.reason != Reason::None {
            to.text(58, x.reason.name().as_bytes());
        }
        to.end();
    }

    fn status(&self, x: &StatusReport, (text, request): (&str, &str), out: &mut Vec<u8>) {
        let state = State {
            order_id: x.order_id,
            cl_ord_id: text,
            orig_cl_ord_id: "",
            exec_type: b'I',
            status: ord_status(x.status),
            instrument: x.instrument,
            side: x.side,
            qty: x.qty,
            leaves: x.leaves,
            cum: x.cum,
            avg_px: x.avg_px,
        };
        let mut to = self.execution(&state, out);
        if x.order_id == 0 {
            let unknown = self.envelope.version.ord_rej_reason(Reason::UnknownOrder);
            to.number(103, unknown.into());
            to.text(58, Reason::UnknownOrder.name().as_bytes());
        } else {
            to.number(40, x.ord_type.into());
            price(x.price, &mut to);
            to.number(59, x.tif.into());
        }
        if !request.is_empty() && self.envelope.version == Version::Fix44 {
            to.text(790, request.as_bytes());
        }
        to.end();
    }
}

/// An OrdStatus of FIX.4.4, which does not know "replaced" any more.
const fn plain(status: u8) -> u8 {
    match status {
        b'5' => b'0',
        other => other,
    }
}

/// TimeInForce and ExecInst.
fn in_force(tif: TimeInForce, exec_inst: u8, to: &mut Writer<'_>) {
    to.number(59, tif.code().into());
    if exec_inst & ExecInst::POST_ONLY != 0 {
        to.character(18, b'6');
    }
}

fn price(price: i64, to: &mut Writer<'_>) {
    if price != NO_PRICE {
        to.decimal(44, price);
    }
}
