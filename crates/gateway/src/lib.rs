//! Order entry without I/O: bytes in, commands out; events in, bytes out.
//!
//! [`Connections`] is what every protocol needs, and a [`Protocol`] what it is given: [`OrderEntry`] is that of the
//! binary one, [`FixEntry`] that of FIX.  It holds every connection and every session.  A *session* is the
//! logical one, a user's: it has a number for each message it was ever told, and outlives connections.  A
//! *connection* is a TCP connection that has logged in to a session, or not yet.
//!
//! # Contract
//! * [`OrderEntry::receive`] takes whole socket reads.  Requests become command records that wait
//!   for [`OrderEntry::seal`]; what needs a decision (login, logout, malformed framing) is returned.
//! * [`OrderEntry::route`] takes event batches in order and leaves one buffer per touched connection.
//! * A message's number is its event's `entry_seq`; nothing is numbered here.
//!
//! # Limits
//! A connection has at most `requests_in_flight_max` unanswered requests: beyond it `receive` says
//! that the socket is not to be read.  Packets have at most `packet_bytes_max` bytes.  One call of
//! `receive` handles about `turn_bytes_max` bytes and says where there are more; the owner asks for
//! them when it is the connection's turn, and not while `is_crowded`.
//!
//! # Cost
//! A request is copied once (socket read to command record), a report once (event to buffer).

// Clients choose numbers: each sum, product and quotient is exact, checked, or says what bounds it.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

mod connection;
mod connections;
pub mod fix;
mod histogram;
mod index;
mod instruments;
mod intake;
mod limits;
mod pending;
mod protocol;
mod replay;
mod reports;
mod session;
mod soup;
mod tally;

pub use connections::{Claimed, Connections, TickAction};
pub use histogram::{BOUNDS_NS, Histogram};
pub use index::{Known, Row};
pub use instruments::Instruments;
pub use intake::Before;
pub use limits::Limits;
pub use protocol::{Passing, Protocol, Reading, Received as ReceivedOf, Told};
pub use reports::Replayed;
pub use session::Session;
pub use soup::{Asks, Soup, answer};
pub use tally::Tally;

/// Order entry over the binary protocol.
pub type OrderEntry = Connections<Soup>;
/// Order entry over FIX.
pub type FixEntry = Connections<fix::Fix>;
/// What a read of the binary protocol asks.
pub type Received = ReceivedOf<Asks>;
