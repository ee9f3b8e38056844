//! A price level: how much stands in it, and the queue of its orders.

use super::pool::{NONE, Slot};
use super::row::{Pages, Place, Row};

/// Orders that stand in the level itself.
const NEAR: usize = 8;

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
    near: [u32; NEAR],
    far: Row,
    /// A bit for each place in `near` whose order is there.
    live: u8,
    /// Places in `near` that were given so far.
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
            near: [NONE; NEAR],
            far: Row::EMPTY,
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
        reason = "places in a level, of which there are eight"
    )]
    pub(crate) fn push(&mut self, pages: &mut Pages, slot: u32) -> Place {
        let at = self.given;
        if usize::from(at) == NEAR {
            return self.far.push(pages, slot);
        }
        self.near[usize::from(at) % NEAR] = slot;
        self.live |= 1 << at;
        self.given = at + 1;
        Place { page: NONE, at }
    }

    #[inline(always)]
    pub(crate) fn remove(&mut self, pages: &mut Pages, place: Place) {
        if place.page == NONE {
            self.live &= !(1 << place.at);
        } else {
            self.far.remove(pages, place);
        }
    }

    /// The page where the queue ends, or `NONE`.
    #[inline(always)]
    pub(crate) const fn last_page(&self) -> u32 {
        self.far.last
    }

    /// The oldest order, or `NONE`.
    #[inline(always)]
    pub(crate) fn head(&self, pages: &Pages) -> u32 {
        if self.live == 0 {
            return self.far.head(pages);
        }
        self.near[self.live.trailing_zeros() as usize % NEAR]
    }

    /// The orders with their places, oldest first.
    pub(crate) fn queue(self, pages: &Pages) -> impl Iterator<Item = (Place, u32)> {
        let places = (0..NEAR as u8).filter(move |at| self.live & (1 << at) != 0);
        let near = places.map(move |at| (Place { page: NONE, at }, self.near[usize::from(at)]));
        near.chain(self.far.walk(pages))
    }

    /// Check the pages behind it; how many there are.
    pub(crate) fn check(&self, pages: &Pages) -> Result<u32, String> {
        if self.far.first != NONE && usize::from(self.given) < NEAR {
            return Err("pages behind a level that has room".to_owned());
        }
        self.far.check(pages)
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, NEAR};
    use crate::pool::Pool;

    #[test]
    fn pages_stand_only_behind_a_level_that_is_full() {
        let mut pages = Pool::new();
        let mut level = Level::new(1, 1);
        let places: Vec<_> = (0..NEAR as u32 + 1)
            .map(|slot| level.push(&mut pages, slot))
            .collect();
        assert_eq!(level.check(&pages), Ok(1));
        // Who left gives no place back: the queue would lose its order.
        level.remove(&mut pages, places[0]);
        assert_eq!(level.check(&pages), Ok(1));
        level.given -= 1;
        assert!(level.check(&pages).is_err());
    }
}
