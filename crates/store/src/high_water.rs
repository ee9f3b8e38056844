//! The high-water mark of a store that nobody writes: what it proves to have been told.

use std::path::Path;

use crate::error::StoreError;
use crate::position::Position;
use crate::{late, schema};

/// What a store proves to have been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HighWater {
    /// How far it has come.
    pub position: Position,
    /// Highest order id.
    pub order_id: u64,
    /// Highest trade id.
    pub trade_id: u64,
    /// When its first event was, in nanoseconds, where it has not all that ever happened; 0 where a store
    /// of an older version does not say.
    pub late_ns: Option<u64>,
}

impl HighWater {
    /// Read it from a store that nobody writes, without a change to its folder; `None` when nothing is
    /// recorded in it, or it is of an older version.
    ///
    /// # Errors
    /// `Sqlite` or `Schema` when it cannot be read.
    pub fn at_rest(path: &Path) -> Result<Option<Self>, StoreError> {
        journal::check_length(path)?;
        let connection = journal::connect_at_rest(path)?;
        let version = match schema::readable_version(&connection) {
            // Nothing of it is read by whoever begins a recorder.
            Err(StoreError::Schema { found }) if found < schema::VERSION => return Ok(None),
            version => version?,
        };
        let Some(position) = Position::load(&connection)? else {
            return Ok(None);
        };
        let highest = |sql| {
            let found = connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
            found.map(|id| id.map_or(0, |id| id as u64))
        };
        let late_ns = if version == schema::VERSION {
            late::load(&connection)?
        } else {
            (position.first_seq > 1).then_some(0)
        };
        Ok(Some(Self {
            position,
            late_ns,
            order_id: highest("SELECT max(order_id) FROM orders")?,
            trade_id: highest("SELECT max(trade_id) FROM trade")?,
        }))
    }
}
