//! An order and a trade as REST and WebSocket show them.
//!
//! Decimals are strings without zeros at their end, ids are strings, times RFC 3339; what is absent is
//! `null`.  Fields always stand in the same order, and all of them are always there, so that two
//! writers of the same order give the same bytes.

use super::fields::{amount, average_price, id, moment, name, order, price, side_of};
use super::{decimal, json};
use crate::record::{CancelReason, OrdStatus, OrdType, Reason, Side, TimeInForce};

/// A client's own name for its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientOrderId<'a> {
    /// It gave none.
    #[default]
    None,
    /// ClOrdID of the binary protocol.
    Num(u64),
    /// Text of REST or FIX.
    Text(&'a str),
}

impl<'a> ClientOrderId<'a> {
    /// The text where there is one, else the number where it is a client's own and not 0.
    #[must_use]
    pub fn of(text: &'a str, num: Option<u64>) -> Self {
        match (text, num) {
            ("", Some(num)) if num != 0 => Self::Num(num),
            ("", _) => Self::None,
            (text, _) => Self::Text(text),
        }
    }

    /// Append it; `null` for none.
    pub fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::None => out.extend_from_slice(b"null"),
            Self::Num(num) => id(num, out),
            Self::Text(text) => json::string(text, out),
        }
    }
}

/// Why an order was refused, or left the book without a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Why {
    /// Nothing of the kind happened.
    #[default]
    None,
    /// It was refused.
    Refused(Reason),
    /// It, or a part of it, left the book.
    Canceled(CancelReason),
}

impl Why {
    const CANCELED: u16 = 1_000;

    /// One number for all: reasons of refusal as they are, those of canceling from 1,000.
    #[must_use]
    #[allow(clippy::arithmetic_side_effects, reason = "1,000 and a byte")]
    pub const fn code(self) -> u16 {
        match self {
            Self::None => 0,
            Self::Refused(reason) => reason.code(),
            Self::Canceled(reason) => Self::CANCELED + reason.code() as u16,
        }
    }

    /// What has this number, if anything.
    #[must_use]
    #[allow(clippy::arithmetic_side_effects, reason = "from 1,000 on")]
    pub const fn from_code(code: u16) -> Option<Self> {
        match code {
            0 => Some(Self::None),
            1..Self::CANCELED => match Reason::from_code(code) {
                Some(reason) => Some(Self::Refused(reason)),
                None => None,
            },
            Self::CANCELED..1_256 => match CancelReason::from_code((code - Self::CANCELED) as u8) {
                Some(reason) => Some(Self::Canceled(reason)),
                None => None,
            },
            _ => None,
        }
    }

    /// Why an order is closed that left so; `None` while it goes on with a reduced quantity.
    #[must_use]
    pub const fn closing(reason: CancelReason) -> Self {
        if reason.closes() {
            Self::Canceled(reason)
        } else {
            Self::None
        }
    }

    /// Append the code of the reason as a field; `null` for none.
    pub fn write(self, out: &mut Vec<u8>) {
        name("reason", out);
        match self {
            Self::None | Self::Refused(Reason::None) => out.extend_from_slice(b"null"),
            Self::Refused(reason) => json::string(reason.name(), out),
            Self::Canceled(reason) => json::string(reason.name(), out),
        }
    }
}

/// What is shown where self-trade prevention takes a part of an order that goes on.
pub const REDUCED: &str = "REDUCED";

/// Which side of a trade an order was on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liquidity {
    /// It came and took.
    Taker,
    /// It rested and gave.
    Maker,
}

impl Liquidity {
    /// The name that REST clients see.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Taker => "TAKER",
            Self::Maker => "MAKER",
        }
    }
}

/// A trade as one of its orders sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// Trade id.
    pub trade_id: u64,
    /// The maker's price.
    pub price: i64,
    /// Quantity.
    pub qty: i64,
    /// Role of the order.
    pub liquidity: Liquidity,
    /// Engine time.
    pub time_ns: u64,
}

