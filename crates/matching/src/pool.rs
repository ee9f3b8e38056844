//! Slots that are taken, given back and taken again, named by `u32`.
//!
//! Slots stand in chunks that never move, so growth copies nothing and allocates seldom.
//! A freed slot is the next to be taken.  After the peak nothing is allocated any more.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "slots are numbered one by one: memory ends before 2^32 orders of 64 bytes"
)]

use std::ops::{Index, IndexMut};

/// Names no slot.
pub(crate) const NONE: u32 = u32::MAX;

/// What can stand in a pool: it lends one of its fields to the list of free slots.
pub(crate) trait Slot: Clone + Default {
    fn link(&self) -> u32;
    fn set_link(&mut self, next: u32);
}

/// A pool whose chunks hold `N` slots, a power of two.
#[derive(Debug)]
pub(crate) struct Pool<T, const N: usize> {
    chunks: Vec<Box<[T; N]>>,
    free: u32,
    fresh: u32,
    used: u32,
}

impl<T, const N: usize> Default for Pool<T, N> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            free: NONE,
            fresh: 0,
            used: 0,
        }
    }
}

impl<T: Clone + Default, const N: usize> Pool<T, N> {
    pub(crate) const fn new() -> Self {
        Self {
            chunks: Vec::new(),
            free: NONE,
            fresh: 0,
            used: 0,
        }
    }

    /// What stands in a slot, if there is such a slot.
    #[inline(always)]
    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        let chunk = self.chunks.get(slot as usize / N)?;
        Some(&chunk[slot as usize % N])
    }

    /// Prefetch what stands in a slot, if there is such a slot.
    ///
    /// Where there is none, something else is prefetched, always the same: that costs less than a
    /// branch that nobody can predict.
    #[inline(always)]
    pub(crate) fn prefetch(&self, slot: u32) {
        let chunk = slot as usize / N;
        let chunk = if chunk < self.chunks.len() { chunk } else { 0 };
        if let Some(chunk) = self.chunks.get(chunk) {
            prefetch::line(&chunk[slot as usize % N]);
        }
    }

    /// Room for an eighth more, so that a peak that is passed by little allocates nothing.
    #[cold]
    fn grow(&mut self) {
        for _ in 0..(self.chunks.len() / 8).max(1) {
            let chunk = vec![T::default(); N].into_boxed_slice();
            if let Ok(chunk) = chunk.try_into() {
                self.chunks.push(chunk);
            }
        }
    }
}

impl<T: Slot, const N: usize> Pool<T, N> {
    /// Slots that are taken.
    pub(crate) const fn used(&self) -> u32 {
        self.used
    }

    /// Take a slot and put `value` there.
    #[inline(always)]
    pub(crate) fn take(&mut self, value: T) -> u32 {
        let slot = self.take_kept();
        self[slot] = value;
        slot
    }

    /// Take a slot that still holds what it held, whose buffers can be used again.
    #[inline(always)]
    pub(crate) fn take_kept(&mut self) -> u32 {
        self.used += 1;
        if self.free != NONE {
            let slot = self.free;
            self.free = self[slot].link();
            return slot;
        }
        self.take_fresh()
    }

    #[inline(never)]
    fn take_fresh(&mut self) -> u32 {
        let slot = self.fresh;
        self.fresh += 1;
        if slot as usize / N == self.chunks.len() {
            self.grow();
        }
        slot
    }

    /// Give a slot back.
    #[inline(always)]
    pub(crate) fn give(&mut self, slot: u32) {
        let next = self.free;
        self[slot].set_link(next);
        self.free = slot;
        self.used -= 1;
    }
}

impl<T, const N: usize> Index<u32> for Pool<T, N> {
    type Output = T;
    #[inline(always)]
    fn index(&self, slot: u32) -> &T {
        &self.chunks[slot as usize / N][slot as usize % N]
    }
}

impl<T, const N: usize> IndexMut<u32> for Pool<T, N> {
    #[inline(always)]
    fn index_mut(&mut self, slot: u32) -> &mut T {
        &mut self.chunks[slot as usize / N][slot as usize % N]
    }
}

#[cfg(test)]
mod tests {
    use super::{NONE, Pool, Slot};

    impl Slot for u32 {
        fn link(&self) -> u32 {
            *self
        }
        fn set_link(&mut self, next: u32) {
            *self = next;
        }
    }

    #[test]
    fn a_pool_grows_by_an_eighth_and_not_while_slots_are_free() {
        let mut pool: Pool<u32, 4> = Pool::new();
        let mut sizes = vec![0];
        for slot in 0..4 * 66 {
            assert_eq!(pool.take(slot), slot);
            if sizes.last() != Some(&pool.chunks.len()) {
                sizes.push(pool.chunks.len());
            }
        }
        let steps: Vec<usize> = sizes.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(steps[..16], [1; 16]);
        assert_eq!(steps[16..19], [2, 2, 2]);
        assert_eq!(pool.chunks.len(), 72);
        for slot in [7, 9] {
            pool.give(slot);
        }
        assert_eq!((pool.take(1), pool.take(1), pool.used()), (9, 7, 264));
        assert_eq!((pool.chunks.len(), pool.free), (72, NONE));
    }
}
