//! Where in an events log the batches stand that a command batch made.

use std::ops::Range;

use super::batch::EventBatchHeader;

/// Whose an event batch is: the offset of the command batch that made it, and its index among those of
/// that one.  They rise in a log.
pub type BatchKey = (u64, u16);

impl EventBatchHeader {
    /// Whose the batch is.
    #[must_use]
    pub const fn key(&self) -> BatchKey {
        (self.command_offset, self.part)
    }
}

/// The first of the offsets whose batch stands behind a key; their end where none does.
///
/// # Errors
/// That of `key`, which tells whose the batch at an offset is.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "offsets of a log begin at 1 and stay below 2^63"
)]
pub fn first_batch_behind<E>(
    behind: BatchKey,
    offsets: Range<u64>,
    mut key: impl FnMut(u64) -> Result<BatchKey, E>,
) -> Result<u64, E> {
    let (mut low, mut high) = (offsets.start, offsets.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if key(middle)? > behind {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::first_batch_behind;

    #[test]
    fn it_is_the_first_that_a_later_command_or_part_made() {
        let batches = [(3, 0), (3, 1), (4, 0), (9, 0), (9, 1), (9, 2)];
        let found = |behind| {
            first_batch_behind(behind, 7..13, |offset| {
                let index = usize::try_from(offset - 7).map_err(|_| "no such offset")?;
                batches.get(index).copied().ok_or("no such offset")
            })
        };
        assert_eq!(found((2, u16::MAX)), Ok(7));
        assert_eq!(found((3, 0)), Ok(8));
        assert_eq!(found((3, u16::MAX)), Ok(9));
        assert_eq!(found((8, u16::MAX)), Ok(10));
        assert_eq!(found((9, 1)), Ok(12));
        assert_eq!(found((9, u16::MAX)), Ok(13));
    }

    #[test]
    fn a_batch_that_cannot_be_read_is_told() {
        assert_eq!(
            first_batch_behind((1, 0), 1..5, |_| Err("damaged")),
            Err("damaged")
        );
        assert_eq!(first_batch_behind((1, 0), 5..5, |_| Err("damaged")), Ok(5));
    }
}
