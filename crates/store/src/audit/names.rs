//! Names of accounts, entries and instruments, against what the engine knows and the events tell.

use std::collections::BTreeMap;

use matching::Engine;
use rusqlite::{Connection, Row};

use super::findings::Findings;
use super::{Look, tables};
use crate::error::StoreError;
use crate::names;

const TABLES: [&str; 3] = ["account", "entry", "instrument"];

/// What a row says beside its number.
type Name = (u32, u8, String);
/// Rows of a table by number; one that can't be read says why.
type Rows = BTreeMap<u32, Result<Name, String>>;

/// Look at the three tables.
pub fn look(look: &Look<'_>, findings: &mut Findings) -> Result<(), StoreError> {
    let known = of_engine(look.engine);
    for (table, known) in TABLES.into_iter().zip(known) {
        let found = match of_table(look.store, table) {
            Ok(found) => found,
            Err(error) => {
                findings.file(format!("table {table} can't be read: {error}"));
                continue;
            }
        };
        let replayed = match look.replayed {
            Some(replayed) => of_table(&replayed.connection, table)?,
            None => Rows::new(),
        };
        for (number, row) in &found {
            let what = match row {
                Err(what) => what,
                Ok(name) if known.get(number) != Some(name) => "it is not what the engine knows",
                Ok(_) => continue,
            };
            findings.row(table, u64::from(*number), what);
        }
        let needed = replayed
            .keys()
            .chain(known.keys().filter(|_| look.is_current()));
        for number in needed.filter(|number| !found.contains_key(number)) {
            findings.row(table, u64::from(*number), "it is missing");
        }
    }
    Ok(())
}

fn of_table(connection: &Connection, table: &'static str) -> Result<Rows, StoreError> {
    let read = |row: &Row<'_>| match table {
        "entry" => names::read_entry(row),
        _ => names::read_named(row, table).map(|name| (0, 0, name)),
    };
    let mut select = connection.prepare(&format!("SELECT * FROM {table}"))?;
    let mut rows = select.query([])?;
    let mut all = Rows::new();
    while let Some(row) = rows.next()? {
        all.insert(
            row.get(0)?,
            read(row).map_err(|error| tables::plain(&error)),
        );
    }
    Ok(all)
}

fn of_engine(engine: &Engine) -> [BTreeMap<u32, Name>; 3] {
    let mut known = [BTreeMap::new(), BTreeMap::new(), BTreeMap::new()];
    for entry in engine.entries() {
        let opened = entry.opened;
        known[0].insert(opened.account, (0, 0, entry.account.to_owned()));
        let name = (opened.account, opened.kind.code(), entry.name.to_owned());
        known[1].insert(opened.entry, name);
    }
    for instrument in engine.instruments() {
        known[2].insert(instrument.id, (0, 0, instrument.symbol.to_owned()));
    }
    known
}
