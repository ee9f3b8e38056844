//! A hash index from keys to slots: lines of seven cells, no tombstones.
//!
//! A cell is eight bytes: a tag of 31 bits of hash, and a slot.  The key itself stands where the slot points, so
//! the caller compares it.  A line is 64 bytes: seven cells, and how many keys found it full and went to
//! the line after it; a search goes on only where that is not 0.  All tags of a line are compared at once,
//! without a branch, which the processor could only guess.  A key's home line follows from its 31 bits alone, so
//! growth and removal touch no slot.  The lines hold four keys on average at most.  Their order never
//! shows.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "cells, lines, and how many keys: all of them in memory"
)]

use super::pool::NONE;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The tag of an empty cell.
const EMPTY: u32 = u32::MAX;
const CELLS: usize = 7;
const KEYS_PER_LINE_MAX: usize = 4;
const LINES_MIN: usize = 4;

/// One line: the cells, and how many keys went past it.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line {
    /// The tags of the cells; behind them stands no cell.
    tags: [u32; CELLS + 1],
    slots: [u32; CELLS],
    past: u32,
}

const FRESH: Line = Line {
    tags: [EMPTY; CELLS + 1],
    slots: [NONE; CELLS],
    past: 0,
};

impl Line {
    /// A bit for each cell that has this tag.
    #[inline(always)]
    fn mask(&self, tag: u32) -> u32 {
        let bits = self.tags.iter().enumerate();
        let mask = bits.fold(0, |mask, (at, it)| mask | u32::from(*it == tag) << at);
        mask & ((1 << CELLS) - 1)
    }
}

/// Spread the bits of two words over 64.
#[inline(always)]
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let product =
        u128::from(a ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(u128::from(b ^ 0xd6e8_feb8_6659_fd93));
    let folded = (product >> 64) as u64 ^ product as u64;
    folded.wrapping_mul(0x9fb2_1c65_1e98_df25) ^ (folded >> 29)
}

/// Hash of a text within a scope.
pub(crate) fn mix_text(scope: u64, text: &[u8]) -> u64 {
    xxh3_64_with_seed(text, scope)
}

#[derive(Debug, Default)]
pub(crate) struct Index {
    lines: Vec<Line>,
    len: usize,
}

/// The part of a hash that is kept; never that of an empty cell.
#[inline(always)]
const fn tag(hash: u64) -> u32 {
    (hash >> 33) as u32
}

impl Index {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    fn home(&self, tag: u32) -> usize {
        ((u64::from(tag) * self.lines.len() as u64) >> 31) as usize
    }

    #[inline(always)]
    fn after(&self, at: usize) -> usize {
        if at + 1 == self.lines.len() {
            0
        } else {
            at + 1
        }
    }

    /// The slot under this hash for which `is_it` holds.
    #[inline(always)]
    pub(crate) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let tag = tag(hash);
        let mut at = self.home(tag);
        // At most once around, should every line have been passed.
        for _ in 0..self.lines.len() {
            let line = &self.lines[at];
            let mut mask = line.mask(tag);
            while mask != 0 {
                let slot = line.slots[mask.trailing_zeros() as usize];
                if is_it(slot) {
                    return Some(slot);
                }
                mask &= mask - 1;
            }
            if line.past == 0 {
                break;
            }
            at = self.after(at);
        }
        None
    }

    /// Prefetch the line where this hash belongs.
    #[inline(always)]
    pub(crate) fn prefetch(&self, hash: u64) {
        if let Some(line) = self.lines.get(self.home(tag(hash))) {
            prefetch::line(line);
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
        if self.len == self.lines.len() * KEYS_PER_LINE_MAX {
            self.grow();
        }
        self.len += 1;
        self.put(tag(hash), slot);
    }

    #[inline(always)]
    fn put(&mut self, tag: u32, slot: u32) {
        let mut at = self.home(tag);
        loop {
            let line = &mut self.lines[at];
            let mask = line.mask(EMPTY);
            if mask != 0 {
                let cell = mask.trailing_zeros() as usize;
                (line.tags[cell], line.slots[cell]) = (tag, slot);
                return;
            }
            line.past += 1;
            at = self.after(at);
        }
    }

    #[cold]
    fn grow(&mut self) {
        let size = (self.lines.len() * 2).max(LINES_MIN);
        let old = std::mem::replace(&mut self.lines, vec![FRESH; size]);
        for line in old {
            for (tag, slot) in line.tags.into_iter().zip(line.slots) {
                if tag != EMPTY {
                    self.put(tag, slot);
                }
            }
        }
    }

    /// Take out a slot that is in here.
    #[inline(always)]
    pub(crate) fn remove(&mut self, hash: u64, slot: u32) {
        let tag = tag(hash);
        let home = self.home(tag);
        let mut at = home;
        for _ in 0..self.lines.len() {
            let line = &mut self.lines[at];
            let mut mask = line.mask(tag);
            while mask != 0 {
                let cell = mask.trailing_zeros() as usize;
                if line.slots[cell] == slot {
                    line.tags[cell] = EMPTY;
                    self.len -= 1;
                    self.step_back(home, at);
                    return;
                }
                mask &= mask - 1;
            }
            if line.past == 0 {
                return;
            }
            at = self.after(at);
        }
    }

    /// A key that went past the lines from `home` up to `at` is gone.
    #[inline(always)]
    fn step_back(&mut self, home: usize, at: usize) {
        let mut passed = home;
        while passed != at {
            self.lines[passed].past -= 1;
            passed = self.after(passed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Index, mix};
    use std::collections::HashMap;

    /// Keys stand where the slots point, as in the engine.
    fn follow(hash: impl Fn(u32) -> u64) {
        let mut index = Index::default();
        let mut plain = HashMap::new();
        let mut state = 7_u64;
        for _ in 0..20_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let key = (state >> 40) as u32 % 700;
            if plain.remove(&key).is_some() {
                index.remove(hash(key), key);
            } else {
                plain.insert(key, ());
                index.insert(hash(key), key);
            }
            let other = (state >> 20) as u32 % 700;
            let found = index.find(hash(other), |slot| slot == other);
            assert_eq!(found.is_some(), plain.contains_key(&other));
            assert_eq!(index.len(), plain.len());
            assert!(index.len <= index.lines.len() * super::KEYS_PER_LINE_MAX);
            let past = index.lines.iter().filter(|line| line.past > 0).count();
            assert!(index.len > 0 || past == 0);
        }
        assert!(index.lines.len() <= 256, "{} lines", index.lines.len());
        for key in plain.into_keys() {
            index.remove(hash(key), key);
        }
        assert!(index.lines.iter().all(|line| line.past == 0));
        assert_eq!(index.len, 0);
    }

    #[test]
    fn an_index_finds_what_a_plain_map_finds() {
        follow(|key| mix(u64::from(key), 3));
    }

    #[test]
    fn it_does_so_where_all_keys_crowd_at_the_end() {
        follow(|key| u64::MAX << 34 | u64::from(key % 2) << 33);
    }

    #[test]
    fn neither_half_of_a_key_is_lost_in_its_hash() {
        let hashes: std::collections::HashSet<u64> = (0..100)
            .flat_map(|a| (0..100).map(move |b| mix(a, b)))
            .collect();
        assert_eq!(hashes.len(), 10_000);
    }

    #[test]
    fn what_is_not_in_here_is_not_taken_out() {
        let mut index = Index::default();
        index.insert(mix(1, 1), 1);
        index.remove(mix(2, 2), 2);
        assert_eq!(index.len(), 1);
    }
}
