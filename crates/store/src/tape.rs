//! Queries of trades, and of their sums.

use rusqlite::{Row, params};
use wire::record::Side;
use wire::text::TradeState;

use crate::bar::{BAR_NS, Bar};
use crate::error::StoreError;
use crate::reader::{LIMIT_MAX, Reader};

impl Reader {
    /// Trades of an instrument, the newest first, before `before` where it is given.
    ///
    /// # Errors
    /// `Sqlite` when the store cannot be read, `Row` when a row makes no sense.
    pub fn trades(
        &self,
        instrument: u32,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<TradeState>, StoreError> {
        // Engine time never goes back, so that the order of the index is that of trade ids.
        let sql = "SELECT trade_id, price, qty, taker_side, time_ns FROM trade \
                   WHERE instrument = ?1 AND trade_id < ?2 \
                   AND time_ns <= COALESCE((SELECT time_ns FROM trade WHERE trade_id = ?2), ?4) \
                   ORDER BY time_ns DESC, trade_id DESC LIMIT ?3";
        let before = before.map_or(i64::MAX, |id| id as i64);
        let limit = limit.min(LIMIT_MAX) as i64;
        let mut select = self.connection.prepare_cached(sql)?;
        let rows = select.query_map(params![instrument, before, limit, i64::MAX], trade)?;
        rows.map(|row| row?.ok_or(StoreError::Row("taker_side")))
            .collect()
    }

    /// Trades of an instrument from `from_ns` up to and without `to_ns`, the oldest first, after
    /// `after` where it is not 0.
    ///
    /// # Errors
    /// As [`Self::trades`].
    pub fn trades_between(
        &self,
        instrument: u32,
        (from_ns, to_ns): (u64, u64),
        after: u64,
        limit: usize,
    ) -> Result<Vec<TradeState>, StoreError> {
        let sql = "SELECT trade_id, price, qty, taker_side, time_ns FROM trade \
                   WHERE instrument = ?1 AND time_ns < ?3 AND trade_id > ?4 AND time_ns >= \
                   MAX(?2, COALESCE((SELECT time_ns FROM trade WHERE trade_id = ?4), 0)) \
                   ORDER BY time_ns, trade_id LIMIT ?5";
        let (from, to) = (clip(from_ns), clip(to_ns));
        let limit = limit.min(LIMIT_MAX) as i64;
        let mut select = self.connection.prepare_cached(sql)?;
        let rows = select.query_map(params![instrument, from, to, after as i64, limit], trade)?;
        rows.map(|row| row?.ok_or(StoreError::Row("taker_side")))
            .collect()
    }

    /// Minutes and bars of an instrument, from the bar that holds `from_ns` on, the oldest first.
    ///
    /// # Errors
    /// `Sqlite` when the store cannot be read.
    pub fn bars(&self, instrument: u32, from_ns: u64) -> Result<Vec<(u64, Bar)>, StoreError> {
        let sql = "SELECT minute, first_ns, last_ns, open, high, low, close, qty, quote, count \
                   FROM bar WHERE instrument = ?1 AND minute >= ?2 ORDER BY minute";
        let mut select = self.connection.prepare_cached(sql)?;
        let from = clip(from_ns / BAR_NS);
        let rows = select.query_map(params![instrument, from], |row| {
            Ok((row.get::<_, i64>(0)? as u64, Bar::read(row, 1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The sum of the trades of an instrument later than `after_ns` and before `before_ns`; `None`
    /// when there are none.
    ///
    /// # Errors
    /// `Sqlite` when the store cannot be read.
    pub fn sum_between(
        &self,
        instrument: u32,
        after_ns: u64,
        before_ns: u64,
    ) -> Result<Option<Bar>, StoreError> {
        let sql = "SELECT time_ns, price, qty FROM trade \
                   WHERE instrument = ?1 AND time_ns > ?2 AND time_ns < ?3 \
                   ORDER BY time_ns, trade_id";
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query(params![instrument, clip(after_ns), clip(before_ns)])?;
        let mut sum: Option<Bar> = None;
        while let Some(row) = rows.next()? {
            let bar = Bar::of(row.get::<_, i64>(0)? as u64, row.get(1)?, row.get(2)?);
            match &mut sum {
                Some(sum) => sum.join(&bar),
                None => sum = Some(bar),
            }
        }
        Ok(sum)
    }
}

fn trade(row: &Row<'_>) -> rusqlite::Result<Option<TradeState>> {
    let Some(taker_side) = Side::from_code(row.get(3)?) else {
        return Ok(None);
    };
    Ok(Some(TradeState {
        trade_id: row.get::<_, i64>(0)? as u64,
        price: row.get(1)?,
        qty: row.get(2)?,
        taker_side,
        time_ns: row.get::<_, i64>(4)? as u64,
    }))
}

/// A time as SQLite holds it; nothing happens after 2262.
fn clip(ns: u64) -> i64 {
    i64::try_from(ns).unwrap_or(i64::MAX)
}
