//! Pending changes as rows.

use rusqlite::{CachedStatement, Connection};

use crate::error::StoreError;
use crate::order_delta::OrderDelta;
use crate::order_row::{self, OrderRow};
use crate::pending::Pending;
use crate::{bar, late, names, older, tape};

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
    for delta in pending.orders_in_order() {
        orders.write(delta)?;
    }
    let mut insert = connection.prepare_cached(tape::INSERT)?;
    for row in &pending.trades {
        tape::insert(&mut insert, row)?;
    }
    for (key, bar) in &pending.bars {
        bar::add(connection, *key, bar)?;
    }
    Ok(())
}

struct Orders<'a> {
    connection: &'a Connection,
    select: CachedStatement<'a>,
    insert: CachedStatement<'a>,
    update: CachedStatement<'a>,
    insert_older: CachedStatement<'a>,
}

impl<'a> Orders<'a> {
    fn prepare(connection: &'a Connection) -> Result<Self, StoreError> {
        Ok(Self {
            connection,
            select: connection.prepare_cached(order_row::SELECT)?,
            insert: connection.prepare_cached(order_row::INSERT)?,
            update: connection.prepare_cached(order_row::UPDATE)?,
            insert_older: connection.prepare_cached(older::INSERT)?,
        })
    }

    fn write(&mut self, delta: &OrderDelta) -> Result<(), StoreError> {
        let known = if delta.begun {
            None
        } else {
            OrderRow::load(&mut self.select, delta.order_id)?
        };
        let is_known = known.is_some();
        let mut stored = known.unwrap_or_else(|| OrderRow::new(delta));
        let parts = stored.add(delta)?;
        if is_known {
            stored.update(&mut self.update)?;
        } else {
            self.insert(&stored)?;
        }
        for part in &parts {
            part.insert(&mut self.insert_older)?;
        }
        Ok(())
    }

    /// Insert an order of which nothing is kept; what a seed told of it gives way to what its events
    /// tell.
    fn insert(&mut self, stored: &OrderRow) -> Result<(), StoreError> {
        match stored.insert(&mut self.insert) {
            Err(StoreError::Sqlite(error)) if is_conflict(&error) => {
                order_row::forget(self.connection, stored.order_id)?;
                stored.insert(&mut self.insert)
            }
            other => other,
        }
    }
}

fn is_conflict(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}
