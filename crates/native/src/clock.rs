//! The one clock of an exchange: UTC that no jump of the system's clock moves, and time to measure by.
//!
//! Nothing else asks the system for the time where something follows from it; clippy's and ruff's
//! configuration say what may.

use std::time::SystemTime;

use pyo3::prelude::*;
use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::settings::ClockSettings;

const SECOND_NS: i64 = 1_000_000_000;
/// UTC that is so little after a reading that was good needs no second clock to be believed.
const SOON_NS: i64 = 100_000_000;

/// Of a time that no clock should show, as much as there can be.
fn ns(time: Timespec) -> i64 {
    time.tv_sec
        .saturating_mul(SECOND_NS)
        .saturating_add(time.tv_nsec)
}

/// The time since the system was started, a suspension included: nobody sets it.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn boot_ns() -> i64 {
    ns(clock_gettime(ClockId::Boottime))
}

/// As Python's `time.monotonic_ns`.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn monotonic_ns() -> i64 {
    ns(clock_gettime(ClockId::Monotonic))
}

/// The system's UTC, as Python's `time.time_ns`; 0 before 1970.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn wall_ns() -> i64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
        })
}

/// A step of the system's clock that is not taken.
#[derive(Debug, Clone, Copy)]
struct Held {
    /// What the system's clock shows, less the time since the start, when it was first seen.
    offset: i64,
    /// The time since the start then.
    since: i64,
}

/// UTC, by the system's clock as long as it goes with the time since the system's start.
///
/// # Contract
/// Both clocks run alike, so their difference stands still until somebody sets the system's clock. A
/// difference that is away from the settled one by more than `step_max_ns` is not taken: time goes
/// on by the time since the start.  One that has stood for `settle_ns`, or that `take` is called at,
/// is taken.  Smaller steps are taken at once, and the settled difference follows them by
/// `step_max_ns` in `settle_ns` at most, so that many small ones make no large one.
///
/// A batch costs one reading of the system's clock, and one of the other where the first shows more
/// than `SOON_NS` after the last good one, or less than it. `now_ns` reads both.
#[derive(Debug)]
#[pyclass(module = "core._native")]
pub struct Clock {
    /// Called for UTC and for the time since the start, in ns; without them the system is asked.
    sources: Option<(Py<PyAny>, Py<PyAny>)>,
    /// Called for the time to measure by, in ns.
    monotonic: Option<Py<PyAny>>,
    step_max_ns: i64,
    settle_ns: i64,
    /// How far the settled difference follows in a nanosecond.
    follow: f64,
    /// The settled difference between the system's clock and the time since the start.
    settled: i64,
    /// The difference that is in force.
    taken_offset: i64,
    held: Option<Held>,
    /// The time since the start at the last reading of both clocks.
    last_boot_ns: i64,
    /// UTC then, if it was good.
    good_wall_ns: i64,
    /// By how much the system's clock is away, while that is not taken; else 0.
    #[pyo3(get)]
    held_ns: i64,
    /// Steps that were not taken when they were seen.
    #[pyo3(get)]
    steps_refused: u64,
    /// Steps that were not taken first, and then were.
    #[pyo3(get)]
    steps_taken: u64,
    /// The last of those, in ns.
    #[pyo3(get)]
    last_taken_ns: i64,
    /// What is added to the time, in ns.
    #[pyo3(get, set)]
    ahead_ns: i64,
}

#[pymethods]
impl Clock {
    /// `wall` and `boot`, both or none, and `monotonic` are asked instead of the system, for tests.
    #[new]
    #[pyo3(signature = (settings, *, wall=None, boot=None, monotonic=None))]
    fn new(
        py: Python<'_>,
        settings: ClockSettings,
        wall: Option<Py<PyAny>>,
        boot: Option<Py<PyAny>>,
        monotonic: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let (step_max_ns, settle_ns) = settings.nanoseconds()?;
        let mut clock = Self {
            sources: wall.zip(boot),
            monotonic,
            step_max_ns,
            settle_ns,
            follow: step_max_ns as f64 / settle_ns as f64,
            settled: 0,
            taken_offset: 0,
            held: None,
            last_boot_ns: 0,
            good_wall_ns: i64::MAX,
            held_ns: 0,
            steps_refused: 0,
            steps_taken: 0,
            last_taken_ns: 0,
            ahead_ns: 0,
        };
        clock.last_boot_ns = clock.boot(py)?;
        let offset = clock.wall(py)?.saturating_sub(clock.last_boot_ns);
        (clock.settled, clock.taken_offset) = (offset, offset);
        Ok(clock)
    }

