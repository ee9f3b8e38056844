//! The invariants of a ladder, checked level by level.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts of what is in memory; a step is 1 at least"
)]

use super::ladder::{BUCKET, Ladder};
use super::level::Level;
use super::pool::NONE;
use super::pools::Pools;

impl Ladder {
    /// Check the tree, and that each level stands where its key belongs; how many nodes,
    /// buckets, and buckets that are known by their windows.
    pub(crate) fn check(
        &self,
        pools: &Pools,
        key: impl Fn(&Level) -> i64,
    ) -> Result<(u32, u32, u32), String> {
        let (mut buckets, mut known, mut before) = (0, 0, NONE);
        let mut walk = self.walk();
        while let Some(at) = walk.next(pools) {
            let key = key(&pools.levels[at]);
            if key % self.step != 0 {
                return Err(format!("a level at {key}, steps are {}", self.step));
            }
            if self.spot(pools, NONE, key).level != at {
                return Err(format!("the level at {key} is not found"));
            }
            let bucket = pools.windows.find(self.tree.owner, self.window(key));
            let (_, named) = self.tree.seek(&pools.nodes, NONE, self.window(key));
            if bucket != NONE && named != Some(bucket | BUCKET) {
                return Err(format!("the window of {key} is known by another bucket"));
            }
            if walk.bucket != before && walk.bucket != NONE {
                buckets += 1;
                known += u32::from(bucket != NONE);
                before = walk.bucket;
            }
        }
        Ok((self.tree.check(&pools.nodes)?, buckets, known))
    }
}

#[cfg(test)]
mod tests {
    use super::super::ladder::Ladder;
    use super::super::level::Level;
    use super::super::pool::NONE;
    use super::super::pools::Pools;
    use std::collections::BTreeMap;

    /// A ladder, what it stands in, and a plain map from its keys to its levels.
    struct Both {
        pools: Pools,
        ladder: Ladder,
        plain: BTreeMap<i64, u32>,
        state: u64,
    }

    impl Both {
        fn new(seed: u64) -> Self {
            Self {
                pools: Pools::new(),
                ladder: Ladder::new(1),
                plain: BTreeMap::new(),
                state: seed,
            }
        }

        /// A small generator of numbers (an LCG's upper half).
        fn random(&mut self) -> u64 {
            self.state = self
                .state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            self.state >> 33
        }

        fn open(&mut self, tick: i64, key: i64) {
            let hint = self.random() as u32 % 40;
            let mut spot = self.ladder.spot(&self.pools, hint, key);
            assert_eq!(spot.level, *self.plain.get(&key).unwrap_or(&NONE));
            if spot.level != NONE {
                return;
            }
            if self.ladder.fit(&mut self.pools, tick, key) {
                spot = self.ladder.spot(&self.pools, NONE, key);
            }
            let level = self.pools.levels.take(Level::new(key.abs(), 1));
            self.ladder.put(&mut self.pools, spot, key, level);
            self.plain.insert(key, level);
        }

        fn close(&mut self, key: i64) {
            if let Some(level) = self.plain.remove(&key) {
                let hint = self.random() as u32 % 40;
                self.ladder.remove(&mut self.pools, hint, key);
                self.pools.levels.give(level);
            }
        }

        fn compare(&self, sign: i64) {
            let key = |level: &Level| sign * level.price;
            let pools = &self.pools;
            let known = pools.windows.known();
            let used = (pools.nodes.used(), pools.buckets.used(), known);
            assert_eq!(self.ladder.check(&self.pools, key), Ok(used));
            assert_eq!(
                self.ladder.first(&self.pools),
                self.plain.first_key_value().map(|(_, level)| *level)
            );
        }

        fn compare_all(&self, sign: i64) {
            self.compare(sign);
            let mut walk = self.ladder.walk();
            let walked: Vec<u32> = std::iter::from_fn(|| walk.next(&self.pools)).collect();
            assert_eq!(walked, self.plain.values().copied().collect::<Vec<_>>());
        }
    }

