//! An open order, and the arithmetic of its fills.

use super::pool::{NONE, Slot};
use wire::record::{OrdStatus, Side, Stp, TimeInForce};

/// An order as it stands in its slot: 96 bytes.
///
/// Only LIMIT orders rest, so the type need not be here.  A stop order that waits for its trigger
/// and an iceberg's hidden rest are tables of their own, by order id, beside this one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    pub(crate) order_id: u64,
    pub(crate) num: u64,
    pub(crate) price: i64,
    pub(crate) leaves: i64,
    pub(crate) cum: i64,
    /// Sum of price times quantity over the fills, times 10^16, in two halves.
    pub(crate) quote: (i64, u64),
    pub(crate) entry: u32,
    pub(crate) account: u32,
    pub(crate) instrument: u32,
    pub(crate) level: u32,
    /// Neighbours in the level's queue; `next` links free slots too.
    pub(crate) prev: u32,
    pub(crate) next: u32,
    /// Neighbours among the entry's open orders.
    pub(crate) entry_prev: u32,
    pub(crate) entry_next: u32,
    /// Its client order id in the table of texts.
    pub(crate) text: u32,
    pub(crate) side: Side,
    pub(crate) tif: TimeInForce,
    pub(crate) exec_inst: u8,
    pub(crate) stp: Stp,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            order_id: 0,
            num: 0,
            price: 0,
            leaves: 0,
            cum: 0,
            quote: (0, 0),
            entry: 0,
            account: 0,
            instrument: 0,
            level: NONE,
            prev: NONE,
            next: NONE,
            entry_prev: NONE,
            entry_next: NONE,
            text: NONE,
            side: Side::Buy,
            tif: TimeInForce::Day,
            exec_inst: 0,
            stp: Stp::None,
        }
    }
}

impl Slot for Order {
    fn link(&self) -> u32 {
        self.next
    }
    fn set_link(&mut self, next: u32) {
        self.next = next;
    }
}

impl Order {
    /// Executed plus open quantity.
    pub(crate) const fn total(&self) -> i64 {
        self.cum + self.leaves
    }

    pub(crate) fn quote(&self) -> i128 {
        i128::from(self.quote.0) << 64 | i128::from(self.quote.1)
    }

    pub(crate) fn set_quote(&mut self, quote: i128) {
        self.quote = ((quote >> 64) as i64, quote as u64);
    }

    /// A trade of `qty` at `price`.
    #[inline(always)]
    pub(crate) fn fill(&mut self, price: i64, qty: i64) {
        self.leaves -= qty;
        self.cum += qty;
        self.set_quote(self.quote() + i128::from(price) * i128::from(qty));
    }

    /// Average price of the fills, or 0; `hint` is a price that it may well be.
    #[inline(always)]
    pub(crate) fn avg_px(&self, hint: i64) -> i64 {
        if self.cum == 0 {
            return 0;
        }
        let quote = self.quote();
        if quote == i128::from(hint) * i128::from(self.cum) {
            return hint;
        }
        div_half_even(quote, self.cum)
    }

    /// Status while it is open.
    pub(crate) const fn status(&self) -> OrdStatus {
        if self.cum == 0 {
            OrdStatus::New
        } else {
            OrdStatus::PartiallyFilled
        }
    }
}

/// `sum / count`, both not negative, rounded half to even.
pub(crate) fn div_half_even(sum: i128, count: i64) -> i64 {
    let count = i128::from(count);
    let (whole, rest) = (sum / count, sum % count);
    let up = rest * 2 > count || (rest * 2 == count && whole & 1 == 1);
    (whole + i128::from(up)) as i64
}

#[cfg(test)]
mod tests {
    use super::{Order, div_half_even};

    #[test]
    fn a_slot_takes_96_bytes() {
        assert_eq!(size_of::<Order>(), 96);
    }

    #[test]
    fn averages_round_half_to_even() {
        for (sum, count, average) in [
            (5, 2, 2),
            (7, 2, 4),
            (8, 3, 3),
            (7, 3, 2),
            (i128::from(i64::MAX) * 7, 7, i64::MAX),
        ] {
            assert_eq!(div_half_even(sum, count), average, "{sum} / {count}");
        }
    }

    #[test]
    fn a_sum_of_products_keeps_all_its_bits() {
        let mut order = Order {
            leaves: i64::MAX,
            ..Order::default()
        };
        order.fill(i64::MAX, i64::MAX);
        assert_eq!(order.avg_px(1), i64::MAX);
        assert_eq!(order.quote(), i128::from(i64::MAX) * i128::from(i64::MAX));
    }
}
