//! What happened to an order, packed: the `changes` of its row.
//!
//! # Layout
//! One change after the other: kind `u8`, time `u64` little-endian, then what its event says, as
//! integers of variable length (7 bits a byte, the low ones first; signed ones zigzag).  An event's
//! own values are written and never a difference to what was before, so that a change is appended
//! without reading the order's row.

use wire::record::command::NO_PRICE;
use wire::record::{CancelReason, OrdStatus, Reason};
use wire::text::{Fill, HistoryEntry, Liquidity, Why};

use crate::error::StoreError;

/// One change of an order, as its event says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was accepted.
    Accepted {
        /// Price, or `NO_PRICE`.
        price: i64,
        /// Quantity.
        qty: i64,
    },
    /// It traded.
    Traded {
        /// Its role.
        liquidity: Liquidity,
        /// Trade id.
        trade_id: u64,
        /// The trade's price.
        price: i64,
        /// The trade's quantity.
        qty: i64,
        /// Executed quantity after it.
        cum: i64,
        /// Open quantity after it.
        leaves: i64,
    },
    /// It left the book, or lost a part.
    Canceled {
        /// Status after it.
        status: OrdStatus,
        /// Why.
        reason: CancelReason,
        /// Executed quantity.
        cum: i64,
        /// Open quantity after it.
        leaves: i64,
    },
    /// It was amended.
    Replaced {
        /// Status after it.
        status: OrdStatus,
        /// Price in force.
        price: i64,
        /// Total quantity in force.
        qty: i64,
        /// Executed quantity.
        cum: i64,
        /// Open quantity after it.
        leaves: i64,
    },
    /// It was refused.
    Rejected {
        /// Price, or `NO_PRICE`.
        price: i64,
        /// Quantity.
        qty: i64,
        /// Why.
        reason: Reason,
    },
}

impl Change {
    /// Append it to the changes of an order.
    pub fn write(&self, time_ns: u64, out: &mut Vec<u8>) {
        let mut begin = |kind: u8| {
            out.push(kind);
            out.extend_from_slice(&time_ns.to_le_bytes());
        };
        match *self {
            Self::Accepted { price, qty } => {
                begin(1);
                push_all([price, qty], out);
            }
            Self::Traded {
                liquidity,
                trade_id,
                price,
                qty,
                cum,
                leaves,
            } => {
                begin(if liquidity == Liquidity::Taker { 2 } else { 3 });
                push(trade_id, out);
                push_all([price, qty, cum, leaves], out);
            }
            Self::Canceled {
                status,
                reason,
                cum,
                leaves,
            } => {
                begin(4);
                out.extend_from_slice(&[status.code(), reason.code()]);
                push_all([cum, leaves], out);
            }
            Self::Replaced {
                status,
                price,
                qty,
                cum,
                leaves,
            } => {
                begin(5);
                out.push(status.code());
                push_all([price, qty, cum, leaves], out);
            }
            Self::Rejected { price, qty, reason } => {
                begin(6);
                push_all([price, qty], out);
                push(u64::from(reason.code()), out);
            }
        }
    }

    /// Take the first change off `from`.
    fn take(from: &mut &[u8]) -> Option<(u64, Self)> {
        let kind = take_byte(from)?;
        let (time, rest) = from.split_first_chunk()?;
        *from = rest;
        let change = match kind {
            1 => Self::Accepted {
                price: signed(from)?,
                qty: signed(from)?,
            },
            2 | 3 => Self::Traded {
                liquidity: if kind == 2 {
                    Liquidity::Taker
                } else {
                    Liquidity::Maker
                },
                trade_id: take(from)?,
                price: signed(from)?,
                qty: signed(from)?,
                cum: signed(from)?,
                leaves: signed(from)?,
            },
            4 => Self::Canceled {
                status: OrdStatus::from_code(take_byte(from)?)?,
                reason: CancelReason::from_code(take_byte(from)?)?,
                cum: signed(from)?,
                leaves: signed(from)?,
            },
            5 => Self::Replaced {
                status: OrdStatus::from_code(take_byte(from)?)?,
                price: signed(from)?,
                qty: signed(from)?,
                cum: signed(from)?,
                leaves: signed(from)?,
            },
            6 => Self::Rejected {
                price: signed(from)?,
                qty: signed(from)?,
                reason: Reason::from_code(u16::try_from(take(from)?).ok()?)?,
            },
            _ => return None,
        };
        Some((u64::from_le_bytes(*time), change))
    }
}

/// Status of an order that traded and has this much open.
#[must_use]
pub const fn traded(leaves: i64) -> OrdStatus {
    if leaves == 0 {
        OrdStatus::Filled
    } else {
        OrdStatus::PartiallyFilled
    }
}

