//! A hash index from keys to slots: open addressing, linear probing, no tombstones.
//!
//! A cell is eight bytes: 32 bits of hash and a slot.  The key itself stands where the slot points,
//! so the caller compares it.  A cell's home follows from the 32 bits alone, so growth and removal
//! touch no slot.  At most half of the cells are filled; the order of cells never shows.

use super::pool::NONE;
use std::hint::black_box;
use xxhash_rust::xxh3::xxh3_64_with_seed;

const EMPTY: u64 = u64::MAX;
const CELLS_MIN: usize = 16;

/// Spread the bits of two words over 64.
#[inline(always)]
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let product =
        u128::from(a ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(u128::from(b ^ 0xd6e8_feb8_6659_fd93));
    let folded = (product >> 64) as u64 ^ product as u64;
    folded.wrapping_mul(0x9fb2_1c65_1e98_df25) ^ (folded >> 29)
}

/// Hash of a text within a scope.
pub(crate) fn mix_text(scope: u64, text: &str) -> u64 {
    xxh3_64_with_seed(text.as_bytes(), scope)
}

#[derive(Debug, Default)]
pub(crate) struct Index {
    cells: Vec<u64>,
    len: usize,
}

#[inline(always)]
const fn tag(hash: u64) -> u64 {
    hash >> 32
}

impl Index {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    fn home(&self, tag: u64) -> usize {
        ((tag * self.cells.len() as u64) >> 32) as usize
    }

    #[inline(always)]
    fn after(&self, at: usize) -> usize {
        if at + 1 == self.cells.len() {
            0
        } else {
            at + 1
        }
    }

    /// The slot under this hash for which `is_it` holds.
    #[inline(always)]
    pub(crate) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        if self.cells.is_empty() {
            return None;
        }
        let tag = tag(hash);
        let mut at = self.home(tag);
        loop {
            let cell = self.cells[at];
            if cell == EMPTY {
                return None;
            }
            if cell >> 32 == tag && is_it(cell as u32) {
                return Some(cell as u32);
            }
            at = self.after(at);
        }
    }

    /// Bring near the cell where this hash belongs.
    #[inline(always)]
    pub(crate) fn touch(&self, hash: u64) {
        if let Some(cell) = self.cells.get(self.home(tag(hash))) {
            black_box(*cell);
        }
    }

    /// A slot that may well be the one under this hash, or `NONE`.
    #[inline(always)]
    pub(crate) fn guess(&self, hash: u64) -> u32 {
        self.find(hash, |_| true).unwrap_or(NONE)
    }

    /// Add a slot whose key is not in here.
    #[inline(always)]
    pub(crate) fn insert(&mut self, hash: u64, slot: u32) {
        if (self.len + 1) * 2 > self.cells.len() {
            self.grow();
        }
        self.len += 1;
        self.place(tag(hash) << 32 | u64::from(slot));
    }

    #[inline(always)]
    fn place(&mut self, cell: u64) {
        let mut at = self.home(cell >> 32);
        while self.cells[at] != EMPTY {
            at = self.after(at);
        }
        self.cells[at] = cell;
    }

    #[cold]
    fn grow(&mut self) {
        let size = (self.cells.len() * 2).max(CELLS_MIN);
        let old = std::mem::replace(&mut self.cells, vec![EMPTY; size]);
        for cell in old.into_iter().filter(|cell| *cell != EMPTY) {
            self.place(cell);
        }
    }

    /// Take out a slot that is in here; the cells after it close the gap.
    #[inline(always)]
    pub(crate) fn remove(&mut self, hash: u64, slot: u32) {
        let wanted = tag(hash) << 32 | u64::from(slot);
        let mut gap = self.home(wanted >> 32);
        while self.cells[gap] != wanted {
            if self.cells[gap] == EMPTY {
                return;
            }
            gap = self.after(gap);
        }
        self.len -= 1;
        let mut at = self.after(gap);
        while self.cells[at] != EMPTY {
            let home = self.home(self.cells[at] >> 32);
            // A cell may move back to the gap unless its home lies between the two.
            let stays = if gap < at {
                gap < home && home <= at
            } else {
                gap < home || home <= at
            };
            if !stays {
                self.cells[gap] = self.cells[at];
                gap = at;
            }
            at = self.after(at);
        }
        self.cells[gap] = EMPTY;
    }
}
