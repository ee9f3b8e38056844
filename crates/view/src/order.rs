//! A recent order of a REST entry: its terms, its progress, and how each event changes it.

use wire::record::event::{Accepted, Canceled, Rejected, Replaced, Trade};
use wire::record::{OrdStatus, OrdType, Side, TimeInForce};
use wire::text::{ClientOrderId, Fill, HistoryEntry, Liquidity, OrderState, Why};

/// An order as the facade remembers it.
#[derive(Debug)]
pub struct Order {
    /// Account.
    pub account: u32,
    /// Instrument.
    pub instrument: u32,
    /// Status.
    pub status: OrdStatus,
    /// Sequence number of the last event that changed it.
    pub last_seq: u64,
    order_id: u64,
    text: Box<str>,
    side: Side,
    ord_type: OrdType,
    tif: TimeInForce,
    price: i64,
    qty: i64,
    cum: i64,
    leaves: i64,
    avg_px: i64,
    created_ns: u64,
    updated_ns: u64,
    why: Why,
    fills: Vec<Fill>,
    history: Vec<HistoryEntry>,
}

/// What one leg of a trade says of its order.
#[derive(Debug, Clone, Copy)]
pub struct Leg {
    /// Open quantity after it.
    pub leaves: i64,
    /// Executed quantity after it.
    pub cum: i64,
    /// Average price after it.
    pub avg_px: i64,
    /// Role.
    pub liquidity: Liquidity,
}

/// Status of an order that has traded and has this quantity open.
#[must_use]
pub const fn traded(leaves: i64) -> OrdStatus {
    if leaves == 0 {
        OrdStatus::Filled
    } else {
        OrdStatus::PartiallyFilled
    }
}

impl Order {
    /// The order that an acceptance makes.
    #[must_use]
    pub fn accepted(x: &Accepted, text: &str, seq: u64, time_ns: u64) -> Self {
        let mut order = Self {
            account: x.account,
            instrument: x.instrument,
            status: OrdStatus::New,
            last_seq: seq,
            order_id: x.order_id,
            text: text.into(),
            side: x.side,
            ord_type: x.ord_type,
            tif: x.tif,
            price: x.price,
            qty: x.qty,
            cum: 0,
            leaves: x.qty,
            avg_px: 0,
            created_ns: time_ns,
            updated_ns: time_ns,
            why: Why::None,
            fills: Vec::new(),
            history: Vec::new(),
        };
        order.note(false, Why::None, time_ns);
        order
    }

    /// The order that a refusal makes.
    #[must_use]
    pub fn rejected(x: &Rejected, text: &str, seq: u64, time_ns: u64) -> Self {
        let mut order = Self {
            account: x.account,
            instrument: x.instrument,
            status: OrdStatus::Rejected,
            last_seq: seq,
            order_id: x.order_id,
            text: text.into(),
            side: x.side,
            ord_type: x.ord_type,
            tif: x.tif,
            price: x.price,
            qty: x.qty,
            cum: 0,
            leaves: 0,
            avg_px: 0,
            created_ns: time_ns,
            updated_ns: time_ns,
            why: Why::Refused(x.reason),
            fills: Vec::new(),
            history: Vec::new(),
        };
        order.note(false, order.why, time_ns);
        order
    }

    /// It traded.
    pub fn trade(&mut self, x: &Trade, leg: Leg, time_ns: u64) {
        (self.leaves, self.cum, self.avg_px) = (leg.leaves, leg.cum, leg.avg_px);
        self.status = traded(leg.leaves);
        self.fills.push(Fill {
            trade_id: x.trade_id,
            price: x.price,
            qty: x.qty,
            liquidity: leg.liquidity,
            time_ns,
        });
        self.note(false, Why::None, time_ns);
    }

    /// It left the book, or lost a part.
    pub fn canceled(&mut self, x: &Canceled, time_ns: u64) {
        (self.leaves, self.cum, self.avg_px, self.status) = (x.leaves, x.cum, x.avg_px, x.status);
        self.why = Why::closing(x.reason);
        if !x.reason.closes() {
            self.qty = x.cum.saturating_add(x.leaves);
        }
        self.note(false, Why::Canceled(x.reason), time_ns);
    }

    /// It was amended.
    pub fn replaced(&mut self, x: &Replaced, time_ns: u64) {
        (self.leaves, self.cum, self.avg_px, self.status) = (x.leaves, x.cum, x.avg_px, x.status);
        (self.price, self.qty) = (x.price, x.qty);
        self.note(true, Why::None, time_ns);
    }

    fn note(&mut self, replaced: bool, why: Why, time_ns: u64) {
        self.updated_ns = time_ns;
        self.history.push(HistoryEntry {
            status: self.status,
            replaced,
            price: self.price,
            qty: self.qty,
            cum: self.cum,
            leaves: self.leaves,
            why,
            time_ns,
        });
    }

    /// Append it as JSON.
    pub fn write(&self, user_id: &str, symbol: &str, out: &mut Vec<u8>) {
        let client_order_id = match &*self.text {
            "" => ClientOrderId::None,
            text => ClientOrderId::Text(text),
        };
        OrderState {
            order_id: self.order_id,
            client_order_id,
            user_id,
            symbol,
            side: self.side,
            ord_type: self.ord_type,
            tif: self.tif,
            price: self.price,
            qty: self.qty,
            status: self.status,
            cum: self.cum,
            leaves: self.leaves,
            avg_px: self.avg_px,
            created_ns: self.created_ns,
            updated_ns: self.updated_ns,
            why: self.why,
            fills: &self.fills,
            history: &self.history,
        }
        .write(out);
    }
}
