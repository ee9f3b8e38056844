//! The file: SQLite's own check, and the tables and indexes that are made.

use std::sync::Arc;

use rusqlite::Connection;

use super::Watch;
use super::findings::{FINDINGS_MAX, Findings};
use crate::error::StoreError;
use crate::schema;

/// Steps of SQLite's machine between two questions whether to go on: some tens of milliseconds.
const STEPS: i32 = 1_000_000;

/// Look at it; how many rows of orders and trades there are.
pub fn look(connection: &mut Connection, watch: &Watch, findings: &mut Findings) -> u64 {
    let total = count(connection).unwrap_or(0);
    if let Err(error) = look_at_tables(connection, findings) {
        findings.file(format!("its tables can't be read: {error}"));
    }
    if let Err(error) = integrity_check(connection, total, watch, findings) {
        findings.file(error.to_string());
    }
    total
}

fn count(connection: &Connection) -> Result<u64, StoreError> {
    let sql = "SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM trade)";
    Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))? as u64)
}

/// That pages, cells and records are well formed, and that each index is that of its table.
fn integrity_check(
    connection: &mut Connection,
    total: u64,
    watch: &Watch,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let goes_on = Arc::clone(watch);
    connection.progress_handler(STEPS, Some(move || !goes_on(0, total)))?;
    let sql = format!("PRAGMA integrity_check({FINDINGS_MAX})");
    let answers = connection.prepare(&sql).and_then(|mut check| {
        let rows = check.query_map([], |row| row.get::<_, String>(0))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    });
    connection.progress_handler(STEPS, None::<fn() -> bool>)?;
    for answer in answers?.into_iter().filter(|answer| answer != "ok") {
        findings.file(answer.replace('\n', " "));
    }
    Ok(())
}

/// That the statements that made them are the ones of this program.
fn look_at_tables(connection: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    let made = Connection::open_in_memory()?;
    schema::make(&made, schema::version(connection)?)?;
    let (expected, found) = (statements(&made)?, statements(connection)?);
    for statement in &expected {
        if !found.contains(statement) {
            findings.file(format!("{} is not the one that is made", statement.0));
        }
    }
    for statement in found.iter().filter(|it| !expected.contains(it)) {
        findings.file(format!("{} is none that is made", statement.0));
    }
    Ok(())
}

type Statement = (String, String, Option<String>);

fn statements(connection: &Connection) -> Result<Vec<Statement>, StoreError> {
    let sql = "SELECT type || ' ' || name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";
    let mut select = connection.prepare(sql)?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
