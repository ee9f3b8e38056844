//! Books, trades, tickers and instruments as JSON.

use wire::record::command::{Instrument as Filters, NO_PRICE};
use wire::record::{OrdStatus, Side};
use wire::text::decimal::{self, ONE};
use wire::text::order_json::{amount, moment, name, price};
use wire::text::{TradeState, json};

use crate::book::{Book, Level};
use crate::tape::{Edge, Print, Sum};
use crate::view::{Market, View};

/// Which of an account's recent orders are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'a> {
    /// Only those below this order id.
    pub before: u64,
    /// Only those of this status.
    pub status: Option<OrdStatus>,
    /// Only those of this symbol.
    pub symbol: Option<&'a str>,
    /// At most so many.
    pub limit: usize,
}

fn wide(value: i128, out: &mut Vec<u8>) {
    json::quoted(out, |out| {
        decimal::write_product(value * i128::from(ONE), out)
    });
}

fn product(value: i128, out: &mut Vec<u8>) {
    json::quoted(out, |out| decimal::write_product(value, out));
}

fn number(value: u64, out: &mut Vec<u8>) {
    decimal::write_u64(value, out);
}

fn limit(value: i64, out: &mut Vec<u8>) {
    price(if value == 0 { NO_PRICE } else { value }, out);
}

fn write_levels(book: &Book, side: Side, depth: usize, out: &mut Vec<u8>) {
    out.push(b'[');
    for (place, (at, level)) in book.levels(side).take(depth).enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write_level(at, level, out);
    }
    out.push(b']');
}

fn write_level(at: i64, level: Level, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"price\":");
    amount(at, out);
    name("quantity", out);
    wide(level.qty, out);
    name("orders", out);
    number(level.orders, out);
    out.push(b'}');
}

fn write_filters(number_of: u32, symbol: &str, x: &Filters, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"symbol\":");
    json::string(symbol, out);
    name("security_id", out);
    number(u64::from(number_of), out);
    name("status", out);
    json::string(if x.open { "OPEN" } else { "CLOSED" }, out);
    for (field, value) in [
        ("tick_size", x.tick),
        ("lot_size", x.lot),
        ("quantity_min", x.qty_min),
        ("quantity_max", x.qty_max),
        ("notional_min", x.notional_min),
    ] {
        name(field, out);
        limit(value, out);
    }
    for (field, value) in [
        ("price_band_bps", x.price_band_bps),
        ("orders_per_side_max", x.orders_per_side_max),
    ] {
        name(field, out);
        match value {
            0 => out.extend_from_slice(b"null"),
            value => number(u64::from(value), out),
        }
    }
    name("session_end_s", out);
    number(u64::from(x.session_end_s), out);
    out.push(b'}');
}

fn trade(print: &Print, out: &mut Vec<u8>) {
    TradeState {
        trade_id: print.trade_id,
        price: print.price,
        qty: print.qty,
        taker_side: print.taker_side,
        time_ns: print.time_ns,
    }
    .write(out);
}

fn best(book: &Book, side: Side, out: &mut Vec<u8>) {
    price(book.best(side).map_or(NO_PRICE, |(at, _)| at), out);
}

fn write_sum(sum: &Sum, last: Option<i64>, out: &mut Vec<u8>) {
    let some = |value: i64| if sum.count == 0 { NO_PRICE } else { value };
    let change = some(last.unwrap_or_default().saturating_sub(sum.open));
    let percent = some(decimal::average(
        i128::from(change) * 100 * i128::from(ONE),
        i128::from(sum.open),
    ));
    for (field, value) in [
        ("last", last.unwrap_or(NO_PRICE)),
        ("open", some(sum.open)),
        ("high", some(sum.high)),
        ("low", some(sum.low)),
        ("change", change),
        ("change_percent", percent),
    ] {
        name(field, out);
        price(value, out);
    }
    name("volume", out);
    wide(sum.qty, out);
    name("quote_volume", out);
    product(sum.quote, out);
    name("trades", out);
    number(sum.count, out);
}

impl Market {
    fn write_ticker(&self, now_ns: u64, edge: Option<&Sum>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"symbol\":");
        json::string(&self.symbol, out);
        write_sum(&self.tape.sum(now_ns, edge), self.tape.last(), out);
        name("best_bid", out);
        best(&self.book, Side::Buy, out);
        name("best_ask", out);
        best(&self.book, Side::Sell, out);
        name("timestamp", out);
        moment(now_ns, out);
        out.push(b'}');
    }
}

