//! The order book of one instrument by price level.
//!
//! # Contract
//! Fed with the changes that events make ([`projection::levels`]) and nothing else.  So after a whole
//! command the levels are those of the engine's book, and its number is that of the last event that
//! changed them.
//!
//! # Cost
//! O(log levels) an event; `depth` levels a rendering.  48 bytes a level and the tree's own.

use std::collections::BTreeMap;

use projection::levels::{LevelChange, Moved, SeqTime};
use wire::record::Side;

/// What rests at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Level {
    /// Open quantity; wider than an order's, so that a sum can't overflow.
    pub qty: i128,
    /// How many orders.
    pub orders: u64,
}

/// The levels of one instrument.
#[derive(Debug, Default)]
pub struct Book {
    bids: BTreeMap<i64, Level>,
    asks: BTreeMap<i64, Level>,
    /// Sequence number of the last event that changed it.
    pub sequence: u64,
    /// Engine time of that event.
    pub time_ns: u64,
}

impl Book {
    fn side(&mut self, side: Side) -> &mut BTreeMap<i64, Level> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// Note that the event of this number and time changed the book.
    #[inline]
    pub fn touch(&mut self, (sequence, time_ns): SeqTime) {
        self.sequence = sequence;
        self.time_ns = time_ns;
    }

    /// Keep what an event does to a level.
    #[inline(always)]
    pub fn apply(&mut self, change: &LevelChange) {
        let (side, price) = (change.side, change.price);
        match change.moved {
            Moved::Added(qty) => self.add(side, price, qty),
            Moved::Taken { qty, gone } => self.take(side, price, qty, gone),
        }
        self.touch(change.at);
    }

    /// An order of this open quantity is at this price now.
    #[inline]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "fewer than 2^64 orders of less than 2^63 each"
    )]
    pub fn add(&mut self, side: Side, price: i64, qty: i64) {
        let level = self.side(side).entry(price).or_default();
        level.qty += i128::from(qty);
        level.orders += 1;
    }

    /// Set a level to what rests there.
    pub fn set(&mut self, side: Side, price: i64, qty: i128, orders: u64) {
        self.side(side).insert(price, Level { qty, orders });
    }

    /// An order at this price lost this quantity; `gone` when nothing of it is left.
    #[inline]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "what leaves a level was added to it, and a level without orders goes"
    )]
    pub fn take(&mut self, side: Side, price: i64, qty: i64, gone: bool) {
        let levels = self.side(side);
        let Some(level) = levels.get_mut(&price) else {
            return;
        };
        level.qty -= i128::from(qty);
        level.orders -= u64::from(gone);
        if level.orders == 0 {
            levels.remove(&price);
        }
    }

    /// Levels of one side, the best first.
    pub fn levels(&self, side: Side) -> Box<dyn Iterator<Item = (i64, Level)> + '_> {
        match side {
            Side::Buy => Box::new(
                self.bids
                    .iter()
                    .rev()
                    .map(|(&price, &level)| (price, level)),
            ),
            Side::Sell => Box::new(self.asks.iter().map(|(&price, &level)| (price, level))),
        }
    }

    /// The best price of one side.
    #[must_use]
    pub fn best(&self, side: Side) -> Option<(i64, Level)> {
        match side {
            Side::Buy => self.bids.last_key_value(),
            Side::Sell => self.asks.first_key_value(),
        }
        .map(|(&price, &level)| (price, level))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_lives_as_long_as_an_order_rests_there() {
        let mut book = Book::default();
        book.add(Side::Buy, 100, 5);
        book.add(Side::Buy, 100, 7);
        book.add(Side::Buy, 99, 1);
        book.take(Side::Buy, 100, 5, true);
        book.take(Side::Buy, 100, 2, false);
        assert_eq!(
            book.best(Side::Buy),
            Some((100, Level { qty: 5, orders: 1 }))
        );
        book.take(Side::Buy, 100, 5, true);
        assert_eq!(
            book.best(Side::Buy),
            Some((99, Level { qty: 1, orders: 1 }))
        );
        assert_eq!(book.best(Side::Sell), None);
    }

    #[test]
    fn best_levels_come_first_on_both_sides() {
        let mut book = Book::default();
        for price in [3, 1, 2] {
            book.add(Side::Buy, price, 1);
            book.add(Side::Sell, price + 10, 1);
        }
        let prices = |side| {
            book.levels(side)
                .map(|(price, _)| price)
                .collect::<Vec<_>>()
        };
        assert_eq!(prices(Side::Buy), [3, 2, 1]);
        assert_eq!(prices(Side::Sell), [11, 12, 13]);
    }

    #[test]
    fn sums_past_the_width_of_an_order_do_not_overflow() {
        let mut book = Book::default();
        book.add(Side::Sell, 1, i64::MAX);
        book.add(Side::Sell, 1, i64::MAX);
        let level = book.best(Side::Sell).map(|(_, level)| level.qty);
        assert_eq!(level, Some(2 * i128::from(i64::MAX)));
    }
}
