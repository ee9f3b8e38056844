//! Sums of trades by minute: what a rolling day and candles are made of.

use rusqlite::Row;

/// Width of a bar.
pub const BAR_NS: u64 = 60_000_000_000;

/// The trades of one instrument in one minute, or in any other stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// Time of the first trade.
    pub first_ns: u64,
    /// Time of the last trade.
    pub last_ns: u64,
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
    /// Price times quantity, a multiple of 10^-16.
    pub quote: i128,
    /// How many trades.
    pub count: u64,
}

impl Bar {
    /// The bar of one trade.
    #[must_use]
    pub fn of(time_ns: u64, price: i64, qty: i64) -> Self {
        Self {
            first_ns: time_ns,
            last_ns: time_ns,
            open: price,
            high: price,
            low: price,
            close: price,
            qty: i128::from(qty),
            quote: i128::from(price) * i128::from(qty),
            count: 1,
        }
    }

    /// Add trades that came later.
    pub fn join(&mut self, later: &Self) {
        self.last_ns = later.last_ns;
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.qty = self.qty.saturating_add(later.qty);
        self.quote = self.quote.saturating_add(later.quote);
        self.count += later.count;
    }
}

impl Bar {
    /// Read it from the columns that begin at `at`: times, prices, sums, count.
    pub(crate) fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Self> {
        let sum = |at: usize| {
            let text = row.get_ref(at)?.as_str()?;
            text.parse().map_err(|_| rusqlite::Error::InvalidQuery)
        };
        Ok(Self {
            first_ns: row.get::<_, i64>(at)? as u64,
            last_ns: row.get::<_, i64>(at + 1)? as u64,
            open: row.get(at + 2)?,
            high: row.get(at + 3)?,
            low: row.get(at + 4)?,
            close: row.get(at + 5)?,
            qty: sum(at + 6)?,
            quote: sum(at + 7)?,
            count: row.get::<_, i64>(at + 8)? as u64,
        })
    }
}
