//! Accounts, entries and instruments by their numbers: how their rows are written and read.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use wire::record::EntryKind;
use wire::record::command::NO_INSTRUMENT;

use crate::checksum::Values;
use crate::error::StoreError;
use crate::pending::EntryRow;

/// Write an entry, and its account.
pub fn write_entry(connection: &Connection, row: &EntryRow) -> Result<(), StoreError> {
    let (kind, name) = (row.kind.code(), &row.name);
    let checksum = entry_checksum(row.entry, row.account, kind, name);
    let sql = "INSERT OR REPLACE INTO entry VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.prepare_cached(sql)?.execute(params![
        row.entry,
        row.account,
        kind,
        name,
        checksum
    ])?;
    let (account, name) = (row.account, &row.account_name);
    let sql = "INSERT OR REPLACE INTO account VALUES (?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute(params![
        account,
        name,
        named_checksum(account, name)
    ])?;
    Ok(())
}

/// Write an instrument.
pub fn write_instrument(
    connection: &Connection,
    instrument: u32,
    symbol: &str,
) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO instrument VALUES (?1, ?2, ?3)";
    let checksum = named_checksum(instrument, symbol);
    connection
        .prepare_cached(sql)?
        .execute(params![instrument, symbol, checksum])?;
    Ok(())
}

pub fn named_checksum(number: u32, name: &str) -> i64 {
    Values::new().number(number).text(name).checksum()
}

pub fn entry_checksum(entry: u32, account: u32, kind: u8, name: &str) -> i64 {
    let numbers = [entry.into(), account.into(), kind.into()];
    Values::new().numbers(numbers).text(name).checksum()
}

/// The number of the account of this name.
pub fn account_of(connection: &Connection, name: &str) -> Result<Option<u32>, StoreError> {
    let sql = "SELECT * FROM account WHERE name = ?1";
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query(params![name])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    if read_named(row, "account")? != name {
        return Err(StoreError::Index("account_name"));
    }
    Ok(Some(row.get(0)?))
}

/// The name in a row of `account` or `instrument`, held to its checksum.
pub fn read_named(row: &Row<'_>, table: &'static str) -> Result<String, StoreError> {
    let (number, name): (u32, String) = (row.get(0)?, row.get(1)?);
    compare(table, number, named_checksum(number, &name), row.get(2)?)?;
    Ok(name)
}

/// Account, protocol and name in a row of `entry`, held to its checksum.
pub fn read_entry(row: &Row<'_>) -> Result<(u32, u8, String), StoreError> {
    let (entry, account): (u32, u32) = (row.get(0)?, row.get(1)?);
    let (kind, name): (u8, String) = (row.get(2)?, row.get(3)?);
    let checksum = entry_checksum(entry, account, kind, &name);
    compare("entry", entry, checksum, row.get(4)?)?;
    Ok((account, kind, name))
}

/// Number and symbol of every instrument.
pub fn instruments(connection: &Connection) -> Result<Vec<(u32, String)>, StoreError> {
    let sql = "SELECT * FROM instrument ORDER BY instrument";
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push((row.get(0)?, read_named(row, "instrument")?));
    }
    Ok(all)
}

pub fn compare(table: &'static str, number: u32, made: i64, stored: i64) -> Result<(), StoreError> {
    if made == stored {
        return Ok(());
    }
    Err(StoreError::Checksum {
        table,
        row: number.into(),
    })
}

/// Names that one query has looked up.
#[derive(Debug)]
pub struct Names<'c> {
    connection: &'c Connection,
    accounts: HashMap<u32, String>,
    numbered: HashMap<u32, bool>,
    symbols: HashMap<u32, String>,
}

impl<'c> Names<'c> {
    /// None yet.
    pub fn new(connection: &'c Connection) -> Self {
        Self {
            connection,
            accounts: HashMap::new(),
            numbered: HashMap::new(),
            symbols: HashMap::new(),
        }
    }

    /// Look up what an order needs: its account, entry and instrument.
    pub fn learn(&mut self, account: u32, entry: u32, instrument: u32) -> Result<(), StoreError> {
        if !self.accounts.contains_key(&account) {
            let name = self.named(
                "account",
                account,
                "SELECT name, checksum FROM account WHERE account = ?1",
            )?;
            self.accounts.insert(account, name);
        }
        if instrument != NO_INSTRUMENT && !self.symbols.contains_key(&instrument) {
            let sql = "SELECT symbol, checksum FROM instrument WHERE instrument = ?1";
            let symbol = self.named("instrument", instrument, sql)?;
            self.symbols.insert(instrument, symbol);
        }
        if !self.numbered.contains_key(&entry) {
            let numbered = self.is_numbered(entry)?;
            self.numbered.insert(entry, numbered);
        }
        Ok(())
    }

    /// A name; who has none is called `#` and the number.
    fn named(&self, table: &'static str, number: u32, sql: &str) -> Result<String, StoreError> {
        let mut select = self.connection.prepare_cached(sql)?;
        let found = select
            .query_row(params![number], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((name, checksum)): Option<(String, i64)> = found else {
            return Ok(format!("#{number}"));
        };
        compare(table, number, named_checksum(number, &name), checksum)?;
        Ok(name)
    }

    fn is_numbered(&self, entry: u32) -> Result<bool, StoreError> {
        let sql = "SELECT * FROM entry WHERE entry = ?1";
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query(params![entry])?;
        let Some(row) = rows.next()? else {
            return Ok(false);
        };
        let (_, kind, _) = read_entry(row)?;
        Ok(kind == EntryKind::Binary.code())
    }

    /// Name of an account that was looked up.
    pub fn account(&self, account: u32) -> &str {
        self.accounts.get(&account).map_or("", |name| name)
    }

    /// Symbol of an instrument that was looked up; empty where an order named none.
    pub fn symbol(&self, instrument: u32) -> &str {
        self.symbols.get(&instrument).map_or("", |symbol| symbol)
    }

    /// Whether orders of an entry that was looked up are called by numbers of their client.
    pub fn numbered(&self, entry: u32) -> bool {
        self.numbered.get(&entry).copied().unwrap_or(false)
    }
}