/// Unfold the changes of an order into history and fills, each appended to its list.
///
/// `price` and `qty` are in force before the first change, where the order's beginning is not known.
///
/// # Errors
/// `Row` when the bytes are not such changes.
pub fn unfold(
    changes: &[u8],
    (mut price, mut qty): (i64, i64),
    history: &mut Vec<HistoryEntry>,
    fills: &mut Vec<Fill>,
) -> Result<(), StoreError> {
    let mut rest = changes;
    while !rest.is_empty() {
        let (time_ns, change) = Change::take(&mut rest).ok_or(StoreError::Row("changes"))?;
        let mut entry = HistoryEntry {
            status: OrdStatus::New,
            replaced: false,
            price,
            qty,
            cum: 0,
            leaves: 0,
            why: Why::None,
            time_ns,
        };
        match change {
            Change::Accepted { price: p, qty: q } => {
                (entry.price, entry.qty, entry.leaves) = (p, q, q);
            }
            Change::Traded {
                liquidity,
                trade_id,
                price: at,
                qty: executed,
                cum,
                leaves,
            } => {
                fills.push(Fill {
                    trade_id,
                    price: at,
                    qty: executed,
                    liquidity,
                    time_ns,
                });
                (entry.status, entry.cum, entry.leaves) = (traded(leaves), cum, leaves);
            }
            Change::Canceled {
                status,
                reason,
                cum,
                leaves,
            } => {
                (entry.status, entry.cum, entry.leaves) = (status, cum, leaves);
                entry.why = Why::Canceled(reason);
                if !reason.closes() {
                    entry.qty = cum.saturating_add(leaves);
                }
            }
            Change::Replaced {
                status,
                price: p,
                qty: q,
                cum,
                leaves,
            } => {
                (entry.status, entry.cum, entry.leaves) = (status, cum, leaves);
                (entry.replaced, entry.price, entry.qty) = (true, p, q);
            }
            Change::Rejected {
                price: p,
                qty: q,
                reason,
            } => {
                (entry.status, entry.price, entry.qty) = (OrdStatus::Rejected, p, q);
                entry.why = Why::Refused(reason);
            }
        }
        (price, qty) = (entry.price, entry.qty);
        history.push(entry);
    }
    Ok(())
}

fn push(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn push_all<const N: usize>(values: [i64; N], out: &mut Vec<u8>) {
    for value in values {
        push(((value << 1) ^ (value >> 63)) as u64, out);
    }
}

fn take_byte(from: &mut &[u8]) -> Option<u8> {
    let (&byte, rest) = from.split_first()?;
    *from = rest;
    Some(byte)
}

fn take(from: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = take_byte(from)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn signed(from: &mut &[u8]) -> Option<i64> {
    let value = take(from)?;
    Some((value >> 1) as i64 ^ -((value & 1) as i64))
}

/// A price as a column: `NULL` where there is none.
#[must_use]
pub const fn price_column(price: i64) -> Option<i64> {
    if price == NO_PRICE { None } else { Some(price) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_change() -> impl Strategy<Value = Change> {
        let n = any::<i64>;
        let status = || proptest::sample::select(OrdStatus::ALL);
        prop_oneof![
            (n(), n()).prop_map(|(price, qty)| Change::Accepted { price, qty }),
            (any::<bool>(), any::<u64>(), n(), n(), n(), n()).prop_map(
                |(taker, trade_id, price, qty, cum, leaves)| Change::Traded {
                    liquidity: if taker {
                        Liquidity::Taker
                    } else {
                        Liquidity::Maker
                    },
                    trade_id,
                    price,
                    qty,
                    cum,
                    leaves,
                }
            ),
            (
                status(),
                proptest::sample::select(CancelReason::ALL),
                n(),
                n()
            )
                .prop_map(|(status, reason, cum, leaves)| Change::Canceled {
                    status,
                    reason,
                    cum,
                    leaves
                }),
            (status(), n(), n(), n(), n()).prop_map(|(status, price, qty, cum, leaves)| {
                Change::Replaced {
                    status,
                    price,
                    qty,
                    cum,
                    leaves,
                }
            }),
            (n(), n(), proptest::sample::select(Reason::ALL))
                .prop_map(|(price, qty, reason)| Change::Rejected { price, qty, reason }),
        ]
    }

    proptest! {
        #[test]
        fn changes_come_back(changes in proptest::collection::vec((any::<u64>(), any_change()), 0..20)) {
            let mut bytes = Vec::new();
            for (time_ns, change) in &changes {
                change.write(*time_ns, &mut bytes);
            }
            let mut rest = bytes.as_slice();
            let back: Vec<_> = std::iter::from_fn(|| Change::take(&mut rest)).collect();
            prop_assert_eq!(back, changes);
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (mut history, mut fills) = (Vec::new(), Vec::new());
            let read = unfold(&bytes, (0, 0), &mut history, &mut fills);
            prop_assert!(history.len() >= fills.len());
            prop_assert!(read.is_err() || history.is_empty() == bytes.is_empty());
        }
    }
}
