//! The book's structure by itself, without accounts, names and events: to measure it beside others.

use super::book::{BookSide, Orders};
use super::pool::Pool;
use super::resting::Resting;
use super::shelf::Shelf;
use wire::record::Side;

/// One side of one book: orders by price and time.
#[derive(Debug)]
pub struct BareBook {
    shelf: Shelf,
    orders: Orders,
    side: BookSide,
}

impl Default for BareBook {
    fn default() -> Self {
        Self {
            shelf: Shelf::new(),
            orders: Pool::new(),
            side: BookSide::new(1),
        }
    }
}

impl BareBook {
    /// Put an offer at the end of its level; what [`BareBook::cancel`] takes it out by.
    pub fn add(&mut self, price: i64, qty: i64) -> u32 {
        let mut line = Resting::default();
        (line.price, line.leaves, line.side) = (price, qty, Side::Sell);
        let slot = self.orders.take(line);
        let order = &mut self.orders[slot];
        self.side.push(&mut self.shelf, order, slot, 1);
        slot
    }

    /// Take out an offer that is in here.
    pub fn cancel(&mut self, slot: u32) {
        self.side.unlink(&mut self.shelf, &self.orders[slot]);
        self.orders.give(slot);
    }

    /// The oldest offer of the least price: its handle and price.
    #[must_use]
    pub fn best(&self) -> Option<(u32, i64)> {
        let level = &self.shelf.levels[self.side.reach(i64::MAX)?];
        Some((level.head(&self.shelf.pages), level.price))
    }
}
