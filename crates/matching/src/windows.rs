//! Windows of neighbouring prices: the buckets of their levels, and which windows are known to have which.
//!
//! # Layout
//! What is known stands in 8,192 entries of 16 bytes, and saves the search in the tree.  A window has one
//! entry where it may be; neighbours have neighbouring ones, so that a side with many levels does not
//! stand in its own way.  An entry is always right, so it is forgotten with its bucket; who finds none
//! asks the tree.

use super::pool::{NONE, Slot};

/// Cells of a window: one for each of its prices.
pub(crate) const CELLS: usize = 16;
const ENTRIES: usize = 8_192;
/// Entries from those of one side to those of the next.
const APART: usize = 1_021;

/// The levels of a window that has more than one, or had.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(crate) struct Bucket {
    pub(crate) levels: [u32; CELLS],
}

impl Default for Bucket {
    fn default() -> Self {
        Self {
            levels: [NONE; CELLS],
        }
    }
}

impl Slot for Bucket {
    fn link(&self) -> u32 {
        self.levels[0]
    }
    fn set_link(&mut self, next: u32) {
        self.levels[0] = next;
    }
}

impl Bucket {
    /// Whether no cell has a level; the bits of no level's slot are all set.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.levels.iter().fold(NONE, |all, level| all & level) == NONE
    }

    /// The first level from this cell on: its cell and slot.
    pub(crate) fn from(&self, cell: usize) -> Option<(usize, u32)> {
        let mut cells = self.levels.iter().enumerate().skip(cell);
        let (cell, level) = cells.find(|(_, level)| **level != NONE)?;
        Some((cell, *level))
    }
}

/// A window whose bucket is known.
#[derive(Debug, Clone, Copy)]
struct Entry {
    window: i64,
    owner: u32,
    bucket: u32,
}

const FRESH: Entry = Entry {
    window: 0,
    owner: 0,
    bucket: NONE,
};

/// The buckets of windows; `owner` is a side's, as for [`super::tree::Tree::new`].
#[derive(Debug)]
pub(crate) struct Windows {
    /// None before the first bucket.
    entries: Vec<Entry>,
}

#[inline(always)]
const fn at(owner: u32, window: i64) -> usize {
    (window as usize).wrapping_add((owner as usize).wrapping_mul(APART)) % ENTRIES
}

impl Windows {
    pub(crate) const fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// The bucket of a window, or `NONE` where that is not known.
    #[inline(always)]
    pub(crate) fn find(&self, owner: u32, window: i64) -> u32 {
        match self.entries.get(at(owner, window)) {
            Some(it) if it.window == window && it.owner == owner => it.bucket,
            _ => NONE,
        }
    }

    /// Take note of a bucket, until it is forgotten or another window needs the entry.
    #[inline(always)]
    pub(crate) fn note(&mut self, owner: u32, window: i64, bucket: u32) {
        if self.entries.is_empty() {
            self.entries = vec![FRESH; ENTRIES];
        }
        self.entries[at(owner, window)] = Entry {
            window,
            owner,
            bucket,
        };
    }

    /// The bucket of a window is given back.
    pub(crate) fn forget(&mut self, owner: u32, window: i64) {
        if self.find(owner, window) != NONE {
            self.entries[at(owner, window)] = FRESH;
        }
    }

    /// Windows whose bucket is known.
    pub(crate) fn known(&self) -> u32 {
        let known = self.entries.iter().map(|it| u32::from(it.bucket != NONE));
        known.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::pool::Pool;
    use super::{Bucket, ENTRIES, NONE, Windows};

    #[test]
    fn buckets_that_are_given_back_are_all_taken_again() {
        let mut buckets: Pool<Bucket, 4> = Pool::new();
        for _ in 0..3 {
            let mut taken = [0; 3].map(|_| buckets.take(Bucket::default()));
            taken.sort_unstable();
            assert_eq!(taken, [0, 1, 2]);
            for bucket in taken {
                buckets.give(bucket);
            }
        }
    }

    #[test]
    fn a_window_is_known_until_it_is_forgotten_or_another_takes_its_entry() {
        let mut windows = Windows::new();
        assert_eq!(windows.find(1, -5), NONE);
        windows.note(1, -5, 7);
        windows.note(1, -4, 8);
        assert_eq!((windows.find(1, -5), windows.find(1, -4)), (7, 8));
        assert_eq!((windows.find(2, -5), windows.known()), (NONE, 2));
        let same_entry = -5 - ENTRIES as i64;
        windows.note(1, same_entry, 9);
        assert_eq!(
            (windows.find(1, -5), windows.find(1, same_entry)),
            (NONE, 9)
        );
        windows.forget(1, -5);
        windows.forget(1, -4);
        assert_eq!((windows.find(1, same_entry), windows.known()), (9, 1));
    }
}
