//! Values in slots that never move: growing copies nothing, so that no insertion takes long.

/// Values in one piece of memory.
const CHUNK: usize = 512;

/// Values by their slot.
#[derive(Debug)]
pub struct Slab<T> {
    chunks: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
    len: usize,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            free: Vec::new(),
            len: 0,
        }
    }
}

#[allow(
    clippy::arithmetic_side_effects,
    reason = "slots in memory, counted one by one"
)]
impl<T> Slab<T> {
    /// How many values there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Keep a value; its slot.
    pub fn insert(&mut self, value: T) -> u32 {
        self.len += 1;
        if let Some(slot) = self.free.pop() {
            *self.value_mut(slot) = Some(value);
            return slot;
        }
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let before = (self.chunks.len() - 1) * CHUNK;
        let chunk = &mut self.chunks[before / CHUNK];
        chunk.push(Some(value));
        (before + chunk.len() - 1) as u32
    }

    fn value_mut(&mut self, slot: u32) -> &mut Option<T> {
        &mut self.chunks[slot as usize / CHUNK][slot as usize % CHUNK]
    }

    /// The value in a slot that was given for it.
    pub fn get(&self, slot: u32) -> Option<&T> {
        self.chunks[slot as usize / CHUNK][slot as usize % CHUNK].as_ref()
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.value_mut(slot).as_mut()
    }

    /// Take a value away; its slot is given to another.
    pub fn remove(&mut self, slot: u32) -> Option<T> {
        let value = self.value_mut(slot).take()?;
        self.len -= 1;
        self.free.push(slot);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_used_again_and_values_stay_where_they_are() {
        let mut slab = Slab::default();
        let slots: Vec<u32> = (0..2 * CHUNK as u32 + 1).map(|n| slab.insert(n)).collect();
        assert!(slots.iter().copied().eq(0..2 * CHUNK as u32 + 1));
        assert_eq!(slab.remove(700), Some(700));
        assert_eq!((slab.remove(700), slab.get(700)), (None, None));
        assert_eq!(slab.insert(7), 700);
        if let Some(value) = slab.get_mut(700) {
            *value += 1;
        }
        assert_eq!((slab.get(700), slab.get(1_024)), (Some(&8), Some(&1_024)));
        assert_eq!(slab.len(), 2 * CHUNK + 1);
    }
}
