//! Order ids to slots.
//!
//! # Layout
//! Ids rise, so the newest stand in tables: a page of 256 slots for 256 ids, written one after the
//! other.  Beside them, close together, stand a bit for each id that is there and their count; to take
//! an id out touches only these.  A page of which less than an eighth is left moves to a hash index,
//! and so does the oldest beyond 16,384 pages.  So an id moves once at most, and the tables cost 32
//! bytes an id at most.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "order ids, which are counted one by one, and indexes in tables of 256 of them"
)]

use super::index::{Index, mix};
use super::pool::{NONE, Pool, Slot};
use std::collections::VecDeque;

const IDS: usize = 256;
/// Ids that a page holds at least, unless it is the newest.
const IDS_MIN: u32 = 32;
const STRETCHES_MAX: usize = 16_384;

/// The slots of 256 ids that follow each other.
#[derive(Debug, Clone)]
struct Page([u32; IDS]);

impl Default for Page {
    fn default() -> Self {
        Self([NONE; IDS])
    }
}

impl Slot for Page {
    fn link(&self) -> u32 {
        self.0[0]
    }
    fn set_link(&mut self, next: u32) {
        self.0[0] = next;
    }
}

/// 256 ids: which of them are in the page, and how many.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    live: [u64; IDS / 64],
    count: u32,
    page: u32,
}

const FRESH: Stretch = Stretch {
    live: [0; IDS / 64],
    count: 0,
    page: NONE,
};

#[derive(Debug)]
pub(crate) struct Ids {
    stretches: VecDeque<Stretch>,
    /// Number of the first stretch: its ids, divided by 256.
    first: u64,
    pages: Pool<Page, 64>,
    old: Index,
    /// Ids that stand in pages.
    recent: usize,
}

#[inline(always)]
fn hash(id: u64) -> u64 {
    mix(id, 0)
}

/// The word of the bits and the bit in it that stand for an id.
#[inline(always)]
const fn bit(id: u64) -> (usize, u64) {
    (id as usize % IDS / 64, 1 << (id % 64))
}

