//! The orders of one instrument by price and time, and a book of them that can be had alone.
//!
//! # Contract
//! Best price first, oldest order first.  A trade is at the price of the order that rests.  [`Book`] knows
//! no accounts, no rules of an instrument and no events: what happens is told to one [`Listener`], in the
//! order in which it happens.  The engine keeps the books of all instruments as the same [`Sides`], on
//! pools that they share.

use super::pool::Pool;
use super::pools::Pools;
use super::resting::Resting;
use super::side::{BookSide, Orders, key};
use wire::record::Side;

/// Bids, asks.
#[derive(Debug)]
pub(crate) struct Sides([BookSide; 2]);

/// The index of a side among the two.
const fn index(side: Side) -> usize {
    (side.code() != Side::Buy.code()) as usize
}

impl Sides {
    /// Without orders; `number` is one that no other book on the same pools has.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "books are numbered one by one: memory ends before 2^31 of them"
    )]
    pub(crate) const fn new(number: u32) -> Self {
        Self([BookSide::new(2 * number), BookSide::new(2 * number + 1)])
    }

    #[inline(always)]
    pub(crate) const fn side(&self, side: Side) -> &BookSide {
        &self.0[index(side)]
    }

    #[inline(always)]
    const fn side_mut(&mut self, side: Side) -> &mut BookSide {
        &mut self.0[index(side)]
    }

    /// The order on a side that one which goes as far as `limit` (a key of that side) meets first.
    #[inline(always)]
    pub(crate) fn first(&self, pools: &Pools, side: Side, limit: i64) -> Option<u32> {
        let level = self.side(side).reach(limit)?;
        Some(pools.levels[level].head(&pools.pages))
    }

    /// Put an order at the end of its level's queue; prices are multiples of `tick`, as a rule.
    #[inline(always)]
    pub(crate) fn push(&mut self, pools: &mut Pools, order: &mut Resting, slot: u32, tick: i64) {
        self.side_mut(order.side).push(pools, order, slot, tick);
    }

    /// Take a part of an order, or all that is open in it.
    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "what is taken off an order was open in it"
    )]
    pub(crate) fn reduce(&mut self, pools: &mut Pools, order: &mut Resting, qty: i64) {
        order.leaves -= qty;
        self.side_mut(order.side).reduce(pools, order.level, qty);
    }

    /// Take an order out of its queue.
    #[inline(always)]
    pub(crate) fn unlink(&mut self, pools: &mut Pools, order: &Resting) {
        self.side_mut(order.side).unlink(pools, order);
    }
}

/// An order that rests in a [`Book`]; to another book it means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Handle {
    slot: u32,
    number: u64,
}

impl Handle {
    /// A small number that no other order has which rests in the same book now.
    #[must_use]
    pub const fn slot(self) -> usize {
        self.slot as usize
    }
}

/// What is told of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// The order that rested.
    pub order: Handle,
    /// Its price.
    pub price: i64,
    /// What was traded.
    pub qty: i64,
    /// What is left of it: an order without anything left is gone.
    pub leaves: i64,
}

/// Who hears what happens in a [`Book`].
pub trait Listener {
    /// An order that came has taken from one that rests.
    fn traded(&mut self, _fill: &Fill) {}
    /// An order rests.
    fn added(&mut self, _order: Handle, _side: Side, _price: i64, _qty: i64) {}
    /// An order was taken out with so much still open.
    fn canceled(&mut self, _order: Handle, _qty: i64) {}
}

/// Nobody listens.
impl Listener for () {}

/// The orders of one instrument by price and time.
#[derive(Debug)]
pub struct Book {
    sides: Sides,
    pools: Pools,
    orders: Orders,
    /// Orders that were added so far.
    count: u64,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            sides: Sides::new(1),
            pools: Pools::new(),
            orders: Pool::new(),
            count: 0,
        }
    }
}

impl Book {
    /// Let an order take what it reaches, and add what is left of it; `None` where nothing is left, or
    /// where it can't be added.
    pub fn enter(
        &mut self,
        side: Side,
        price: i64,
        qty: i64,
        to: &mut impl Listener,
    ) -> Option<Handle> {
        let left = self.take(side, Some(price), qty, to);
        self.add(side, price, left, to)
    }

    /// Let an order of this side take what it reaches on the other one, up to a price; what is left of it.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "no more is traded than is wanted"
    )]
    pub fn take(
        &mut self,
        side: Side,
        price: Option<i64>,
        qty: i64,
        to: &mut impl Listener,
    ) -> i64 {
        let other = side.opposite();
        let limit = price.map_or(i64::MAX, |price| key(other, price));
        let mut left = qty;
        while left > 0 {
            let Some(slot) = self.sides.first(&self.pools, other, limit) else {
                break;
            };
            let order = &mut self.orders[slot];
            let qty = left.min(order.leaves);
            self.sides.reduce(&mut self.pools, order, qty);
            left -= qty;
            to.traded(&Fill {
                order: Handle {
                    slot,
                    number: order.order_id,
                },
                price: order.price,
                qty,
                leaves: order.leaves,
            });
            if order.leaves == 0 {
                self.remove(slot);
            }
        }
        left
    }

    /// Put an order at the end of its level, whatever it could take; `None` where its price or quantity is
    /// not positive, or its side's open quantity would pass the width of a number.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "orders are counted one by one"
    )]
    pub fn add(
        &mut self,
        side: Side,
        price: i64,
        qty: i64,
        to: &mut impl Listener,
    ) -> Option<Handle> {
        let standing = self.sides.side(side).qty;
        if price <= 0 || qty <= 0 || standing.checked_add(qty).is_none() {
            return None;
        }
        self.count += 1;
        let mut line = Resting::default();
        (line.order_id, line.side) = (self.count, side);
        (line.price, line.leaves) = (price, qty);
        let slot = self.orders.take(line);
        let order = &mut self.orders[slot];
        self.sides.push(&mut self.pools, order, slot, 1);
        let number = self.count;
        let handle = Handle { slot, number };
        to.added(handle, side, price, qty);
        Some(handle)
    }

    /// Take an order out; whether it was still here.
    pub fn cancel(&mut self, order: Handle, to: &mut impl Listener) -> bool {
        let Some(line) = self.orders.get(order.slot) else {
            return false;
        };
        if line.order_id != order.number {
            return false;
        }
        let qty = line.leaves;
        self.remove(order.slot);
        to.canceled(order, qty);
        true
    }

    /// The oldest order at the best price of a side, and that price.
    #[must_use]
    pub fn best(&self, side: Side) -> Option<(Handle, i64)> {
        let slot = self.sides.first(&self.pools, side, i64::MAX)?;
        let order = &self.orders[slot];
        let number = order.order_id;
        Some((Handle { slot, number }, order.price))
    }

    /// Price, open quantity and orders of the levels of a side, best first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = (i64, i64, u32)> + '_ {
        let mut levels = self.sides.side(side).walk();
        std::iter::from_fn(move || {
            let level = &self.pools.levels[levels.next(&self.pools)?];
            Some((level.price, level.qty, level.count))
        })
    }

    fn remove(&mut self, slot: u32) {
        self.sides.unlink(&mut self.pools, &self.orders[slot]);
        // No handle names this slot until another order has it.
        self.orders[slot].order_id = 0;
        self.orders.give(slot);
    }
}
