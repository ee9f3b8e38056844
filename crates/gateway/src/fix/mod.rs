//! FIX sessions, the acceptor's side, without I/O: whole messages and time in, actions out.
//!
//! [`Header`] reads what every message begins with.  [`Machine`] is one session on one connection: what it
//! says is journaled before it is sent, so that a number never stands for other content, and no state but
//! [`Numbers`] outlives a connection.  [`Fix`] drives it: it journals what the machine says and takes what that
//! hands on, and tells what events say.
//!
//! The rules are those of FIX 4.4 volume 2, "FIX Session Protocol", and of the FIX session layer test cases;
//! where these leave a choice, docs say which.

mod action;
mod conversation;
mod header;
mod list;
mod logon;
mod machine;
mod protocol;
mod read;
mod rules;
mod says;
mod sequence;
mod sessions;
mod settings;
#[cfg(test)]
mod talk;

pub use action::{Action, Admin, Logon, Password};
pub use conversation::Conversation;
pub use header::Header;
pub use machine::Machine;
pub use protocol::{Asks, Counts, Fix, Names, State};
pub use read::read;
pub use settings::{Now, Numbers, Settings};