/// One change of an order; its values are those after the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Status after it.
    pub status: OrdStatus,
    /// It is an amendment, which shows as REPLACED.
    pub replaced: bool,
    /// Price in force, or `NO_PRICE`.
    pub price: i64,
    /// Total quantity in force.
    pub qty: i64,
    /// Executed quantity.
    pub cum: i64,
    /// Open quantity.
    pub leaves: i64,
    /// Why it was refused, canceled or reduced.
    pub why: Why,
    /// Engine time.
    pub time_ns: u64,
}

/// The newest of an order's fills, or of the entries of its history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a, T> {
    /// Those that are shown, the oldest first.
    pub shown: &'a [T],
    /// How many there are in all; `None` where that is not known yet.
    pub count: Option<u64>,
}

impl<T> Part<'_, T> {
    /// Append count, mark and members, as fields of these names.
    fn write(
        &self,
        [count, truncated, members]: [&str; 3],
        left_out: bool,
        out: &mut Vec<u8>,
        write: impl FnMut(&T, &mut Vec<u8>),
    ) {
        name(count, out);
        match self.count {
            Some(count) => decimal::write_u64(count, out),
            None => out.extend_from_slice(b"null"),
        }
        name(truncated, out);
        out.extend_from_slice(if left_out { b"true" } else { b"false" });
        name(members, out);
        json::array(self.shown, out, write);
    }
}

/// An order as it stands.
///
/// `leaves` is what is open still: 0 once the order is closed.  `qty` is the total in force: as accepted, as the
/// last amendment set it, or what self-trade prevention left of it; `cum` and `leaves` together while it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderState<'a> {
    /// Order id.
    pub order_id: u64,
    /// The client's name for it.
    pub client_order_id: ClientOrderId<'a>,
    /// The account's name.
    pub user_id: &'a str,
    /// The instrument's symbol; empty where the order named none.
    pub symbol: &'a str,
    /// Side.
    pub side: Side,
    /// Type.
    pub ord_type: OrdType,
    /// Time in force, as it is in force.
    pub tif: TimeInForce,
    /// Price in force, or `NO_PRICE`.
    pub price: i64,
    /// Total quantity in force.
    pub qty: i64,
    /// Status.
    pub status: OrdStatus,
    /// Executed quantity.
    pub cum: i64,
    /// Open quantity.
    pub leaves: i64,
    /// Average price of what was executed; shown as `null` when nothing was.
    pub avg_px: i64,
    /// Engine time of its first event; `None` where that is not known yet.
    pub created_ns: Option<u64>,
    /// Engine time of its last event; as before.
    pub updated_ns: Option<u64>,
    /// Why it was refused or canceled.
    pub why: Why,
    /// Its trades.
    pub fills: Part<'a, Fill>,
    /// Its changes.
    pub history: Part<'a, HistoryEntry>,
}

impl OrderState<'_> {
    /// Append the order as a JSON object.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        self.write_terms(out);
        self.write_progress(out);
        // Every execution is a fill, counted or not.
        let filled: i128 = self
            .fills
            .shown
            .iter()
            .map(|fill| i128::from(fill.qty))
            .sum();
        let left_out = i128::from(self.cum) != filled;
        let names = ["fills_count", "fills_truncated", "fills"];
        self.fills.write(names, left_out, out, Fill::write);
        let left_out = self.history.count != Some(self.history.shown.len() as u64);
        let names = [
            "status_history_count",
            "status_history_truncated",
            "status_history",
        ];
        self.history
            .write(names, left_out, out, HistoryEntry::write);
        out.push(b'}');
    }

    fn write_terms(&self, out: &mut Vec<u8>) {
        order(self.order_id, self.client_order_id, out);
        name("user_id", out);
        json::string(self.user_id, out);
        side_of(self.symbol, self.side, out);
        name("order_type", out);
        json::string(self.ord_type.name(), out);
        name("time_in_force", out);
        json::string(self.tif.name(), out);
        name("price", out);
        price(self.price, out);
        name("quantity", out);
        amount(self.qty, out);
    }

    fn write_progress(&self, out: &mut Vec<u8>) {
        name("status", out);
        json::string(self.status.name(), out);
        name("filled_quantity", out);
        amount(self.cum, out);
        name("remaining_quantity", out);
        amount(self.leaves, out);
        average_price(self.cum, self.avg_px, out);
        for (field, ns) in [
            ("timestamp", self.created_ns),
            ("updated_at", self.updated_ns),
        ] {
            name(field, out);
            match ns {
                Some(ns) => moment(ns, out),
                None => out.extend_from_slice(b"null"),
            }
        }
        self.why.write(out);
    }
}

