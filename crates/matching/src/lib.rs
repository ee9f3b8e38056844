//! The matching engine: a pure, deterministic state machine.
//!
//! A command batch goes in, event batches come out.  No clock, no random number, no I/O, no float;
//! time comes with the commands.  The same commands give the same bytes, here or in any other process,
//! from the start or from a snapshot.
//!
//! # Rooms
//! The engine's state stands in parts that keep their fields to themselves; what a command does to one is a
//! call of its methods.
//!
//! * `engine`: the parts, and one command batch, from its frame to its events.
//! * The parts: `numbers` counts orders and trades; `gateways` says whose turn it is, `claims` whose commands
//!   count; `parties` has accounts, entries and the lists of their orders; `client_ids` what these said
//!   before; `books` the instruments and all open orders.
//! * `enter`, `requests`, `checks`, `cross`, `cancel`, `mass_cancel`, `amend`, `status`, `sessions`, `admin`,
//!   `expiry`, `ownership`: what each command and the passing of time do to the parts, and what is told of it.
//! * Within `books`: `instruments`, `book`, `side`, `ladder`, `windows`, `level`, `tree`, `node`, `pools`
//!   hold the levels; `orders`, `resting`, `pool`, `paged_list`, `ids`, `index` the orders; `names`
//!   symbols; `texts` client order ids in text, of these and of what is remembered.  `prefetcher`
//!   prefetches all of these.
//! * [`Book`]: the orders of one instrument by price and time without all of this, for who wants no more.
//! * `snapshot`, `restore`, `validate`, `read`: the whole state out, in, checked, looked at.
//!
//! # Where later order types go in
//! * STOP, STOP_LIMIT: a second pair of trees in a listing, keyed by trigger price, whose levels hold
//!   orders of the same arena; `cross` looks at their best keys after a trade and feeds what is
//!   triggered to `enter`, behind the command that triggered it.
//! * Iceberg: the hidden rest in a table by order id; `cross` refills the shown quantity where it now
//!   takes a filled maker off, and pushes it to the end of its level.
//! * GTD: a tree of (expire time, order id) beside `next_end_ns`, read where `expiry` reads that.

// Clients choose numbers: each sum, product and quotient is exact, checked, or says what bounds it.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

// What the tests of the public face share, the tests inside use too.
#[cfg(test)]
extern crate self as matching;

mod admin;
mod amend;
#[cfg(test)]
#[path = "../tests/batch/mod.rs"]
mod batch;
mod book;
mod books;
mod cancel;
mod checks;
mod claims;
mod client_ids;
mod closed;
mod cross;
mod emit;
mod ended;
mod engine;
mod enter;
mod expiry;
mod gateways;
mod ids;
mod index;
mod instruments;
mod ladder;
mod ladder_check;
mod level;
mod mass_cancel;
mod names;
mod node;
mod numbers;
mod order;
mod orders;
mod ownership;
mod paged_list;
mod parties;
mod placement;
mod pool;
mod pools;
mod prefetcher;
mod read;
mod requests;
mod resting;
mod restore;
mod sessions;
mod side;
mod snapshot;
mod status;
mod texts;
mod tree;
mod tree_check;
mod validate;
mod windows;

pub use book::{Book, Fill, Handle, Listener};
pub use claims::{Claim, Held, Owner};
pub use engine::{Engine, Position, RULES};
pub use gateways::GatewayState;
pub use order::average;
pub use read::{Counts, EntryView, InstrumentView, LevelView, OrderView};
pub use restore::SnapshotError;
