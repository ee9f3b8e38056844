//! Client order ids in text, remembered after their orders are gone.
//!
//! Scope is the entry.  Each entry remembers at most `client_ids_per_account_max`; the oldest is
//! forgotten first.  The highest ClOrdID of a binary entry stands in the entry itself.

use super::index::{Index, mix_text};
use super::pool::{NONE, Pool, Slot};
use wire::record::command::NewOrder;
use wire::record::{ExecInst, Reason};
use xxhash_rust::xxh3::xxh3_64;

#[derive(Debug, Clone)]
pub(crate) struct Remembered {
    pub(crate) text: String,
    pub(crate) entry: u32,
    /// The entry's next younger one; links free slots too.
    pub(crate) younger: u32,
    pub(crate) order_id: u64,
    /// Hash of what the user said of the order.
    pub(crate) content: u64,
    /// Why it was refused, or `None`.
    pub(crate) reason: Reason,
}

impl Default for Remembered {
    fn default() -> Self {
        Self {
            text: String::new(),
            entry: 0,
            younger: NONE,
            order_id: 0,
            content: 0,
            reason: Reason::None,
        }
    }
}

impl Slot for Remembered {
    fn link(&self) -> u32 {
        self.younger
    }
    fn set_link(&mut self, next: u32) {
        self.younger = next;
    }
}

/// What one entry has remembered, oldest first.
#[derive(Debug)]
pub(crate) struct Queue {
    oldest: u32,
    newest: u32,
    len: u32,
}

impl Queue {
    pub(crate) const EMPTY: Self = Self {
        oldest: NONE,
        newest: NONE,
        len: 0,
    };

    pub(crate) const fn len(&self) -> u32 {
        self.len
    }
}

#[derive(Debug)]
pub(crate) struct ClientIds {
    pool: Pool<Remembered, 256>,
    index: Index,
}

/// Hash of what a user says of an order, which a repeat is compared by.
pub(crate) fn content(new: &NewOrder) -> u64 {
    let mut what = *new;
    (what.entry, what.num) = (0, 0);
    what.exec_inst &= !ExecInst::REPEAT_ONLY;
    xxh3_64(&what.to_bytes())
}

impl ClientIds {
    pub(crate) fn new() -> Self {
        Self {
            pool: Pool::new(),
            index: Index::default(),
        }
    }

    pub(crate) const fn len(&self) -> u32 {
        self.pool.used()
    }

    pub(crate) fn find(&self, entry: u32, text: &str) -> Option<&Remembered> {
        let slot = self.index.find(mix_text(u64::from(entry), text), |slot| {
            let known = &self.pool[slot];
            known.entry == entry && known.text == text
        })?;
        Some(&self.pool[slot])
    }

    /// Remember a text that is not known, as the youngest of an entry (`number`, and its queue), and forget
    /// the oldest above `most`.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "remembered one by one, and as many as `most`"
    )]
    pub(crate) fn remember(
        &mut self,
        (number, queue): (u32, &mut Queue),
        most: u32,
        text: &str,
        (order_id, content, reason): (u64, u64, Reason),
    ) {
        while queue.len > 0 && queue.len >= most {
            self.forget_oldest(queue);
        }
        if most == 0 {
            return;
        }
        let slot = self.pool.take_kept();
        let record = &mut self.pool[slot];
        record.text.clear();
        record.text.push_str(text);
        record.entry = number;
        record.younger = NONE;
        (record.order_id, record.content, record.reason) = (order_id, content, reason);
        self.index.insert(mix_text(u64::from(number), text), slot);
        let last = std::mem::replace(&mut queue.newest, slot);
        if last == NONE {
            queue.oldest = slot;
        } else {
            self.pool[last].younger = slot;
        }
        queue.len += 1;
    }

    #[allow(
        clippy::arithmetic_side_effects,
        reason = "what is forgotten was remembered"
    )]
    fn forget_oldest(&mut self, queue: &mut Queue) {
        let slot = queue.oldest;
        let oldest = &self.pool[slot];
        let hash = mix_text(u64::from(oldest.entry), &oldest.text);
        queue.oldest = oldest.younger;
        queue.len -= 1;
        if queue.len == 0 {
            queue.newest = NONE;
        }
        self.index.remove(hash, slot);
        self.pool.give(slot);
    }

    /// What an entry has remembered, oldest first.
    pub(crate) fn of<'s>(
        &'s self,
        queue: &Queue,
    ) -> impl Iterator<Item = &'s Remembered> + use<'s> {
        let start = (queue.oldest != NONE).then(|| &self.pool[queue.oldest]);
        std::iter::successors(start, |known| {
            (known.younger != NONE).then(|| &self.pool[known.younger])
        })
    }
}

#[cfg(test)]
#[path = "client_ids_tests.rs"]
mod tests;
