//! What the facade keeps in memory, fed with event batches in order: order books by level, recent
//! trades and the rolling day, recent orders; the answers to its requests and the notifications of
//! its WebSocket clients, rendered here as JSON.
//!
//! Pure: no clock, no socket.  What is older than the view the store answers.

pub mod answers;
pub mod book;
mod events;
pub mod listeners;
pub mod names;
pub mod notice;
pub mod numbered;
pub mod order;
pub mod overlay;
mod restore;
pub mod show;
pub mod tape;
mod view;

pub use view::{Limits, Market, Told, View, ViewError};
