//! A view that begins where a restored engine stands.

use matching::Engine;
use projection::Order;
use wire::record::Side;
use wire::record::numbers::COUNTER_BITS;

use crate::view::{Limits, View};

impl View {
    /// What `engine` knows: instruments, entries, books, open orders.  What ended before it, and what
    /// was traded, the store has.
    #[must_use]
    pub fn restore(gateway: u16, limits: Limits, engine: &Engine) -> Self {
        let mut view = Self::new(gateway, limits);
        let position = engine.position();
        let counts = engine.counts();
        view.begin(position.event_seq, position.time_ns, counts.trades);
        let partition = u64::from(engine.partition()) << COUNTER_BITS;
        view.orders
            .begin(position.event_seq, partition | counts.orders);
        for &(first, last) in engine.skipped() {
            view.orders.skip(first, last);
        }
        for entry in engine.entries() {
            view.names.open(&entry.opened, entry.account);
        }
        for instrument in engine.instruments() {
            view.markets
                .set(instrument.id, instrument.spec, instrument.symbol);
            let Some(market) = view.markets.get_mut(instrument.id) else {
                continue;
            };
            market.book.touch((position.event_seq, position.time_ns));
            for side in [Side::Buy, Side::Sell] {
                for level in engine.levels(instrument.id, side) {
                    let qty = i128::from(level.qty);
                    market
                        .book
                        .set(side, level.price, qty, u64::from(level.orders));
                }
            }
            if instrument.last_price != 0 {
                market.tape.set_last(instrument.last_price);
            }
        }
        for order in engine.orders() {
            let standing = Order::standing(&order.accepted(), order.text, &order.report());
            view.orders.insert_standing(standing);
        }
        view
    }
}
