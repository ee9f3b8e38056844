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

/// Messages that are told again to a connection that goes on with others then; both by number, the last one
/// included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resend {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
}

/// What is known of a connection; `C` is what its protocol knows.
#[derive(Debug)]
pub struct Connection<C> {
    /// What its protocol knows.
    pub state: C,
    /// Tells connections apart that had the same number one after the other.
    pub generation: u32,
    /// What was read and is not handled yet.
    pub rest: Rest,
    /// Slot of the session it is logged in to.
    pub session: Option<u32>,
    /// Gets what is told as it happens; false while older messages are replayed.
    pub live: bool,
    /// It waits for the message that every session of its protocol begins with, and is told nothing before.
    pub begins: bool,
    /// The next message that a replay has to send.
    pub replay_next: u64,
    /// The first message that it was never told.
    pub told_next: u64,
    /// What is being told again.
    pub resend: Option<Resend>,
    /// What is to be told again after that.
    pub resend_later: Option<Resend>,
    /// It is to be closed when it was told the last message of its session, for this reason.
    pub ends: Option<&'static str>,
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
    /// When the last whole packet was read; 0 where none was.
    pub last_ns: u64,
    /// When the last whole packet came, as far as deadlines know, or the connection was opened.
    pub heard_ns: u64,
    /// When something was written last.
    pub spoke_ns: u64,
}

impl<C> Connection<C> {
    /// A connection that was opened at `now_ns`.
    #[must_use]
    pub fn new(generation: u32, state: C, now_ns: u64) -> Self {
        Self {
            state,
            generation,
            rest: Rest::default(),
            session: None,
            live: false,
            begins: false,
            replay_next: 0,
            told_next: 0,
            resend: None,
            resend_later: None,
            ends: None,
            unanswered: 0,
            throttled: false,
            later: false,
            out: Vec::new(),
            heard: false,
            spoke: false,
            last_ns: 0,
            heard_ns: now_ns,
            spoke_ns: now_ns,
        }
    }

    /// Tell messages again as soon as what is told again now was told; whether that has begun.  The newest wish
    /// takes the place of one that waits.
    pub fn tell_again(&mut self, resend: Resend) -> bool {
        self.resend_later = Some(resend);
        if self.begins || !self.live {
            return false;
        }
        self.begin_resend();
        true
    }

    /// Go on with what is to be told again, if anything is.
    pub fn begin_resend(&mut self) {
        self.resend = self.resend_later.take();
        match self.resend {
            Some(resend) => (self.live, self.replay_next) = (false, resend.first),
            None => self.replay_next = self.told_next,
        }
    }
}
