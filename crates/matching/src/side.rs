//! One side of a book: price levels and their queues.
//!
//! # Layout
//! A side is a ladder of levels by price, best first: the key is the price of an ask and the negated
//! price of a bid, so that less is better on both.  A level knows how much stands in it, and
//! holds the queue of its orders: the first few by itself, the others in pages behind it.  Levels,
//! pages, buckets and tree nodes stand in pools that all books share.

use super::ladder::{Ladder, Walk};
use super::level::Level;
use super::pool::{NONE, Pool};
use super::pools::Pools;
use super::resting::Resting;
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
    pub(crate) fn level(&self, pools: &Pools, key: i64) -> Option<u32> {
        if key == self.best_key && self.best != NONE {
            return Some(self.best);
        }
        let found = self.ladder.spot(pools, NONE, key).level;
        (found != NONE).then_some(found)
    }

    /// Prefetch what [`BookSide::peek`] reads first.
    #[inline(always)]
    pub(crate) fn prefetch(&self, pools: &Pools) {
        self.ladder.prefetch(pools);
    }

    /// What a key's level will be found by, prefetched; `NONE` twice where there is nothing to wait for.
    #[inline(always)]
    pub(crate) fn peek(&self, pools: &Pools, key: i64) -> (u32, u32) {
        if key == self.best_key || self.best == NONE {
            return (NONE, NONE);
        }
        self.ladder.peek(pools, key)
    }

    /// The level of a key, probably, where [`BookSide::peek`] found this.
    #[inline(always)]
    pub(crate) fn guess(&self, pools: &Pools, named: u32, key: i64) -> u32 {
        self.ladder.guess(pools, named, key)
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
    pub(crate) fn push(&mut self, pools: &mut Pools, order: &mut Resting, slot: u32, tick: i64) {
        let key = key(order.side, order.price);
        let at = if key == self.best_key && self.best != NONE {
            self.best
        } else if self.is_level(pools, pools.hint.level, order.price) {
            pools.hint.level
        } else {
            self.level_or_new(pools, tick, key, order.price)
        };
        let level = &mut pools.levels[at];
        level.qty += order.leaves;
        level.count += 1;
        order.level = at;
        order.set_queue_cell(level.push(&mut pools.pages, slot));
        self.orders += 1;
        self.qty += order.leaves;
    }

    /// Take a part of an order off its level.
    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "what is taken off an order was open in it"
    )]
    pub(crate) fn reduce(&mut self, pools: &mut Pools, level: u32, qty: i64) {
        pools.levels[level].qty -= qty;
        self.qty -= qty;
    }

    /// Whether the level of a price is this one, which may be any.
    #[inline(always)]
    fn is_level(&self, pools: &Pools, at: u32, price: i64) -> bool {
        let owner = self.level_owner();
        let level = pools.levels.get(at);
        level.is_some_and(|it| it.price == price && it.owner == owner && owner != 0)
    }

    #[inline(always)]
    fn level_owner(&self) -> u16 {
        u16::try_from(self.ladder.tree.owner).unwrap_or(0)
    }

    #[inline(never)]
    fn level_or_new(&mut self, pools: &mut Pools, tick: i64, key: i64, price: i64) -> u32 {
        let mut spot = self.ladder.spot(pools, pools.hint.leaf, key);
        if spot.level != NONE {
            return spot.level;
        }
        if self.ladder.fit(pools, tick, key) {
            spot = self.ladder.spot(pools, NONE, key);
        }
        let at = pools.levels.take(Level::new(price, self.level_owner()));
        self.ladder.put(pools, spot, key, at);
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
    pub(crate) fn unlink(&mut self, pools: &mut Pools, order: &Resting) {
        let at = order.level;
        let level = &mut pools.levels[at];
        level.qty -= order.leaves;
        level.count -= 1;
        level.remove(&mut pools.pages, order.queue_cell());
        self.orders -= 1;
        self.qty -= order.leaves;
        if level.count == 0 {
            let key = key(order.side, level.price);
            self.close(pools, key, at);
        }
    }

    #[inline(never)]
    fn close(&mut self, pools: &mut Pools, key: i64, at: u32) {
        self.ladder.remove(pools, pools.hint.leaf, key);
        pools.levels[at].owner = 0;
        pools.levels.give(at);
        if at == self.best {
            (self.best_key, self.best) = self.first(pools, key < 0);
        }
    }

    /// The first level's key and slot; `i64::MAX` and `NONE` without one.  The keys of bids are negative.
    #[inline(always)]
    #[allow(clippy::arithmetic_side_effects, reason = "prices are positive")]
    fn first(&self, pools: &Pools, bids: bool) -> (i64, u32) {
        match self.ladder.first(pools) {
            Some(at) if bids => (-pools.levels[at].price, at),
            Some(at) => (pools.levels[at].price, at),
            None => (i64::MAX, NONE),
        }
    }

    /// Check the ladder and the best level; how many nodes and buckets it has, and how many
    /// of these are known by their windows.
    pub(crate) fn check_ladder(
        &self,
        pools: &Pools,
        side: Side,
    ) -> Result<(u32, u32, u32), String> {
        if self.first(pools, side == Side::Buy) != (self.best_key, self.best) {
            return Err("the best level is not the first".to_owned());
        }
        let key = |level: &Level| key(side, level.price);
        self.ladder.check(pools, key)
    }
}

#[cfg(test)]
#[path = "side_tests.rs"]
mod tests;
