//! A histogram as Python takes it.

use gateway::{BOUNDS_NS, Histogram};

/// (bounds in ns, counts per bucket, sum in ns).
pub type Buckets = (Vec<u64>, Vec<u64>, u128);

/// What a histogram has counted so far.
pub fn buckets(histogram: &Histogram) -> Buckets {
    (
        BOUNDS_NS.to_vec(),
        histogram.counts.to_vec(),
        histogram.sum_ns,
    )
}
