//! Lists of slots in order of arrival, any of which may leave: queues of levels, open orders of entries.
//!
//! # Layout
//! A page is one line of 64 bytes: up to 13 slots, a bit for each that is still there, and its
//! neighbours.  Who stands in a list keeps its page and cell, so to leave means to clear a bit in one
//! line, where a list through the orders would write to both neighbours.  A page that has emptied is
//! unlinked; arrivals go to the end of the last one.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "cells of a page, bits for them, and pages"
)]

use super::pool::{NONE, Pool, Slot};

const CELLS: usize = 13;

/// A page of a list.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(crate) struct Page {
    slots: [u32; CELLS],
    /// A bit for each cell whose slot is there.
    live: u16,
    /// Cells that were given so far.
    given: u16,
    prev: u32,
    /// The page after it; links free pages too.
    next: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            slots: [NONE; CELLS],
            live: 0,
            given: 0,
            prev: NONE,
            next: NONE,
        }
    }
}

impl Slot for Page {
    fn link(&self) -> u32 {
        self.next
    }
    fn set_link(&mut self, next: u32) {
        self.next = next;
    }
}

/// The pages of many lists.
pub(crate) type Pages = Pool<Page, 1024>;

/// Where something stands in a list; page `NONE` where the list's owner holds it itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CellId {
    pub(crate) page: u32,
    pub(crate) at: u8,
}

/// A list: its first and last page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PagedList {
    pub(crate) first: u32,
    pub(crate) last: u32,
}

impl PagedList {
    pub(crate) const EMPTY: Self = Self {
        first: NONE,
        last: NONE,
    };

    /// Put a slot at the end.
    #[inline(always)]
    pub(crate) fn push(&mut self, pages: &mut Pages, slot: u32) -> CellId {
        if self.last == NONE || usize::from(pages[self.last].given) == CELLS {
            self.open(pages);
        }
        let page = &mut pages[self.last];
        let at = page.given;
        page.slots[usize::from(at)] = slot;
        page.live |= 1 << at;
        page.given = at + 1;
        CellId {
            page: self.last,
            at: at as u8,
        }
    }

    #[inline(never)]
    fn open(&mut self, pages: &mut Pages) {
        let page = pages.take(Page {
            prev: self.last,
            ..Page::default()
        });
        if self.last == NONE {
            self.first = page;
        } else {
            pages[self.last].next = page;
        }
        self.last = page;
    }

    /// Take out what stands in a cell.
    #[inline(always)]
    pub(crate) fn remove(&mut self, pages: &mut Pages, cell: CellId) {
        let page = &mut pages[cell.page];
        page.live &= !(1 << cell.at);
        if page.live == 0 {
            self.close(pages, cell.page);
        }
    }

    #[inline(never)]
    fn close(&mut self, pages: &mut Pages, page: u32) {
        let (prev, next) = (pages[page].prev, pages[page].next);
        if prev == NONE {
            self.first = next;
        } else {
            pages[prev].next = next;
        }
        if next == NONE {
            self.last = prev;
        } else {
            pages[next].prev = prev;
        }
        pages.give(page);
    }

    /// The slot that has been here longest, or `NONE`.
    #[inline(always)]
    pub(crate) fn head(&self, pages: &Pages) -> u32 {
        if self.first == NONE {
            return NONE;
        }
        let page = &pages[self.first];
        page.slots[page.live.trailing_zeros() as usize]
    }

    /// The slots with their cells, in order of arrival.
    pub(crate) fn walk(self, pages: &Pages) -> impl Iterator<Item = (CellId, u32)> {
        let (mut page, mut left) = (NONE, 0_u16);
        let mut after = self.first;
        std::iter::from_fn(move || {
            if left == 0 {
                page = after;
                if page == NONE {
                    return None;
                }
                (left, after) = (pages[page].live, pages[page].next);
            }
            let at = left.trailing_zeros() as u8;
            left &= left - 1;
            let slot = pages[page].slots[usize::from(at)];
            Some((CellId { page, at }, slot))
        })
    }

    /// Check links and bits of all pages; how many there are.
    pub(crate) fn check(&self, pages: &Pages) -> Result<u32, String> {
        let (mut count, mut before, mut at) = (0, NONE, self.first);
        while at != NONE {
            let page = &pages[at];
            let given = (1_u32 << page.given) - 1;
            if page.prev != before || page.live == 0 || u32::from(page.live) & !given != 0 {
                return Err("a page is linked or filled wrongly".to_owned());
            }
            (before, at) = (at, page.next);
            count += 1;
        }
        if before == self.last {
            Ok(count)
        } else {
            Err("the list does not end at its last page".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pool::Pool;
    use super::{CELLS, CellId, Page, PagedList, Pages};

    #[test]
    fn a_page_is_one_line() {
        assert_eq!((size_of::<Page>(), align_of::<Page>()), (64, 64));
    }

    #[test]
    fn a_page_is_filled_before_another_is_taken() {
        let mut pages: Pages = Pool::new();
        let mut list = PagedList::EMPTY;
        for slot in 0..5 * CELLS as u32 {
            list.push(&mut pages, slot);
        }
        assert_eq!(pages.used(), 5);
    }

    #[test]
    fn a_check_notices_a_page_that_is_linked_or_filled_wrongly() {
        let harm: [fn(&mut Pages); 5] = [
            |pages| pages[1].prev = super::NONE,
            |pages| pages[1].live = 0,
            |pages| pages[2].live |= 1 << 2,
            |pages| pages[2].next = 0,
            |pages| pages[1].next = super::NONE,
        ];
        for (number, harm) in harm.into_iter().enumerate() {
            let mut pages: Pages = Pool::new();
            let mut list = PagedList::EMPTY;
            for slot in 0..2 * CELLS as u32 + 2 {
                list.push(&mut pages, slot);
            }
            assert_eq!(list.check(&pages), Ok(3));
            harm(&mut pages);
            assert!(list.check(&pages).is_err(), "harm {number}");
        }
    }

    #[test]
    fn a_paged_list_holds_what_a_plain_one_holds() {
        let mut pages: Pages = Pool::new();
        let mut list = PagedList::EMPTY;
        let mut plain: Vec<(CellId, u32)> = Vec::new();
        let mut state = 3_u64;
        for slot in 0..20_000_u32 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let growing = (slot / 500) % 2 == 0;
            if plain.is_empty() || (state >> 60 < 10) == growing {
                plain.push((list.push(&mut pages, slot), slot));
            } else {
                let at = (state >> 33) as usize % plain.len();
                list.remove(&mut pages, plain.remove(at).0);
            }
            assert_eq!(list.check(&pages), Ok(pages.used()));
            assert_eq!(
                list.head(&pages),
                plain.first().map_or(super::NONE, |it| it.1)
            );
            if slot % 100 == 0 {
                assert_eq!(list.walk(&pages).collect::<Vec<_>>(), plain);
            }
        }
        for (cell, _) in plain {
            list.remove(&mut pages, cell);
        }
        assert_eq!(pages.used(), 0);
    }
}
