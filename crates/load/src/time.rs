//! Clocks: this crate measures, so it reads them.

use std::sync::OnceLock;
use std::time::Instant;

/// Nanoseconds since the first call, monotonic.
#[must_use]
pub fn now_ns() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

