//! How long those wait who asked something of a gateway in Python.

use gateway::Histogram;
use pyo3::prelude::*;
use std::collections::VecDeque;

use crate::clock::monotonic_ns;
use crate::histogram::{Buckets, buckets};

/// Requests that were not answered yet, and the time that answers took.
#[derive(Debug, Default)]
#[pyclass(module = "core._native")]
pub struct Asked {
    /// Number and time of each request; numbers rise.
    times: VecDeque<(u64, u64)>,
    latency: Histogram,
}

#[pymethods]
impl Asked {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// A request begins to wait; its number is higher than all before.
    fn ask(&mut self, num: u64) {
        self.times.push_back((num, monotonic_ns()));
    }

    /// All requests up to a number are answered.
    fn answer(&mut self, last: u64) {
        let now_ns = monotonic_ns();
        while let Some((num, asked_ns)) = self.times.front()
            && *num <= last
        {
            self.latency.add(now_ns.saturating_sub(*asked_ns), 1);
            self.times.pop_front();
        }
    }

    /// Nobody waits any more.
    fn forget(&mut self) {
        self.times.clear();
    }

    /// From request to answer: (bounds in ns, counts per bucket, sum in ns).
    fn latency(&self) -> Buckets {
        buckets(&self.latency)
    }
}