impl Ids {
    pub(crate) fn new() -> Self {
        Self {
            stretches: VecDeque::new(),
            first: 0,
            pages: Pool::new(),
            old: Index::default(),
            recent: 0,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.recent + self.old.len()
    }

    #[inline(always)]
    fn stretch(&self, id: u64) -> Option<&Stretch> {
        let index = (id / IDS as u64).wrapping_sub(self.first);
        self.stretches.get(usize::try_from(index).ok()?)
    }

    /// The slot of an id; `is_it` tells by a slot whether it is the id's.
    #[inline]
    pub(crate) fn find(&self, id: u64, is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        match self.page_of(id) {
            Some(page) => Some(page.0[id as usize % IDS]),
            None => self.old.find(hash(id), is_it),
        }
    }

    /// Prefetch the cell where the slot of an id stands.
    #[inline(always)]
    pub(crate) fn prefetch(&self, id: u64) {
        match self.page_of(id) {
            Some(page) => prefetch::line(&page.0[id as usize % IDS]),
            None => self.old.prefetch(hash(id)),
        }
    }

    /// The slot that an id probably has, or `NONE`.
    #[inline(always)]
    pub(crate) fn guess(&self, id: u64) -> u32 {
        match self.page_of(id) {
            Some(page) => page.0[id as usize % IDS],
            None => self.old.guess(hash(id)),
        }
    }

    /// The page that an id stands in, if it does in any.
    #[inline(always)]
    fn page_of(&self, id: u64) -> Option<&Page> {
        let (word, bit) = bit(id);
        let stretch = self.stretch(id)?;
        (stretch.live[word] & bit != 0).then(|| &self.pages[stretch.page])
    }

    /// Add the highest id so far.
    #[inline(always)]
    pub(crate) fn push(&mut self, id: u64, slot: u32) {
        let number = id / IDS as u64;
        if self.stretches.is_empty() {
            self.first = number;
        }
        while number >= self.first + self.stretches.len() as u64 {
            self.open(number);
        }
        let Some(stretch) = self.stretches.back_mut() else {
            return;
        };
        if stretch.page == NONE {
            stretch.page = self.pages.take_kept();
        }
        let (word, bit) = bit(id);
        stretch.live[word] |= bit;
        stretch.count += 1;
        self.pages[stretch.page].0[id as usize % IDS] = slot;
        self.recent += 1;
    }

    /// Add an id in any order.
    pub(crate) fn insert(&mut self, id: u64, slot: u32) {
        self.old.insert(hash(id), slot);
    }

    /// Open the next stretch on the way to that `number`; where it is far, the way is left out.
    #[cold]
    fn open(&mut self, number: u64) {
        let following = self.first + self.stretches.len() as u64;
        if number - following > STRETCHES_MAX as u64 {
            (0..self.stretches.len()).for_each(|index| self.retire(index));
            self.stretches.clear();
            self.first = number;
        }
        if let Some(last) = self.stretches.back()
            && last.count < IDS_MIN
        {
            self.retire(self.stretches.len() - 1);
        }
        if self.stretches.len() == STRETCHES_MAX {
            self.retire(0);
        }
        self.stretches.push_back(FRESH);
        self.trim();
    }

    /// Take out an id that is in here.
    #[inline(always)]
    pub(crate) fn remove(&mut self, id: u64, slot: u32) {
        let (word, bit) = bit(id);
        let index = (id / IDS as u64).wrapping_sub(self.first) as usize;
        let newest = self.stretches.len().wrapping_sub(1);
        match self.stretches.get_mut(index) {
            Some(stretch) if stretch.live[word] & bit != 0 => {
                stretch.live[word] &= !bit;
                stretch.count -= 1;
                self.recent -= 1;
                if stretch.count < IDS_MIN && index != newest {
                    self.retire(index);
                    self.trim();
                }
            }
            _ => self.old.remove(hash(id), slot),
        }
    }

    /// Move what is left of a stretch to the hash index.
    #[cold]
    fn retire(&mut self, index: usize) {
        let stretch = std::mem::replace(&mut self.stretches[index], FRESH);
        if stretch.page == NONE {
            return;
        }
        let base = (self.first + index as u64) * IDS as u64;
        for (word, bits) in (0..).zip(stretch.live) {
            let mut left = bits;
            while left != 0 {
                let at = word * 64 + u64::from(left.trailing_zeros());
                left &= left - 1;
                let slot = self.pages[stretch.page].0[at as usize];
                self.old.insert(hash(base + at), slot);
            }
        }
        self.recent -= stretch.count as usize;
        self.pages.give(stretch.page);
    }

    /// Drop stretches at the front that hold nothing any more.
    fn trim(&mut self) {
        while self.stretches.len() > 1 && self.stretches[0].page == NONE {
            self.stretches.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{IDS_MIN, Ids};
    use std::collections::BTreeMap;

    /// Ids rise by `gap` at most; slots are ids here.
    fn follow(gap: u64, keep: usize) {
        let mut ids = Ids::new();
        let mut plain = BTreeMap::new();
        let (mut id, mut state) = (7 << 56, 5_u64);
        for step in 0..60_000_u64 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            id += 1 + (state >> 40) % gap;
            ids.push(id, id as u32);
            plain.insert(id, id as u32);
            if plain.len() > keep {
                let from = (7 << 56) + (state >> 30) % (id - (7 << 56));
                let gone = *plain.range(from..).next().unwrap_or((&id, &0)).0;
                ids.remove(gone, gone as u32);
                plain.remove(&gone);
            }
            assert_eq!(ids.len(), plain.len());
            let wanted = id - (state >> 50);
            let found = ids.find(wanted, |slot| slot == wanted as u32);
            ids.prefetch(wanted);
            // What it is in the index by the tag alone, that of another may be as well.
            assert!(found.is_none() || ids.guess(wanted) != super::NONE);
            assert_eq!(found, plain.get(&wanted).copied(), "{wanted} at {step}");
        }
        for (id, slot) in plain {
            assert_eq!(ids.find(id, |it| it == slot), Some(slot));
        }
        let sparse = ids.stretches.iter().rev().skip(1);
        assert!(
            sparse
                .into_iter()
                .all(|it| it.page == super::NONE || it.count >= IDS_MIN)
        );
    }

    #[test]
    fn ids_are_found_as_in_a_plain_map() {
        follow(1, 2_000);
        follow(3, 20_000);
        follow(700, 500);
    }

    #[test]
    fn ids_that_leap_are_found_on_both_sides() {
        let mut ids = Ids::new();
        let all = [1, 2, 700, 701, 1 << 40, (1 << 40) + 1, (1 << 40) + 300];
        for id in all {
            ids.push(id, id as u32 ^ 5);
        }
        assert_eq!(ids.len(), all.len());
        assert!(ids.stretches.len() <= 2, "{}", ids.stretches.len());
        for id in all {
            let slot = id as u32 ^ 5;
            assert_eq!(ids.find(id, |it| it == slot), Some(slot), "{id}");
            ids.remove(id, slot);
            assert_eq!(ids.find(id, |it| it == slot), None, "{id}");
        }
        assert_eq!((ids.len(), ids.pages.used() <= 1), (0, true));
    }

    #[test]
    fn a_page_stays_while_an_eighth_of_it_is_left() {
        let mut ids = Ids::new();
        let take_out = |ids: &mut Ids, range: std::ops::Range<u64>| {
            range.for_each(|id| ids.remove(id, id as u32));
        };
        (0..256).for_each(|id| ids.push(id, id as u32));
        // The newest page is kept with less; 32 are enough when the next one opens.
        take_out(&mut ids, 0..224);
        assert_eq!((ids.old.len(), ids.pages.used()), (0, 1));
        (256..768).for_each(|id| ids.push(id, id as u32));
        assert_eq!((ids.old.len(), ids.pages.used()), (0, 3));
        take_out(&mut ids, 224..225);
        assert_eq!((ids.old.len(), ids.pages.used()), (31, 2));
        take_out(&mut ids, 256..480);
        assert_eq!((ids.old.len(), ids.pages.used()), (31, 2));
        take_out(&mut ids, 480..481);
        assert_eq!((ids.old.len(), ids.pages.used()), (62, 1));
    }

    #[test]
    fn stretches_without_ids_are_dropped_from_the_front() {
        let mut ids = Ids::new();
        for id in 0..100_000 {
            ids.push(id, id as u32);
            if id >= 1_000 {
                ids.remove(id - 1_000, (id - 1_000) as u32);
            }
        }
        assert!(ids.stretches.len() <= 6, "{}", ids.stretches.len());
        assert_eq!(ids.first, 100_000 / 256 + 1 - ids.stretches.len() as u64);
    }

    #[test]
    fn ids_spread_in_the_hash_index() {
        let hashes: std::collections::HashSet<u64> = (0..10_000).map(super::hash).collect();
        assert_eq!(hashes.len(), 10_000);
    }

    #[test]
    fn what_was_put_in_out_of_order_is_found_beside_what_rose() {
        let mut ids = Ids::new();
        for id in [900, 3, 70_000] {
            ids.insert(id, id as u32);
        }
        ids.push(70_001, 1);
        for (id, slot) in [(900, 900), (3, 3), (70_000, 70_000), (70_001, 1)] {
            assert_eq!(ids.find(id, |it| it == slot), Some(slot));
            ids.remove(id, slot);
            assert_eq!(ids.find(id, |it| it == slot), None);
        }
        assert_eq!(ids.len(), 0);
    }
}
