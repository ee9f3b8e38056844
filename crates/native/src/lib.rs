//! The binding: the only crate that knows Python.  Bytes in, bytes out, once per batch.
//!
//! One file per native crate; each holds the classes that Python sees of it.  The GIL is released
//! inside calls whose work is worth it (`detached`).

// Clients choose numbers: each sum, product and quotient is exact, checked, or says what bounds it.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use pyo3::prelude::*;

mod asked;
mod attached;
mod audit;
mod batches;
mod checksum;
mod clock;
mod commands;
mod describe;
mod detached;
mod engine;
mod fault;
mod gateway;
mod histogram;
mod journal;
mod line;
mod load;
mod log;
mod passing;
mod pipeline;
mod ports;
mod process;
mod settings;
mod sources;
mod store;
mod sums;
mod terms;
mod told;
mod view;
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
    use super::asked::Asked;
    #[pymodule_export]
    use super::audit::StoreAudit;
    #[pymodule_export]
    use super::checksum::xxh3_64;
    #[pymodule_export]
    use super::clock::Clock;
    #[pymodule_export]
    use super::commands::Commands;
    #[pymodule_export]
    use super::describe::{
        cancel_reasons, describe_commands, describe_events, describe_message, recode_message,
        refusals,
    };
    #[pymodule_export]
    use super::engine::{Engine, Entry, Position, split_batches};
    #[pymodule_export]
    use super::gateway::{OrderEntry, login_accepted, login_rejected, security_list};
    #[pymodule_export]
    use super::journal::{
        DataDirLock, DataDirLocked, JournalDamaged, JournalError, JournalFailed, JournalFull,
        JournalMissing, JournalRange, Log, LogReader, MemoryLog, delete_after,
    };
    #[pymodule_export]
    use super::line::Line;
    #[pymodule_export]
    use super::load::load_main;
    #[pymodule_export]
    use super::pipeline::Pipeline;
    #[pymodule_export]
    use super::process::{huge_pages, shorten_slice};
    #[pymodule_export]
    use super::store::{
        Recorder, StoreDamaged, StoreFailed, StoreReader, recorder_seed, store_at_rest,
    };
    #[pymodule_export]
    use super::terms::terms;
    #[pymodule_export]
    use super::told::{check_events, tells, told_in};
    #[pymodule_export]
    use super::view::{View, parse_decimal};
}
