//! What happened to an order, packed: as the store's rows hold it, and memory too.
//!
//! # Layout
//! One change after the other: kind `u8`, time `u64` little-endian, then what its event says, as
//! integers of variable length (7 bits a byte, the low ones first; signed ones zigzag).  An event's
//! own values are written and never a difference to what was before, so that a change is appended
//! without reading the order's row.

use std::fmt;

use wire::record::{CancelReason, OrdStatus, Reason};
use wire::text::{Fill, HistoryEntry, Liquidity, Why};

/// Bytes that are no changes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these bytes are no changes of an order")
    }
}

impl std::error::Error for Malformed {}

/// Price and total quantity in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce {
    /// Price, or `NO_PRICE`.
    pub price: i64,
    /// Total quantity.
    pub qty: i64,
}

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

/// Most bytes of a packed change: kind, time, and five integers of up to ten bytes.
const PACKED_BYTES_MAX: usize = 1 + 8 + 5 * 10;

/// A change, packed.
#[derive(Debug)]
pub struct Packed {
    bytes: [u8; PACKED_BYTES_MAX],
    len: usize,
}

impl Packed {
    fn new(kind: u8, time_ns: u64) -> Self {
        let mut packed = Self {
            bytes: [0; PACKED_BYTES_MAX],
            len: 9,
        };
        packed.bytes[0] = kind;
        packed.bytes[1..9].copy_from_slice(&time_ns.to_le_bytes());
        packed
    }

    #[inline]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "a change has room for all that any kind of change says"
    )]
    fn byte(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    #[inline]
    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    #[inline]
    fn signed<const N: usize>(&mut self, values: [i64; N]) {
        for value in values {
            self.number(((value << 1) ^ (value >> 63)) as u64);
        }
    }

    /// Its bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Change {
    /// Pack it, with the time at which it happened.
    #[must_use]
    #[inline]
    pub fn pack(&self, time_ns: u64) -> Packed {
        let mut packed = Packed::new(self.kind(), time_ns);
        match *self {
            Self::Accepted { price, qty } => packed.signed([price, qty]),
            Self::Traded {
                trade_id,
                price,
                qty,
                cum,
                leaves,
                ..
            } => {
                packed.number(trade_id);
                packed.signed([price, qty, cum, leaves]);
            }
            Self::Canceled {
                status,
                reason,
                cum,
                leaves,
            } => {
                packed.byte(status.code());
                packed.byte(reason.code());
                packed.signed([cum, leaves]);
            }
            Self::Replaced {
                status,
                price,
                qty,
                cum,
                leaves,
            } => {
                packed.byte(status.code());
                packed.signed([price, qty, cum, leaves]);
            }
            Self::Rejected { price, qty, reason } => {
                packed.signed([price, qty]);
                packed.number(u64::from(reason.code()));
            }
        }
        packed
    }

    const fn kind(&self) -> u8 {
        match self {
            Self::Accepted { .. } => 1,
            Self::Traded { liquidity, .. } => match liquidity {
                Liquidity::Taker => 2,
                Liquidity::Maker => 3,
            },
            Self::Canceled { .. } => 4,
            Self::Replaced { .. } => 5,
            Self::Rejected { .. } => 6,
        }
    }

    /// Whether it is a fill.
    #[must_use]
    pub const fn is_fill(&self) -> bool {
        matches!(self, Self::Traded { .. })
    }

    /// Whether it changes what is in force: price, total quantity, ClOrdID.
    #[must_use]
    pub const fn amends(&self) -> bool {
        match self {
            Self::Replaced { .. } => true,
            Self::Canceled { reason, .. } => !reason.closes(),
            Self::Accepted { .. } | Self::Traded { .. } | Self::Rejected { .. } => false,
        }
    }

    /// Whether an order begins with it.
    #[must_use]
    pub const fn begins(&self) -> bool {
        matches!(self, Self::Accepted { .. } | Self::Rejected { .. })
    }

    /// Take the first change off `from`.
    pub(crate) fn take(from: &mut &[u8]) -> Option<(u64, Self)> {
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
            4 => {
                let status = OrdStatus::from_code(take_byte(from)?)?;
                let reason = CancelReason::from_code(take_byte(from)?)?;
                let (cum, leaves) = (signed(from)?, signed(from)?);
                // What can't be an order's whole quantity was never packed.
                cum.checked_add(leaves)?;
                Self::Canceled {
                    status,
                    reason,
                    cum,
                    leaves,
                }
            }
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

impl Change {
    /// The entry that it makes in the history of an order with these in_force, and its fill.
    pub(crate) fn shown(self, in_force: InForce, time_ns: u64) -> (HistoryEntry, Option<Fill>) {
        let mut entry = HistoryEntry {
            status: OrdStatus::New,
            replaced: false,
            price: in_force.price,
            qty: in_force.qty,
            cum: 0,
            leaves: 0,
            why: Why::None,
            time_ns,
        };
        let mut fill = None;
        match self {
            Self::Accepted { price, qty } => {
                (entry.price, entry.qty, entry.leaves) = (price, qty, qty);
            }
            Self::Traded {
                liquidity,
                trade_id,
                price,
                qty,
                cum,
                leaves,
            } => {
                fill = Some(Fill {
                    trade_id,
                    price,
                    qty,
                    liquidity,
                    time_ns,
                });
                (entry.status, entry.cum, entry.leaves) =
                    (OrdStatus::after_fill(leaves), cum, leaves);
            }
            Self::Canceled {
                status,
                reason,
                cum,
                leaves,
            } => {
                (entry.status, entry.cum, entry.leaves) = (status, cum, leaves);
                entry.why = Why::Canceled(reason);
                if !reason.closes() {
                    entry.qty = total(cum, leaves);
                }
            }
            Self::Replaced {
                status,
                price,
                qty,
                cum,
                leaves,
            } => {
                (entry.status, entry.cum, entry.leaves) = (status, cum, leaves);
                (entry.replaced, entry.price, entry.qty) = (true, price, qty);
            }
            Self::Rejected { price, qty, reason } => {
                (entry.status, entry.price, entry.qty) = (OrdStatus::Rejected, price, qty);
                entry.why = Why::Refused(reason);
            }
        }
        (entry, fill)
    }
}

impl Change {
    /// Take the first change off `from`: what is in force after it, and whether it is a fill.  `None`
    /// where nothing is left, or what is left is no change.
    pub fn step(from: &mut &[u8], in_force: InForce) -> Option<(InForce, bool)> {
        let before = *from;
        let Some((time_ns, change)) = Self::take(from) else {
            *from = before;
            return None;
        };
        let (entry, fill) = change.shown(in_force, time_ns);
        let in_force = InForce {
            price: entry.price,
            qty: entry.qty,
        };
        Some((in_force, fill.is_some()))
    }
}

/// Executed and open quantity together.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "held where an event is read, and where a packed change is"
)]
const fn total(cum: i64, leaves: i64) -> i64 {
    cum + leaves
}