impl View {
    /// The best `depth` levels of both sides.
    #[must_use]
    pub fn show_book(&self, symbol: &str, depth: usize) -> Option<Vec<u8>> {
        let market = self.market(symbol)?;
        let mut out = Vec::with_capacity(256 + depth.min(1_000) * 128);
        out.extend_from_slice(b"{\"symbol\":");
        json::string(symbol, &mut out);
        name("sequence", &mut out);
        number(market.book.sequence, &mut out);
        name("timestamp", &mut out);
        let time_ns = match market.book.sequence {
            0 => self.time_ns(),
            _ => market.book.time_ns,
        };
        moment(time_ns, &mut out);
        name("bids", &mut out);
        write_levels(&market.book, Side::Buy, depth, &mut out);
        name("asks", &mut out);
        write_levels(&market.book, Side::Sell, depth, &mut out);
        out.push(b'}');
        Some(out)
    }

    /// The newest trades, each as JSON with its id; none is older than the view's memory.
    #[must_use]
    pub fn show_trades(&self, symbol: &str, limit: usize) -> Option<Vec<(u64, Vec<u8>)>> {
        let newest = self.market(symbol)?.tape.newest().take(limit);
        Some(
            newest
                .map(|print| {
                    let mut out = Vec::with_capacity(160);
                    trade(print, &mut out);
                    (print.trade_id, out)
                })
                .collect(),
        )
    }

    /// What of the rolling day only the store can sum: see [`crate::tape::Tape::edge`].
    #[must_use]
    pub fn ticker_edge(&self, symbol: &str, now_ns: u64) -> Option<Edge> {
        self.market(symbol)?.tape.edge(now_ns)
    }

    /// The rolling day.
    #[must_use]
    pub fn show_ticker(&self, symbol: &str, now_ns: u64, edge: Option<&Sum>) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(512);
        self.market(symbol)?.write_ticker(now_ns, edge, &mut out);
        Some(out)
    }

    /// All symbols, by number.
    #[must_use]
    pub fn symbols(&self) -> Vec<(u32, &str)> {
        let markets = self.markets.iter();
        markets
            .map(|(number, market)| (number, &*market.symbol))
            .collect()
    }

    /// All instruments.
    #[must_use]
    pub fn show_instruments(&self) -> Vec<u8> {
        let mut out = b"{\"instruments\":".to_vec();
        json::array(&self.symbols(), &mut out, |&(number_of, symbol), out| {
            if let Some(market) = self.markets.get(number_of) {
                write_filters(number_of, symbol, &market.filters, out);
            }
        });
        out.push(b'}');
        out
    }

    /// An account's recent orders that match, the newest first.
    #[must_use]
    pub fn show_recent(&self, user: &str, filter: Filter<'_>) -> Vec<(u64, Vec<u8>)> {
        let Some(account) = self.names.by_name(user) else {
            return Vec::new();
        };
        let instrument = filter
            .symbol
            .map(|symbol| self.instrument(symbol).unwrap_or_default());
        self.overlay
            .of_account(account, filter.before)
            .filter(|&order_id| {
                self.overlay.get(order_id).is_some_and(|order| {
                    filter.status.is_none_or(|status| status == order.status)
                        && instrument.is_none_or(|instrument| instrument == order.instrument)
                })
            })
            .take(filter.limit)
            .filter_map(|order_id| Some((order_id, self.order(order_id)?)))
            .collect()
    }

    /// Whether a recent order is kept, so that the store has no say in it.
    #[must_use]
    pub fn keeps(&self, order_id: u64) -> bool {
        self.overlay.get(order_id).is_some()
    }

    /// What the recorder must have passed before the store may answer for an order that is not kept.
    #[must_use]
    pub fn wait_for(&self, order_id: u64) -> u64 {
        self.overlay.wait_for(order_id)
    }

    /// The same for all of a user's orders that are not kept.
    #[must_use]
    pub fn wait_for_user(&self, user: &str) -> u64 {
        self.names
            .by_name(user)
            .map_or(0, |account| self.overlay.wait_for_account(account))
    }

    /// Whether a user that trades has no REST entry yet, by which it could mass cancel.
    #[must_use]
    pub fn lacks_entry(&self, user: &str) -> bool {
        self.names.lacks_rest(user)
    }

    /// Whether new orders are to be refused until the recorder has caught up.
    #[must_use]
    pub fn full(&self) -> bool {
        self.overlay.full()
    }

    /// Orders that are kept, and those of them and of others that wait for the recorder.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.overlay.len(), self.overlay.unrecorded())
    }
}