    /// Open and close levels as a plain map does, with hints that are right or wrong and ticks that
    /// change, and look at everything after each step.
    fn follow(prices: u64, ticks: &[i64], sign: i64) {
        let mut both = Both::new(prices);
        for step in 0..4_000_usize {
            let tick = ticks[step * ticks.len() / 4_000];
            let key = sign * tick * (1 + both.random() % prices) as i64;
            let growing = (step / 400) % 2 == 0;
            if (both.random() % 10 < 7) == growing {
                both.open(tick, key);
            } else if let Some((near, _)) = both.plain.range(key..).next() {
                both.close(*near);
            }
            both.compare(sign);
            if step % 200 == 0 {
                both.compare_all(sign);
            }
        }
        both.compare_all(sign);
        let keys: Vec<i64> = both.plain.keys().copied().collect();
        for key in keys {
            both.close(key);
            both.compare(sign);
        }
        assert_eq!((both.pools.nodes.used(), both.pools.buckets.used()), (0, 0));
    }

    #[test]
    fn a_ladder_holds_what_a_plain_map_holds() {
        for sign in [1, -1] {
            follow(20, &[1], sign);
            follow(600, &[1], sign);
            follow(3_000, &[1], sign);
            follow(600, &[1_000_000], sign);
            follow(1 << 30, &[1], sign);
            follow(100, &[1 << 55], sign);
        }
    }

    #[test]
    fn it_does_so_where_the_tick_changes() {
        for sign in [1, -1] {
            follow(200, &[100, 10, 25, 7, 3, 50], sign);
            follow(200, &[6, 1_000_000, 1, 12], sign);
            follow(50, &[1 << 56, 3, 1 << 40], sign);
        }
    }

    #[test]
    fn the_highest_prices_have_their_cells() {
        let mut both = Both::new(1);
        for key in [i64::MAX, 1, i64::MAX - 1, 2] {
            both.open(i64::MAX, key);
            both.compare_all(1);
        }
    }

    #[test]
    fn neighbours_share_a_strip_and_distant_levels_have_none() {
        for tick in [1, 2, 1 << 40] {
            let mut both = Both::new(1);
            (1..=1_600).for_each(|key| both.open(tick, tick * key));
            assert_eq!(both.pools.buckets.used(), 100);
        }
        // A cell is as wide as the highest power of two in the tick: half of the cells are used.
        let mut both = Both::new(1);
        (1..=1_600).for_each(|key| both.open(1_000, 1_000 * key));
        assert_eq!(both.pools.buckets.used(), 196);
        let mut both = Both::new(1);
        (1..=1_600).for_each(|key| both.open(1, 16 * key));
        assert_eq!(both.pools.buckets.used(), 0);
    }

    #[test]
    fn a_key_off_the_tick_lays_out_the_side_anew_once() {
        let mut both = Both::new(1);
        (1..=100).for_each(|key| both.open(100, 100 * key));
        let mut fits = |key| both.ladder.fit(&mut both.pools, 100, key);
        assert!(!fits(300) && !fits(-500));
        assert!(fits(250) && !fits(250));
        assert_eq!(both.ladder.step, 50);
        both.compare_all(1);
    }

    #[test]
    fn strips_are_known_by_their_windows_where_the_tree_has_layers() {
        let mut both = Both::new(1);
        (16..16 * 33).for_each(|key| both.open(1, key));
        assert_eq!(
            (both.ladder.tree.layers, both.pools.windows.known()),
            (0, 0)
        );
        (16 * 33..16 * 66).for_each(|key| both.open(1, key));
        assert_eq!(both.ladder.tree.layers, 1);
        assert_eq!(both.pools.windows.known(), 33);
        // A bucket that came before the tree had layers is known when it is found again.
        both.close(17);
        both.open(1, 17);
        assert_eq!(both.pools.windows.known(), 34);
    }
}
