//! Client order ids in text, remembered after their orders are gone.
//!
//! Scope is the entry.  Each entry remembers at most `client_ids_per_account_max`, a FIX session
//! `client_ids_per_session_max`; the oldest is forgotten first, but for those of open orders of a FIX session.
//! The highest ClOrdID of a binary entry stands in the entry itself.
//!
//! # Layout
//! What is remembered is one line of memory, the text included, and a cell of the index.  The oldest is the next to
//! be forgotten: its line and its cell are prefetched while the ones before it go.

use super::index::{Index, mix_text};
use super::pool::{NONE, Pool, Slot};
use super::texts::{Text, Texts};
use wire::record::command::NewOrder;
use wire::record::{ExecInst, Reason};
use xxhash_rust::xxh3::xxh3_64;

/// So many that are needed are passed over at most, before one is remembered beyond the bound.
const RENEWED_MAX: u32 = 4;

#[derive(Debug, Clone)]
#[repr(align(64))]
pub(crate) struct Remembered {
    text: Text,
    pub(crate) entry: u32,
    /// The entry's next younger one; links free slots too.
    pub(crate) younger: u32,
    pub(crate) order_id: u64,
    /// Hash of what the user said of the order.
    pub(crate) content: u64,
    /// Why it was refused, or `None`.
    pub(crate) reason: Reason,
}

const _: () = assert!(size_of::<Remembered>() == 64);

impl Default for Remembered {
    fn default() -> Self {
        Self {
            text: Text::EMPTY,
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
    texts: Texts,
}

/// Hash of a text in the scope of its entry.
#[inline(always)]
pub(crate) fn text_hash(entry: u32, text: &str) -> u64 {
    mix_text(u64::from(entry), text.as_bytes())
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
            texts: Texts::default(),
        }
    }

    pub(crate) const fn len(&self) -> u32 {
        self.pool.used()
    }

    pub(crate) fn find(&self, entry: u32, text: &str) -> Option<&Remembered> {
        let slot = self.index.find(text_hash(entry, text), |slot| {
            let known = &self.pool[slot];
            known.entry == entry && self.texts.bytes(&known.text) == text.as_bytes()
        })?;
        Some(&self.pool[slot])
    }

    /// The text of one that is remembered.
    pub(crate) fn text<'s>(&'s self, known: &'s Remembered) -> &'s str {
        self.texts.get(&known.text)
    }

    /// Prefetch the line where a text of this hash stands or will stand.
    #[inline(always)]
    pub(crate) fn prefetch_text(&self, hash: u64) {
        self.index.prefetch(hash);
    }

    /// The slot that a text of this hash probably means, or `NONE`; what stands there is prefetched.
    #[inline(always)]
    pub(crate) fn guess(&self, hash: u64) -> u32 {
        let slot = self.index.guess(hash);
        self.pool.prefetch(slot);
        slot
    }

    /// The order that a slot names, if there is such a slot.
    #[inline(always)]
    pub(crate) fn order_of(&self, slot: u32) -> Option<u64> {
        self.pool.get(slot).map(|known| known.order_id)
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
        is_needed: impl Fn(u64, &[u8]) -> bool,
    ) {
        let mut renewed = 0;
        while queue.len > 0 && queue.len >= most && renewed < RENEWED_MAX {
            let oldest = &self.pool[queue.oldest];
            if is_needed(oldest.order_id, self.texts.bytes(&oldest.text)) {
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
        record.text = self.texts.keep(text);
        record.entry = number;
        record.younger = NONE;
        (record.order_id, record.content, record.reason) = (order_id, content, reason);
        self.index.insert(text_hash(number, text), slot);
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
        let hash = self.hash_at(slot);
        queue.oldest = self.pool[slot].younger;
        queue.len -= 1;
        if queue.len == 0 {
            queue.newest = NONE;
        } else {
            self.index.prefetch(self.hash_at(queue.oldest));
            self.pool.prefetch(self.pool[queue.oldest].younger);
        }
        self.index.remove(hash, slot);
        self.texts.forget(&self.pool[slot].text);
        self.pool.give(slot);
    }

    fn hash_at(&self, slot: u32) -> u64 {
        let known = &self.pool[slot];
        mix_text(u64::from(known.entry), self.texts.bytes(&known.text))
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
