//! Batches that stand one after the other in one buffer, which is used again and again.

use wire::record::{EventBatch, RecordError};

/// The buffer, and where each batch ends.
#[derive(Debug, Default)]
pub struct Batches {
    /// A batch is written to its end, and then said to be whole with [`Self::end`].
    pub bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Batches {
    /// The last batch is whole.
    pub fn end(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Forget them all.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let ends = self.ends.iter().copied();
        starts.zip(ends).map(|(start, end)| &self.bytes[start..end])
    }
}

/// Event batches that stand one after the other, each by itself.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "what is left is no longer than what there was"
)]
pub fn split(batches: &[u8]) -> Result<Vec<&[u8]>, RecordError> {
    let mut rest = batches;
    let mut split = Vec::new();
    while !rest.is_empty() {
        let before = rest;
        EventBatch::take(&mut rest)?;
        split.push(&before[..before.len() - rest.len()]);
    }
    Ok(split)
}
