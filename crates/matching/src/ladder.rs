//! The levels of a side in the order of their keys: windows of neighbours in a tree.
//!
//! # Layout
//! A window is 16 places for keys; the tree orders the windows.  Where a window has one level, the
//! tree names that level; where it has more, a strip: one line of 64 bytes, a cell for each place.  So
//! a level that comes or goes among neighbours is a write to one cell, the tree is a tenth as large
//! as one of levels, and levels that lie far apart cost no more than in such a tree.
//!
//! All keys are multiples of a step, the tick as a rule.  A place is as wide as the highest power of
//! two that is no higher than the step: no two keys share one, a shift finds it, and at least
//! half of the places can be used.  A key that is no multiple, after a change of the tick, makes the
//! step smaller; a ladder that is empty takes the tick again.
//!
//! # Cost
//! As the tree, and one line more where a window has a strip.  Where that strip is known without the tree,
//! as a rule on a side of many levels, that line alone.  A change of the step lays out all levels of the
//! side anew; a step changes 63 times at most until the side is empty.

use super::level::Level;
use super::pool::NONE;
use super::shelf::Shelf;
use super::tree::{Cursor, Tree};
use super::windows::{CELLS, Strip};

const CELLS_LOG2: u32 = CELLS.ilog2();
/// Marks what the tree names as a strip.
pub(super) const STRIP: u32 = 1 << 31;
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
    place: Cursor,
    /// What the tree names there, or `NONE`.
    named: u32,
    /// The level that is there, or `NONE`.
    pub(crate) level: u32,
}

