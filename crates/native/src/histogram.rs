//! A histogram as Python takes it.

use crate::named::named;

named! {
    /// What was counted, by size; one count more than there are bounds, for what is above them all.
    Histogram {
        bounds: Vec<u64>,
        counts: Vec<u64>,
        total: u128,
    }
}

impl Histogram {
    /// Of who counts nothing.
    pub const EMPTY: Self = Self {
        bounds: Vec::new(),
        counts: Vec::new(),
        total: 0,
    };
}

impl From<&gateway::Histogram> for Histogram {
    fn from(histogram: &gateway::Histogram) -> Self {
        Self {
            bounds: gateway::BOUNDS_NS.to_vec(),
            counts: histogram.counts.to_vec(),
            total: histogram.sum_ns,
        }
    }
}
