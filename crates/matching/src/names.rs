//! Names that are given numbers from 1 in order of first appearance, and kept for ever.

use super::index::{Index, mix_text};

/// Numbers for names; the names themselves stand in the caller's rows.
#[derive(Debug, Default)]
pub(crate) struct Names {
    index: Index,
}

impl Names {
    /// The number of `name` within `scope`; `name_of` tells the scope and name of a number.
    pub(crate) fn find<'r>(
        &self,
        scope: u8,
        name: &str,
        name_of: impl Fn(u32) -> (u8, &'r str),
    ) -> Option<u32> {
        self.index
            .find(mix_text(u64::from(scope), name.as_bytes()), |number| {
                name_of(number) == (scope, name)
            })
    }

    pub(crate) fn add(&mut self, scope: u8, name: &str, number: u32) {
        self.index
            .insert(mix_text(u64::from(scope), name.as_bytes()), number);
    }
}
