//! What the facade keeps in memory, fed with event batches in order: order books by level, recent
//! trades and the rolling day, open and recent orders; the answers to its requests and the notifications of
//! its WebSocket clients, rendered here as JSON.
//!
//! Pure: no clock, no socket.  What is older than the view the store answers.

// Clients choose numbers: each sum, product and quotient is exact, checked, or says what bounds it.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

pub mod answers;
pub mod book;
mod events;
pub mod listeners;
pub mod markets;
pub mod names;
pub mod notice;
pub mod numbered;
pub mod orders;
mod parts;
mod places;
mod restore;
mod ring;
pub mod show;
mod slab;
pub mod tape;
mod view;

pub use markets::{Market, Markets};
pub use view::{Limits, Told, View, ViewError};
