//! The system's clocks.

use rustix::time::{ClockId, Timespec, clock_gettime};

const SECOND_NS: u64 = 1_000_000_000;

const fn ns(time: Timespec) -> u64 {
    time.tv_sec as u64 * SECOND_NS + time.tv_nsec as u64
}

/// The clock by which lines are timed, as Python's `time.monotonic_ns`.
pub fn monotonic_ns() -> u64 {
    ns(clock_gettime(ClockId::Monotonic))
}

/// The clock that stamps batches, as Python's `time.time_ns`: UTC.
pub fn realtime_ns() -> u64 {
    ns(clock_gettime(ClockId::Realtime))
}
