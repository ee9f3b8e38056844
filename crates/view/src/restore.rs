//! Parts that begin where a restored engine stands, and the view of them.
//!
//! What ended before it, and what was traded, the store has.

use matching::Engine;
use projection::Order;
use wire::record::Side;
use wire::record::numbers::partition_bits;

use crate::markets::Markets;
use crate::names::Names;
use crate::orders::Orders;
use crate::view::{Limits, View};

impl View {
    /// What `engine` knows: instruments, entries, books, open orders.
    #[must_use]
    pub fn restore(gateway: u16, limits: Limits, engine: &Engine) -> Self {
        let position = engine.position();
        let mut markets = Markets::new(limits.recent_trades_max);
        markets.restore(engine);
        let mut orders = Orders::new(limits.recent_orders_max, limits.overlay_orders_max);
        orders.restore(engine);
        let mut names = Names::default();
        names.restore(engine);
        let at = (position.event_seq, position.time_ns);
        Self::of(gateway, at, (names, markets, orders))
    }
}

impl Names {
    /// Who and what `engine` knows.
    pub fn restore(&mut self, engine: &Engine) {
        for entry in engine.entries() {
            self.open(&entry.opened, entry.account);
        }
        for instrument in engine.instruments() {
            self.list(instrument.id, instrument.symbol);
        }
    }
}

impl Markets {
    /// The instruments and books of `engine`.
    pub fn restore(&mut self, engine: &Engine) {
        let position = engine.position();
        // 0 says that there was none yet.
        if let trades @ 1.. = engine.counts().trades {
            self.set_trade_id(partition_bits(engine.partition()) | trades);
        }
        for it in engine.instruments() {
            self.set(it.id, it.spec, it.symbol);
            let levels = [Side::Buy, Side::Sell].into_iter().flat_map(|side| {
                let levels = engine.levels(it.id, side);
                levels.map(move |level| (side, level.price, level.qty, level.orders))
            });
            let at = (position.event_seq, position.time_ns);
            self.stand(it.id, at, it.last_price, levels);
        }
    }
}

impl Orders {
    /// The open orders of `engine`, as they stand.
    pub fn restore(&mut self, engine: &Engine) {
        let newest = partition_bits(engine.partition()) | engine.counts().orders;
        self.begin(engine.position().event_seq, newest);
        for &(first, last) in engine.skipped() {
            self.skip(first, last);
        }
        for order in engine.orders() {
            let standing = Order::standing(&order.accepted(), order.text, &order.report());
            self.insert_standing(standing);
        }
    }
}
