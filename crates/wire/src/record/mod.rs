//! Commands and events as they stand in the journal.
//!
//! # Layout
//! A record is `len u16, kind u8, flags u8` (len counts the whole record), then the fields of its
//! structure, little-endian and packed, then its texts, each `len u8` and UTF-8 bytes.
//! Records travel in batches ([`batch`]): a header, then `count` records.
//!
//! # Units
//! Prices and quantities are signed multiples of 10^-8; times are nanoseconds since the epoch, UTC.
//!
//! # Errors
//! Reading never panics: what does not fit the layout is a [`RecordError`].

pub mod batch;
pub mod command;
pub mod event;
pub mod field;
pub mod numbers;
mod recipients;
mod records;
pub mod search;
pub mod terms;

pub use batch::{CommandBatch, CommandBatchHeader, EventBatch, EventBatchHeader};
pub use command::{ClOrdId, Command, Who};
pub use event::Event;
pub use field::RecordError;
pub use numbers::exec_id;
pub use recipients::Leg;
pub use terms::{
    CancelReason, Dropped, EntryKind, ExecInst, Gateway, MassCancelType, OrdStatus, OrdType,
    Reason, Side, Stp, TimeInForce,
};
