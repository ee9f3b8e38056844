//! How long those wait who asked something of a gateway in Python.

use pyo3::prelude::*;
use std::collections::VecDeque;

use crate::clock::Clock;
use crate::histogram::Histogram;

/// Requests that were not answered yet, and the time that answers took.
#[derive(Debug)]
#[pyclass(module = "core._native")]
pub struct AckTimes {
    clock: Py<Clock>,
    /// Number and time of each request; numbers rise.
    times: VecDeque<(u64, u64)>,
    latency: gateway::Histogram,
}

#[pymethods]
impl AckTimes {
    #[new]
    fn new(clock: Py<Clock>) -> Self {
        Self {
            clock,
            times: VecDeque::new(),
            latency: gateway::Histogram::default(),
        }
    }

    /// A request begins to wait; its number is higher than all before.
    fn sent(&mut self, py: Python<'_>, num: u64) -> PyResult<()> {
        let now_ns = self.clock.try_borrow(py)?.monotonic_ns(py)?;
        self.times.push_back((num, now_ns));
        Ok(())
    }

    /// All requests up to a number are answered.
    fn acknowledged(&mut self, py: Python<'_>, last: u64) -> PyResult<()> {
        let now_ns = self.clock.try_borrow(py)?.monotonic_ns(py)?;
        while let Some((num, asked_ns)) = self.times.front()
            && *num <= last
        {
            self.latency.add(now_ns.saturating_sub(*asked_ns), 1);
            self.times.pop_front();
        }
        Ok(())
    }

    /// Nobody waits any more.
    fn forget(&mut self) {
        self.times.clear();
    }

    /// From request to answer.
    fn latency(&self) -> Histogram {
        Histogram::from(&self.latency)
    }
}
