//! What native code takes of the configuration: attributes of `settings`' sections, by their names.
//!
//! Here and nowhere else a setting's seconds become what a clock counts.  There are no defaults: those stand
//! in `settings`.  The classes that are made of them show what they took, in the same words (`settings`).

use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Of `settings.GatewaySettings`.
#[derive(Debug, Clone, Copy, FromPyObject, IntoPyObject)]
pub struct GatewaySettings {
    packet_bytes_max: usize,
    turn_bytes_max: usize,
    requests_in_flight_max: u32,
    requests_waiting_max: usize,
    login_deadline_s: f64,
    heartbeat_interval_s: f64,
    idle_deadline_s: f64,
}

impl GatewaySettings {
    /// As order entry takes them.
    pub fn limits(&self) -> PyResult<gateway::Limits> {
        Ok(gateway::Limits {
            packet_bytes_max: self.packet_bytes_max,
            turn_bytes_max: self.turn_bytes_max,
            requests_in_flight_max: self.requests_in_flight_max,
            requests_waiting_max: self.requests_waiting_max,
            login_deadline_ns: nanoseconds(self.login_deadline_s)?,
            heartbeat_interval_ns: nanoseconds(self.heartbeat_interval_s)?,
            idle_deadline_ns: nanoseconds(self.idle_deadline_s)?,
        })
    }

    /// From what order entry took.
    pub fn of(limits: &gateway::Limits) -> Self {
        Self {
            packet_bytes_max: limits.packet_bytes_max,
            turn_bytes_max: limits.turn_bytes_max,
            requests_in_flight_max: limits.requests_in_flight_max,
            requests_waiting_max: limits.requests_waiting_max,
            login_deadline_s: Duration::from_nanos(limits.login_deadline_ns).as_secs_f64(),
            heartbeat_interval_s: Duration::from_nanos(limits.heartbeat_interval_ns).as_secs_f64(),
            idle_deadline_s: Duration::from_nanos(limits.idle_deadline_ns).as_secs_f64(),
        }
    }
}

/// Of `settings.FacadeSettings`.
#[derive(Debug, Clone, Copy, FromPyObject, IntoPyObject)]
pub struct FacadeSettings {
    recent_orders_max: usize,
    overlay_orders_max: usize,
    recent_trades_max: usize,
}

impl FacadeSettings {
    /// As the view takes them.
    pub const fn limits(&self) -> view::Limits {
        view::Limits {
            recent_orders_max: self.recent_orders_max,
            overlay_orders_max: self.overlay_orders_max,
            recent_trades_max: self.recent_trades_max,
        }
    }

    /// From what the view took.
    pub const fn of(limits: &view::Limits) -> Self {
        Self {
            recent_orders_max: limits.recent_orders_max,
            overlay_orders_max: limits.overlay_orders_max,
            recent_trades_max: limits.recent_trades_max,
        }
    }
}

/// Of `settings.JournalSettings`, for the pipeline.
#[derive(Debug, Clone, Copy, FromPyObject, IntoPyObject)]
pub struct PipelineSettings {
    pub batch_commands_max: usize,
    pub group_batches_max: usize,
    pub queue_bytes_max: u64,
}

/// Of `settings.JournalSettings`, for a log.
#[derive(Debug, Clone, Copy, FromPyObject, IntoPyObject)]
pub struct LogSettings {
    wal_bytes_max: u64,
    checkpoint_bytes: u64,
    queue_bytes_max: u64,
    commit_bytes_max: u64,
    verify_bytes_max: u64,
    delete_records_max: u64,
    events_linger_s: f64,
    events_linger_bytes_max: u64,
}

/// Nothing more is sealed when `queue_bytes_max` wait; a log must take what was under way then, and fails at
/// as much again.
const QUEUES: u64 = 2;

