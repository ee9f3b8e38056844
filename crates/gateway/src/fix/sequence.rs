//! Numbers of what comes in: what is next, and what waits behind a gap.

use std::collections::BTreeMap;

/// How a number stands to the one that is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is the next one.
    Next,
    /// Others are missing before it.
    Ahead,
    /// It came before.
    Low,
}

/// Where a number stands to the next one.
#[must_use]
pub const fn place(number: u64, next: u64) -> Place {
    if number == next {
        Place::Next
    } else if number > next {
        Place::Ahead
    } else {
        Place::Low
    }
}

/// Messages behind a gap, which wait for it to be filled.
#[derive(Debug, Default)]
pub struct Waiting {
    messages: BTreeMap<u64, Vec<u8>>,
    bytes: usize,
}

impl Waiting {
    /// Keep a message; false where there are as many as may be: then it is asked for again.
    pub fn keep(
        &mut self,
        number: u64,
        message: &[u8],
        messages_max: usize,
        bytes_max: usize,
    ) -> bool {
        let bytes = self.bytes.saturating_add(message.len());
        if self.messages.contains_key(&number) {
            return true;
        }
        if self.messages.len() >= messages_max || bytes > bytes_max {
            return false;
        }
        self.bytes = bytes;
        self.messages.insert(number, message.to_vec());
        true
    }

    /// The message of this number, which does not wait any more; those before it are gone, too.
    pub fn take(&mut self, number: u64) -> Option<Vec<u8>> {
        while let Some(first) = self.messages.first_entry() {
            if *first.key() > number {
                return None;
            }
            let (found, message) = (*first.key(), first.remove());
            self.bytes = self.bytes.saturating_sub(message.len());
            if found == number {
                return Some(message);
            }
        }
        None
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}
