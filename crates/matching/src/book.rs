//! Price levels and their queues: the structure of the book.
//!
//! # Layout
//! A side is a tree of levels by price, best first: the key is the price of an ask and the negated
//! price of a bid, so that less is better on both.  A level knows how much stands in it, and
//! holds the queue of its orders: the first few by itself, the others in pages behind it.  Levels,
//! pages and tree nodes stand in pools that all books share.

use super::node::Nodes;
use super::pool::{NONE, Pool, Slot};
use super::resting::Resting;
use super::row::{Pages, Place, Row};
use super::tree::{Cursor, Tree};
use wire::record::Side;

/// The pool of orders.
pub(crate) type Orders = Pool<Resting, 1024>;

/// Levels of all books from which on they are worth looking ahead for: fewer stay in the caches.
const LEVELS_MIN: u32 = 1_024;

/// Orders that stand in the level itself.
const NEAR: usize = 8;

/// All orders of one price and side: a line of 64 bytes.
///
/// Its first orders stand in it, those that come later in pages behind them.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Level {
    pub(crate) price: i64,
    /// Open quantity of all its orders.
    pub(crate) qty: i64,
    /// How many they are; links free slots too.
    pub(crate) count: u32,
    near: [u32; NEAR],
    far: Row,
    /// A bit for each place in `near` whose order is there.
    live: u8,
    /// Places in `near` that were given so far.
    given: u8,
    /// The side that it is a level of; 0 where that number is too high, or where it is none.
    owner: u16,
}

impl Default for Level {
    fn default() -> Self {
        Self {
            price: 0,
            qty: 0,
            count: 0,
            near: [NONE; NEAR],
            far: Row::EMPTY,
            live: 0,
            given: 0,
            owner: 0,
        }
    }
}

impl Slot for Level {
    fn link(&self) -> u32 {
        self.count
    }
    fn set_link(&mut self, next: u32) {
        self.count = next;
    }
}

impl Level {
    /// Put an order at the end of the queue.
    #[inline(always)]
    fn push(&mut self, pages: &mut Pages, slot: u32) -> Place {
        let at = self.given;
        if usize::from(at) == NEAR {
            return self.far.push(pages, slot);
        }
        self.near[usize::from(at) % NEAR] = slot;
        self.live |= 1 << at;
        self.given = at + 1;
        Place { page: NONE, at }
    }

    #[inline(always)]
    fn remove(&mut self, pages: &mut Pages, place: Place) {
        if place.page == NONE {
            self.live &= !(1 << place.at);
        } else {
            self.far.remove(pages, place);
        }
    }

    /// The oldest order, or `NONE`.
    #[inline(always)]
    pub(crate) fn head(&self, pages: &Pages) -> u32 {
        if self.live == 0 {
            return self.far.head(pages);
        }
        self.near[self.live.trailing_zeros() as usize % NEAR]
    }

    /// The orders with their places, oldest first.
    pub(crate) fn queue(self, pages: &Pages) -> impl Iterator<Item = (Place, u32)> {
        let places = (0..NEAR as u8).filter(move |at| self.live & (1 << at) != 0);
        let near = places.map(move |at| (Place { page: NONE, at }, self.near[usize::from(at)]));
        near.chain(self.far.walk(pages))
    }

    /// Check the pages behind it; how many there are.
    pub(crate) fn check(&self, pages: &Pages) -> Result<u32, String> {
        if self.far.first != NONE && usize::from(self.given) < NEAR {
            return Err("pages behind a level that has room".to_owned());
        }
        self.far.check(pages)
    }
}

/// Where a level probably stands: either may be wrong, or `NONE`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hint {
    pub(crate) leaf: u32,
    pub(crate) level: u32,
}

impl Hint {
    pub(crate) const NONE: Self = Self {
        leaf: NONE,
        level: NONE,
    };
}

/// What all books share.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) levels: Pool<Level, 1024>,
    pub(crate) nodes: Nodes,
    pub(crate) pages: Pages,
    /// Where the command that is applied probably works.  It saves searches and decides nothing.
    pub(crate) hint: Hint,
}

impl Shelf {
    pub(crate) const fn new() -> Self {
        Self {
            levels: Pool::new(),
            nodes: Pool::new(),
            pages: Pool::new(),
            hint: Hint::NONE,
        }
    }

    /// Whether there are so many levels that they are worth looking ahead for.
    #[inline(always)]
    pub(crate) const fn is_large(&self) -> bool {
        self.levels.used() >= LEVELS_MIN
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
    /// An empty side; `owner` as for [`Tree::new`].
    pub(crate) const fn new(owner: u32) -> Self {
        Self {
            tree: Tree::new(owner),
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

    /// Bring near the head of the leaf where a key's level stands or will stand; which leaf, or `NONE`
    /// where there is nothing to wait for.
    #[inline(always)]
    pub(crate) fn touch_leaf(&self, shelf: &Shelf, key: i64) -> u32 {
        if key == self.best_key || self.best == NONE {
            return NONE;
        }
        let leaf = self.tree.leaf(&shelf.nodes, key);
        Tree::touch_head(&shelf.nodes, leaf);
        leaf
    }

    /// The levels, best first.
    pub(crate) const fn walk(&self) -> Cursor {
        self.tree.cursor()
    }

    /// Put an order at the end of its level's queue.
    #[inline(always)]
    pub(crate) fn push(&mut self, shelf: &mut Shelf, orders: &mut Orders, slot: u32) {
        let order = &mut orders[slot];
        let key = key(order.side, order.price);
        let at = if key == self.best_key && self.best != NONE {
            self.best
        } else if self.is_level(shelf, shelf.hint.level, order.price) {
            shelf.hint.level
        } else {
            self.level_or_new(shelf, key, order.price)
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
        u16::try_from(self.tree.owner).unwrap_or(0)
    }

    #[inline(never)]
    fn level_or_new(&mut self, shelf: &mut Shelf, key: i64, price: i64) -> u32 {
        let fresh = Level {
            price,
            owner: self.level_owner(),
            ..Level::default()
        };
        let at = if self.best == NONE {
            let at = shelf.levels.take(fresh);
            self.tree.insert(&mut shelf.nodes, key, at);
            at
        } else {
            let (place, found) = self.tree.seek(&shelf.nodes, shelf.hint.leaf, key);
            if let Some(at) = found {
                return at;
            }
            let at = shelf.levels.take(fresh);
            self.tree.insert_at(&mut shelf.nodes, place, key, at);
            at
        };
        if key < self.best_key || self.best == NONE {
            (self.best_key, self.best) = (key, at);
        }
        at
    }

    /// Take an order out of its queue, and its level out of the tree when that was the last one.
    #[inline(always)]
    pub(crate) fn unlink(&mut self, shelf: &mut Shelf, orders: &Orders, slot: u32) {
        let order = &orders[slot];
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
        self.tree.remove(&mut shelf.nodes, shelf.hint.leaf, key);
        shelf.levels[at].owner = 0;
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
