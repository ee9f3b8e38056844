//! A latency histogram with fixed bounds, as Prometheus wants it.

/// Upper bounds of the buckets in nanoseconds; one more bucket takes what is above.
pub const BOUNDS_NS: [u64; 16] = [
    50_000,
    100_000,
    200_000,
    300_000,
    500_000,
    750_000,
    1_000_000,
    2_000_000,
    3_000_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    500_000_000,
    1_000_000_000,
];

/// Counts per bucket (not cumulated), and the sum.
#[derive(Debug, Default, Clone)]
pub struct Histogram {
    /// One count per bound, and one for what is above them all.
    pub counts: [u64; BOUNDS_NS.len() + 1],
    /// Sum of all values in nanoseconds.
    pub sum_ns: u64,
}

impl Histogram {
    /// Count `times` values of `value_ns`.
    pub fn add(&mut self, value_ns: u64, times: u64) {
        let place = BOUNDS_NS.partition_point(|bound| *bound < value_ns);
        self.counts[place] += times;
        self.sum_ns = self.sum_ns.saturating_add(value_ns.saturating_mul(times));
    }
}
