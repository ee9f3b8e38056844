//! Queries that are answered from memory: each goes to the part that knows.

use projection::State;
use projection::order::Since;
use projection::{Order, Sum};

use crate::markets::Market;
use crate::orders::Found;
use crate::show::{self, Filter, Recent, Trades};
use crate::tape::Edge;
use crate::view::View;

impl View {
    /// Id of the last trade of all instruments.
    #[must_use]
    pub const fn trade_id(&self) -> u64 {
        self.markets().trade_id()
    }

    /// The instrument of this symbol.
    #[must_use]
    pub fn market(&self, symbol: &str) -> Option<&Market> {
        self.markets().get(self.markets().number(symbol)?)
    }

    /// All symbols, by number.
    #[must_use]
    pub fn symbols(&self) -> Vec<(u32, &str)> {
        let markets = self.markets().iter();
        markets
            .map(|(number, market)| (number, &*market.symbol))
            .collect()
    }

    /// An instrument, with its filters.
    #[must_use]
    pub fn show_instrument(&self, instrument: u32) -> Option<Vec<u8>> {
        let market = self.markets().get(instrument)?;
        Some(market.instrument_json(instrument))
    }

    /// The best `depth` levels of both sides.
    #[must_use]
    pub fn show_book(&self, symbol: &str, depth: usize) -> Option<Vec<u8>> {
        Some(self.market(symbol)?.book_json(depth, self.time_ns()))
    }

    /// A page of trades: see [`Market::trades_json`].
    #[must_use]
    pub fn show_trades(
        &self,
        symbol: &str,
        before: u64,
        limit: usize,
        bytes_max: usize,
    ) -> Option<Trades> {
        let market = self.market(symbol)?;
        Some(market.trades_json(before, limit, bytes_max))
    }

    /// What of the rolling day only the store can sum: see [`crate::tape::Tape::edge`].
    #[must_use]
    pub fn ticker_edge(&self, symbol: &str, now_ns: u64) -> Option<Edge> {
        self.market(symbol)?.tape.edge(now_ns)
    }

    /// The rolling day: see [`Market::ticker_json`].
    #[must_use]
    pub fn show_ticker(
        &self,
        symbol: &str,
        now_ns: u64,
        edge: Option<&Sum>,
        complete_since: Option<u64>,
    ) -> Option<Vec<u8>> {
        let market = self.market(symbol)?;
        Some(market.ticker_json(now_ns, edge, complete_since))
    }

    /// What is known of an order id.
    #[must_use]
    pub fn find(&self, order_id: u64) -> Found<'_> {
        self.orders().find(order_id)
    }

    /// How far an order is that memory holds, whole or not.
    #[must_use]
    pub fn state(&self, order_id: u64) -> Option<&State> {
        Some(self.orders().get(order_id)?.state())
    }

    /// An order as JSON, with what happened to it since some moment.
    #[must_use]
    pub fn order_json(&self, order: &Order, since: Since) -> Vec<u8> {
        show::order(order, since, self.names())
    }

    /// A user's orders in memory that match, the newest first.  Those that are not whole here are the
    /// store's to show.
    #[must_use]
    pub fn show_recent(&self, user: &str, filter: Filter<'_>) -> Recent {
        match self.account(user) {
            Some(account) => self.orders().recent_json(account, &filter, self.names()),
            None => Recent::default(),
        }
    }

    /// Whether an order is in memory whole, so that the store has no say in it.
    #[must_use]
    pub fn keeps(&self, order_id: u64) -> bool {
        matches!(self.find(order_id), Found::Whole(_))
    }

    /// The highest order id that was given, as far as events were seen.
    #[must_use]
    pub const fn newest_order(&self) -> u64 {
        self.orders().newest()
    }

    /// Whether an order was given this id.
    #[must_use]
    pub fn exists(&self, order_id: u64) -> bool {
        self.orders().exists(order_id)
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
        let account = self.account(user);
        account.map_or(0, |account| self.orders().wait_for_account(account))
    }

    /// Number of the account of a user.
    #[must_use]
    pub fn account(&self, user: &str) -> Option<u32> {
        self.names().by_name(user)
    }

    /// The user that a user id stands for: it is told without case.
    #[must_use]
    pub fn user(&self, user: &str) -> String {
        self.names().fold(user)
    }

    /// Whether a user that trades has no REST entry yet, by which it could mass cancel.
    #[must_use]
    pub fn lacks_entry(&self, user: &str) -> bool {
        self.names().lacks_rest(user)
    }

    /// Orders that are in memory, and closed ones that left it though the store did not have them.
    #[must_use]
    pub const fn counts(&self) -> (usize, u64) {
        (self.orders().len(), self.orders().dropped_orders())
    }
}