impl LogSettings {
    /// As a log takes them that is durable at each commit, until told otherwise.
    pub fn options(&self) -> PyResult<journal::LogOptions> {
        Ok(journal::LogOptions {
            synchronous: journal::Synchronous::Full,
            on_damage: journal::OnDamage::Refuse,
            wal_bytes_max: self.wal_bytes_max,
            checkpoint_bytes: self.checkpoint_bytes,
            queue_bytes_max: self.queue_bytes_max.saturating_mul(QUEUES),
            linger: duration(self.events_linger_s)?,
            linger_bytes: self.events_linger_bytes_max,
            commit_bytes_max: self.commit_bytes_max,
            verify_bytes_max: self.verify_bytes_max,
            delete_records_max: self.delete_records_max,
            beginning: None,
            settled: false,
        })
    }

    /// From what a log took.
    pub fn of(options: &journal::LogOptions) -> Self {
        Self {
            wal_bytes_max: options.wal_bytes_max,
            checkpoint_bytes: options.checkpoint_bytes,
            queue_bytes_max: options.queue_bytes_max / QUEUES,
            commit_bytes_max: options.commit_bytes_max,
            verify_bytes_max: options.verify_bytes_max,
            delete_records_max: options.delete_records_max,
            events_linger_s: options.linger.as_secs_f64(),
            events_linger_bytes_max: options.linger_bytes,
        }
    }
}

/// Of `settings.StoreSettings`.
#[derive(Debug, Clone, Copy, FromPyObject, IntoPyObject)]
pub struct StoreSettings {
    recorder_read_bytes_max: usize,
    recorder_transaction_events_max: usize,
    recorder_interval_s: f64,
    recorder_interval_busy_s: f64,
    recorder_retry_interval_s_max: f64,
    recorder_nice: i32,
    wal_bytes_max: u64,
    checkpoint_interval_s: f64,
}

impl StoreSettings {
    /// As the recorder takes them.
    pub fn limits(&self) -> PyResult<store::RunnerLimits> {
        Ok(store::RunnerLimits {
            read_bytes_max: self.recorder_read_bytes_max,
            transaction_events_max: self.recorder_transaction_events_max,
            interval: duration(self.recorder_interval_s)?,
            interval_busy: duration(self.recorder_interval_busy_s)?,
            retry_interval_max: duration(self.recorder_retry_interval_s_max)?,
            nice: self.recorder_nice,
            wal_bytes_max: self.wal_bytes_max,
            checkpoint_interval: duration(self.checkpoint_interval_s)?,
        })
    }

    /// From what the recorder took.
    pub fn of(limits: &store::RunnerLimits) -> Self {
        Self {
            recorder_read_bytes_max: limits.read_bytes_max,
            recorder_transaction_events_max: limits.transaction_events_max,
            recorder_interval_s: limits.interval.as_secs_f64(),
            recorder_interval_busy_s: limits.interval_busy.as_secs_f64(),
            recorder_retry_interval_s_max: limits.retry_interval_max.as_secs_f64(),
            recorder_nice: limits.nice,
            wal_bytes_max: limits.wal_bytes_max,
            checkpoint_interval_s: limits.checkpoint_interval.as_secs_f64(),
        }
    }
}

/// Of `settings.ServerSettings`, for the clock.
#[derive(Debug, Clone, Copy, FromPyObject)]
pub struct ClockSettings {
    clock_step_s_max: f64,
    clock_settle_s: f64,
}

impl ClockSettings {
    /// The longest step that is taken at once, and how long others have to stand; at least 1 each.
    pub fn nanoseconds(&self) -> PyResult<(i64, i64)> {
        let whole = |seconds| Ok::<_, PyErr>(nanoseconds(seconds)?.max(1).cast_signed());
        Ok((whole(self.clock_step_s_max)?, whole(self.clock_settle_s)?))
    }
}

fn duration(seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|error| PyValueError::new_err(format!("{seconds} seconds: {error}")))
}

/// Below 2^63.
pub fn nanoseconds(seconds: f64) -> PyResult<u64> {
    u64::try_from(duration(seconds)?.as_nanos())
        .ok()
        .filter(|ns| *ns <= i64::MAX.cast_unsigned())
        .ok_or_else(|| PyValueError::new_err(format!("{seconds} seconds are too many")))
}
