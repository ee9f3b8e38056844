//! Single rows, and how what is wrong with one is said.

use rusqlite::{Connection, params};

use crate::error::StoreError;
use crate::tape;

/// What is wrong with a row, beside its name.
pub fn plain(error: &StoreError) -> String {
    match error {
        StoreError::Checksum { table: "older", .. } => {
            "an older part of its history does not match its checksum".to_owned()
        }
        StoreError::Checksum { .. } => "it does not match its checksum".to_owned(),
        StoreError::Row(what) => (*what).to_owned(),
        other => other.to_string(),
    }
}

/// A trade, if it is there.
pub fn trade(connection: &Connection, trade_id: u64) -> Result<Option<[i64; 9]>, StoreError> {
    let mut select = connection.prepare_cached("SELECT * FROM trade WHERE trade_id = ?1")?;
    let mut rows = select.query(params![trade_id as i64])?;
    rows.next()?.map(tape::values).transpose()
}

/// Rows of a table.
pub fn count(connection: &Connection, table: &'static str) -> Result<u64, StoreError> {
    let sql = format!("SELECT count(*) FROM {table}");
    Ok(connection.query_row(&sql, [], |row| row.get::<_, i64>(0))? as u64)
}
