//! The store on Redis, without its I/O: transactions as bytes for it, and what it holds as answers.
//!
//! # Writing
//! [`Writer`] gathers event batches, as the recorder on SQLite does ([`crate::pending::Pending`]), and turns
//! each transaction into one buffer of few and wide commands.  Nothing is read back to change it: an order
//! is what its segments say, one behind the other.
//!
//! # Reading
//! [`Rows`] folds segments into the rows that SQLite would hold, and shows them by the same code.
//!
//! # Layout
//! Numbers in keys are decimal, numbers in values little-endian; what ends with a checksum ends with xxh3-64
//! over what stands before it.  `P` is the prefix.
//!
//! | key | what | value |
//! |---|---|---|
//! | `P position` | string | [`Place`]: 16 numbers of 8 bytes, the last a checksum |
//! | `P orders:C` | string | segments of the orders whose id, without its lowest 4 bits, is `C` ([`segment`]) |
//! | `P account:A` | string | the `C` in which orders of account `A` began, 8 bytes each, rising; some twice |
//! | `P late:A` | string | those of orders that began before the log did, in no order |
//! | `P trades:I:B` | string | trades of instrument `I` whose id, without its lowest 10 bits, is `B`: 41 bytes each |
//! | `P blocks:I` | string | the `B` of an instrument, rising, some twice: 8 bytes, and 8 of its first trade's time |
//! | `P minutes:I:D` | string | bars of day `D`, 120 bytes each, that of minute `m` of it at `120 m` |
//! | `P bars` | hash | the newest bar of each instrument |
//! | `P entries`, `P accounts`, `P instruments` | hash | a name behind its numbers, and a checksum |
//! | `P remnants` | set | the `C` of which the closed orders were deleted and open ones are left |
//!
//! 16 orders share a key, for a key costs Redis some 100 bytes and a command some microseconds; orders that begin
//! in one transaction have neighbouring ids.  A string that grows gets up to twice its room from Redis.

mod encode;
mod keys;
mod place;
mod resp;
mod rows;
mod segment;
mod sweep;
mod trades;
mod writer;

pub use keys::CHUNK_BITS;
pub use place::Place;
pub use rows::{Rows, instrument_name};
pub use sweep::{Swept, sweep};
pub use trades::{bars, sum_of, trades};
pub use writer::{Buffer, Limits, Writer};
