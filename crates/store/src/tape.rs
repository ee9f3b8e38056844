//! Queries of trades, and of their sums.

use projection::Bar;
use projection::sum::BAR_NS;
use rusqlite::{Params, Row, Statement, params};
use wire::record::Side;
use wire::text::TradeState;

use crate::bar;
use crate::checksum::Values;
use crate::error::StoreError;
use crate::pending::TradeRow;
use crate::reader::{LIMIT_MAX, Reader};

/// Of a trade.
pub const INSERT: &str = "INSERT INTO trade VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

/// Insert a trade.
pub fn insert(insert: &mut Statement<'_>, row: &TradeRow) -> Result<(), StoreError> {
    let trade = &row.trade;
    let values = [
        trade.trade_id as i64,
        trade.instrument.into(),
        row.time_ns as i64,
        trade.price,
        trade.qty,
        trade.taker_side.code().into(),
        trade.taker_order_id as i64,
        trade.maker_order_id as i64,
        row.seq as i64,
    ];
    let [id, instrument, time, price, qty, side, taker, maker, seq] = values;
    let checksum = Values::new().numbers(values).checksum();
    insert.execute(params![
        id, instrument, time, price, qty, side, taker, maker, seq, checksum
    ])?;
    Ok(())
}

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
        // Engine time never goes back, so that the order of the index is that of trade ids: it is entered
        // where the last trade before the bound is, whatever instrument's.
        let sql = "SELECT * FROM trade WHERE instrument = ?1 AND trade_id < ?2 AND time_ns <= \
                   (SELECT time_ns FROM trade WHERE trade_id < ?2 ORDER BY trade_id DESC LIMIT 1) \
                   ORDER BY time_ns DESC, trade_id DESC LIMIT ?3";
        let before = before.map_or(i64::MAX, clip);
        let limit = limit.min(LIMIT_MAX) as i64;
        let mut trades = self.each_trade(sql, instrument, params![instrument, before, limit])?;
        trades.reverse();
        check_order(&trades)?;
        trades.reverse();
        Ok(trades)
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
        let sql = "SELECT * FROM trade \
                   WHERE instrument = ?1 AND time_ns <= ?3 AND trade_id > ?4 AND time_ns >= \
                   MAX(?2, COALESCE((SELECT time_ns FROM trade WHERE trade_id = ?4), 0)) \
                   ORDER BY time_ns, trade_id LIMIT ?5";
        let Some(last_ns) = to_ns.checked_sub(1) else {
            return Ok(Vec::new());
        };
        let limit = limit.min(LIMIT_MAX) as i64;
        let key = params![instrument, clip(from_ns), clip(last_ns), clip(after), limit];
        let trades = self.each_trade(sql, instrument, key)?;
        check_order(&trades)?;
        Ok(trades)
    }

    fn each_trade(
        &self,
        sql: &str,
        instrument: u32,
        key: impl Params,
    ) -> Result<Vec<TradeState>, StoreError> {
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query(key)?;
        let mut trades = Vec::new();
        while let Some(row) = rows.next()? {
            trades.push(trade(row, instrument)?);
        }
        Ok(trades)
    }

    /// Minutes and bars of an instrument, from the bar that holds `from_ns` on, the oldest first.
    ///
    /// # Errors
    /// `Sqlite` when the store cannot be read.
    pub fn bars(&self, instrument: u32, from_ns: u64) -> Result<Vec<(u64, Bar)>, StoreError> {
        bar::from(&self.connection, instrument, clip(from_ns / BAR_NS))
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
        let Some(last_ns) = before_ns.checked_sub(1) else {
            return Ok(None);
        };
        let sql = "SELECT * FROM trade \
                   WHERE instrument = ?1 AND time_ns > ?2 AND time_ns <= ?3 \
                   ORDER BY time_ns, trade_id";
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query(params![instrument, clip(after_ns), clip(last_ns)])?;
        let mut sum: Option<Bar> = None;
        while let Some(row) = rows.next()? {
            let trade = trade(row, instrument)?;
            match &mut sum {
                Some(sum) => sum.push(trade.time_ns, trade.price, trade.qty),
                None => sum = Some(Bar::of(trade.time_ns, trade.price, trade.qty)),
            }
        }
        Ok(sum)
    }
}

/// Trades that an index gives, the oldest first, rise by time and number.
fn check_order(trades: &[TradeState]) -> Result<(), StoreError> {
    if trades.is_sorted_by(|a, b| (a.time_ns, a.trade_id) < (b.time_ns, b.trade_id)) {
        return Ok(());
    }
    Err(StoreError::Index("trade_time"))
}

/// The values of a row of `trade`, held to its checksum.
pub fn values(row: &Row<'_>) -> Result<[i64; 9], StoreError> {
    let mut values = [0; 9];
    for (at, value) in values.iter_mut().enumerate() {
        *value = row.get(at)?;
    }
    if Values::new().numbers(values).checksum() != row.get::<_, i64>(values.len())? {
        return Err(StoreError::Checksum {
            table: "trade",
            row: values[0] as u64,
        });
    }
    Ok(values)
}

/// Read a trade of an instrument from all columns of its table.
fn trade(row: &Row<'_>, instrument: u32) -> Result<TradeState, StoreError> {
    let [id, of, time, price, qty, side, ..] = values(row)?;
    if of != i64::from(instrument) {
        return Err(StoreError::Index("trade_time"));
    }
    let side = u8::try_from(side).ok().and_then(Side::from_code);
    Ok(TradeState {
        trade_id: id as u64,
        price,
        qty,
        taker_side: side.ok_or(StoreError::Row("taker_side"))?,
        time_ns: time as u64,
    })
}

/// A bound of times or trade ids as SQLite holds them: nothing happens after 2262, and none has a higher id.
fn clip(bound: u64) -> i64 {
    i64::try_from(bound).unwrap_or(i64::MAX)
}
