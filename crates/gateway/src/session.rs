//! The logical session of a user.

use std::collections::VecDeque;

/// Messages between two entries of a session's replay index.
const INDEX_STEP: u64 = 1_024;

/// Bytes of events behind the last entry, after which each message has one: so much at most is read for a
/// message of a quiet session.
pub const INDEX_BYTES: u64 = 4 << 20;

/// A user's session: what it was told so far, and where that stands in the events log.
#[derive(Debug, Clone, Default)]
pub struct Session<S> {
    /// The entry's number in the engine.
    pub entry: u32,
    /// Number of the last message that exists.  Messages are counted one by one, so that no number comes
    /// near the end of its field.
    pub sent: u64,
    /// Oldest message that the events log keeps; `sent + 1` when it keeps none.
    pub oldest: u64,
    /// The number that the entry's session was reset at last: it numbers its messages from the next one on.
    pub base: u64,
    /// How often that was, as events have told.
    pub epoch: u64,
    /// When a message last came from a client that is not connected any more; 0 where none has.
    pub heard_ns: u64,
    /// What its protocol knows of it.
    pub state: S,
    /// The connection that is logged in.
    pub connection_id: Option<u32>,
    /// (message number, offset of the command that made it), rising: the same in every copy of the events.
    index: VecDeque<(u64, u64)>,
    /// Where among the bytes of events the last of these was noted.
    noted_at: u64,
}

impl<S: Copy + Default> Session<S> {
    /// A session that was told `sent` messages, of which none has been found in the log yet.
    #[must_use]
    pub fn new(entry: u32, sent: u64, state: S) -> Self {
        Self {
            entry,
            sent,
            oldest: sent.saturating_add(1),
            state,
            ..Self::default()
        }
    }

    /// The numbers begin anew behind this message; what came before is not told again.
    pub fn reset(&mut self, base: u64, epoch: u64) {
        (self.base, self.sent, self.epoch) = (base, base, epoch);
        self.forget_before(u64::MAX);
    }

    /// The same was read in a log, where more may follow that is known already.
    pub fn was_reset(&mut self, base: u64) {
        self.base = self.base.max(base);
        self.sent = self.sent.max(base);
        self.forget_before(u64::MAX);
    }

    /// A number of the entry's as the session counts.
    #[inline(always)]
    #[must_use]
    pub const fn shown(&self, number: u64) -> u64 {
        number.saturating_sub(self.base)
    }

    /// Message `number` follows from the command at this offset, whose events end `at` so many bytes.
    #[inline(always)]
    pub fn located(&mut self, number: u64, command: u64, at: u64) {
        match self.index.back() {
            Some((last, _))
                if number < last.saturating_add(INDEX_STEP)
                    && at < self.noted_at.saturating_add(INDEX_BYTES) => {}
            last => {
                if last.is_none() {
                    self.oldest = number;
                }
                self.index.push_back((number, command));
                self.noted_at = at;
            }
        }
    }

    /// Where some of the messages stand: (number, command), rising.
    pub fn index(&self) -> impl Iterator<Item = (u64, u64)> {
        self.index.iter().copied()
    }

    /// Take over where messages stand from an earlier life.
    pub fn set_index(&mut self, index: &[(u64, u64)]) {
        self.index = index.iter().copied().collect();
        self.find_oldest();
    }

    /// Another has found where older messages stand.
    pub fn put_before(&mut self, older: &Self) {
        let newer = std::mem::replace(&mut self.index, older.index.clone());
        self.index.extend(newer);
        self.find_oldest();
    }

    /// From which command's events on to read for message `number`: its own, or one before it.
    #[must_use]
    pub fn command_of(&self, number: u64) -> Option<u64> {
        let found = self.index.partition_point(|(first, _)| *first <= number);
        self.index
            .get(found.saturating_sub(1))
            .map(|(_, command)| *command)
    }

    /// The log now begins with the events of this command: forget what stood before them.
    pub fn forget_before(&mut self, first_command: u64) {
        while self
            .index
            .front()
            .is_some_and(|(_, command)| *command < first_command)
        {
            self.index.pop_front();
        }
        self.find_oldest();
    }

    fn find_oldest(&mut self) {
        self.oldest = match self.index.front() {
            Some((number, _)) => *number,
            None => self.sent.saturating_add(1),
        };
    }

    /// The oldest command whose events the newest `messages` messages need, if any.
    #[must_use]
    pub fn needs_command(&self, messages: u64) -> Option<u64> {
        let oldest_needed = self.sent.saturating_sub(messages).saturating_add(1);
        self.command_of(oldest_needed.max(self.oldest))
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
