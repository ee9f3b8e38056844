//! From when on a store has everything, where the events log had lost its beginning when it was begun.

use rusqlite::{Connection, OptionalExtension, params};

use crate::checksum::Values;
use crate::error::StoreError;
use crate::position::Position;

/// The table; it has a row in such a store alone.
pub const TABLE: &str = "
CREATE TABLE late (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    first_ns INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;
";

/// Write down when the first event was that the log had.
pub fn save(connection: &Connection, first_ns: u64) -> Result<(), StoreError> {
    let first_ns = first_ns as i64;
    connection.execute(
        "INSERT OR REPLACE INTO late VALUES (0, ?1, ?2)",
        params![first_ns, checksum(first_ns)],
    )?;
    Ok(())
}

/// When the first event was that is recorded, in nanoseconds; `None` where there was none before it.
///
/// # Errors
/// `Checksum` or `Row` when that can't be told.
pub fn load(connection: &Connection) -> Result<Option<u64>, StoreError> {
    let row = connection.query_row("SELECT first_ns, checksum FROM late", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    });
    match row.optional()? {
        Some((first_ns, stored)) if checksum(first_ns) == stored => Ok(Some(first_ns as u64)),
        Some(_) => Err(StoreError::Checksum {
            table: "late",
            row: 0,
        }),
        None if Position::load(connection)?.is_some_and(|at| at.first_seq > 1) => {
            Err(StoreError::Row("when it begins"))
        }
        None => Ok(None),
    }
}

/// Make the table in a store of before there was one.  Its first order says when such a store began, or
/// somewhat later: `now_ns`, where there is none.
pub fn upgrade(connection: &Connection, now_ns: u64) -> Result<(), StoreError> {
    connection.execute_batch(TABLE)?;
    if Position::load(connection)?.is_some_and(|at| at.first_seq > 1) {
        let sql = "SELECT min(created_ns) FROM orders";
        let first: Option<i64> = connection.query_row(sql, [], |row| row.get(0))?;
        save(connection, first.map_or(now_ns, |ns| ns as u64))?;
    }
    Ok(())
}

fn checksum(first_ns: i64) -> i64 {
    Values::new().number(first_ns).checksum()
}
