//! The levels of a side in the order of their keys: windows of neighbours in a tree.
//!
//! # Layout
//! A window is 16 neighbouring prices; the tree orders the windows.  Where a window has one level,
//! the tree names that level; where it has more, a bucket: one line of 64 bytes, a cell for each price.
//! So a level that comes or goes among neighbours is a write to one cell, the tree is a tenth as large
//! as one of levels, and levels that lie far apart cost no more than in such a tree.
//!
//! All keys are multiples of a step, the tick as a rule.  A cell is as wide as the highest power of
//! two that is no higher than the step: no two keys share one, a shift finds it, and at least
//! half of the cells can be used.  A key that is no multiple, after a change of the tick, makes the
//! step smaller; a ladder that is empty takes the tick again.
//!
//! # Cost
//! As the tree, and one line more where a window has a bucket.  Where that bucket is known without
//! the tree, as a rule on a side of many levels, that line alone.  A change of the step lays out all levels of the
//! side anew; a step changes 63 times at most until the side is empty.

use super::level::Level;
use super::pool::NONE;
use super::pools::Pools;
use super::tree::{Cursor, Tree};
use super::windows::{Bucket, CELLS};

const CELLS_LOG2: u32 = CELLS.ilog2();
/// Marks what the tree names as a bucket.
pub(super) const BUCKET: u32 = 1 << 31;
/// A window is no wider than half of all numbers.
const SHIFT_MAX: u32 = 62 - CELLS_LOG2;

#[derive(Debug)]
pub(crate) struct Ladder {
    pub(super) tree: Tree,
    /// All keys are multiples of it.
    pub(super) step: i64,
    /// How many bits of a key tell nothing.
    shift: u32,
}

/// Where a key's level stands or would stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot {
    cursor: Cursor,
    /// What the tree names there, or `NONE`.
    named: u32,
    /// The level that is there, or `NONE`.
    pub(crate) level: u32,
}

/// A walk over the levels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk {
    windows: Cursor,
    pub(super) bucket: u32,
    cell: usize,
}

