//! How long those wait who asked something of a gateway in Python.

use gateway::Histogram;
use std::collections::VecDeque;

use crate::clock::monotonic_ns;

/// Requests that were not answered yet, and the time that answers took.
#[derive(Debug, Default)]
pub struct Asked {
    /// Number and time of each request; numbers rise.
    times: VecDeque<(u64, u64)>,
    latency: Histogram,
}

impl Asked {
    /// A request begins to wait; its number is higher than all before.
    pub fn ask(&mut self, num: u64) {
        self.times.push_back((num, monotonic_ns()));
    }

    /// All requests up to a number are answered.
    pub fn answer(&mut self, last: u64) {
        let now_ns = monotonic_ns();
        while let Some((num, asked_ns)) = self.times.front()
            && *num <= last
        {
            self.latency.add(now_ns.saturating_sub(*asked_ns), 1);
            self.times.pop_front();
        }
    }

    /// Nobody waits any more.
    pub fn forget(&mut self) {
        self.times.clear();
    }

    /// The time from request to answer.
    pub const fn latency(&self) -> &Histogram {
        &self.latency
    }
}
