//! A log in memory for a recorder's thread, and what its tests wait for.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use store::{EventSource, Runner, RunnerLimits, Stats};

use crate::market::Market;

#[derive(Debug, Default)]
struct Kept {
    journal_id: u64,
    first: u64,
    batches: Vec<Vec<u8>>,
    failure: Option<String>,
}

/// A log in memory that fails when it is told to.
#[derive(Debug, Clone, Default)]
pub struct Rows(Arc<Mutex<Kept>>);

impl Rows {
    pub fn of(batches: Vec<Vec<u8>>) -> Self {
        Self::named(7, batches)
    }

    pub fn named(journal_id: u64, batches: Vec<Vec<u8>>) -> Self {
        Self(Arc::new(Mutex::new(Kept {
            journal_id,
            first: 1,
            batches,
            failure: None,
        })))
    }

    pub fn push(&self, batch: Vec<u8>) {
        self.0.lock().unwrap().batches.push(batch);
    }

    pub fn fail(&self, failure: Option<&str>) {
        self.0.lock().unwrap().failure = failure.map(str::to_owned);
    }

    pub fn forget(&self, count: usize) {
        let mut kept = self.0.lock().unwrap();
        kept.batches.drain(..count);
        kept.first += count as u64;
    }
}

impl EventSource for Rows {
    fn read(&mut self, from: u64, bytes_max: usize) -> Result<Vec<(u64, Vec<u8>)>, String> {
        let kept = self.0.lock().unwrap();
        if let Some(failure) = &kept.failure {
            return Err(failure.clone());
        }
        let mut bytes = 0;
        let rows = kept
            .batches
            .iter()
            .zip(kept.first..)
            .filter(|(_, offset)| *offset >= from);
        let within = |(batch, _): &(&Vec<u8>, u64)| {
            let first = bytes == 0;
            bytes += batch.len();
            first || bytes <= bytes_max
        };
        Ok(rows
            .take_while(within)
            .map(|(batch, offset)| (offset, batch.clone()))
            .collect())
    }

    fn last(&mut self) -> Result<Option<u64>, String> {
        let kept = self.0.lock().unwrap();
        Ok((kept.first + kept.batches.len() as u64)
            .checked_sub(2)
            .map(|before| before + 1))
    }

    fn journal_id(&mut self) -> Result<u64, String> {
        Ok(self.0.lock().unwrap().journal_id)
    }

    fn chain(&mut self, offset: u64) -> Result<Option<u64>, String> {
        let kept = self.0.lock().unwrap();
        let mut before = kept.journal_id + kept.first;
        for (batch, at) in kept.batches.iter().zip(kept.first..=offset) {
            before = journal::chain(before, at, 0, batch);
        }
        let last = kept.first + kept.batches.len() as u64 - 1;
        Ok((kept.first..=last).contains(&offset).then_some(before))
    }
}

pub const QUICK: RunnerLimits = RunnerLimits {
    transaction_events_max: 100,
    read_bytes_max: 4_096,
    interval: Duration::from_millis(5),
    interval_busy: Duration::from_millis(5),
    wal_bytes_max: 200_000,
    checkpoint_interval: Duration::from_millis(50),
    retry_interval_max: Duration::from_millis(20),
    nice: 5,
};

pub fn batches(market: &mut Market, count: usize) -> Vec<Vec<u8>> {
    let batch = |_| {
        (0..7).for_each(|_| market.step());
        market.writer.batch()
    };
    (0..count).map(batch).collect()
}

pub fn wait_for(runner: &Runner, what: &str, reached: impl Fn(&Stats) -> bool) -> Stats {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let stats = runner.stats();
        if reached(&stats) {
            return stats;
        }
        assert!(Instant::now() < deadline, "{what}: {stats:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub fn recorded(stats: &Stats) -> (u64, u64) {
    stats.position.map_or((0, 0), |at| (at.offset, at.seq))
}
