//! One notification: what the owner of an order is told of one event, as JSON.

use projection::change::traded;
use wire::record::command::NO_PRICE;
use wire::record::event::{Accepted, Canceled, Rejected, Replaced, Trade};
use wire::record::{OrdStatus, Side, exec_id};
use wire::text::order_json::{REDUCED, amount, id, moment, name, price, symbol};
use wire::text::{ClientOrderId, Why, decimal, json};

/// One change of an order as its owner is told of it.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'a> {
    /// `NEW`, `TRADE`, `REPLACED`, `REDUCED`, `CANCELED`, `EXPIRED` or `REJECTED`.
    pub event: &'static str,
    /// Sequence number of the event.
    pub seq: u64,
    /// Execution id.
    pub exec_id: u64,
    /// Engine time.
    pub time_ns: u64,
    /// Account.
    pub account: u32,
    /// Entry of the order.
    pub entry: u32,
    /// Order id.
    pub order_id: u64,
    /// `ClOrdId::num` of the order.
    pub num: u64,
    /// Client order id in text.
    pub text: &'a str,
    /// Instrument.
    pub instrument: u32,
    /// Side.
    pub side: Side,
    /// Status after it.
    pub status: OrdStatus,
    /// The order's price, or `NO_PRICE`.
    pub price: i64,
    /// Total quantity.
    pub qty: i64,
    /// Open quantity.
    pub leaves: i64,
    /// Executed quantity.
    pub cum: i64,
    /// Average price.
    pub avg_px: i64,
    /// Why.
    pub why: Why,
    /// Trade id, price, quantity, and whether the order was the taker.
    pub trade: Option<(u64, i64, i64, bool)>,
}

impl<'a> Notice<'a> {
    /// Of an acceptance.
    #[must_use]
    pub fn accepted(x: &Accepted, text: &'a str, seq: u64, time_ns: u64) -> Self {
        Self {
            event: "NEW",
            seq,
            exec_id: exec_id(seq, false),
            time_ns,
            account: x.account,
            entry: x.entry,
            order_id: x.order_id,
            num: x.num,
            text,
            instrument: x.instrument,
            side: x.side,
            status: OrdStatus::New,
            price: x.price,
            qty: x.qty,
            leaves: x.qty,
            cum: 0,
            avg_px: 0,
            why: Why::None,
            trade: None,
        }
    }

    /// Of a trade, the taker's leg.
    #[must_use]
    pub fn taker(x: &Trade, text: &'a str, seq: u64, time_ns: u64) -> Self {
        Self {
            event: "TRADE",
            seq,
            exec_id: exec_id(seq, false),
            time_ns,
            account: x.taker_account,
            entry: x.taker_entry,
            order_id: x.taker_order_id,
            num: x.taker_num,
            text,
            instrument: x.instrument,
            side: x.taker_side,
            status: traded(x.taker_leaves),
            price: x.taker_price,
            qty: x.taker_qty(),
            leaves: x.taker_leaves,
            cum: x.taker_cum,
            avg_px: x.taker_avg_px,
            why: Why::None,
            trade: Some((x.trade_id, x.price, x.qty, true)),
        }
    }

    /// Of a trade, the maker's leg.
    #[must_use]
    pub fn maker(x: &Trade, text: &'a str, seq: u64, time_ns: u64) -> Self {
        Self {
            exec_id: exec_id(seq, true),
            account: x.maker_account,
            entry: x.maker_entry,
            order_id: x.maker_order_id,
            num: x.maker_num,
            text,
            side: x.taker_side.opposite(),
            status: traded(x.maker_leaves),
            price: x.price,
            qty: x.maker_qty(),
            leaves: x.maker_leaves,
            cum: x.maker_cum,
            avg_px: x.maker_avg_px,
            trade: Some((x.trade_id, x.price, x.qty, false)),
            ..Self::taker(x, text, seq, time_ns)
        }
    }

