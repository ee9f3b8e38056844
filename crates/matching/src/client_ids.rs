//! Client order ids in text, remembered after their orders are gone.
//!
//! Scope is the entry.  Each entry remembers at most `client_ids_per_account_max`, a FIX session
//! `client_ids_per_session_max`; the oldest is forgotten first, but for those of open orders of a FIX session.
//! The highest ClOrdID of a binary entry stands in the entry itself.

use super::index::{Index, mix_text};
use super::pool::{NONE, Pool, Slot};
use wire::record::command::NewOrder;
use wire::record::{ExecInst, Reason};
use xxhash_rust::xxh3::xxh3_64;

/// So many that are needed are passed over at most, before one is remembered beyond the bound.
const RENEWED_MAX: u32 = 4;

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
    what.exec_inst &= !(ExecInst::REPEAT_ONLY | ExecInst::POSS_RESEND);
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
    /// the oldest above `most`; those that are needed still become the youngest, a few at a time.
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
        is_needed: impl Fn(&Remembered) -> bool,
    ) {
        let mut renewed = 0;
        while queue.len > 0 && queue.len >= most && renewed < RENEWED_MAX {
            if is_needed(&self.pool[queue.oldest]) {
                self.renew_oldest(queue);
                renewed += 1;
            } else {
                self.forget_oldest(queue);
            }
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
        self.append(queue, slot);
        queue.len += 1;
    }

    /// Put the one in a slot, which has no younger one, at the end of a queue.
    fn append(&mut self, queue: &mut Queue, slot: u32) {
        let last = std::mem::replace(&mut queue.newest, slot);
        if last == NONE {
            queue.oldest = slot;
        } else {
            self.pool[last].younger = slot;
        }
    }

    /// The oldest becomes the youngest.
    fn renew_oldest(&mut self, queue: &mut Queue) {
        let slot = queue.oldest;
        if slot == queue.newest {
            return;
        }
        queue.oldest = std::mem::replace(&mut self.pool[slot].younger, NONE);
        self.append(queue, slot);
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
