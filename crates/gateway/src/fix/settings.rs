//! What a session is given: bounds, numbers, and the time.

use std::sync::Arc;

use wire::fix::Version;
use wire::fix::dictionary::Dictionary;

/// Bounds and names; units are in the names.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Our CompID.
    pub comp_id: Vec<u8>,
    /// How far SendingTime may be from the time now.
    pub sending_time_ns_max: u64,
    /// Longest HeartBtInt.
    pub heartbeat_s_max: u32,
    /// Messages that wait behind a gap.
    pub gap_messages_max: usize,
    /// Bytes of them.
    pub gap_bytes_max: usize,
    /// After which a gap that is not being filled is asked for again, and then given up.
    pub resend_deadline_ns: u64,
    /// Silence after which a line is tested whose session is wanted elsewhere.
    pub probe_ns: u64,
    /// Whether a client's SenderSubID is part of its session's name.
    pub sub_ids: bool,
    /// Without a Logon, after which the connection is closed.
    pub logon_deadline_ns: u64,
    /// Whether tags from 5000 on pass that no dictionary has.
    pub user_tags: bool,
    /// What messages may hold: in FIX.4.2, and in FIX.4.4.
    pub dictionaries: [Option<Arc<Dictionary>>; 2],
}

impl Settings {
    /// What messages of a version may hold, where that is known.
    #[must_use]
    pub fn dictionary(&self, version: Version) -> Option<&Dictionary> {
        let [older, newer] = &self.dictionaries;
        match version {
            Version::Fix42 => older.as_deref(),
            Version::Fix44 => newer.as_deref(),
        }
    }
}

/// What of a session outlives its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// The lowest number that was neither processed nor filled.
    pub next_in: u64,
}

impl Default for Numbers {
    fn default() -> Self {
        Self { next_in: 1 }
    }
}

/// Both times: since whenever, and since the epoch, in ns.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// For intervals.
    pub monotonic_ns: u64,
    /// For what is written.
    pub wall_ns: u64,
}