    /// Of a cancel, an expiry, or a part that was taken.
    #[must_use]
    pub fn canceled(x: &Canceled, text: &'a str, seq: u64, time_ns: u64) -> Self {
        let (event, qty) = if x.reason.closes() {
            (x.status.name(), x.former_qty())
        } else {
            (REDUCED, x.total_qty())
        };
        Self {
            event,
            seq,
            exec_id: exec_id(seq, false),
            time_ns,
            account: x.account,
            entry: x.entry,
            order_id: x.order_id,
            num: x.orig_num,
            text,
            instrument: x.instrument,
            side: x.side,
            status: x.status,
            price: x.price,
            qty,
            leaves: x.leaves,
            cum: x.cum,
            avg_px: x.avg_px,
            why: Why::Canceled(x.reason),
            trade: None,
        }
    }

    /// Of an amendment.
    #[must_use]
    pub fn replaced(x: &Replaced, text: &'a str, seq: u64, time_ns: u64) -> Self {
        Self {
            event: "REPLACED",
            seq,
            exec_id: exec_id(seq, false),
            time_ns,
            account: x.account,
            entry: x.entry,
            order_id: x.order_id,
            num: x.num,
            text,
            instrument: x.instrument,
            side: x.side,
            status: x.status,
            price: x.price,
            qty: x.qty,
            leaves: x.leaves,
            cum: x.cum,
            avg_px: x.avg_px,
            why: Why::None,
            trade: None,
        }
    }

    /// Of a refusal.
    #[must_use]
    pub fn rejected(x: &Rejected, text: &'a str, seq: u64, time_ns: u64) -> Self {
        Self {
            event: "REJECTED",
            seq,
            exec_id: exec_id(seq, false),
            time_ns,
            account: x.account,
            entry: x.entry,
            order_id: x.order_id,
            num: x.num,
            text,
            instrument: x.instrument,
            side: x.side,
            status: OrdStatus::Rejected,
            price: x.price,
            qty: x.qty,
            leaves: 0,
            cum: 0,
            avg_px: 0,
            why: Why::Refused(x.reason),
            trade: None,
        }
    }

    /// Append it as a JSON object.
    pub fn write(&self, user: &str, of: &str, called: ClientOrderId<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(match self.trade {
            Some(_) => b"{\"type\":\"execution\",\"event\":",
            None => b"{\"type\":\"order\",\"event\":",
        });
        json::string(self.event, out);
        name("sequence", out);
        decimal::write_u64(self.seq, out);
        name("exec_id", out);
        id(self.exec_id, out);
        name("user_id", out);
        json::string(user, out);
        name("order_id", out);
        id(self.order_id, out);
        name("client_order_id", out);
        called.write(out);
        name("symbol", out);
        symbol(of, out);
        name("side", out);
        json::string(self.side.name(), out);
        self.write_progress(out);
        if let Some(trade) = self.trade {
            write_trade(trade, out);
        }
        name("timestamp", out);
        moment(self.time_ns, out);
        out.push(b'}');
    }

    fn write_progress(&self, out: &mut Vec<u8>) {
        name("status", out);
        json::string(self.status.name(), out);
        name("price", out);
        price(self.price, out);
        name("quantity", out);
        amount(self.qty, out);
        name("filled_quantity", out);
        amount(self.cum, out);
        name("remaining_quantity", out);
        amount(self.leaves, out);
        name("average_price", out);
        price(if self.cum == 0 { NO_PRICE } else { self.avg_px }, out);
        name("reason", out);
        self.why.write(out);
    }
}

fn write_trade((trade_id, last_price, last_qty, taker): (u64, i64, i64, bool), out: &mut Vec<u8>) {
    name("trade_id", out);
    id(trade_id, out);
    name("last_price", out);
    amount(last_price, out);
    name("last_quantity", out);
    amount(last_qty, out);
    name("liquidity", out);
    json::string(if taker { "TAKER" } else { "MAKER" }, out);
}
