//! Price levels and their queues: the structure of the book.
//!
//! # Layout
//! A side is a tree of levels by price, best first: the key is the price of an ask and the negated
//! price of a bid, so that less is better on both.  A level knows how much stands in it, and the
//! ends of a queue that is threaded through the orders.  Levels and tree nodes stand in pools that
//! all books share.

use super::pool::{NONE, Pool, Slot};
use super::resting::Resting;
use super::tree::{Cursor, Nodes, Tree};
use wire::record::Side;

/// The pool of orders.
pub(crate) type Orders = Pool<Resting, 1024>;

/// All orders of one price and side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Level {
    pub(crate) price: i64,
    /// Open quantity of all its orders.
    pub(crate) qty: i64,
    pub(crate) count: u32,
    /// First of the queue; links free slots too.
    pub(crate) head: u32,
    pub(crate) tail: u32,
}

impl Default for Level {
    fn default() -> Self {
        Self {
            price: 0,
            qty: 0,
            count: 0,
            head: NONE,
            tail: NONE,
        }
    }
}

impl Slot for Level {
    fn link(&self) -> u32 {
        self.head
    }
    fn set_link(&mut self, next: u32) {
        self.head = next;
    }
}

/// What all books share.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) levels: Pool<Level, 1024>,
    pub(crate) nodes: Nodes,
}

impl Shelf {
    pub(crate) const fn new() -> Self {
        Self {
            levels: Pool::new(),
            nodes: Pool::new(),
        }
    }
}

/// Key of a price on a side: less is better.
#[inline(always)]
pub(crate) const fn key(side: Side, price: i64) -> i64 {
    match side {
        Side::Buy => -price,
        Side::Sell => price,
    }
}

/// One side of one book.
#[derive(Debug)]
pub(crate) struct BookSide {
    tree: Tree,
    /// Key and slot of the best level; `i64::MAX` and `NONE` without one.
    best_key: i64,
    best: u32,
    /// Orders that rest here.
    pub(crate) orders: u32,
    /// Open quantity of all of them.
    pub(crate) qty: i64,
}

impl BookSide {
    pub(crate) const fn new() -> Self {
        Self {
            tree: Tree::new(),
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
        self.tree.find(&shelf.nodes, key)
    }

    /// The levels, best first.
    pub(crate) const fn walk(&self) -> Cursor {
        self.tree.cursor()
    }

    /// Put an order at the end of its level's queue.
    #[inline]
    pub(crate) fn push(&mut self, shelf: &mut Shelf, orders: &mut Orders, slot: u32) {
        let order = &mut orders[slot];
        let key = key(order.side, order.price);
        let at = match self.level(shelf, key) {
            Some(at) => at,
            None => self.open(shelf, key, order.price),
        };
        let level = &mut shelf.levels[at];
        let (tail, order_leaves) = (level.tail, order.leaves);
        level.qty += order_leaves;
        level.count += 1;
        level.tail = slot;
        order.level = at;
        order.prev = tail;
        order.next = NONE;
        if tail == NONE {
            level.head = slot;
        } else {
            orders[tail].next = slot;
        }
        self.orders += 1;
        self.qty += order_leaves;
    }

    /// Take a part of an order off its level.
    #[inline(always)]
    pub(crate) fn reduce(&mut self, shelf: &mut Shelf, level: u32, qty: i64) {
        shelf.levels[level].qty -= qty;
        self.qty -= qty;
    }

    fn open(&mut self, shelf: &mut Shelf, key: i64, price: i64) -> u32 {
        let at = shelf.levels.take(Level {
            price,
            ..Level::default()
        });
        self.tree.insert(&mut shelf.nodes, key, at);
        if key < self.best_key || self.best == NONE {
            (self.best_key, self.best) = (key, at);
        }
        at
    }

    /// Take an order out of its queue, and its level out of the tree when that was the last one.
    #[inline]
    pub(crate) fn unlink(&mut self, shelf: &mut Shelf, orders: &mut Orders, slot: u32) {
        let Resting {
            prev, next, leaves, ..
        } = orders[slot];
        let at = orders[slot].level;
        let level = &mut shelf.levels[at];
        level.qty -= leaves;
        level.count -= 1;
        if prev == NONE {
            level.head = next;
        } else {
            orders[prev].next = next;
        }
        if next == NONE {
            level.tail = prev;
        } else {
            orders[next].prev = prev;
        }
        self.orders -= 1;
        self.qty -= leaves;
        if level.count == 0 {
            let key = key(orders[slot].side, level.price);
            self.close(shelf, key, at);
        }
    }

    fn close(&mut self, shelf: &mut Shelf, key: i64, at: u32) {
        self.tree.remove(&mut shelf.nodes, key);
        shelf.levels.give(at);
        if at == self.best {
            (self.best_key, self.best) = self.tree.first(&shelf.nodes).unwrap_or((i64::MAX, NONE));
        }
    }
    /// Check the tree and the best level; how many nodes the tree has.
    pub(crate) fn check_tree(&self, shelf: &Shelf) -> Result<u32, String> {
        let best = self.tree.first(&shelf.nodes).unwrap_or((i64::MAX, NONE));
        if best != (self.best_key, self.best) {
            return Err("the best level is not the first".to_owned());
        }
        self.tree.check(&shelf.nodes)
    }
}