impl Ladder {
    /// A ladder without levels; `owner` as for [`Tree::new`].
    pub(crate) const fn new(owner: u32) -> Self {
        Self {
            tree: Tree::new(owner),
            step: 1,
            shift: 0,
        }
    }

    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "a shift of `SHIFT_MAX` and four bits at most"
    )]
    pub(super) const fn window(&self, key: i64) -> i64 {
        key >> (self.shift + CELLS_LOG2)
    }

    #[inline(always)]
    const fn cell(&self, key: i64) -> usize {
        (key >> self.shift) as usize % CELLS
    }

    /// The level that stands where a key belongs, by what the tree names there.
    #[inline(always)]
    fn named_level(&self, pools: &Pools, named: u32, key: i64) -> u32 {
        if named == NONE || named & BUCKET == 0 {
            return named;
        }
        let bucket = pools.buckets.get(named & !BUCKET);
        bucket.map_or(NONE, |bucket| bucket.levels[self.cell(key)])
    }

    /// The bucket of a window, if that is known; a tree of one node is searched as fast.
    #[inline(always)]
    fn known(&self, pools: &Pools, window: i64) -> u32 {
        if self.tree.layers == 0 {
            return NONE;
        }
        pools.windows.find(self.tree.owner, window)
    }

    /// What a window is named, or `NONE`, and its cursor in the tree, which is not needed for a bucket.
    #[inline(always)]
    fn seek(&self, pools: &Pools, hint: u32, window: i64) -> (Cursor, u32) {
        let bucket = self.known(pools, window);
        if bucket != NONE {
            return (Cursor::NONE, bucket | BUCKET);
        }
        let (cursor, found) = self.tree.seek(&pools.nodes, hint, window);
        (cursor, found.unwrap_or(NONE))
    }

    /// Where the level of a key stands; `hint` as for [`Tree::seek`].
    #[inline(always)]
    pub(crate) fn spot(&self, pools: &Pools, hint: u32, key: i64) -> Spot {
        let mut spot = Spot {
            cursor: Cursor::NONE,
            named: NONE,
            level: NONE,
        };
        if self.tree.is_empty() {
            return spot;
        }
        (spot.cursor, spot.named) = self.seek(pools, hint, self.window(key));
        let level = self.named_level(pools, spot.named, key);
        if level != NONE && pools.levels[level].price == key.wrapping_abs() {
            spot.level = level;
        }
        spot
    }

    /// Prefetch what [`Ladder::peek`] reads first.
    #[inline(always)]
    pub(crate) fn prefetch(&self, pools: &Pools) {
        self.tree.prefetch(&pools.nodes);
    }

    /// A leaf of the tree and what it names where a key belongs, which is prefetched; or `NONE`.
    #[inline(always)]
    pub(crate) fn peek(&self, pools: &Pools, key: i64) -> (u32, u32) {
        let window = self.window(key);
        let bucket = self.known(pools, window);
        if bucket != NONE {
            pools.buckets.prefetch(bucket);
            return (NONE, bucket | BUCKET);
        }
        let (leaf, found) = self.tree.peek(&pools.nodes, window);
        if found & BUCKET != 0 {
            pools.buckets.prefetch(found & !BUCKET);
        } else {
            pools.levels.prefetch(found);
        }
        (leaf, found)
    }

    /// The level that is probably the one of a key where [`Ladder::peek`] found this.
    #[inline(always)]
    pub(crate) fn guess(&self, pools: &Pools, named: u32, key: i64) -> u32 {
        self.named_level(pools, named, key)
    }

    /// Make room for a key that has no level yet; whether that moved any.
    #[inline(always)]
    #[allow(clippy::arithmetic_side_effects, reason = "a step is 1 at least")]
    pub(crate) fn fit(&mut self, pools: &mut Pools, tick: i64, key: i64) -> bool {
        if self.tree.is_empty() {
            self.set_step(tick.max(1));
        }
        if self.step == 1 || key % self.step == 0 {
            return false;
        }
        self.refine(pools, key);
        true
    }

    fn set_step(&mut self, step: i64) {
        self.step = step;
        self.shift = step.ilog2().min(SHIFT_MAX);
    }

    #[cold]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "prices are positive, and have an opposite"
    )]
    fn refine(&mut self, pools: &mut Pools, key: i64) {
        let mut walk = self.walk();
        let levels: Vec<u32> = std::iter::from_fn(|| walk.next(pools)).collect();
        let sign = key.signum();
        let key_of = |level: &Level| sign * level.price;
        for at in &levels {
            let key = key_of(&pools.levels[*at]);
            self.remove(pools, NONE, key);
        }
        self.set_step(gcd(self.step, key));
        for at in levels {
            let key = key_of(&pools.levels[at]);
            let spot = self.spot(pools, NONE, key);
            self.put(pools, spot, key, at);
        }
    }

    /// Put a level where [`Ladder::spot`] found none.
    #[inline(always)]
    pub(crate) fn put(&mut self, pools: &mut Pools, spot: Spot, key: i64, level: u32) {
        if spot.named == NONE {
            let window = self.window(key);
            self.tree
                .insert_at(&mut pools.nodes, spot.cursor, window, level);
        } else if spot.named & BUCKET != 0 {
            let bucket = spot.named & !BUCKET;
            pools.buckets[bucket].levels[self.cell(key)] = level;
            if spot.cursor != Cursor::NONE {
                self.note(pools, key, bucket);
            }
        } else {
            self.widen(pools, spot, key, level);
        }
    }

    /// Give a window that has one level a bucket, and put another there.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "prices are positive, and have an opposite"
    )]
    fn widen(&mut self, pools: &mut Pools, spot: Spot, key: i64, level: u32) {
        let other = key.signum() * pools.levels[spot.named].price;
        let mut bucket = Bucket::default();
        bucket.levels[self.cell(other)] = spot.named;
        bucket.levels[self.cell(key)] = level;
        let bucket = pools.buckets.take(bucket);
        Tree::set(&mut pools.nodes, spot.cursor, bucket | BUCKET);
        self.note(pools, key, bucket);
    }

    fn note(&self, pools: &mut Pools, key: i64, bucket: u32) {
        if self.tree.layers > 0 {
            let window = self.window(key);
            pools.windows.note(self.tree.owner, window, bucket);
        }
    }

    /// Take out the level of a key, which is in here; `hint` as for [`Tree::seek`].
    #[inline(always)]
    pub(crate) fn remove(&mut self, pools: &mut Pools, hint: u32, key: i64) {
        let window = self.window(key);
        let (mut cursor, named) = self.seek(pools, hint, window);
        if named == NONE {
            return;
        }
        if named & BUCKET != 0 {
            let cell = self.cell(key);
            let bucket = &mut pools.buckets[named & !BUCKET];
            bucket.levels[cell] = NONE;
            if !bucket.is_empty() {
                return;
            }
            pools.buckets.give(named & !BUCKET);
            pools.windows.forget(self.tree.owner, window);
        }
        if cursor == Cursor::NONE {
            (cursor, _) = self.tree.seek(&pools.nodes, hint, window);
        }
        self.tree.remove_at(&mut pools.nodes, cursor, window);
    }

    /// The level with the least key.
    pub(crate) fn first(&self, pools: &Pools) -> Option<u32> {
        self.walk().next(pools)
    }

    /// The levels, least key first.
    pub(crate) const fn walk(&self) -> Walk {
        Walk {
            windows: self.tree.cursor(),
            bucket: NONE,
            cell: CELLS,
        }
    }
}

impl Walk {
    /// The level here, and one step on.
    #[inline(always)]
    #[allow(clippy::arithmetic_side_effects, reason = "a cell of 16")]
    pub(crate) fn next(&mut self, pools: &Pools) -> Option<u32> {
        loop {
            if self.cell < CELLS
                && let Some((cell, level)) = pools.buckets[self.bucket].from(self.cell)
            {
                self.cell = cell + 1;
                return Some(level);
            }
            self.cell = CELLS;
            let named = self.windows.next(&pools.nodes)?;
            if named & BUCKET == 0 {
                return Some(named);
            }
            (self.bucket, self.cell) = (named & !BUCKET, 0);
        }
    }
}

/// The greatest number that divides both; the first is not 0.
#[allow(clippy::arithmetic_side_effects, reason = "the divisor is not 0")]
const fn gcd(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a, b.wrapping_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
