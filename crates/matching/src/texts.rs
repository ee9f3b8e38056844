//! Texts by slot: the client order ids of open orders, beside the orders so as not to bloat them.
//!
//! A freed slot keeps its buffer, so that in the steady state nothing is allocated.

use super::pool::NONE;

#[derive(Debug, Default)]
pub(crate) struct Texts {
    texts: Vec<String>,
    free: Vec<u32>,
}

#[allow(
    clippy::arithmetic_side_effects,
    reason = "texts in memory, one of which was just added; those that are free are among them"
)]
impl Texts {
    /// Keep a text; the empty one takes no slot.
    #[inline(always)]
    pub(crate) fn keep(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            NONE
        } else {
            self.take(text)
        }
    }

    fn take(&mut self, text: &str) -> u32 {
        if let Some(slot) = self.free.pop() {
            let freed = &mut self.texts[slot as usize];
            freed.clear();
            freed.push_str(text);
            return slot;
        }
        self.texts.push(text.to_owned());
        (self.texts.len() - 1) as u32
    }

    pub(crate) fn get(&self, slot: u32) -> &str {
        if slot == NONE {
            ""
        } else {
            &self.texts[slot as usize]
        }
    }

    pub(crate) fn forget(&mut self, slot: u32) {
        if slot != NONE {
            self.free.push(slot);
        }
    }

    /// Texts that are kept.
    pub(crate) fn used(&self) -> usize {
        self.texts.len() - self.free.len()
    }
}
