//! A log of batches on SQLite: one file, one writer thread, one commit for all that waits.
//!
//! # Contract
//! * Offsets start at 1 and have no gap.  [`Log::append`] queues and never touches the disk.
//! * A record is *written* when its transaction has committed: it survives the death of the process.
//!   It is *durable* when `fdatasync` has returned on it as well.  With [`Synchronous::Full`] the two
//!   are one; with [`Synchronous::Normal`] a sync ([`Log::request_sync`]) makes what is written durable.
//! * After a failed commit, checkpoint or sync nothing more is taken ([`Log::failure`]); what was not
//!   durable is dropped from memory, and only opening afresh says what the disk holds of it.
//! * Every row carries a chain: xxh3-64 over the chain before it, its offset, time and batch.
//!
//! # Files
//! `X.db` and `X.db-wal` hold the log, `X.db-shm` is scratch.  The write-ahead log is filled with
//! zeros to [`LogOptions::wal_bytes_max`] and used again and again, so that a commit overwrites blocks
//! that the file already has.  It is inspected ([`wal::inspect`]) before SQLite sees it.  A log that is
//! closed leaves it empty: what happens to it then can't touch what the log holds.

mod chain;
mod checkpoint;
mod cut;
mod cut_off;
mod error;
mod files;
mod gate;
mod lock;
mod log;
mod memory;
mod open;
mod options;
mod pass;
mod reader;
mod schema;
mod shared;
mod stats;
pub mod wal;
mod writer;

pub use chain::{chain, chain_start};
pub use cut::delete_after;
pub use cut_off::check_length;
pub use error::{AppendError, Damage, OpenError, ReadError};
pub use lock::{DataDir, Identity, LockError};
pub use log::Log;
pub use memory::MemoryLog;
pub use open::{inspect, settle_both as settle};
pub use options::{Beginning, LogOptions, OnDamage, Synchronous};
pub use reader::{Ends, Reader};
pub use schema::{VERSION, connect_at_rest};
pub use stats::{COMMIT_BOUNDS_NS, ENTRIES_BOUNDS, Stats};

/// One record of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Place in the log, from 1 without a gap.
    pub offset: u64,
    /// The log's own time of the append, UTC.
    pub append_ns: u64,
    /// Checksum over the chain before, the offset, the time and the batch.
    pub chain: u64,
    /// What was appended.
    pub batch: Vec<u8>,
}
