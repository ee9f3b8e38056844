//! Older changes of an order: a stretch of them that stands outside its row.

use projection::change::InForce;
use rusqlite::{Row, Statement, params};

use crate::checksum::Values;
use crate::error::StoreError;

/// Of [`OlderChanges`].
pub const INSERT: &str = "INSERT INTO older VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

/// A row of `older`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OlderChanges {
    pub order_id: u64,
    /// Entries of the history before it, and in it.
    pub first_history: u64,
    pub history: u64,
    /// Fills before it, and in it.
    pub first_fill: u64,
    pub fills: u64,
    /// In force before it.
    pub in_force: InForce,
    pub changes: Vec<u8>,
}

impl OlderChanges {
    /// Insert it.
    pub fn insert(&self, insert: &mut Statement<'_>) -> Result<(), StoreError> {
        insert.execute(params![
            self.order_id as i64,
            self.first_history as i64,
            self.history as i64,
            self.first_fill as i64,
            self.fills as i64,
            self.in_force.price,
            self.in_force.qty,
            self.changes,
            self.checksum(),
        ])?;
        Ok(())
    }

    /// Read it from all columns of `older`, and hold it to its checksum.
    pub fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let number = |at| row.get::<_, i64>(at).map(|number| number as u64);
        let part = Self {
            order_id: number(0)?,
            first_history: number(1)?,
            history: number(2)?,
            first_fill: number(3)?,
            fills: number(4)?,
            in_force: InForce {
                price: row.get(5)?,
                qty: row.get(6)?,
            },
            changes: row.get(7)?,
        };
        if part.checksum() == row.get::<_, i64>(8)? {
            return Ok(part);
        }
        Err(StoreError::Checksum {
            table: "older",
            row: part.order_id,
        })
    }

    fn checksum(&self) -> i64 {
        Values::new()
            .numbers([
                self.order_id as i64,
                self.first_history as i64,
                self.history as i64,
                self.first_fill as i64,
                self.fills as i64,
                self.in_force.price,
                self.in_force.qty,
            ])
            .bytes(&self.changes)
            .checksum()
    }
}
