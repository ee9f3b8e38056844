//! Sums of trades: of a minute, of a day, of any stretch of time.
//!
//! # Width
//! A sum is exact whatever is traded.  There are fewer than 2^64 trades, for each is an event and has a
//! number of that width; prices and quantities are below 2^63.  So a sum of quantities is below 2^127
//! and fits `i128`; a sum of products is below 2^190 and has [`Quote`]'s 256 bits.

use ethnum::I256;

/// Width of a bar.
pub const BAR_NS: u64 = 60_000_000_000;

/// A sum of prices times quantities, a multiple of 10^-16.
pub type Quote = I256;

/// The sum of a row of trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// Price of the first.
    pub open: i64,
    /// Highest price.
    pub high: i64,
    /// Lowest price.
    pub low: i64,
    /// Price of the last.
    pub close: i64,
    /// Quantity, a multiple of 10^-8.
    pub qty: i128,
    /// Price times quantity.
    pub quote: Quote,
    /// How many trades; the rest is 0 when it is.
    pub count: u64,
}

impl Default for Sum {
    fn default() -> Self {
        Self {
            open: 0,
            high: 0,
            low: 0,
            close: 0,
            qty: 0,
            quote: Quote::ZERO,
            count: 0,
        }
    }
}

#[allow(
    clippy::arithmetic_side_effects,
    reason = "each sum has the width of the most and largest trades, as said above"
)]
impl Sum {
    /// The sum of one trade.
    #[must_use]
    pub fn of(price: i64, qty: i64) -> Self {
        Self {
            open: price,
            high: price,
            low: price,
            close: price,
            qty: i128::from(qty),
            quote: Quote::from(i128::from(price) * i128::from(qty)),
            count: 1,
        }
    }

    /// Add a row of trades that came later.
    pub fn join(&mut self, later: &Self) {
        if later.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *later;
            return;
        }
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.qty += later.qty;
        self.quote += later.quote;
        self.count += later.count;
    }

    /// Add a trade that came later.
    #[inline]
    pub fn push(&mut self, price: i64, qty: i64) {
        self.join(&Self::of(price, qty));
    }
}

/// The trades of one minute, or of a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// Time of the first trade.
    pub first_ns: u64,
    /// Time of the last trade.
    pub last_ns: u64,
    /// All of them.
    pub sum: Sum,
}

impl Bar {
    /// The bar of one trade.
    #[must_use]
    pub fn of(time_ns: u64, price: i64, qty: i64) -> Self {
        Self {
            first_ns: time_ns,
            last_ns: time_ns,
            sum: Sum::of(price, qty),
        }
    }

    /// Add trades that came later.
    pub fn join(&mut self, later: &Self) {
        self.last_ns = later.last_ns;
        self.sum.join(&later.sum);
    }

    /// Add a trade that came later.
    #[inline]
    pub fn push(&mut self, time_ns: u64, price: i64, qty: i64) {
        self.last_ns = time_ns;
        self.sum.push(price, qty);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_trades_are_joined_in_the_order_of_time() {
        let mut sum = Sum::default();
        sum.join(&Sum::default());
        assert_eq!(sum, Sum::default());
        for price in [3, 5, 2, 4] {
            sum.push(price, 10);
        }
        sum.join(&Sum::default());
        assert_eq!((sum.open, sum.high, sum.low, sum.close), (3, 5, 2, 4));
        assert_eq!((sum.qty, sum.quote, sum.count), (40, Quote::new(140), 4));
    }

    #[test]
    fn the_sum_of_the_most_and_largest_trades_is_exact() {
        let largest = Sum::of(i64::MAX, i64::MAX);
        // 2^63 of them, by doubling: 2^63 and 2^63 once more would be one event too many.
        let mut sum = largest;
        for _ in 0..63 {
            let half = sum;
            sum.join(&half);
        }
        let most = 1u64 << 63;
        assert_eq!(sum.count, most);
        assert_eq!(sum.qty, i128::from(i64::MAX) << 63);
        assert_eq!(sum.quote, largest.quote << 63u32);
        assert_eq!(
            sum.quote.to_string(),
            "784637716923335095309332494440489070290330498878974984192"
        );
    }
}
