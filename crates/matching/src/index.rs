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
            assert!(index.cells.len() >= 2 * index.len);
        }
        assert!(index.cells.len() <= 2_048, "{} cells", index.cells.len());
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
