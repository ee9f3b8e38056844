//! A histogram of latencies, from 1 ns to 2 minutes at three digits.

use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// Highest latency told apart, in nanoseconds; longer ones count as this one.
const NS_MAX: u64 = 120_000_000_000;

/// Latencies in nanoseconds.
#[derive(Debug, Clone)]
pub struct Latency(Histogram<u64>);

impl Default for Latency {
    fn default() -> Self {
        // The bounds are constants that the histogram accepts; a histogram that resizes is the same.
        let bounded = Histogram::new_with_bounds(1, NS_MAX, 3);
        Self(bounded.unwrap_or_else(|_| unreachable!("constant bounds")))
    }
}

impl Latency {
    /// One latency.
    #[inline]
    pub fn record(&mut self, ns: u64) {
        self.0.saturating_record(ns.clamp(1, NS_MAX));
    }

    /// One latency that counts `weight` times.
    pub fn record_weighted(&mut self, ns: u64, weight: u64) {
        self.0.saturating_record_n(ns.clamp(1, NS_MAX), weight);
    }

    /// How many were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Microseconds below which `quantile` of them lie.
    #[must_use]
    pub fn quantile_us(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1e3
    }

    /// Forget everything.
    pub fn reset(&mut self) {
        self.0.reset();
    }

    /// The figures that stand in a result, in microseconds.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "count": self.count(),
            "p50": self.quantile_us(0.50),
            "p90": self.quantile_us(0.90),
            "p99": self.quantile_us(0.99),
            "p999": self.quantile_us(0.999),
            "max": self.0.max() as f64 / 1e3,
            "mean": self.0.mean() / 1e3,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_exact_to_three_digits() {
        let mut latency = Latency::default();
        for us in 1..=1000 {
            latency.record(us * 1000);
        }
        assert!((latency.quantile_us(0.5) - 500.0).abs() < 1.0);
        assert!((latency.quantile_us(0.99) - 990.0).abs() < 1.0);
        assert_eq!(latency.count(), 1000);
    }

    #[test]
    fn a_weight_counts_as_often_as_it_says() {
        let mut latency = Latency::default();
        latency.record_weighted(1_000, 1);
        latency.record_weighted(9_000, 99);
        assert!((latency.quantile_us(0.05) - 9.0).abs() < 0.1);
    }

    #[test]
    fn what_lies_outside_counts_at_the_bound() {
        let mut latency = Latency::default();
        latency.record(0);
        latency.record(u64::MAX);
        assert_eq!(latency.count(), 2);
    }
}
