//! What follows from the numbers of an event: execution ids, and quantities together.

use super::event::{Canceled, Trade};
use super::field::RecordError;
use super::terms::OrdStatus;

/// Bits of an order id that count; above them stands the partition.
pub const COUNTER_BITS: u32 = 56;
/// The part of an order id that counts.
pub const COUNTER: u64 = (1 << COUNTER_BITS) - 1;

/// Highest number of a partition: an id is also a number of SQLite's, which have a sign.
pub const PARTITION_MAX: u16 = 127;

/// The bits of a partition that stand above what counts in ids of orders, trades and executions.
#[inline(always)]
#[must_use]
pub const fn partition_bits(partition: u16) -> u64 {
    (partition as u64 & 0xff) << COUNTER_BITS
}

/// Execution id of the event of this sequence number in a partition; `maker` for the maker's leg of a
/// trade.
///
/// Events are counted one by one, and no command raises their number to 2^55: no bit is lost.
#[inline(always)]
#[must_use]
pub const fn exec_id(partition: u16, seq: u64, maker: bool) -> u64 {
    partition_bits(partition) | seq << 1 | maker as u64
}

/// Executed and open quantity of an order together.  They fit: the engine refuses what would not, and
/// [`super::Event::decode`] an event in which they do not.
#[inline(always)]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "held where an order enters, and where an event is read"
)]
const fn total(cum: i64, leaves: i64) -> i64 {
    cum + leaves
}

impl OrdStatus {
    /// Of an order that has just traded and has this much open (FIX 39).
    #[inline(always)]
    #[must_use]
    pub const fn after_fill(leaves: i64) -> Self {
        if leaves > 0 {
            Self::PartiallyFilled
        } else {
            Self::Filled
        }
    }
}

impl Trade {
    /// The taker's total quantity: executed plus open.
    #[inline(always)]
    #[must_use]
    pub const fn taker_qty(&self) -> i64 {
        total(self.taker_cum, self.taker_leaves)
    }

    /// The maker's total quantity: executed plus open.
    #[inline(always)]
    #[must_use]
    pub const fn maker_qty(&self) -> i64 {
        total(self.maker_cum, self.maker_leaves)
    }

    /// The event, where its quantities fit together.
    #[inline(always)]
    pub(crate) const fn checked(self) -> Result<Self, RecordError> {
        match (
            self.taker_cum.checked_add(self.taker_leaves),
            self.maker_cum.checked_add(self.maker_leaves),
        ) {
            (Some(_), Some(_)) => Ok(self),
            _ => Err(RecordError::Value("leaves")),
        }
    }
}

impl Canceled {
    /// The order's total quantity after it: executed plus open.
    #[inline(always)]
    #[must_use]
    pub const fn total_qty(&self) -> i64 {
        total(self.cum, self.leaves)
    }

    /// The order's total quantity before it.
    #[inline(always)]
    #[must_use]
    pub const fn former_qty(&self) -> i64 {
        total(self.total_qty(), self.qty)
    }

    /// The event, where its quantities fit together.
    #[inline(always)]
    pub(crate) const fn checked(self) -> Result<Self, RecordError> {
        if let Some(open) = self.leaves.checked_add(self.qty)
            && self.cum.checked_add(open).is_some()
        {
            return Ok(self);
        }
        Err(RecordError::Value("qty"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{CancelReason, Event, OrdStatus, Side};

    const HALF: i64 = i64::MAX / 2;

    fn trade(taker: (i64, i64), maker: (i64, i64)) -> Trade {
        Trade {
            trade_id: 1,
            price: 1,
            qty: 1,
            instrument: 1,
            taker_side: Side::Buy,
            taker_entry: 1,
            taker_account: 1,
            taker_entry_seq: 1,
            taker_order_id: 2,
            taker_num: 2,
            taker_price: 1,
            taker_cum: taker.0,
            taker_leaves: taker.1,
            taker_avg_px: 1,
            maker_entry: 1,
            maker_account: 1,
            maker_entry_seq: 2,
            maker_order_id: 1,
            maker_num: 1,
            maker_cum: maker.0,
            maker_leaves: maker.1,
            maker_avg_px: 1,
        }
    }

    fn canceled(cum: i64, leaves: i64, qty: i64) -> Canceled {
        Canceled {
            entry: 1,
            account: 1,
            entry_seq: 1,
            order_id: 1,
            num: 1,
            orig_num: 1,
            price: 1,
            qty,
            leaves,
            cum,
            avg_px: 1,
            instrument: 1,
            side: Side::Buy,
            reason: CancelReason::Decremented,
            status: OrdStatus::New,
            copy: false,
        }
    }

    fn back(event: &Event<'_>) -> Result<(), RecordError> {
        let mut record = Vec::new();
        event.encode(&mut record);
        Event::decode(record[2], &record[4..]).map(|_| ())
    }

    #[test]
    fn quantities_are_whole_up_to_the_highest() {
        let x = trade((HALF, HALF + 1), (i64::MAX, 0));
        assert_eq!((x.taker_qty(), x.maker_qty()), (i64::MAX, i64::MAX));
        assert_eq!(back(&Event::Trade(x, "", "")), Ok(()));
        let x = canceled(HALF, HALF, 1);
        assert_eq!((x.total_qty(), x.former_qty()), (i64::MAX - 1, i64::MAX));
        assert_eq!(back(&Event::Canceled(x, "", "")), Ok(()));
    }

    #[test]
    fn an_event_whose_quantities_do_not_fit_is_none() {
        for x in [
            trade((i64::MAX, 1), (0, 0)),
            trade((0, 0), (HALF + 1, HALF + 1)),
        ] {
            let bad = Err(RecordError::Value("leaves"));
            assert_eq!(back(&Event::Trade(x, "", "")), bad);
        }
        for x in [
            canceled(i64::MAX, 0, 1),
            canceled(0, i64::MAX, 1),
            canceled(1, HALF, HALF + 1),
        ] {
            let bad = Err(RecordError::Value("qty"));
            assert_eq!(back(&Event::Canceled(x, "", "")), bad);
        }
    }

    #[test]
    fn every_leg_has_its_own_execution_id() {
        assert_eq!((exec_id(0, 7, false), exec_id(0, 7, true)), (14, 15));
        assert_eq!(exec_id(3, 7, true), 3 << 56 | 15);
        assert_eq!(exec_id(0x1ff, COUNTER >> 1, true), u64::MAX);
    }
}
