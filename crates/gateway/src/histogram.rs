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
    /// Sum of all values in nanoseconds: fewer than 2^64 values of less than 2^64 each.
    pub sum_ns: u128,
}

impl Histogram {
    /// Count `times` values of `value_ns`.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "values are counted one by one, and their sum has the width of the most and largest"
    )]
    pub fn add(&mut self, value_ns: u64, times: u64) {
        let bucket = BOUNDS_NS.partition_point(|bound| *bound < value_ns);
        self.counts[bucket] += times;
        self.sum_ns += u128::from(value_ns) * u128::from(times);
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn the_sum_goes_on_where_64_bits_end() {
        let mut histogram = Histogram::default();
        for _ in 0..3 {
            histogram.add(u64::MAX, 2);
        }
        assert_eq!(histogram.sum_ns, 6 * u128::from(u64::MAX));
        assert_eq!(histogram.counts.iter().sum::<u64>(), 6);
    }
}
