//! The binding: the only crate that knows Python.  Bytes in, bytes out, once per batch.
//!
//! One file per native crate; each holds the classes that Python sees of it.  The GIL is released
//! inside calls whose work is worth it (`gil`).

// Clients choose numbers: each sum, product and quotient is exact, checked, or says what bounds it.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use pyo3::prelude::*;

mod ack_times;
mod adapters;
mod audit;
mod batches;
mod checksum;
mod clock;
mod commands;
mod connection;
mod describe;
mod engine;
mod event_sources;
mod fault;
mod fix_settings;
mod follow;
mod gateway;
mod gateway_outcomes;
mod gil;
mod histogram;
mod journal;
mod lane;
mod load;
mod log;
mod logins;
mod named;
mod pipeline;
mod ports;
mod process;
mod protocols;
mod published;
mod readers;
mod redis_store;
mod rows;
mod settings;
mod sources;
mod stages;
mod store;
mod stored;
mod sums;
mod tally;
mod terms;
mod upgrade;
mod view;
mod view_outcomes;
mod writer;

/// Of all that is Rust here; Python's own objects don't go through it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[pymodule]
mod _native {
    use pyo3::panic::PanicException;
    use pyo3::prelude::*;

    /// So that Python can catch what is no `Exception`.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("PanicException", module.py().get_type::<PanicException>())
    }

    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    /// Of all that it was built of (`build.rs`).
    #[pymodule_export]
    const SOURCES_HASH: &str = env!("SOURCES_HASH");
    #[pymodule_export]
    const SHOWN_MAX: usize = projection::SHOWN_MAX;
    #[pymodule_export]
    const JOURNAL_VERSION: i64 = journal::VERSION;
    #[pymodule_export]
    const RULES: u32 = matching::RULES;
    #[pymodule_export]
    use super::ack_times::AckTimes;
    #[pymodule_export]
    use super::audit::{AuditReport, StoreAudit};
    #[pymodule_export]
    use super::checksum::xxh3_64;
    #[pymodule_export]
    use super::clock::Clock;
    #[pymodule_export]
    use super::commands::Commands;
    #[pymodule_export]
    use super::connection::OrderEntryConnection;
    #[pymodule_export]
    use super::describe::{
        cancel_reasons, describe_commands, describe_events, describe_message, recode_message,
        refusals,
    };
    #[pymodule_export]
    use super::engine::{
        Engine, EngineLimits, Entry, GatewayState, Instrument, Position, split_batches,
    };
    #[pymodule_export]
    use super::follow::{Differs, EventsFollower, GatewayChange, Taken};
    #[pymodule_export]
    use super::gateway::OrderEntry;
    #[pymodule_export]
    use super::gateway_outcomes::{
        Claimed, ConnectionOver, Failed, HeartbeatDue, LoginRequested, LogonRequested,
        LogoutRequested, Malformed, Over, PutOff, ReadFailed, ReplayPortion, ResendRequested,
        Routed, SecurityListRequested, Session, SessionIndex, TallyRow, Throttled, Traffic, Wake,
    };
    #[pymodule_export]
    use super::histogram::Histogram;
    #[pymodule_export]
    use super::journal::{
        DataDirLock, DataDirLocked, FileIdentity, JournalDamaged, JournalError, JournalFailed,
        JournalFull, JournalMissing, JournalRange, Log, LogEnds, LogReader, LogRecord, MemoryLog,
        delete_after,
    };
    #[pymodule_export]
    use super::lane::Lane;
    #[pymodule_export]
    use super::load::load_main;
    #[pymodule_export]
    use super::logins::{login_accepted, login_rejected};
    #[pymodule_export]
    use super::pipeline::Pipeline;
    #[pymodule_export]
    use super::process::{huge_pages, shorten_slice};
    #[pymodule_export]
    use super::published::{EventsEnd, PublishedNumbers, check_events, published_in, tells};
    #[pymodule_export]
    use super::redis_store::{
        RedisBuffer, RedisPlace, RedisRows, RedisSwept, RedisWriter, redis_bars, redis_symbol,
        redis_trades, sum_of, trade_json,
    };
    #[pymodule_export]
    use super::rows::{
        Beginning, Beginnings, OrdersPage, Recorded, StoreEnd, StoredOrder, Stretch, TakenBack,
        Trade,
    };
    #[pymodule_export]
    use super::store::{
        Recorder, StoreDamaged, StoreFailed, StoreReader, recorder_seed, store_at_rest, take_back,
    };
    #[pymodule_export]
    use super::stored::{EventHead, StoredStream, event_head, events_told, first_batch_after};
    #[pymodule_export]
    use super::sums::{Bar, Sum};
    #[pymodule_export]
    use super::tally::Tally;
    #[pymodule_export]
    use super::terms::terms;
    #[pymodule_export]
    use super::upgrade::{UpgradedBatch, move_store, upgrade_events, upgrade_snapshot};
    #[pymodule_export]
    use super::view::{View, parse_decimal};
    #[pymodule_export]
    use super::view_outcomes::{
        Answered, AnsweredByStore, DayEdge, InMemory, InStore, NotOpen, OrderStands,
        OrdersInMemory, RecentOrders, TradesPage, ViewOutput,
    };
}
