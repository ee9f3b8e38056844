//! Where the order of an id is kept.
//!
//! Ids rise by one, so a page of neighbours fills up and empties together, and a new id is written
//! beside the one before it.  The map of pages is hundreds of times smaller than one of ids would
//! be: when it grows, that takes microseconds.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Ids of one page.
const PAGE: u64 = 256;
/// No order has this slot.
const NONE: u32 = u32::MAX;

/// Spreads page numbers, which the engine gives and no client chooses.
#[derive(Debug, Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // Fibonacci hashing; the rotation brings the best bits down to where the map looks.
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed.rotate_right(32);
    }
}

#[derive(Debug)]
struct Page {
    slots: Box<[u32; PAGE as usize]>,
    used: u32,
}

/// Slots by order id.
#[derive(Debug, Default)]
pub struct OrderSlots {
    pages: HashMap<u64, Page, BuildHasherDefault<Spread>>,
}

impl OrderSlots {
    /// The slot of an order.
    pub fn get(&self, order_id: u64) -> Option<u32> {
        let page = self.pages.get(&(order_id / PAGE))?;
        let slot = page.slots[(order_id % PAGE) as usize];
        (slot != NONE).then_some(slot)
    }

    /// Note the slot of an order that has none.
    #[allow(clippy::arithmetic_side_effects, reason = "slots of a page")]
    pub fn insert(&mut self, order_id: u64, slot: u32) {
        let page = self.pages.entry(order_id / PAGE).or_insert_with(|| Page {
            slots: Box::new([NONE; PAGE as usize]),
            used: 0,
        });
        page.slots[(order_id % PAGE) as usize] = slot;
        page.used += 1;
    }

    /// Forget an order; where it was.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "a slot that is taken was counted"
    )]
    pub fn remove(&mut self, order_id: u64) -> Option<u32> {
        let slot = self.get(order_id)?;
        let number = order_id / PAGE;
        let page = self.pages.get_mut(&number)?;
        page.slots[(order_id % PAGE) as usize] = NONE;
        page.used -= 1;
        if page.used == 0 {
            self.pages.remove(&number);
        }
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_map(steps in proptest::collection::vec((any::<bool>(), 0..2_000u64), 0..600)) {
            let (mut slots, mut map) = (OrderSlots::default(), HashMap::new());
            for (at, (insert, id)) in steps.into_iter().enumerate() {
                let id = id * id;
                if insert && !map.contains_key(&id) {
                    slots.insert(id, at as u32);
                    map.insert(id, at as u32);
                } else {
                    prop_assert_eq!(slots.remove(id), map.remove(&id));
                }
                prop_assert_eq!(slots.get(id), map.get(&id).copied());
            }
            for id in map.keys() {
                prop_assert_eq!(slots.get(*id), map.get(id).copied());
            }
            prop_assert!(slots.pages.len() <= map.len());
        }
    }
}
