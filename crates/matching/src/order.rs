//! An order as it is worked on, and the arithmetic of its fills.

use wire::record::{OrdStatus, Side, Stp, TimeInForce};

/// Beside `ExecInst` in an open order of a FIX session: it was amended.
pub(crate) const REPLACED: u8 = 0x20;

/// An order: on its way into the book, or read together from where it rests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    pub(crate) order_id: u64,
    pub(crate) num: u64,
    pub(crate) price: i64,
    pub(crate) leaves: i64,
    pub(crate) cum: i64,
    /// Sum of price times quantity over the fills, times 10^16.
    pub(crate) quote: i128,
    pub(crate) entry: u32,
    pub(crate) account: u32,
    pub(crate) instrument: u32,
    /// Where its client order id stands among the open orders, or `NONE`.
    pub(crate) text: u32,
    pub(crate) side: Side,
    pub(crate) tif: TimeInForce,
    pub(crate) exec_inst: u8,
    pub(crate) stp: Stp,
}

#[allow(
    clippy::arithmetic_side_effects,
    reason = "executed and open quantity fit together, or are refused: products sum to below 2^126"
)]
impl Order {
    /// Executed plus open quantity.
    pub(crate) const fn total(&self) -> i64 {
        self.cum + self.leaves
    }

    /// A trade of `qty` at `price`.
    #[inline(always)]
    pub(crate) fn fill(&mut self, price: i64, qty: i64) {
        self.leaves -= qty;
        self.cum += qty;
        self.quote += i128::from(price) * i128::from(qty);
    }

    /// Average price of the fills, or 0; `hint` is a price that it may well be.
    #[inline(always)]
    pub(crate) fn avg_px(&self, hint: i64) -> i64 {
        if self.cum == 0 {
            return 0;
        }
        if self.quote == i128::from(hint) * i128::from(self.cum) {
            return hint;
        }
        average(self.quote, self.cum)
    }

    /// Status while it is open, as a FIX session is told.
    pub(crate) const fn fix_status(&self) -> OrdStatus {
        match self.status() {
            OrdStatus::New if self.exec_inst & REPLACED != 0 => OrdStatus::Replaced,
            status => status,
        }
    }

    /// Status while it is open.
    pub(crate) const fn status(&self) -> OrdStatus {
        if self.cum == 0 {
            OrdStatus::New
        } else {
            OrdStatus::after_fill(self.leaves)
        }
    }
}

/// `sum / count`, both not negative, rounded half to even.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "the count is positive; twice a rest below it fits, and so does an average of prices"
)]
pub fn average(sum: i128, count: i64) -> i64 {
    let count = i128::from(count);
    let (whole, rest) = (sum / count, sum % count);
    let up = rest * 2 > count || (rest * 2 == count && whole & 1 == 1);
    (whole + i128::from(up)) as i64
}

#[cfg(test)]
mod tests {
    use super::average;

    #[test]
    fn averages_round_half_to_even() {
        for (sum, count, expected) in [
            (5, 2, 2),
            (7, 2, 4),
            (8, 3, 3),
            (7, 3, 2),
            (i128::from(i64::MAX) * 7, 7, i64::MAX),
        ] {
            assert_eq!(average(sum, count), expected, "{sum} / {count}");
        }
    }
}
