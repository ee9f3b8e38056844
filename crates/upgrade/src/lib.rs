//! What version 1 of the journal wrote, in the layout of this version: event batches, and the engine's
//! snapshot.
//!
//! # Contract
//! Commands are not brought over: an exchange that was stopped cleanly goes on from its snapshot.
//! Nothing that was told changes: numbers, ids, times and texts are those that they were.  What version 1
//! did not know is what it would have been: no nonce, no command hash, nothing dropped; and a limit has its
//! default.  The hashes of the event batches are new, and so is the one in the snapshot.

// Whoever wrote the bytes may have been wrong: each length is checked.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::fmt;

pub mod events;
mod reader;
pub mod snapshot;

/// What is wrong with bytes that version 1 should have written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotVersion1(String);

impl NotVersion1 {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for NotVersion1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotVersion1 {}

/// The limit that version 1 did not have, in nanoseconds: this version's default.
const STAMP_BEHIND_NS_MAX: u64 = 10_000_000_000;
