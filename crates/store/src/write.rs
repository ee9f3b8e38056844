//! The statements of a transaction.

use rusqlite::{CachedStatement, Connection, ErrorCode, OptionalExtension, params};
use wire::text::Why;

use crate::bar::Bar;
use crate::change::price_column;
use crate::error::StoreError;
use crate::pending::{EntryRow, Pending, TradeRow};
use crate::row::OrderRow;

/// Bytes of changes in an order's row above which they are moved to `older`.
pub const ROW_CHANGES_BYTES_MAX: i64 = 2_048;

const BEGIN: &str = "INSERT INTO orders VALUES \
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
const PROGRESS: &str = "UPDATE orders SET status = ?2, cum = ?3, leaves = ?4, avg_px = ?5, \
    why = COALESCE(?6, why), updated_ns = ?7, changes = CAST(changes || ?8 AS BLOB) \
    WHERE order_id = ?1 AND length(changes) <= ?9";
const AMEND: &str = "UPDATE orders SET price = ?2, qty = ?3, num = ?4 WHERE order_id = ?1";
const TRADE: &str = "INSERT INTO trade VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

/// Write everything that is pending but the position.
pub fn write(connection: &Connection, pending: &mut Pending) -> Result<(), StoreError> {
    for entry in &pending.entries {
        write_entry(connection, entry)?;
    }
    for (instrument, symbol) in &pending.instruments {
        let sql = "INSERT OR REPLACE INTO instrument VALUES (?1, ?2)";
        connection
            .prepare_cached(sql)?
            .execute(params![instrument, symbol])?;
    }
    let mut orders = Orders::prepare(connection)?;
    for row in pending.orders_in_order() {
        orders.write(row)?;
    }
    let mut insert = connection.prepare_cached(TRADE)?;
    for row in &pending.trades {
        write_trade(&mut insert, row)?;
    }
    for (&(instrument, minute), bar) in &pending.bars {
        write_bar(connection, instrument, minute, bar)?;
    }
    Ok(())
}

fn write_entry(connection: &Connection, row: &EntryRow) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO entry VALUES (?1, ?2, ?3, ?4)";
    let kind = row.kind.code();
    let values = params![row.entry, row.account, kind, row.name];
    connection.prepare_cached(sql)?.execute(values)?;
    let sql = "INSERT OR REPLACE INTO account VALUES (?1, ?2)";
    connection
        .prepare_cached(sql)?
        .execute(params![row.account, row.account_name])?;
    Ok(())
}

struct Orders<'a> {
    connection: &'a Connection,
    begin: CachedStatement<'a>,
    progress: CachedStatement<'a>,
    amend: CachedStatement<'a>,
}

impl<'a> Orders<'a> {
    fn prepare(connection: &'a Connection) -> Result<Self, StoreError> {
        Ok(Self {
            connection,
            begin: connection.prepare_cached(BEGIN)?,
            progress: connection.prepare_cached(PROGRESS)?,
            amend: connection.prepare_cached(AMEND)?,
        })
    }

    fn write(&mut self, row: &OrderRow) -> Result<(), StoreError> {
        if row.begun {
            return self.insert_anew(row);
        }
        if !self.update(row)? {
            if self.make_room(row.order_id)? {
                self.update(row)?;
            } else {
                return self.insert(row);
            }
        }
        if row.amended {
            let (price, num) = (price_column(row.price), row.num as i64);
            self.amend
                .execute(params![row.order_id as i64, price, row.qty, num])?;
        }
        Ok(())
    }

    /// Insert an order that begins; what a seed told of it gives way to what its events tell.
    fn insert_anew(&mut self, row: &OrderRow) -> Result<(), StoreError> {
        match self.insert(row) {
            Err(StoreError::Sqlite(error)) if is_conflict(&error) => {
                let sql = "DELETE FROM orders WHERE order_id = ?1";
                self.connection
                    .prepare_cached(sql)?
                    .execute(params![row.order_id as i64])?;
                self.insert(row)
            }
            other => other,
        }
    }

    fn insert(&mut self, row: &OrderRow) -> Result<(), StoreError> {
        let terms = &row.terms;
        self.begin.execute(params![
            row.order_id as i64,
            terms.account,
            terms.entry,
            row.num as i64,
            text_column(&row.text),
            text_column(&row.user),
            terms.instrument,
            terms.side.code(),
            terms.ord_type.code(),
            terms.tif.code(),
            price_column(row.price),
            row.qty,
            row.status.code(),
            row.cum,
            row.leaves,
            row.avg_px,
            row.why.code(),
            row.created_ns as i64,
            row.updated_ns as i64,
            row.changes,
        ])?;
        Ok(())
    }

    /// Whether the row was there and had room.
    fn update(&mut self, row: &OrderRow) -> Result<bool, StoreError> {
        let why = if row.why == Why::None {
            None
        } else {
            Some(row.why.code())
        };
        let updated = self.progress.execute(params![
            row.order_id as i64,
            row.status.code(),
            row.cum,
            row.leaves,
            row.avg_px,
            why,
            row.updated_ns as i64,
            row.changes,
            ROW_CHANGES_BYTES_MAX,
        ])?;
        Ok(updated == 1)
    }

    /// Move the changes of an order out of its row; false when there is no such row.
    fn make_room(&self, order_id: u64) -> Result<bool, StoreError> {
        let id = order_id as i64;
        let sql = "INSERT INTO older SELECT order_id, \
                   (SELECT COUNT(*) FROM older WHERE order_id = ?1), changes \
                   FROM orders WHERE order_id = ?1";
        let moved = self.connection.prepare_cached(sql)?.execute(params![id])?;
        let sql = "UPDATE orders SET changes = x'' WHERE order_id = ?1";
        self.connection.prepare_cached(sql)?.execute(params![id])?;
        Ok(moved == 1)
    }
}

fn is_conflict(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}

fn text_column(text: &str) -> Option<&str> {
    if text.is_empty() { None } else { Some(text) }
}

fn write_trade(insert: &mut CachedStatement<'_>, row: &TradeRow) -> Result<(), StoreError> {
    let trade = &row.trade;
    insert.execute(params![
        trade.trade_id as i64,
        trade.instrument,
        row.time_ns as i64,
        trade.price,
        trade.qty,
        trade.taker_side.code(),
        trade.taker_order_id as i64,
        trade.maker_order_id as i64,
        row.seq as i64,
    ])?;
    Ok(())
}

fn write_bar(
    connection: &Connection,
    instrument: u32,
    minute: u64,
    added: &Bar,
) -> Result<(), StoreError> {
    let sql = "SELECT first_ns, last_ns, open, high, low, close, qty, quote, count FROM bar \
               WHERE instrument = ?1 AND minute = ?2";
    let mut select = connection.prepare_cached(sql)?;
    let key = params![instrument, minute as i64];
    let mut bar = *added;
    if let Some(kept) = select.query_row(key, |row| Bar::read(row, 0)).optional()? {
        bar = kept;
        bar.join(added);
    }
    let sql = "INSERT OR REPLACE INTO bar VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    connection.prepare_cached(sql)?.execute(params![
        instrument,
        minute as i64,
        bar.first_ns as i64,
        bar.last_ns as i64,
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        bar.qty.to_string(),
        bar.quote.to_string(),
        bar.count as i64,
    ])?;
    Ok(())
}
