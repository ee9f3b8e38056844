//! Pending changes as rows.

use rusqlite::{CachedStatement, Connection};

use crate::error::StoreError;
use crate::kept::{self, Kept};
use crate::pending::Pending;
use crate::row::OrderRow;
use crate::{bar, late, names, part, tape};

/// Write everything that is pending but the position.
pub fn write(connection: &Connection, pending: &mut Pending) -> Result<(), StoreError> {
    for entry in &pending.entries {
        names::write_entry(connection, entry)?;
    }
    for (instrument, symbol) in &pending.instruments {
        names::write_instrument(connection, *instrument, symbol)?;
    }
    if let Some(first_ns) = pending.late_ns {
        late::save(connection, first_ns)?;
    }
    let mut orders = Orders::prepare(connection)?;
    for row in pending.orders_in_order() {
        orders.write(row)?;
    }
    let mut insert = connection.prepare_cached(tape::INSERT)?;
    for row in &pending.trades {
        tape::insert(&mut insert, row)?;
    }
    for (place, bar) in &pending.bars {
        bar::add(connection, *place, bar)?;
    }
    Ok(())
}

struct Orders<'a> {
    connection: &'a Connection,
    select: CachedStatement<'a>,
    insert: CachedStatement<'a>,
    update: CachedStatement<'a>,
    insert_part: CachedStatement<'a>,
}

impl<'a> Orders<'a> {
    fn prepare(connection: &'a Connection) -> Result<Self, StoreError> {
        Ok(Self {
            connection,
            select: connection.prepare_cached(kept::SELECT)?,
            insert: connection.prepare_cached(kept::INSERT)?,
            update: connection.prepare_cached(kept::UPDATE)?,
            insert_part: connection.prepare_cached(part::INSERT)?,
        })
    }

    fn write(&mut self, row: &OrderRow) -> Result<(), StoreError> {
        let known = if row.begun {
            None
        } else {
            Kept::load(&mut self.select, row.order_id)?
        };
        let is_known = known.is_some();
        let mut kept = known.unwrap_or_else(|| Kept::new(row));
        let parts = kept.add(row)?;
        if is_known {
            kept.update(&mut self.update)?;
        } else {
            self.insert(&kept)?;
        }
        for part in &parts {
            part.insert(&mut self.insert_part)?;
        }
        Ok(())
    }

    /// Insert an order of which nothing is kept; what a seed told of it gives way to what its events
    /// tell.
    fn insert(&mut self, kept: &Kept) -> Result<(), StoreError> {
        match kept.insert(&mut self.insert) {
            Err(StoreError::Sqlite(error)) if is_conflict(&error) => {
                kept::forget(self.connection, kept.order_id)?;
                kept.insert(&mut self.insert)
            }
            other => other,
        }
    }
}

fn is_conflict(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}
