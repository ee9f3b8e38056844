//! One TCP connection, from its first byte to its last.

/// Bytes that were read and are no packets yet, or packets whose turn has not come.
#[derive(Debug, Default)]
pub struct Rest {
    bytes: Vec<u8>,
    at: usize,
}

impl Rest {
    /// Whether there are none.
    #[inline(always)]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// All of them.
    pub fn unread(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// More were read.
    pub fn extend(&mut self, bytes: &[u8]) {
        if self.at > 0 && !bytes.is_empty() {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The first of them are done with.  What little stays keeps no more room than it had at first.
    pub fn consume(&mut self, bytes: usize, keep: usize) {
        self.at = self.at.saturating_add(bytes);
        if self.at >= self.bytes.len() {
            self.bytes.clear();
            self.bytes.shrink_to(keep);
            self.at = 0;
        }
    }
}

/// What is known of a connection.
#[derive(Debug)]
pub struct Connection {
    /// Tells connections apart that had the same number one after the other.
    pub generation: u32,
    /// What was read and is not handled yet.
    pub rest: Rest,
    /// Slot of the session it is logged in to.
    pub session: Option<u32>,
    /// Gets what is told as it happens; false while older messages are replayed.
    pub live: bool,
    /// The next message that a replay has to send.
    pub replay_next: u64,
    /// Requests without an answer.
    pub unanswered: u32,
    /// The owner was told not to read the socket.
    pub throttled: bool,
    /// Packets wait for their turn, and meanwhile the socket is not read either.
    pub later: bool,
    /// What is to be written.
    pub out: Vec<u8>,
    /// A whole packet came since the last tick.
    pub heard: bool,
    /// Something was written since the last tick.
    pub spoke: bool,
    /// When the last whole packet came, or the connection was opened.
    pub heard_ns: u64,
    /// When something was written last.
    pub spoke_ns: u64,
}

impl Connection {
    /// A connection that was opened at `now_ns`.
    #[must_use]
    pub fn new(generation: u32, now_ns: u64) -> Self {
        Self {
            generation,
            rest: Rest::default(),
            session: None,
            live: false,
            replay_next: 0,
            unanswered: 0,
            throttled: false,
            later: false,
            out: Vec::new(),
            heard: false,
            spoke: false,
            heard_ns: now_ns,
            spoke_ns: now_ns,
        }
    }
}
