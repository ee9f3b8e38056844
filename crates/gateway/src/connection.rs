//! One TCP line, from its first byte to its last.

/// What is known of a line.
#[derive(Debug)]
pub struct Connection {
    /// Tells lines apart that had the same place one after the other.
    pub generation: u32,
    /// Bytes of a packet that is not whole yet.
    pub rest: Vec<u8>,
    /// Place of the session it is logged in to.
    pub session: Option<u32>,
    /// Gets what is told as it happens; false while older messages are replayed.
    pub live: bool,
    /// The next message that a replay has to send.
    pub replay_next: u64,
    /// Requests without an answer.
    pub unanswered: u32,
    /// The owner was told not to read the socket.
    pub throttled: bool,
    /// What is to be written.
    pub out: Vec<u8>,
    /// A whole packet came since the last tick.
    pub heard: bool,
    /// Something was written since the last tick.
    pub spoke: bool,
    /// When the last whole packet came, or the line was opened.
    pub heard_ns: u64,
    /// When something was written last.
    pub spoke_ns: u64,
}

impl Connection {
    /// A line that was opened at `now_ns`.
    #[must_use]
    pub fn new(generation: u32, now_ns: u64) -> Self {
        Self {
            generation,
            rest: Vec::new(),
            session: None,
            live: false,
            replay_next: 0,
            unanswered: 0,
            throttled: false,
            out: Vec::new(),
            heard: false,
            spoke: false,
            heard_ns: now_ns,
            spoke_ns: now_ns,
        }
    }
}
