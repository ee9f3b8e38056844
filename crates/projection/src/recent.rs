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
const SHORT_BYTES: usize = 52;

/// The newest changes of an order.
#[derive(Debug)]
pub struct Recent {
    /// Where there are many; else they stand here, from the beginning of the order on.
    long: Option<Box<Long>>,
    len: u8,
    history: u8,
    fills: u8,
    bytes: [u8; SHORT_BYTES],
}

#[derive(Debug)]
struct Long {
    bytes: Vec<u8>,
    /// Changes in `bytes`.
    count: usize,
    /// In force before the first of them.
    in_force: InForce,
    /// The newest fills before them.
    older_fills: VecDeque<Fill>,
    history: u64,
    fills: u64,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            long: None,
            len: 0,
            history: 0,
            fills: 0,
            bytes: [0; SHORT_BYTES],
        }
    }
}

impl Recent {
    /// Forget all.
    #[inline]
    pub fn clear(&mut self) {
        self.long = None;
        (self.len, self.history, self.fills) = (0, 0, 0);
    }

    /// Entries of the history and fills, of all that was pushed.
    #[must_use]
    #[inline]
    pub fn counts(&self) -> (u64, u64) {
        match &self.long {
            Some(long) => (long.history, long.fills),
            None => (self.history.into(), self.fills.into()),
        }
    }

    /// The order changes; `in_force` was so before it.
    #[inline]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "what stands here has few bytes and fewer changes"
    )]
    pub fn push(&mut self, change: &Change, in_force: InForce, time_ns: u64) {
        let packed = change.pack(time_ns);
        let packed = packed.as_slice();
        let (begin, end) = (usize::from(self.len), usize::from(self.len) + packed.len());
        // What does not begin with the order's beginning needs its terms beside it.
        if self.long.is_none() && end <= SHORT_BYTES && (begin > 0 || change.begins()) {
            self.bytes[begin..end].copy_from_slice(packed);
            self.len = end as u8;
            self.history += 1;
            self.fills += u8::from(change.is_fill());
            return;
        }
        self.push_long(packed, change.is_fill(), in_force);
    }

    fn push_long(&mut self, packed: &[u8], fill: bool, in_force: InForce) {
        let long = self.long.get_or_insert_with(|| {
            Box::new(Long {
                bytes: self.bytes[..usize::from(self.len)].to_vec(),
                count: self.history.into(),
                in_force,
                older_fills: VecDeque::new(),
                history: self.history.into(),
                fills: self.fills.into(),
            })
        });
        long.push(packed, fill);
    }

    /// The newest entries of the history and fills, the oldest first: so many as asked for, and at most
    /// [`SHOWN_MAX`] of each.
    #[must_use]
    pub fn newest(&self, history: u64, fills: u64) -> (Vec<HistoryEntry>, Vec<Fill>) {
        let (mut entries, mut trades) = (Vec::new(), Vec::new());
        let (bytes, in_force) = match &self.long {
            None => (
                &self.bytes[..usize::from(self.len)],
                InForce { price: 0, qty: 0 },
            ),
            Some(long) => {
                trades.extend(&long.older_fills);
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
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "changes are counted one by one"
    )]
    fn push(&mut self, packed: &[u8], fill: bool) {
        self.bytes.extend_from_slice(packed);
        self.count += 1;
        self.history += 1;
        self.fills += u64::from(fill);
        if self.count >= 2 * SHOWN_MAX {
            self.forget(SHOWN_MAX);
        }
    }

    /// Forget the oldest changes, but for their fills.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "a change that is taken off was counted, and what is left is no longer than what there was"
    )]
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
                if self.older_fills.len() == SHOWN_MAX {
                    self.older_fills.pop_front();
                }
                self.older_fills.push_back(fill);
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
        assert!(recent.long.is_none());
        assert_eq!(recent.counts(), (2, 0));
    }

    proptest! {
        #[test]
        fn the_newest_are_those_of_the_whole_history(
            changes in proptest::collection::vec((any::<u64>(), any_change()), 0..400),
            (price, qty) in (any::<i64>(), any::<i64>()),
            wanted in (0..80u64, 0..80u64),
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
                recent.newest(wanted.0, wanted.1),
                (last(history, wanted.0), last(fills, wanted.1))
            );
            if let Some(long) = &recent.long {
                prop_assert!(long.count < 2 * SHOWN_MAX);
                prop_assert!(long.older_fills.len() <= SHOWN_MAX);
            }
        }
    }
}