/// A walk over the levels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk {
    windows: Cursor,
    pub(super) strip: u32,
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
    fn named_level(&self, shelf: &Shelf, named: u32, key: i64) -> u32 {
        if named == NONE || named & STRIP == 0 {
            return named;
        }
        let strip = shelf.strips.get(named & !STRIP);
        strip.map_or(NONE, |strip| strip.levels[self.cell(key)])
    }

    /// The strip of a window, if that is known; a tree of one node is searched as fast.
    #[inline(always)]
    fn known(&self, shelf: &Shelf, window: i64) -> u32 {
        if self.tree.layers == 0 {
            return NONE;
        }
        shelf.windows.find(self.tree.owner, window)
    }

    /// What a window is named, or `NONE`, and its place in the tree, which is not needed for a strip.
    #[inline(always)]
    fn seek(&self, shelf: &Shelf, hint: u32, window: i64) -> (Cursor, u32) {
        let strip = self.known(shelf, window);
        if strip != NONE {
            return (Cursor::NONE, strip | STRIP);
        }
        let (place, found) = self.tree.seek(&shelf.nodes, hint, window);
        (place, found.unwrap_or(NONE))
    }

    /// Where the level of a key stands; `hint` as for [`Tree::seek`].
    #[inline(always)]
    pub(crate) fn spot(&self, shelf: &Shelf, hint: u32, key: i64) -> Spot {
        let mut spot = Spot {
            place: Cursor::NONE,
            named: NONE,
            level: NONE,
        };
        if self.tree.is_empty() {
            return spot;
        }
        (spot.place, spot.named) = self.seek(shelf, hint, self.window(key));
        let level = self.named_level(shelf, spot.named, key);
        if level != NONE && shelf.levels[level].price == key.wrapping_abs() {
            spot.level = level;
        }
        spot
    }

    /// Bring near what [`Ladder::look`] reads first.
    #[inline(always)]
    pub(crate) fn touch(&self, shelf: &Shelf) {
        self.tree.touch(&shelf.nodes);
    }

    /// A leaf of the tree and what it names where a key belongs, which is asked for; or `NONE`.
    #[inline(always)]
    pub(crate) fn look(&self, shelf: &Shelf, key: i64) -> (u32, u32) {
        let window = self.window(key);
        let strip = self.known(shelf, window);
        if strip != NONE {
            shelf.strips.touch(strip);
            return (NONE, strip | STRIP);
        }
        let (leaf, found) = self.tree.look(&shelf.nodes, window);
        if found & STRIP != 0 {
            shelf.strips.touch(found & !STRIP);
        } else {
            shelf.levels.touch(found);
        }
        (leaf, found)
    }

    /// The level that is probably the one of a key where [`Ladder::look`] found this.
    #[inline(always)]
    pub(crate) fn guess(&self, shelf: &Shelf, named: u32, key: i64) -> u32 {
        self.named_level(shelf, named, key)
    }

    /// Make room for a key that has no level yet; whether that moved any.
    #[inline(always)]
    #[allow(clippy::arithmetic_side_effects, reason = "a step is 1 at least")]
    pub(crate) fn fit(&mut self, shelf: &mut Shelf, tick: i64, key: i64) -> bool {
        if self.tree.is_empty() {
            self.set_step(tick.max(1));
        }
        if self.step == 1 || key % self.step == 0 {
            return false;
        }
        self.refine(shelf, key);
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
    fn refine(&mut self, shelf: &mut Shelf, key: i64) {
        let mut walk = self.walk();
        let levels: Vec<u32> = std::iter::from_fn(|| walk.next(shelf)).collect();
        let sign = key.signum();
        let key_of = |level: &Level| sign * level.price;
        for at in &levels {
            let key = key_of(&shelf.levels[*at]);
            self.remove(shelf, NONE, key);
        }
        self.set_step(gcd(self.step, key));
        for at in levels {
            let key = key_of(&shelf.levels[at]);
            let spot = self.spot(shelf, NONE, key);
            self.put(shelf, spot, key, at);
        }
    }

    /// Put a level where [`Ladder::spot`] found none.
    #[inline(always)]
    pub(crate) fn put(&mut self, shelf: &mut Shelf, spot: Spot, key: i64, level: u32) {
        if spot.named == NONE {
            let window = self.window(key);
            self.tree
                .insert_at(&mut shelf.nodes, spot.place, window, level);
        } else if spot.named & STRIP != 0 {
            let strip = spot.named & !STRIP;
            shelf.strips[strip].levels[self.cell(key)] = level;
            if spot.place != Cursor::NONE {
                self.note(shelf, key, strip);
            }
        } else {
            self.widen(shelf, spot, key, level);
        }
    }

    /// Give a window that has one level a strip, and put another there.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "prices are positive, and have an opposite"
    )]
    fn widen(&mut self, shelf: &mut Shelf, spot: Spot, key: i64, level: u32) {
        let other = key.signum() * shelf.levels[spot.named].price;
        let mut strip = Strip::default();
        strip.levels[self.cell(other)] = spot.named;
        strip.levels[self.cell(key)] = level;
        let strip = shelf.strips.take(strip);
        Tree::set(&mut shelf.nodes, spot.place, strip | STRIP);
        self.note(shelf, key, strip);
    }

    fn note(&self, shelf: &mut Shelf, key: i64, strip: u32) {
        if self.tree.layers > 0 {
            let window = self.window(key);
            shelf.windows.note(self.tree.owner, window, strip);
        }
    }

    /// Take out the level of a key, which is in here; `hint` as for [`Tree::seek`].
    #[inline(always)]
    pub(crate) fn remove(&mut self, shelf: &mut Shelf, hint: u32, key: i64) {
        let window = self.window(key);
        let (mut place, named) = self.seek(shelf, hint, window);
        if named == NONE {
            return;
        }
        if named & STRIP != 0 {
            let cell = self.cell(key);
            let strip = &mut shelf.strips[named & !STRIP];
            strip.levels[cell] = NONE;
            if !strip.is_empty() {
                return;
            }
            shelf.strips.give(named & !STRIP);
            shelf.windows.forget(self.tree.owner, window);
        }
        if place == Cursor::NONE {
            (place, _) = self.tree.seek(&shelf.nodes, hint, window);
        }
        self.tree.remove_at(&mut shelf.nodes, place, window);
    }

    /// The level with the least key.
    pub(crate) fn first(&self, shelf: &Shelf) -> Option<u32> {
        self.walk().next(shelf)
    }

    /// The levels, least key first.
    pub(crate) const fn walk(&self) -> Walk {
        Walk {
            windows: self.tree.cursor(),
            strip: NONE,
            cell: CELLS,
        }
    }
}

impl Walk {
    /// The level here, and one step on.
    #[inline(always)]
    #[allow(clippy::arithmetic_side_effects, reason = "a cell of 16")]
    pub(crate) fn next(&mut self, shelf: &Shelf) -> Option<u32> {
        loop {
            if self.cell < CELLS
                && let Some((cell, level)) = shelf.strips[self.strip].from(self.cell)
            {
                self.cell = cell + 1;
                return Some(level);
            }
            self.cell = CELLS;
            let named = self.windows.next(&shelf.nodes)?;
            if named & STRIP == 0 {
                return Some(named);
            }
            (self.strip, self.cell) = (named & !STRIP, 0);
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
