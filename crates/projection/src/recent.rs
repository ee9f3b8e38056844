//! The newest changes of one order, packed: what memory shows of its history and fills.
//!
//! # Contract
//! All changes are counted.  Kept are the newest [`SHOWN_MAX`] entries of the history at least, and the
//! newest [`SHOWN_MAX`] fills, wherever these lie.
//!
//! # Limits
//! Up to [`SHORT_BYTES`] of changes, as most orders have, need no memory of their own.  An order takes
//! at most some 8 KiB, however often it changes.

use std::collections::VecDeque;

use wire::text::{Fill, HistoryEntry};

use crate::change::{Change, InForce, unfold};

/// Most fills, and most entries of the history, that an order is shown with.
pub const SHOWN_MAX: usize = 50;
/// Bytes of changes that stand in the order itself.
const SHORT_BYTES: usize = 54;

/// The newest changes of an order.
#[derive(Debug)]
pub struct Recent {
    kept: Kept,
    history: u64,
    fills: u64,
}

#[derive(Debug)]
enum Kept {
    /// From the beginning of the order on.
    Short {
        len: u8,
        bytes: [u8; SHORT_BYTES],
    },
    Long(Box<Long>),
}

#[derive(Debug)]
struct Long {
    bytes: Vec<u8>,
    /// Changes in `bytes`.
    count: usize,
    /// In force before the first of them.
    in_force: InForce,
    /// The newest fills before them.
    fills: VecDeque<Fill>,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            kept: Kept::Short {
                len: 0,
                bytes: [0; SHORT_BYTES],
            },
            history: 0,
            fills: 0,
        }
    }
}

impl Recent {
    /// Entries of the history and fills, of all that was pushed.
    #[must_use]
    pub const fn counts(&self) -> (u64, u64) {
        (self.history, self.fills)
    }

    /// The order changes; `in_force` were in force before it.
    pub fn push(&mut self, change: &Change, in_force: InForce, time_ns: u64) {
        self.history += 1;
        self.fills += u64::from(change.is_fill());
        let packed = change.pack(time_ns);
        let packed = packed.as_slice();
        match &mut self.kept {
            Kept::Short { len, bytes } => {
                let (begin, end) = (usize::from(*len), usize::from(*len) + packed.len());
                // What does not begin with the order's beginning needs its in_force beside it.
                if end <= SHORT_BYTES && (begin > 0 || change.begins()) {
                    bytes[begin..end].copy_from_slice(packed);
                    *len = end as u8;
                    return;
                }
                let mut long = Long {
                    bytes: bytes[..begin].to_vec(),
                    count: self.history as usize - 1,
                    in_force,
                    fills: VecDeque::new(),
                };
                long.push(packed);
                self.kept = Kept::Long(Box::new(long));
            }
            Kept::Long(long) => long.push(packed),
        }
    }

    /// The newest entries of the history and fills, the oldest first: so many as asked for, and at most
    /// [`SHOWN_MAX`] of each.
    #[must_use]
    pub fn newest(&self, history: u64, fills: u64) -> (Vec<HistoryEntry>, Vec<Fill>) {
        let (mut entries, mut trades) = (Vec::new(), Vec::new());
        let (bytes, in_force) = match &self.kept {
            Kept::Short { len, bytes } => {
                (&bytes[..usize::from(*len)], InForce { price: 0, qty: 0 })
            }
            Kept::Long(long) => {
                trades.extend(&long.fills);
                (&*long.bytes, long.in_force)
            }
        };
        // What was packed here comes back whole.
        let _ = unfold(bytes, in_force, |entry, fill| {
            entries.push(entry);
            trades.extend(fill);
        });
        (last(entries, history), last(trades, fills))
    }
}

fn last<T>(mut all: Vec<T>, most: u64) -> Vec<T> {
    let most = usize::try_from(most).unwrap_or(SHOWN_MAX).min(SHOWN_MAX);
    all.drain(..all.len().saturating_sub(most));
    all
}

impl Long {
    fn push(&mut self, packed: &[u8]) {
        self.bytes.extend_from_slice(packed);
        self.count += 1;
        if self.count >= 2 * SHOWN_MAX {
            self.forget(SHOWN_MAX);
        }
    }

    /// Forget the oldest changes, but for their fills.
    fn forget(&mut self, count: usize) {
        let mut rest = &*self.bytes;
        for _ in 0..count {
            let Some((time_ns, change)) = Change::take(&mut rest) else {
                break;
            };
            let (entry, fill) = change.shown(self.in_force, time_ns);
            self.in_force = InForce {
                price: entry.price,
                qty: entry.qty,
            };
            if let Some(fill) = fill {
                if self.fills.len() == SHOWN_MAX {
                    self.fills.pop_front();
                }
                self.fills.push_back(fill);
            }
            self.count -= 1;
        }
        let gone = self.bytes.len() - rest.len();
        self.bytes.drain(..gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::tests::any_change;
    use proptest::prelude::*;

    const NONE: InForce = InForce { price: 0, qty: 0 };

    #[test]
    fn an_order_that_comes_and_goes_needs_no_memory_of_its_own() {
        let mut recent = Recent::default();
        let price = 92_233_720_368 * 100_000_000;
        recent.push(
            &Change::Accepted {
                price,
                qty: 100_000_000,
            },
            NONE,
            u64::MAX,
        );
        recent.push(
            &Change::Canceled {
                status: wire::record::OrdStatus::Canceled,
                reason: wire::record::CancelReason::Requested,
                cum: 0,
                leaves: 0,
            },
            NONE,
            u64::MAX,
        );
        assert!(matches!(recent.kept, Kept::Short { .. }));
        assert_eq!(recent.counts(), (2, 0));
    }

    proptest! {
        #[test]
        fn the_newest_are_those_of_the_whole_history(
            changes in proptest::collection::vec((any::<u64>(), any_change()), 0..400),
            (price, qty) in (any::<i64>(), any::<i64>()),
            asked in (0..80u64, 0..80u64),
        ) {
            let mut recent = Recent::default();
            let mut all = Vec::new();
            let mut in_force = InForce { price, qty };
            let (mut history, mut fills) = (Vec::new(), Vec::new());
            for (time_ns, change) in &changes {
                recent.push(change, in_force, *time_ns);
                let (entry, fill) = change.shown(in_force, *time_ns);
                in_force = InForce { price: entry.price, qty: entry.qty };
                history.push(entry);
                fills.extend(fill);
                all.extend_from_slice(change.pack(*time_ns).as_slice());
            }
            prop_assert_eq!(recent.counts(), (history.len() as u64, fills.len() as u64));
            prop_assert_eq!(
                recent.newest(asked.0, asked.1),
                (last(history, asked.0), last(fills, asked.1))
            );
            if let Kept::Long(long) = &recent.kept {
                prop_assert!(long.count < 2 * SHOWN_MAX);
                prop_assert!(long.fills.len() <= SHOWN_MAX);
            }
        }
    }
}
