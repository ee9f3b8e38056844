//! One side of a book: price levels and their queues.
//!
//! # Layout
//! A side is a ladder of levels by price, best first: the key is the price of an ask and the negated
//! price of a bid, so that less is better on both.  A level knows how much stands in it, and
//! holds the queue of its orders: the first few by itself, the others in pages behind it.  Levels,
//! pages, strips and tree nodes stand in pools that all books share.

use super::ladder::{Ladder, Walk};
use super::level::Level;
use super::pool::{NONE, Pool};
use super::resting::Resting;
use super::shelf::Shelf;
use wire::record::Side;

/// The pool of orders.
pub(crate) type Orders = Pool<Resting, 1024>;

/// Key of a price on a side: less is better.
///
/// Without a branch: nobody can guess the side of the next order.
#[inline(always)]
#[allow(clippy::arithmetic_side_effects, reason = "the opposite of 0 or 1")]
pub(crate) const fn key(side: Side, price: i64) -> i64 {
    let sign = -((side.code() == Side::Buy.code()) as i64);
    (price ^ sign).wrapping_sub(sign)
}

/// One side of one book.
#[derive(Debug)]
pub(crate) struct BookSide {
    ladder: Ladder,
    /// Key and slot of the best level; `i64::MAX` and `NONE` without one.
    best_key: i64,
    best: u32,
    /// Orders that rest here.
    pub(crate) orders: u32,
    /// Open quantity of all of them.
    pub(crate) qty: i64,
}

impl BookSide {
    /// An empty side; `owner` as for [`Tree::new`].
    pub(crate) const fn new(owner: u32) -> Self {
        Self {
            ladder: Ladder::new(owner),
            best_key: i64::MAX,
            best: NONE,
            orders: 0,
            qty: 0,
        }
    }

    /// The best level, if an order that goes as far as `limit` (a key of this side) reaches it.
    #[inline(always)]
    pub(crate) fn reach(&self, limit: i64) -> Option<u32> {
        (self.best != NONE && self.best_key <= limit).then_some(self.best)
    }

    /// The level of this key.
    #[inline(always)]
    pub(crate) fn level(&self, shelf: &Shelf, key: i64) -> Option<u32> {
        if key == self.best_key && self.best != NONE {
            return Some(self.best);
        }
        let found = self.ladder.spot(shelf, NONE, key).level;
        (found != NONE).then_some(found)
    }

    /// Bring near what [`BookSide::look`] reads first.
    #[inline(always)]
    pub(crate) fn touch(&self, shelf: &Shelf) {
        self.ladder.touch(shelf);
    }

    /// What a key's level will be found by, asked for; `NONE` twice where there is nothing to wait for.
    #[inline(always)]
    pub(crate) fn look(&self, shelf: &Shelf, key: i64) -> (u32, u32) {
        if key == self.best_key || self.best == NONE {
            return (NONE, NONE);
        }
        self.ladder.look(shelf, key)
    }

    /// The level of a key, probably, where [`BookSide::look`] found this.
    #[inline(always)]
    pub(crate) fn guess(&self, shelf: &Shelf, named: u32, key: i64) -> u32 {
        self.ladder.guess(shelf, named, key)
    }

    /// The levels, best first.
    pub(crate) const fn walk(&self) -> Walk {
        self.ladder.walk()
    }

    /// Put an order at the end of its level's queue; prices are multiples of `tick`, as a rule.
    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "a side's open quantity fits: what would pass its width is refused"
    )]
    pub(crate) fn push(&mut self, shelf: &mut Shelf, order: &mut Resting, slot: u32, tick: i64) {
        let key = key(order.side, order.price);
        let at = if key == self.best_key && self.best != NONE {
            self.best
        } else if self.is_level(shelf, shelf.hint.level, order.price) {
            shelf.hint.level
        } else {
            self.level_or_new(shelf, tick, key, order.price)
        };
        let level = &mut shelf.levels[at];
        level.qty += order.leaves;
        level.count += 1;
        order.level = at;
        order.set_queue_place(level.push(&mut shelf.pages, slot));
        self.orders += 1;
        self.qty += order.leaves;
    }

    /// Take a part of an order off its level.
    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "what is taken off an order was open in it"
    )]
    pub(crate) fn reduce(&mut self, shelf: &mut Shelf, level: u32, qty: i64) {
        shelf.levels[level].qty -= qty;
        self.qty -= qty;
    }

    /// Whether the level of a price is this one, which may be any.
    #[inline(always)]
    fn is_level(&self, shelf: &Shelf, at: u32, price: i64) -> bool {
        let owner = self.level_owner();
        let level = shelf.levels.get(at);
        level.is_some_and(|it| it.price == price && it.owner == owner && owner != 0)
    }

    #[inline(always)]
    fn level_owner(&self) -> u16 {
        u16::try_from(self.ladder.tree.owner).unwrap_or(0)
    }

    #[inline(never)]
    fn level_or_new(&mut self, shelf: &mut Shelf, tick: i64, key: i64, price: i64) -> u32 {
        let mut spot = self.ladder.spot(shelf, shelf.hint.leaf, key);
        if spot.level != NONE {
            return spot.level;
        }
        if self.ladder.fit(shelf, tick, key) {
            spot = self.ladder.spot(shelf, NONE, key);
        }
        let at = shelf.levels.take(Level::new(price, self.level_owner()));
        self.ladder.put(shelf, spot, key, at);
        if key < self.best_key || self.best == NONE {
            (self.best_key, self.best) = (key, at);
        }
        at
    }

    /// Take an order out of its queue, and its level out of the tree when that was the last one.
    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "an order that stands here was counted"
    )]
    pub(crate) fn unlink(&mut self, shelf: &mut Shelf, order: &Resting) {
        let at = order.level;
        let level = &mut shelf.levels[at];
        level.qty -= order.leaves;
        level.count -= 1;
        level.remove(&mut shelf.pages, order.queue_place());
        self.orders -= 1;
        self.qty -= order.leaves;
        if level.count == 0 {
            let key = key(order.side, level.price);
            self.close(shelf, key, at);
        }
    }

    #[inline(never)]
    fn close(&mut self, shelf: &mut Shelf, key: i64, at: u32) {
        self.ladder.remove(shelf, shelf.hint.leaf, key);
        shelf.levels[at].owner = 0;
        shelf.levels.give(at);
        if at == self.best {
            (self.best_key, self.best) = self.first(shelf, key < 0);
        }
    }

    /// The first level's key and slot; `i64::MAX` and `NONE` without one.  The keys of bids are negative.
    #[inline(always)]
    #[allow(clippy::arithmetic_side_effects, reason = "prices are positive")]
    fn first(&self, shelf: &Shelf, bids: bool) -> (i64, u32) {
        match self.ladder.first(shelf) {
            Some(at) if bids => (-shelf.levels[at].price, at),
            Some(at) => (shelf.levels[at].price, at),
            None => (i64::MAX, NONE),
        }
    }

    /// Check the ladder and the best level; how many nodes and strips it has, and how many
    /// of these are known by their windows.
    pub(crate) fn check_ladder(
        &self,
        shelf: &Shelf,
        side: Side,
    ) -> Result<(u32, u32, u32), String> {
        if self.first(shelf, side == Side::Buy) != (self.best_key, self.best) {
            return Err("the best level is not the first".to_owned());
        }
        let key = |level: &Level| key(side, level.price);
        self.ladder.check(shelf, key)
    }
}

#[cfg(test)]
#[path = "side_tests.rs"]
mod tests;
