//! The store: orders with their history, fills and trades in SQLite, written from the events log alone.
//!
//! # Writing
//! [`Recorder`] takes event batches in order and writes them in large transactions; its own position
//! is part of each, so that every event is recorded exactly once whatever happens to the process.
//! [`Runner`] gives it a thread of its own and an [`EventSource`] to read from.
//!
//! # Reading
//! [`Reader`] answers by its own connection, and never waits for the recorder (write-ahead log).
//!
//! # Durability
//! `synchronous=NORMAL`: a transaction is whole or absent after a crash, and the last ones may be
//! absent after a power cut.  That is enough, because all of it follows from the events log, which is
//! read again from the position that is found.  What the events log may delete is bounded by the
//! position of the last checkpoint ([`Recorder::durable`]), which no power cut takes back.
//!
//! # Layout of the file
//! See [`schema`].  What happened to an order stands packed in its own row (`order_row`): an order and
//! its newest changes are one read, and a change of it is one write.

// Clients choose numbers: each sum, product and quotient is exact, checked, or says what bounds it.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

pub mod audit;
mod bar;
mod checkpoint;
mod checksum;
pub mod error;
mod high_water;
pub mod history;
mod late;
mod names;
mod older;
pub mod order_delta;
mod order_row;
pub mod pending;
pub mod position;
pub mod reader;
pub mod recorder;
pub mod redis;
pub mod runner;
pub mod schema;
pub mod seed;
mod shown;
mod source;
mod startup;
mod state;
mod take_back;
pub mod tape;
mod upgraded;
mod write;

pub use audit::Audit;
pub use error::StoreError;
pub use high_water::HighWater;
pub use position::{Origin, Position};
pub use reader::{Beginning, OrderQuery, Page, Reader, StoredOrder};
pub use recorder::{Recorder, Written};
pub use runner::{Runner, RunnerLimits};
pub use seed::seed_of;
pub use source::{EventSource, LogSource, read_kept};
pub use state::Stats;
pub use take_back::{TakenBack, Target, take_back};
pub use upgraded::move_position;

/// Version of the layout, in the file's `user_version`.
pub const VERSION: i64 = 4;
/// The version before, which is brought to this one when it is opened for writing: it lacks a table
/// (`late`).
const BEFORE: i64 = 3;