/// Unfold the changes of an order: each becomes an entry of its history, and a fill where it traded.
///
/// `in_force` are in force before the first change; what is in force after the last comes back.
///
/// # Errors
/// `Malformed` when the bytes are not such changes; those before have been given to `each`.
pub fn unfold(
    changes: &[u8],
    mut in_force: InForce,
    mut each: impl FnMut(HistoryEntry, Option<Fill>),
) -> Result<InForce, Malformed> {
    let mut rest = changes;
    while !rest.is_empty() {
        let (time_ns, change) = Change::take(&mut rest).ok_or(Malformed)?;
        let (entry, fill) = change.shown(in_force, time_ns);
        in_force = InForce {
            price: entry.price,
            qty: entry.qty,
        };
        each(entry, fill);
    }
    Ok(in_force)
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

#[allow(clippy::arithmetic_side_effects, reason = "the opposite of 0 or 1")]
fn signed(from: &mut &[u8]) -> Option<i64> {
    let value = take(from)?;
    Some((value >> 1) as i64 ^ -((value & 1) as i64))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn any_change() -> impl Strategy<Value = Change> {
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
                0..=i64::MAX / 2,
                0..=i64::MAX / 2
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

    #[test]
    fn quantities_that_do_not_fit_together_are_no_change() {
        let packed = |cum, leaves| {
            let (status, reason) = (OrdStatus::New, CancelReason::Decremented);
            let change = Change::Canceled {
                status,
                reason,
                cum,
                leaves,
            };
            change.pack(1).as_slice().to_vec()
        };
        let taken = |bytes: &[u8]| Change::take(&mut &*bytes);
        assert_eq!(taken(&packed(i64::MAX, 1)), None);
        let Some((_, change)) = taken(&packed(i64::MAX, 0)) else {
            panic!("it fits");
        };
        let (entry, _) = change.shown(InForce { price: 1, qty: 1 }, 1);
        assert_eq!(entry.qty, i64::MAX);
    }

    proptest! {
        #[test]
        fn changes_come_back(changes in proptest::collection::vec((any::<u64>(), any_change()), 0..20)) {
            let mut bytes = Vec::new();
            for (time_ns, change) in &changes {
                bytes.extend_from_slice(change.pack(*time_ns).as_slice());
            }
            let mut rest = bytes.as_slice();
            let back: Vec<_> = std::iter::from_fn(|| Change::take(&mut rest)).collect();
            prop_assert_eq!(back, changes);
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (mut history, mut fills) = (0, 0);
            let read = unfold(&bytes, InForce { price: 0, qty: 0 }, |_, fill| {
                history += 1;
                fills += usize::from(fill.is_some());
            });
            prop_assert!(history >= fills);
            prop_assert!(read.is_err() || (history == 0) == bytes.is_empty());
        }
    }
}
