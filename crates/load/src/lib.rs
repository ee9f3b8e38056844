//! The load generator, and the baselines that the exchange is compared with.
//!
//! # What is measured
//! A request is answered by the first report that carries its ClOrdID.  Its latency runs from the time
//! at which it was to be sent: in the open loop that is the time of the schedule, whether or not the
//! socket or this process was late, so that no slow answer hides the ones behind it.
//! Refused requests are counted apart and are no orders.
//!
//! # Cost
//! One thread, one epoll, one read and one write per connection and turn, nothing allocated per
//! message: the client must not be what is measured.  `echo` and the closed loop against it say
//! what the generator itself can do.

pub mod baseline;
mod binary;
pub mod cli;
mod codec;
mod connection;
mod error;
mod fix;
mod fix_again;
mod fix_session;
mod fleet;
mod latency;
mod mix;
pub mod notify;
mod opening;
mod poller;
mod report;
mod resend;
mod round_trip;
mod session;
mod session_args;
mod text;
mod time;
mod trader;

pub use codec::Protocol;
pub use error::LoadError;
pub use fleet::{Fleet, Loop};
pub use latency::Latency;
pub use mix::Mix;
pub use opening::Target;
pub use report::Tally;
