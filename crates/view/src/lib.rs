//! What the facade keeps in memory, fed with event batches in order, and what it says of it as JSON.
//!
//! # Parts
//! Each takes events by its own `take` and can be had without those below it:
//!
//! | part | keeps | needs beside it |
//! |---|---|---|
//! | [`names::Names`] | accounts, entries and instruments by number and name | |
//! | [`Markets`] | order books by level, recent trades, the rolling day | |
//! | [`orders::Orders`] | open and recent orders | |
//! | [`notifications::Notifications`] | who listens, and the frames for them | names |
//! | [`answers::Answers`] | the answers to requests of the facade | names, orders |
//!
//! [`View`] puts them together: it reads the batches, lets each part take each event, and passes queries on.
//!
//! Pure: no clock, no socket.  What is older than the view the store answers.

// Clients choose numbers: each sum, product and quotient is exact, checked, or says what bounds it.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

pub mod answers;
pub mod book;
pub mod dense_map;
pub mod listeners;
pub mod markets;
pub mod names;
pub mod notice;
pub mod notifications;
mod order_slots;
pub mod orders;
mod queries;
mod refusals;
mod restore;
mod ring;
mod sharded_map;
pub mod show;
mod slab;
pub mod tape;
mod view;

pub use markets::{Market, Markets};
pub use view::{Limits, Published, View, ViewError};
