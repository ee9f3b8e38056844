//! Books, trades, tickers and instruments as JSON.

use projection::{Quote, Sum};
use wire::record::Side;
use wire::record::command::{Instrument as Filters, NO_PRICE};
use wire::text::decimal::{self, ONE, PRODUCT_SCALE};
use wire::text::fields::{amount, moment, name, price};
use wire::text::{TradeState, json};

use crate::book::{Book, Level};
use crate::markets::Market;
use crate::tape::{Print, WINDOW_NS};

/// Trades of an instrument in memory, the newest first.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Trades {
    /// By id, as JSON.
    pub trades: Vec<(u64, Vec<u8>)>,
    /// The page ends here: the next one has what lies below this id.
    pub next: Option<u64>,
    /// The page goes on in the store, once the recorder has passed this sequence number.
    pub store_needs: Option<u64>,
}

fn wide(value: i128, out: &mut Vec<u8>) {
    json::quoted(out, |out| decimal::write_wide(value, out));
}

fn product(value: &Quote, out: &mut Vec<u8>) {
    json::quoted(out, |out| {
        decimal::write_digits(&value.to_string(), PRODUCT_SCALE, out);
    });
}

fn wide_price(value: Option<i128>, out: &mut Vec<u8>) {
    match value {
        Some(value) => wide(value, out),
        None => out.extend_from_slice(b"null"),
    }
}

fn number(value: u64, out: &mut Vec<u8>) {
    decimal::write_u64(value, out);
}

fn limit(value: i64, out: &mut Vec<u8>) {
    price(if value == 0 { NO_PRICE } else { value }, out);
}

fn write_levels(book: &Book, side: Side, depth: usize, out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, (at, level)) in book.levels(side).take(depth).enumerate() {
        if index > 0 {
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

#[allow(
    clippy::arithmetic_side_effects,
    reason = "prices below 2^63, and a hundred and 10^8 times as much, in 128 bits"
)]
fn write_sum(sum: &Sum, last: Option<i64>, out: &mut Vec<u8>) {
    let some = |value: i64| (sum.count > 0).then_some(i128::from(value));
    let last = last.map(i128::from);
    let open = some(sum.open);
    let change = last.zip(open).map(|(last, open)| last - open);
    let percent = change
        .zip(open)
        .map(|(change, open)| decimal::ratio(change * 100 * i128::from(ONE), open));
    for (field, value) in [
        ("last", last),
        ("open", open),
        ("high", some(sum.high)),
        ("low", some(sum.low)),
        ("change", change),
        ("change_percent", percent),
    ] {
        name(field, out);
        wide_price(value, out);
    }
    name("volume", out);
    wide(sum.qty, out);
    name("quote_volume", out);
    product(&sum.quote, out);
    name("trades", out);
    number(sum.count, out);
}

impl Market {
    /// The best `depth` levels of both sides; `now_ns` is when, where no event has changed the book.
    #[must_use]
    #[allow(clippy::arithmetic_side_effects, reason = "a room that is bounded")]
    pub fn book_json(&self, depth: usize, now_ns: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(256 + depth.min(1_000) * 128);
        out.extend_from_slice(b"{\"symbol\":");
        json::string(&self.symbol, &mut out);
        name("sequence", &mut out);
        number(self.book.sequence, &mut out);
        name("timestamp", &mut out);
        let time_ns = match self.book.sequence {
            0 => now_ns,
            _ => self.book.time_ns,
        };
        moment(time_ns, &mut out);
        name("bids", &mut out);
        write_levels(&self.book, Side::Buy, depth, &mut out);
        name("asks", &mut out);
        write_levels(&self.book, Side::Sell, depth, &mut out);
        out.push(b'}');
        out
    }

    /// A page of trades with ids below `before`: at most `limit`, and one at least but no more than
    /// `bytes_max` bytes, as far as memory goes.
    #[must_use]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "lengths of what is in memory"
    )]
    pub fn trades_json(&self, before: u64, limit: usize, bytes_max: usize) -> Trades {
        let mut page = Trades::default();
        let (mut bytes, mut last) = (0, None);
        for print in self.tape.newest(before) {
            let mut out = Vec::with_capacity(160);
            trade(print, &mut out);
            bytes += out.len() + 1;
            if page.trades.len() == limit || (bytes > bytes_max && last.is_some()) {
                page.next = last;
                return page;
            }
            last = Some(print.trade_id);
            page.trades.push((print.trade_id, out));
        }
        let older = self.tape.store_needs();
        if page.trades.len() == limit {
            page.next = older.and(last);
        } else {
            page.store_needs = older;
        }
        page
    }

    /// The instrument of this number, with its filters.
    #[must_use]
    pub fn instrument_json(&self, number: u32) -> Vec<u8> {
        let mut out = Vec::with_capacity(384);
        write_filters(number, &self.symbol, &self.filters, &mut out);
        out
    }

    /// The rolling day; it says so where some of it may be before `complete_since`, from when on all
    /// trades are known.
    #[must_use]
    pub fn ticker_json(
        &self,
        now_ns: u64,
        edge: Option<&Sum>,
        complete_since: Option<u64>,
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        self.write_ticker(now_ns, edge, complete_since, &mut out);
        out
    }

    fn write_ticker(
        &self,
        now_ns: u64,
        edge: Option<&Sum>,
        complete_since: Option<u64>,
        out: &mut Vec<u8>,
    ) {
        out.extend_from_slice(b"{\"symbol\":");
        json::string(&self.symbol, out);
        write_sum(&self.tape.sum(now_ns, edge), self.tape.last(), out);
        name("best_bid", out);
        best(&self.book, Side::Buy, out);
        name("best_ask", out);
        best(&self.book, Side::Sell, out);
        name("timestamp", out);
        moment(now_ns, out);
        name("complete_since", out);
        let begin_ns = now_ns.saturating_sub(WINDOW_NS);
        match complete_since.filter(|&since_ns| since_ns > begin_ns) {
            Some(since_ns) => moment(since_ns, out),
            None => out.extend_from_slice(b"null"),
        }
        out.push(b'}');
    }
}
