//! Client order ids in text, each within the record that it belongs to.
//!
//! All that a door takes has room there: it is kept without an allocation, and read without another wait for
//! memory.  What journals and snapshots may hold beyond that stands in a table.

use super::pool::NONE;

/// Longest text that stands in its record, in bytes: the longest client order id that any door takes.
pub(crate) const BYTES_MAX: usize = 36;
/// The length of one that does not; where it stands are its first bytes.
const LONG: u8 = u8::MAX;

/// A text of a record, which the record's [`Texts`] read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text {
    len: u8,
    bytes: [u8; BYTES_MAX],
}

impl Text {
    pub(crate) const EMPTY: Self = Self {
        len: 0,
        bytes: [0; BYTES_MAX],
    };

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where it stands in the table, or `NONE`.
    const fn slot(&self) -> u32 {
        let [a, b, c, d, ..] = self.bytes;
        if self.len == LONG {
            u32::from_le_bytes([a, b, c, d])
        } else {
            NONE
        }
    }
}

/// The texts of some records; what of them is too long for these.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    long: Vec<String>,
    free: Vec<u32>,
}

#[allow(
    clippy::arithmetic_side_effects,
    reason = "texts in memory, one of which was just added; those that are free are among them"
)]
impl Texts {
    /// Keep a text, until it is forgotten.
    #[inline(always)]
    pub(crate) fn keep(&mut self, text: &str) -> Text {
        let mut kept = Text::EMPTY;
        match kept.bytes.get_mut(..text.len()) {
            Some(bytes) => {
                kept.len = text.len() as u8;
                bytes.copy_from_slice(text.as_bytes());
            }
            None => {
                kept.len = LONG;
                kept.bytes[..4].copy_from_slice(&self.keep_long(text).to_le_bytes());
            }
        }
        kept
    }

    #[cold]
    fn keep_long(&mut self, text: &str) -> u32 {
        if let Some(slot) = self.free.pop() {
            text.clone_into(&mut self.long[slot as usize]);
            return slot;
        }
        self.long.push(text.to_owned());
        (self.long.len() - 1) as u32
    }

    #[inline(always)]
    pub(crate) fn get<'t>(&'t self, kept: &'t Text) -> &'t str {
        match kept.slot() {
            NONE => str::from_utf8(self.bytes(kept)).unwrap_or_default(),
            slot => &self.long[slot as usize],
        }
    }

    #[inline(always)]
    pub(crate) fn bytes<'t>(&'t self, kept: &'t Text) -> &'t [u8] {
        match kept.slot() {
            NONE => kept.bytes.get(..usize::from(kept.len)).unwrap_or_default(),
            slot => self.long[slot as usize].as_bytes(),
        }
    }

    #[inline(always)]
    pub(crate) fn forget(&mut self, kept: &Text) {
        if kept.len == LONG {
            self.free.push(kept.slot());
        }
    }

    /// How many stand in the table.
    pub(crate) fn long(&self) -> usize {
        self.long.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MAX, Text, Texts};

    #[test]
    fn a_text_comes_back_as_it_was_kept_whatever_its_length() {
        let mut texts = Texts::default();
        let all: Vec<String> = [0, 1, 20, 35, 36, 37, 254, 255, 256, 100_000]
            .map(|len| "ä".repeat(len / 2) + &"a".repeat(len % 2))
            .into();
        let kept: Vec<Text> = all.iter().map(|text| texts.keep(text)).collect();
        for (text, kept) in all.iter().zip(&kept) {
            assert_eq!(
                (texts.get(kept), texts.bytes(kept)),
                (&**text, text.as_bytes())
            );
            assert_eq!(kept.is_empty(), text.is_empty());
        }
        let long = all.iter().filter(|text| text.len() > BYTES_MAX).count();
        assert_eq!(texts.long(), long);
        kept.iter().for_each(|kept| texts.forget(kept));
        assert_eq!(texts.long(), 0);
    }

    #[test]
    fn room_of_a_long_text_is_used_again() {
        let mut texts = Texts::default();
        for number in 0..1_000 {
            let text = format!("{number:0>40}");
            let kept = texts.keep(&text);
            assert_eq!(texts.get(&kept), text);
            texts.forget(&kept);
        }
        assert_eq!((texts.long.len(), texts.free.len()), (1, 1));
    }
}
