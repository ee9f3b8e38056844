//! Orders as their segments tell them: the rows that SQLite would hold.

use std::collections::BTreeMap;

use wire::record::EntryKind;
use wire::record::command::NO_INSTRUMENT;

use crate::error::StoreError;
use crate::history::{EachPart, Of, Page, Parts, Stretch, entries, fills};
use crate::names::{compare, entry_checksum, named_checksum};
use crate::order_row::OrderRow;
use crate::reader::{Beginning, StoredOrder};
use crate::shown::show;

use super::segment::{Segment, segments};

/// Nothing stands outside of such a row.
struct Nowhere;

impl Parts for Nowhere {
    fn each(&self, _: &OrderRow, _: Of, _: u64, _: &mut EachPart<'_>) -> Result<(), StoreError> {
        Err(StoreError::Row("changes are missing"))
    }
}

/// The order that segments tell of, or what one more makes of it.
pub fn grow(row: Option<OrderRow>, segment: &Segment<'_>) -> Result<OrderRow, StoreError> {
    let delta = segment.delta()?;
    let mut row = match row {
        // What a seed told of it gives way to what its events tell.
        Some(row) if !delta.begun => row,
        None if !segment.has_terms() => {
            return Err(StoreError::Row("the beginning of an order is missing"));
        }
        _ => OrderRow::new(&delta),
    };
    row.append(&delta);
    Ok(row)
}

/// Names that orders need, as Redis holds them.
#[derive(Debug, Default)]
struct Called {
    accounts: BTreeMap<u32, String>,
    symbols: BTreeMap<u32, String>,
    numbered: BTreeMap<u32, bool>,
}

/// Orders, the newest first.
#[derive(Debug, Default)]
pub struct Rows {
    rows: Vec<OrderRow>,
    called: Called,
}

/// Numbers of accounts, entries and instruments.
pub type Needs = (Vec<u32>, Vec<u32>, Vec<u32>);

impl Rows {
    /// The orders of some chunks that `wanted` takes.
    ///
    /// # Errors
    /// `Checksum` or `Row` when a chunk was not written so.
    pub fn of<'b>(
        chunks: impl IntoIterator<Item = &'b [u8]>,
        wanted: impl Fn(&OrderRow) -> bool,
    ) -> Result<Self, StoreError> {
        let mut rows: BTreeMap<u64, OrderRow> = BTreeMap::new();
        for chunk in chunks {
            for segment in segments(chunk) {
                let segment = segment?;
                let grown = grow(rows.remove(&segment.order_id), &segment)?;
                rows.insert(segment.order_id, grown);
            }
        }
        let rows = rows.into_values().rev().filter(wanted).collect();
        let called = Called::default();
        Ok(Self { rows, called })
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &[OrderRow] {
        &self.rows
    }

    /// Whose names they need, each once, rising.
    #[must_use]
    pub fn needs(&self) -> Needs {
        let each = |number: fn(&OrderRow) -> u32| {
            let mut numbers: Vec<_> = self.rows.iter().map(number).collect();
            numbers.sort_unstable();
            numbers.dedup();
            numbers
        };
        let mut instruments = each(|row| row.instrument);
        instruments.retain(|instrument| *instrument != NO_INSTRUMENT);
        (each(|row| row.account), each(|row| row.entry), instruments)
    }

    /// Take the values of what they need, in that order; `None` where there is none.
    ///
    /// # Errors
    /// `Checksum` when one was not written so.
    pub fn learn(&mut self, found: [&[Option<&[u8]>]; 3]) -> Result<(), StoreError> {
        let (accounts, entries, instruments) = self.needs();
        let named = |numbers: Vec<u32>, values: &[Option<&[u8]>], table| {
            let pairs = numbers.into_iter().zip(values);
            let named = pairs.map(|(number, value)| match value {
                Some(value) => Ok((number, name(table, number, value)?)),
                None => Ok((number, format!("#{number}"))),
            });
            named.collect::<Result<_, StoreError>>()
        };
        self.called.accounts = named(accounts, found[0], "account")?;
        self.called.symbols = named(instruments, found[2], "instrument")?;
        for (number, value) in entries.into_iter().zip(found[1]) {
            let numbered = value.map(|value| is_numbered(number, value)).transpose()?;
            self.called
                .numbered
                .insert(number, numbered.unwrap_or(false));
        }
        Ok(())
    }

    /// One of them as JSON, once what they need is learned.
    ///
    /// # Errors
    /// `Row` when its changes make no sense.
    pub fn show(&self, row: &OrderRow) -> Result<StoredOrder, StoreError> {
        let called = &self.called;
        let names = (
            called.accounts.get(&row.account).map_or("", String::as_str),
            called
                .symbols
                .get(&row.instrument)
                .map_or("", String::as_str),
            called.numbered.get(&row.entry).copied().unwrap_or(false),
        );
        Ok(StoredOrder {
            json: show(row, &Nowhere, names)?,
            open: row.is_open(),
        })
    }

    /// A page of the fills, or of the history, of the newest of them.
    ///
    /// # Errors
    /// As [`Self::show`].
    pub fn stretch(&self, of_fills: bool, page: &Page) -> Result<Option<Stretch>, StoreError> {
        let read = if of_fills { fills } else { entries };
        let row = self.rows.first();
        row.map(|row| read(&Nowhere, row, page)).transpose()
    }

    /// When those of them began whose beginning is kept.
    pub fn beginnings(&self) -> impl Iterator<Item = Beginning> {
        let begun = self.rows.iter().filter(|row| row.begun);
        begun.map(|row| Beginning {
            order_id: row.order_id,
            created_ns: row.created_ns,
            history: row.history,
            fills: row.fills,
        })
    }
}

/// The symbol in a value of `P instruments`.
///
/// # Errors
/// `Checksum` when it was not written so.
pub fn instrument_name(number: u32, value: &[u8]) -> Result<String, StoreError> {
    name("instrument", number, value)
}

fn name(table: &'static str, number: u32, value: &[u8]) -> Result<String, StoreError> {
    let bad = || StoreError::Checksum {
        table,
        row: number.into(),
    };
    let (name, sum) = value.split_last_chunk::<8>().ok_or_else(bad)?;
    let name = std::str::from_utf8(name).map_err(|_| bad())?;
    compare(
        table,
        number,
        named_checksum(number, name),
        i64::from_le_bytes(*sum),
    )?;
    Ok(name.to_owned())
}

/// Whether an entry is one of the binary protocol, by its value in `P entries`.
fn is_numbered(entry: u32, value: &[u8]) -> Result<bool, StoreError> {
    let bad = || StoreError::Checksum {
        table: "entry",
        row: entry.into(),
    };
    let (account, rest) = value.split_first_chunk::<4>().ok_or_else(bad)?;
    let (kind, rest) = rest.split_first().ok_or_else(bad)?;
    let (name, sum) = rest.split_last_chunk::<8>().ok_or_else(bad)?;
    let name = std::str::from_utf8(name).map_err(|_| bad())?;
    let made = entry_checksum(entry, u32::from_le_bytes(*account), *kind, name);
    compare("entry", entry, made, i64::from_le_bytes(*sum))?;
    Ok(*kind == EntryKind::Binary.code())
}
