//! A price level: how much stands in it, and the queue of its orders.

use super::paged_list::{CellId, PagedList, Pages};
use super::pool::{NONE, Slot};

/// Orders that stand in the level itself.
const INLINE: usize = 8;

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
    inline: [u32; INLINE],
    overflow: PagedList,
    /// A bit for each cell of `inline` whose order is there.
    live: u8,
    /// Cells of `inline` that were given so far.
    given: u8,
    /// The side that it is a level of; 0 where that number is too high, or where it is none.
    pub(crate) owner: u16,
}

impl Default for Level {
    fn default() -> Self {
        Self {
            price: 0,
            qty: 0,
            count: 0,
            inline: [NONE; INLINE],
            overflow: PagedList::EMPTY,
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
    /// A level without orders.
    #[inline(always)]
    pub(crate) fn new(price: i64, owner: u16) -> Self {
        Self {
            price,
            owner,
            ..Self::default()
        }
    }

    /// Put an order at the end of the queue.
    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "cells of a level, of which there are eight"
    )]
    pub(crate) fn push(&mut self, pages: &mut Pages, slot: u32) -> CellId {
        let at = self.given;
        if usize::from(at) == INLINE {
            return self.overflow.push(pages, slot);
        }
        self.inline[usize::from(at) % INLINE] = slot;
        self.live |= 1 << at;
        self.given = at + 1;
        CellId { page: NONE, at }
    }

    #[inline(always)]
    pub(crate) fn remove(&mut self, pages: &mut Pages, cell: CellId) {
        if cell.page == NONE {
            self.live &= !(1 << cell.at);
        } else {
            self.overflow.remove(pages, cell);
        }
    }

    /// The page where the queue ends, or `NONE`.
    #[inline(always)]
    pub(crate) const fn last_page(&self) -> u32 {
        self.overflow.last
    }

    /// The oldest order, or `NONE`.
    #[inline(always)]
    pub(crate) fn head(&self, pages: &Pages) -> u32 {
        if self.live == 0 {
            return self.overflow.head(pages);
        }
        self.inline[self.live.trailing_zeros() as usize % INLINE]
    }

    /// The orders with their cells, oldest first.
    pub(crate) fn queue(self, pages: &Pages) -> impl Iterator<Item = (CellId, u32)> {
        let cells = (0..INLINE as u8).filter(move |at| self.live & (1 << at) != 0);
        let inline = cells.map(move |at| (CellId { page: NONE, at }, self.inline[usize::from(at)]));
        inline.chain(self.overflow.walk(pages))
    }

    /// Check the pages behind it; how many there are.
    pub(crate) fn check(&self, pages: &Pages) -> Result<u32, String> {
        if self.overflow.first != NONE && usize::from(self.given) < INLINE {
            return Err("pages behind a level that has room".to_owned());
        }
        self.overflow.check(pages)
    }
}

#[cfg(test)]
mod tests {
    use super::{INLINE, Level};
    use crate::pool::Pool;

    #[test]
    fn pages_stand_only_behind_a_level_that_is_full() {
        let mut pages = Pool::new();
        let mut level = Level::new(1, 1);
        let cells: Vec<_> = (0..INLINE as u32 + 1)
            .map(|slot| level.push(&mut pages, slot))
            .collect();
        assert_eq!(level.check(&pages), Ok(1));
        // Who left gives no cell back: the queue would lose its order.
        level.remove(&mut pages, cells[0]);
        assert_eq!(level.check(&pages), Ok(1));
        level.given -= 1;
        assert!(level.check(&pages).is_err());
    }
}
