//! A map from names to numbers, in many shards: when one grows, that takes microseconds.
//!
//! A single map of a million names moves them all when it grows, and everybody waits for that.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

const SHARDS: usize = 256;

/// Numbers by name.
#[derive(Debug)]
pub struct ShardedMap {
    shards: Vec<HashMap<Box<str>, u32>>,
    /// Chooses the shard; nobody outside can know which.
    chooser: RandomState,
}

impl Default for ShardedMap {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| HashMap::new()).collect(),
            chooser: RandomState::new(),
        }
    }
}

impl ShardedMap {
    /// The number of this name.
    pub fn get(&self, name: &str) -> Option<u32> {
        self.shards[self.shard(name)].get(name).copied()
    }

    /// Note the number of a name that has none.
    pub fn insert(&mut self, name: &str, number: u32) {
        let shard = self.shard(name);
        self.shards[shard].insert(name.into(), number);
    }

    fn shard(&self, name: &str) -> usize {
        self.chooser.hash_one(name) as usize % SHARDS
    }
}

#[cfg(test)]
mod tests {
    use super::ShardedMap;

    #[test]
    fn every_name_has_its_number_and_no_shard_has_many() {
        let mut map = ShardedMap::default();
        for number in 0..100_000 {
            map.insert(&format!("user-{number}"), number);
        }
        assert!((0..100_000).all(|n| map.get(&format!("user-{n}")) == Some(n)));
        assert_eq!(map.get("user-100000"), None);
        let most = map.shards.iter().map(std::collections::HashMap::len).max();
        assert!(most < Some(1_000), "{most:?}");
    }
}
