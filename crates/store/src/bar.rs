//! Bars as rows: the sums of trades by minute.

use projection::{Bar, Sum};
use rusqlite::{Connection, Row, params};

use crate::checksum::Values;
use crate::error::StoreError;

const COLUMNS: &str = "instrument, minute, first_ns, last_ns, open, high, low, close, qty, quote, \
    count, checksum";

/// Bars of an instrument, and their minutes, from a minute on, the oldest first.
pub fn from(
    connection: &Connection,
    instrument: u32,
    minute: i64,
) -> Result<Vec<(u64, Bar)>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM bar WHERE instrument = ?1 AND minute >= ?2 ORDER BY minute");
    let mut select = connection.prepare_cached(&sql)?;
    let mut rows = select.query(params![instrument, minute])?;
    let mut bars = Vec::new();
    while let Some(row) = rows.next()? {
        bars.push(read(row)?);
    }
    Ok(bars)
}

/// Add trades to the bar of a minute.
pub fn add(
    connection: &Connection,
    (instrument, minute): (u32, u64),
    added: &Bar,
) -> Result<(), StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM bar WHERE instrument = ?1 AND minute = ?2");
    let mut bar = *added;
    {
        let mut select = connection.prepare_cached(&sql)?;
        let mut rows = select.query(params![instrument, minute as i64])?;
        if let Some(row) = rows.next()? {
            (_, bar) = read(row)?;
            bar.join(added);
        }
    }
    let sql =
        "INSERT OR REPLACE INTO bar VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    let Bar {
        first_ns,
        last_ns,
        sum,
    } = bar;
    connection.prepare_cached(sql)?.execute(params![
        instrument,
        minute as i64,
        first_ns as i64,
        last_ns as i64,
        sum.open,
        sum.high,
        sum.low,
        sum.close,
        sum.qty.to_string(),
        sum.quote.to_string(),
        sum.count as i64,
        checksum(instrument, minute, &bar),
    ])?;
    Ok(())
}

/// Minute and bar of a row, held to its checksum.
pub fn read(row: &Row<'_>) -> Result<(u64, Bar), StoreError> {
    fn sum<T: std::str::FromStr>(row: &Row<'_>, at: usize) -> Result<T, StoreError> {
        let text = row.get_ref(at)?.as_str();
        let number = text.ok().and_then(|text| text.parse().ok());
        number.ok_or(StoreError::Row("a sum"))
    }
    let number = |at| row.get::<_, i64>(at).map(|number| number as u64);
    let (instrument, minute) = (row.get(0)?, number(1)?);
    let bar = Bar {
        first_ns: number(2)?,
        last_ns: number(3)?,
        sum: Sum {
            open: row.get(4)?,
            high: row.get(5)?,
            low: row.get(6)?,
            close: row.get(7)?,
            qty: sum(row, 8)?,
            quote: sum(row, 9)?,
            count: number(10)?,
        },
    };
    if checksum(instrument, minute, &bar) == row.get::<_, i64>(11)? {
        return Ok((minute, bar));
    }
    Err(StoreError::Checksum {
        table: "bar",
        row: minute,
    })
}

fn checksum(instrument: u32, minute: u64, bar: &Bar) -> i64 {
    let sum = &bar.sum;
    Values::new()
        .numbers([
            instrument.into(),
            minute as i64,
            bar.first_ns as i64,
            bar.last_ns as i64,
            sum.open,
            sum.high,
            sum.low,
            sum.close,
            sum.count as i64,
        ])
        .text(&sum.qty.to_string())
        .text(&sum.quote.to_string())
        .checksum()
}