    /// UTC in ns.  Who stamps by this clock calls it every second, too: a clock that stands still
    /// shows nothing by itself.
    fn now_ns(&mut self, py: Python<'_>) -> PyResult<u64> {
        let wall_ns = self.wall(py)?;
        self.check(py, wall_ns)
    }

    /// Time to measure by, in ns: it never goes back, and nobody sets it.  Deadlines of lines and
    /// requests, and how long something took.
    #[pyo3(name = "monotonic_ns")]
    fn py_monotonic_ns(&self, py: Python<'_>) -> PyResult<u64> {
        self.monotonic_ns(py)
    }

    /// Take the system's clock as it is now; whether that changes the time.
    fn take(&mut self, py: Python<'_>) -> PyResult<bool> {
        let offset = self.wall(py)?.saturating_sub(self.boot(py)?);
        let held = self.held.is_some();
        self.settle(offset);
        Ok(held)
    }
}

impl Clock {
    /// Time to measure by, in ns.
    pub(crate) fn monotonic_ns(&self, py: Python<'_>) -> PyResult<u64> {
        match &self.monotonic {
            Some(monotonic) => monotonic.call0(py)?.extract(py),
            None => Ok(monotonic_ns().cast_unsigned()),
        }
    }

    /// UTC in ns.
    pub(crate) fn now(&mut self, py: Python<'_>) -> PyResult<u64> {
        let wall_ns = self.wall(py)?;
        let since = wall_ns.saturating_sub(self.good_wall_ns);
        if (0..SOON_NS.min(self.step_max_ns)).contains(&since) {
            return Ok(self.told(wall_ns));
        }
        self.check(py, wall_ns)
    }

    /// UTC in ns, where the system's clock shows `wall_ns`.
    fn check(&mut self, py: Python<'_>, mut wall_ns: i64) -> PyResult<u64> {
        let mut boot_ns = self.boot(py)?;
        if self.away(wall_ns.saturating_sub(boot_ns)).saturating_abs() > self.step_max_ns {
            // The process may have been stopped between the two clocks.
            (wall_ns, boot_ns) = (self.wall(py)?, self.boot(py)?);
        }
        let offset = wall_ns.saturating_sub(boot_ns);
        let away = self.away(offset);
        if away.saturating_abs() <= self.step_max_ns {
            let elapsed = boot_ns.saturating_sub(self.last_boot_ns).max(0);
            let reach = (elapsed as f64 * self.follow) as i64;
            self.settled = self
                .settled
                .saturating_add(away.clamp(reach.saturating_neg(), reach));
            self.taken_offset = offset;
            self.held = None;
            self.good_wall_ns = wall_ns;
        } else {
            self.good_wall_ns = i64::MAX;
            self.hold(boot_ns, offset);
        }
        self.last_boot_ns = boot_ns;
        self.held_ns = match self.held {
            Some(_) => offset.saturating_sub(self.taken_offset),
            None => 0,
        };
        Ok(self.told(boot_ns.saturating_add(self.taken_offset)))
    }

    /// A time as it is told.
    fn told(&self, time_ns: i64) -> u64 {
        let told = time_ns.saturating_add(self.ahead_ns);
        told.max(0).cast_unsigned()
    }

    /// The system's clock is away: until it has stood there for long.
    fn hold(&mut self, boot_ns: i64, offset: i64) {
        let known = self
            .held
            .filter(|held| offset.saturating_sub(held.offset).saturating_abs() <= self.step_max_ns);
        match known {
            Some(held) if boot_ns.saturating_sub(held.since) >= self.settle_ns => {
                self.settle(offset);
            }
            Some(_) => {}
            None => {
                self.held = Some(Held {
                    offset,
                    since: boot_ns,
                });
                self.steps_refused = self.steps_refused.saturating_add(1);
            }
        }
    }

    /// What the system's clock shows is the time from now on.
    fn settle(&mut self, offset: i64) {
        if self.held.take().is_some() {
            self.steps_taken = self.steps_taken.saturating_add(1);
            self.last_taken_ns = offset.saturating_sub(self.taken_offset);
        }
        (self.settled, self.taken_offset, self.held_ns) = (offset, offset, 0);
    }

    fn away(&self, offset: i64) -> i64 {
        offset.saturating_sub(self.settled)
    }

    fn wall(&self, py: Python<'_>) -> PyResult<i64> {
        match &self.sources {
            Some((wall, _)) => wall.call0(py)?.extract(py),
            None => Ok(wall_ns()),
        }
    }

    fn boot(&self, py: Python<'_>) -> PyResult<i64> {
        match &self.sources {
            Some((_, boot)) => boot.call0(py)?.extract(py),
            None => Ok(boot_ns()),
        }
    }
}
