//! A view that begins where a restored engine stands.

use matching::Engine;
use wire::record::Side;

use crate::view::{Limits, View};

impl View {
    /// What `engine` knows: instruments, entries, books.  Orders and trades before it the store has.
    #[must_use]
    pub fn restore(gateway: u16, limits: Limits, engine: &Engine) -> Self {
        let mut view = Self::new(gateway, limits);
        let position = engine.position();
        view.begin(position.event_seq, position.time_ns, engine.counts().trades);
        for entry in engine.entries() {
            view.names.open(&entry.opened, entry.account);
        }
        for instrument in engine.instruments() {
            view.set_instrument(instrument.id, instrument.spec, instrument.symbol);
            let Some(market) = view.markets.get_mut(instrument.id) else {
                continue;
            };
            market.book.touch(position.event_seq, position.time_ns);
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
        view
    }
}
