//! What version 1 of the journal wrote, in the layout of this version: event batches, and the engine's
//! snapshot.
//!
//! # Contract
//! Commands are not brought over: an exchange that was stopped cleanly goes on from its snapshot.
//! Nothing that was told changes: numbers, ids, times and texts are those that they were.  What version 1
//! did not know is what it would have been: no nonce, no command hash, nothing dropped; and a limit has its
//! default.  An entry of the binary protocol is owned by the gateway of that time, so that it waits for a
//! claim as soon as the gateway opens again.  The hashes of the event batches are new, and so is the one in
//! the snapshot.

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

/// The limits that version 1 did not have, in nanoseconds and in the order of the settings, as this version
/// has them by default: how late a batch may be, leases, grace, and the interval of claims.
const NEW_LIMITS_NS: [u64; 4] = [10_000_000_000, 5_000_000_000, 0, 1_000_000_000];

/// Client order ids that are remembered per FIX session.
const CLIENT_IDS_PER_SESSION_MAX: u32 = 100_000;
/// Closed orders of a FIX session that are remembered, and bytes of those of all: the same.
const CLOSED_ORDERS_PER_SESSION_MAX: u32 = 10_000;
const CLOSED_ORDERS_BYTES_MAX: u64 = 64 << 20;

/// All limits that are new, as bytes.
fn new_limits() -> Vec<u8> {
    let times = NEW_LIMITS_NS.iter().flat_map(|limit| limit.to_le_bytes());
    times
        .chain(CLIENT_IDS_PER_SESSION_MAX.to_le_bytes())
        .chain(CLOSED_ORDERS_PER_SESSION_MAX.to_le_bytes())
        .chain(CLOSED_ORDERS_BYTES_MAX.to_le_bytes())
        .collect()
}