impl Fill {
    /// Append it as a JSON object.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        self.write_fields(["price", "quantity"], out);
        name("timestamp", out);
        moment(self.time_ns, out);
        out.push(b'}');
    }

    /// Append what is told of it wherever it is, price and quantity under these names.
    pub fn write_fields(&self, [its_price, its_quantity]: [&str; 2], out: &mut Vec<u8>) {
        name("trade_id", out);
        id(self.trade_id, out);
        name(its_price, out);
        amount(self.price, out);
        name(its_quantity, out);
        amount(self.qty, out);
        name("liquidity", out);
        json::string(self.liquidity.name(), out);
    }
}

impl HistoryEntry {
    /// What happened: the status that came of it, unless it only changed the terms.
    #[must_use]
    pub const fn event(&self) -> &'static str {
        match self.why {
            _ if self.replaced => "REPLACED",
            Why::Canceled(reason) if !reason.closes() => REDUCED,
            _ => self.status.name(),
        }
    }

    /// Append it as a JSON object.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"status\":");
        json::string(self.event(), out);
        name("timestamp", out);
        moment(self.time_ns, out);
        self.write_quantities(out);
        self.why.write(out);
        out.push(b'}');
    }

    /// Append price and quantities, as fields behind others.
    pub fn write_quantities(&self, out: &mut Vec<u8>) {
        name("price", out);
        price(self.price, out);
        name("quantity", out);
        amount(self.qty, out);
        name("filled_quantity", out);
        amount(self.cum, out);
        name("remaining_quantity", out);
        amount(self.leaves, out);
    }
}

/// A trade as everybody sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TradeState {
    /// Trade id.
    pub trade_id: u64,
    /// The maker's price.
    pub price: i64,
    /// Quantity.
    pub qty: i64,
    /// The taker's side.
    pub taker_side: Side,
    /// Engine time.
    pub time_ns: u64,
}

