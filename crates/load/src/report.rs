//! What a run counts.

use serde_json::{Value, json};

use crate::latency::Latency;

/// Counts of what was answered.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Latencies of what was answered and not refused.
    pub latency: Latency,
    /// New orders that rest.
    pub rests: u64,
    /// Cancels.
    pub cancels: u64,
    /// Orders that cross.
    pub crosses: u64,
    /// Requests refused; no orders.
    pub rejects: u64,
    /// Reports of executions, of both sides.
    pub fills: u64,
    /// Times at which a request was due and its session had no room for it.
    pub stalls: u64,
}

impl Tally {
    /// Requests answered and not refused.
    #[must_use]
    pub const fn orders(&self) -> u64 {
        self.rests + self.cancels + self.crosses
    }

    /// Forget everything.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// The figures of a run that took `seconds`, with `lost` requests that were never answered.
    #[must_use]
    pub fn to_json(&self, seconds: f64, lost: u64) -> Value {
        let orders = self.orders();
        let answered = (orders + self.rejects).max(1);
        json!({
            "seconds": seconds,
            "orders": orders,
            "orders_per_s": orders as f64 / seconds,
            "rests": self.rests,
            "cancels": self.cancels,
            "crosses": self.crosses,
            "rejects": self.rejects,
            "reject_ratio": self.rejects as f64 / answered as f64,
            "fills": self.fills,
            "stalls": self.stalls,
            "lost": lost,
            "latency_us": self.latency.to_json(),
        })
    }
}
