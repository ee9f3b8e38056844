//! A fixed piece of work, of the standard library alone, that runs between the samples.
//!
//! It chases pointers and compares keys as the engine does.  Nothing of the engine is in it, so that the
//! ratio of the two says what the engine costs on any machine, and whatever else that does.

#![allow(clippy::disallowed_methods, reason = "a benchmark")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use crate::mix::Random;

const KEYS: usize = 100_000;
const STEPS: usize = 20_000;

/// The work, and how long it took each time.
pub struct Fixed {
    map: BTreeMap<u64, u64>,
    keys: Vec<u64>,
    random: Random,
    /// Nanoseconds a step.
    pub samples: Vec<f64>,
}

impl Fixed {
    /// A map of 100,000 random numbers.
    pub fn new() -> Self {
        let mut random = Random::new(1);
        let keys: Vec<u64> = (0..KEYS).map(|_| random.below(u64::MAX)).collect();
        Self {
            map: keys.iter().map(|key| (*key, 1)).collect(),
            keys,
            random,
            samples: Vec::new(),
        }
    }

    /// Take 20,000 out, and put as many others in.
    pub fn run(&mut self) {
        let start = Instant::now();
        for _ in 0..STEPS {
            let index = self.random.below(KEYS as u64) as usize;
            black_box(self.map.remove(&self.keys[index]));
            let key = self.random.below(u64::MAX);
            self.map.insert(key, 1);
            self.keys[index] = key;
        }
        let took = start.elapsed().as_nanos() as f64;
        self.samples.push(took / STEPS as f64);
    }
}