impl TradeState {
    /// Append the trade as a JSON object.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"id\":");
        id(self.trade_id, out);
        name("price", out);
        amount(self.price, out);
        name("quantity", out);
        amount(self.qty, out);
        name("taker_side", out);
        json::string(self.taker_side.name(), out);
        name("timestamp", out);
        moment(self.time_ns, out);
        out.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::command::NO_PRICE;
    use crate::text::decimal::ONE;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        out.into_iter().map(char::from).collect()
    }

    #[test]
    fn an_order_with_a_fill() {
        let at = |time_ns, status, cum, leaves| HistoryEntry {
            status,
            replaced: false,
            price: 50_000 * ONE,
            qty: 2 * ONE,
            cum,
            leaves,
            why: Why::None,
            time_ns,
        };
        let mut canceled = at(3_000_000, OrdStatus::Canceled, ONE / 2, 0);
        canceled.why = Why::Canceled(CancelReason::Requested);
        let mut replaced = at(2_000_000, OrdStatus::PartiallyFilled, ONE / 2, 3 * ONE / 2);
        replaced.replaced = true;
        let order = OrderState {
            order_id: 1 << 56 | 7,
            client_order_id: ClientOrderId::Text("a\"b"),
            user_id: "alice",
            symbol: "BTCUSD",
            side: Side::Buy,
            ord_type: OrdType::Limit,
            tif: TimeInForce::Gtc,
            price: 50_000 * ONE,
            qty: 2 * ONE,
            status: OrdStatus::Canceled,
            cum: ONE / 2,
            leaves: 0,
            avg_px: 50_000 * ONE,
            created_ns: Some(0),
            updated_ns: Some(3_000_000),
            why: canceled.why,
            fills: Part {
                shown: &[Fill {
                    trade_id: 9,
                    price: 50_000 * ONE,
                    qty: ONE / 2,
                    liquidity: Liquidity::Maker,
                    time_ns: 1_000_000,
                }],
                count: Some(1),
            },
            history: Part {
                shown: &[replaced, canceled],
                count: Some(3),
            },
        };
        let expected = concat!(
            r#"{"order_id":"72057594037927943","client_order_id":"a\"b","user_id":"alice","#,
            r#""symbol":"BTCUSD","side":"BUY","order_type":"LIMIT","time_in_force":"GTC","#,
            r#""price":"50000","quantity":"2","status":"CANCELED","filled_quantity":"0.5","#,
            r#""remaining_quantity":"0","average_price":"50000","#,
            r#""timestamp":"1970-01-01T00:00:00.000000Z","#,
            r#""updated_at":"1970-01-01T00:00:00.003000Z","reason":"REQUESTED","#,
            r#""fills_count":1,"fills_truncated":false,"#,
            r#""fills":[{"trade_id":"9","price":"50000","quantity":"0.5","liquidity":"MAKER","#,
            r#""timestamp":"1970-01-01T00:00:00.001000Z"}],"#,
            r#""status_history_count":3,"status_history_truncated":true,"status_history":["#,
            r#"{"status":"REPLACED","timestamp":"1970-01-01T00:00:00.002000Z","price":"50000","#,
            r#""quantity":"2","filled_quantity":"0.5","remaining_quantity":"1.5","reason":null},"#,
            r#"{"status":"CANCELED","timestamp":"1970-01-01T00:00:00.003000Z","price":"50000","#,
            r#""quantity":"2","filled_quantity":"0.5","remaining_quantity":"0","#,
            r#""reason":"REQUESTED"}]}"#,
        );
        assert_eq!(text(|out| order.write(out)), expected);
    }

    #[test]
    fn what_is_absent_is_null() {
        let order = OrderState {
            order_id: 1,
            client_order_id: ClientOrderId::None,
            user_id: "u",
            symbol: "S",
            side: Side::Sell,
            ord_type: OrdType::Market,
            tif: TimeInForce::Ioc,
            price: NO_PRICE,
            qty: ONE,
            status: OrdStatus::Rejected,
            cum: 0,
            leaves: 0,
            avg_px: 0,
            created_ns: None,
            updated_ns: Some(0),
            why: Why::Refused(Reason::QuantityTooSmall),
            fills: Part {
                shown: &[],
                count: None,
            },
            history: Part {
                shown: &[],
                count: None,
            },
        };
        let shown = text(|out| order.write(out));
        for part in [
            r#""client_order_id":null"#,
            r#""price":null"#,
            r#""average_price":null"#,
            r#""reason":"QUANTITY_TOO_SMALL""#,
            r#""timestamp":null,"updated_at":"1970"#,
            r#""fills_count":null,"fills_truncated":false,"fills":[],"#,
            r#""status_history_count":null,"status_history_truncated":true,"status_history":[]}"#,
        ] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }

    #[test]
    fn a_trade() {
        let trade = TradeState {
            trade_id: 3,
            price: ONE,
            qty: 1,
            taker_side: Side::Sell,
            time_ns: 1_000,
        };
        assert_eq!(
            text(|out| trade.write(out)),
            concat!(
                r#"{"id":"3","price":"1","quantity":"0.00000001","taker_side":"SELL","#,
                r#""timestamp":"1970-01-01T00:00:00.000001Z"}"#
            )
        );
    }

    #[test]
    fn every_reason_comes_back_from_its_code() {
        for &reason in Reason::ALL.iter().filter(|r| **r != Reason::None) {
            assert_eq!(
                Why::from_code(Why::Refused(reason).code()),
                Some(Why::Refused(reason))
            );
        }
        for &reason in CancelReason::ALL {
            assert_eq!(
                Why::from_code(Why::Canceled(reason).code()),
                Some(Why::Canceled(reason))
            );
        }
        assert_eq!(Why::from_code(0), Some(Why::None));
        assert_eq!(Why::from_code(999), None);
        assert_eq!(Why::from_code(u16::MAX), None);
    }
}
