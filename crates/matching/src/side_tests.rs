//! Sides of several books on the same pools beside plain maps, with hints that are right or wrong.

#![allow(clippy::unwrap_used)]

use super::super::pools::Hint;
use super::{BookSide, Orders, Pools, key};
use crate::pool::{NONE, Pool};
use crate::resting::Resting;
use std::collections::{BTreeMap, VecDeque};
use wire::record::Side;

/// A side, and the slots of its orders by key, oldest first.
struct Twin {
    side: BookSide,
    which: Side,
    queues: BTreeMap<i64, VecDeque<u32>>,
}

struct Books {
    pools: Pools,
    orders: Orders,
    twins: Vec<Twin>,
    state: u64,
}

impl Books {
    /// `owners` are those of bids; the asks of the same book have the number behind them.
    fn new(owners: &[u32]) -> Self {
        let both = owners
            .iter()
            .flat_map(|owner| [(*owner, Side::Buy), (owner + 1, Side::Sell)]);
        let twin = |(owner, which)| Twin {
            side: BookSide::new(owner),
            which,
            queues: BTreeMap::new(),
        };
        Self {
            pools: Pools::new(),
            orders: Pool::new(),
            twins: both.map(twin).collect(),
            state: 3,
        }
    }

    fn random(&mut self, below: usize) -> usize {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.state >> 33) as usize % below
    }

    /// A level that stands or stood somewhere, or none.
    fn guess(&mut self) -> Hint {
        let level = self.random(40) as u32;
        Hint {
            level: if level < 36 { level } else { NONE },
            ..Hint::NONE
        }
    }

    fn push(&mut self, at: usize, price: i64) {
        self.pools.hint = self.guess();
        let twin = &mut self.twins[at];
        let mut line = Resting::default();
        (line.price, line.leaves, line.side) = (price, 1 + price % 3, twin.which);
        let slot = self.orders.take(line);
        let order = &mut self.orders[slot];
        twin.side.push(&mut self.pools, order, slot, 1);
        let queue = twin.queues.entry(key(twin.which, price)).or_default();
        queue.push_back(slot);
    }

    /// Take out an order of this price, if there is one: an old one or a new one.
    fn take_out(&mut self, at: usize, price: i64) {
        self.pools.hint = self.guess();
        let oldest = self.random(2) == 0;
        let twin = &mut self.twins[at];
        let key = key(twin.which, price);
        let Some(queue) = twin.queues.get_mut(&key) else {
            return;
        };
        let end = if oldest {
            queue.pop_front()
        } else {
            queue.pop_back()
        };
        if queue.is_empty() {
            twin.queues.remove(&key);
        }
        if let Some(slot) = end {
            twin.side.unlink(&mut self.pools, &self.orders[slot]);
            self.orders.give(slot);
        }
    }

    fn check(&self) {
        for Twin {
            side,
            which,
            queues,
        } in &self.twins
        {
            side.check_ladder(&self.pools, *which).unwrap();
            // The highest price is none of an empty side.
            assert!(side.level(&self.pools, i64::MAX).is_none());
            let first = queues.keys().next().copied();
            assert_eq!(side.reach(i64::MAX).map(|_| side.best_key), first);
            let counts = queues.values().map(|queue| queue.len() as u32);
            assert_eq!(side.orders, counts.sum::<u32>());
            for (key, queue) in queues {
                let level = &self.pools.levels[side.level(&self.pools, *key).unwrap()];
                assert_eq!(level.head(&self.pools.pages), queue[0]);
                assert_eq!(level.count as usize, queue.len());
                let leaves = queue.iter().map(|slot| self.orders[*slot].leaves);
                assert_eq!(level.qty, leaves.sum::<i64>());
            }
        }
    }
}

fn follow(owners: &[u32]) {
    let mut books = Books::new(owners);
    for _ in 0..4_000 {
        let at = books.random(books.twins.len());
        let price = 1 + books.random(6) as i64;
        if books.random(100) < 55 {
            books.push(at, price);
        } else {
            books.take_out(at, price);
        }
        books.check();
    }
}

#[test]
fn a_hint_at_the_same_price_of_another_side_or_book_is_not_taken() {
    follow(&[1, 3]);
}

#[test]
fn sides_whose_numbers_do_not_fit_in_a_level_take_no_hint() {
    follow(&[70_001, 80_001]);
}
