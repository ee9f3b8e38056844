//! A map from names to numbers, in many parts: when one grows, that takes microseconds.
//!
//! A single map of a million names moves them all when it grows, and everybody waits for that.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

const PARTS: usize = 256;

/// Numbers by name.
#[derive(Debug)]
pub struct Parts {
    parts: Vec<HashMap<Box<str>, u32>>,
    /// Chooses the part; nobody outside can know which.
    chooser: RandomState,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            parts: (0..PARTS).map(|_| HashMap::new()).collect(),
            chooser: RandomState::new(),
        }
    }
}

impl Parts {
    /// The number of this name.
    pub fn get(&self, name: &str) -> Option<u32> {
        self.parts[self.part(name)].get(name).copied()
    }

    /// Note the number of a name that has none.
    pub fn insert(&mut self, name: &str, number: u32) {
        let part = self.part(name);
        self.parts[part].insert(name.into(), number);
    }

    fn part(&self, name: &str) -> usize {
        self.chooser.hash_one(name) as usize % PARTS
    }
}

#[cfg(test)]
mod tests {
    use super::Parts;

    #[test]
    fn every_name_has_its_number_and_no_part_has_many() {
        let mut parts = Parts::default();
        for number in 0..100_000 {
            parts.insert(&format!("user-{number}"), number);
        }
        assert!((0..100_000).all(|n| parts.get(&format!("user-{n}")) == Some(n)));
        assert_eq!(parts.get("user-100000"), None);
        let most = parts.parts.iter().map(std::collections::HashMap::len).max();
        assert!(most < Some(1_000), "{most:?}");
    }
}
