//! Books, trades, tickers and instruments as JSON.

use projection::order::Since;
use projection::{Quote, Sum};
use wire::record::command::{Instrument as Filters, NO_PRICE};
use wire::record::{OrdStatus, Side};
use wire::text::decimal::{self, ONE, PRODUCT_SCALE};
use wire::text::order_json::{amount, moment, name, price};
use wire::text::{TradeState, json};

use crate::book::{Book, Level};
use crate::markets::Market;
use crate::orders::Found;
use crate::tape::{Edge, Print, WINDOW_NS};
use crate::view::View;

/// Most orders in memory that one page examines.
pub const EXAMINED_MAX: usize = 2_000;

/// Which of an account's orders are asked for.
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
    /// No more once they are so many bytes together.
    pub bytes_max: usize,
}

/// Orders of an account in memory, the newest first.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Recent {
    /// Those that match and are whole in memory, by id, as JSON.
    pub orders: Vec<(u64, Vec<u8>)>,
    /// Everything from this id on was examined; 0 when all was.
    pub down_to: u64,
}

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

impl View {
    /// The best `depth` levels of both sides.
    #[must_use]
    #[allow(clippy::arithmetic_side_effects, reason = "a room that is bounded")]
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

    /// A page of trades with ids below `before`: at most `limit`, and one at least but no more than
    /// `bytes_max` bytes, as far as memory goes.
    #[must_use]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "lengths of what is in memory"
    )]
    pub fn show_trades(
        &self,
        symbol: &str,
        before: u64,
        limit: usize,
        bytes_max: usize,
    ) -> Option<Trades> {
        let tape = &self.market(symbol)?.tape;
        let mut page = Trades::default();
        let (mut bytes, mut last) = (0, None);
        for print in tape.newest(before) {
            let mut out = Vec::with_capacity(160);
            trade(print, &mut out);
            bytes += out.len() + 1;
            if page.trades.len() == limit || (bytes > bytes_max && last.is_some()) {
                page.next = last;
                return Some(page);
            }
            last = Some(print.trade_id);
            page.trades.push((print.trade_id, out));
        }
        let older = tape.store_needs();
        if page.trades.len() == limit {
            page.next = older.and(last);
        } else {
            page.store_needs = older;
        }
        Some(page)
    }

    /// What of the rolling day only the store can sum: see [`crate::tape::Tape::edge`].
    #[must_use]
    pub fn ticker_edge(&self, symbol: &str, now_ns: u64) -> Option<Edge> {
        self.market(symbol)?.tape.edge(now_ns)
    }

    /// The rolling day; it says so where some of it may be before `complete_since`, from when on all
    /// trades are known.
    #[must_use]
    pub fn show_ticker(
        &self,
        symbol: &str,
        now_ns: u64,
        edge: Option<&Sum>,
        complete_since: Option<u64>,
    ) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(512);
        self.market(symbol)?
            .write_ticker(now_ns, edge, complete_since, &mut out);
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

    /// An instrument, with its filters.
    #[must_use]
    pub fn show_instrument(&self, instrument: u32) -> Option<Vec<u8>> {
        let market = self.markets.get(instrument)?;
        let mut out = Vec::with_capacity(384);
        write_filters(instrument, &market.symbol, &market.filters, &mut out);
        Some(out)
    }

    /// An account's orders in memory that match, the newest first.  Those that are not whole here are
    /// the store's to show.
    #[must_use]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "counts and lengths of what is in memory"
    )]
    pub fn show_recent(&self, user: &str, filter: Filter<'_>) -> Recent {
        let mut recent = Recent::default();
        let Some(account) = self.names.by_name(user) else {
            return recent;
        };
        let instrument = filter
            .symbol
            .map(|symbol| self.instrument(symbol).unwrap_or_default());
        let (mut bytes, mut examined) = (0, 0);
        recent.down_to = self.orders.visit(account, filter.before, |order| {
            if examined == EXAMINED_MAX
                || recent.orders.len() == filter.limit
                || bytes >= filter.bytes_max
            {
                return false;
            }
            examined += 1;
            if order.is_whole()
                && filter
                    .status
                    .is_none_or(|status| status == order.state().status)
                && instrument.is_none_or(|instrument| instrument == order.instrument)
            {
                let json = self.order_json(order, Since::default());
                bytes += json.len();
                recent.orders.push((order.order_id, json));
            }
            true
        });
        recent
    }

    /// Whether an order is in memory whole, so that the store has no say in it.
    #[must_use]
    pub fn keeps(&self, order_id: u64) -> bool {
        matches!(self.find(order_id), Found::Whole(_))
    }

    /// Whether an order was given this id.
    #[must_use]
    pub fn exists(&self, order_id: u64) -> bool {
        self.orders.exists(order_id)
    }

    /// The sequence number that the store must have to know all that happened to an order; `None` where no
    /// order has this id.
    #[must_use]
    pub fn store_needs(&self, order_id: u64) -> Option<u64> {
        match self.find(order_id) {
            Found::Whole(order) => Some(order.last_seq),
            Found::Stored(seq) => Some(seq),
            Found::Unknown => None,
        }
    }

    /// What the recorder must have passed before the store may answer for all of a user's orders that
    /// are not in memory whole.
    #[must_use]
    pub fn wait_for_user(&self, user: &str) -> u64 {
        let account = self.names.by_name(user);
        account.map_or(0, |account| self.orders.wait_for_account(account))
    }

    /// The user that a user id stands for: it is told without case.
    #[must_use]
    pub fn user(&self, user: &str) -> String {
        self.names.fold(user)
    }

    /// Whether a user that trades has no REST entry yet, by which it could mass cancel.
    #[must_use]
    pub fn lacks_entry(&self, user: &str) -> bool {
        self.names.lacks_rest(user)
    }

    /// Orders that are in memory, and closed ones that left it though the store did not have them.
    #[must_use]
    pub const fn counts(&self) -> (usize, u64) {
        (self.orders.len(), self.orders.dropped_orders())
    }
}
