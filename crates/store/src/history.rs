//! The changes of one order: its newest, and all of them page by page.
//!
//! # Cost
//! A page reads the part that it begins in and those behind it, whatever else the order has.

use projection::SHOWN_MAX;
use projection::change::unfold;
use rusqlite::{Connection, params};
use wire::text::{Fill, HistoryEntry, json};

use crate::error::StoreError;
use crate::older::OlderChanges;
use crate::order_row::OrderRow;

/// The part that holds an entry of the history, and those behind it.
const FROM_ENTRY: &str = "SELECT * FROM older WHERE order_id = ?1 AND first_history >= \
    (SELECT MAX(first_history) FROM older WHERE order_id = ?1 AND first_history <= ?2) \
    ORDER BY first_history";
/// The part that holds a fill, and those behind it that hold any.
const FROM_FILL: &str = "SELECT * FROM older WHERE order_id = ?1 AND fills > 0 AND first_fill >= \
    (SELECT MAX(first_fill) FROM older WHERE order_id = ?1 AND fills > 0 AND first_fill <= ?2) \
    ORDER BY first_fill";

/// A stretch of an order's history, or of its fills, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stretch {
    /// A JSON array.
    pub json: Vec<u8>,
    /// How many there are in it.
    pub count: u64,
    /// How many there are in all; `None` where there were others before those that are kept.
    pub of: Option<u64>,
    /// How many stand before the next page; `None` when there is none.
    pub next: Option<u64>,
}

/// Which page of a history, or of fills.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// How many stand before it.
    pub after: u64,
    /// At most so many.
    pub limit: u64,
    /// No more once they are so many bytes together.
    pub bytes_max: usize,
}

/// The newest entries of an order's history, and its newest fills, the oldest first.
pub fn newest(
    parts: &impl Parts,
    stored: &OrderRow,
) -> Result<(Vec<HistoryEntry>, Vec<Fill>), StoreError> {
    let shown = SHOWN_MAX as u64;
    let (mut entries, mut fills) = (Vec::new(), Vec::new());
    let first_fill = stored.fills.saturating_sub(shown);
    if first_fill < stored.older_fills {
        parts.each(stored, Of::Fills, first_fill, &mut |part| {
            unfold(&part.changes, part.in_force, |_, fill| fills.extend(fill))?;
            Ok(true)
        })?;
    }
    let first_entry = stored.history.saturating_sub(shown);
    if first_entry < stored.older_history {
        parts.each(stored, Of::Entries, first_entry, &mut |part| {
            unfold(&part.changes, part.in_force, |entry, _| entries.push(entry))?;
            Ok(true)
        })?;
    }
    unfold(&stored.changes, stored.older_in_force, |entry, fill| {
        entries.push(entry);
        fills.extend(fill);
    })?;
    entries.drain(..entries.len().saturating_sub(SHOWN_MAX));
    fills.drain(..fills.len().saturating_sub(SHOWN_MAX));
    Ok((entries, fills))
}

/// A page of the history of an order.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "changes are counted one by one"
)]
pub fn entries(parts: &impl Parts, stored: &OrderRow, page: &Page) -> Result<Stretch, StoreError> {
    let mut writer = Writer::new(page);
    if page.after < stored.older_history {
        parts.each(stored, Of::Entries, page.after, &mut |part| {
            let mut number = part.first_history;
            unfold(&part.changes, part.in_force, |entry, _| {
                writer.add(number, |out| entry.write(out));
                number += 1;
            })?;
            Ok(!writer.full)
        })?;
    }
    let mut number = stored.older_history;
    unfold(&stored.changes, stored.older_in_force, |entry, _| {
        writer.add(number, |out| entry.write(out));
        number += 1;
    })?;
    Ok(writer.finish(stored, stored.history))
}

/// A page of the fills of an order.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "changes are counted one by one"
)]
pub fn fills(parts: &impl Parts, stored: &OrderRow, page: &Page) -> Result<Stretch, StoreError> {
    let mut writer = Writer::new(page);
    if page.after < stored.older_fills {
        parts.each(stored, Of::Fills, page.after, &mut |part| {
            let mut number = part.first_fill;
            unfold(&part.changes, part.in_force, |_, fill| {
                if let Some(fill) = fill {
                    writer.add(number, |out| fill.write(out));
                    number += 1;
                }
            })?;
            Ok(!writer.full)
        })?;
    }
    let mut number = stored.older_fills;
    unfold(&stored.changes, stored.older_in_force, |_, fill| {
        if let Some(fill) = fill {
            writer.add(number, |out| fill.write(out));
            number += 1;
        }
    })?;
    Ok(writer.finish(stored, stored.fills))
}

/// What a stretch is of.
#[derive(Debug, Clone, Copy)]
pub enum Of {
    /// Entries of the history.
    Entries,
    /// Fills.
    Fills,
}

/// What a part is given to; whether it wants more.
pub type EachPart<'e> = dyn FnMut(&OlderChanges) -> Result<bool, StoreError> + 'e;

/// Where the parts of a history stand that are not in the order's row.
pub trait Parts {
    /// Give the part that holds number `from`, and those behind it, to `each` as long as it wants more.
    ///
    /// # Errors
    /// `Row` where parts are missing.
    fn each(
        &self,
        stored: &OrderRow,
        of: Of,
        from: u64,
        each: &mut EachPart<'_>,
    ) -> Result<(), StoreError>;
}

impl Parts for Connection {
    fn each(
        &self,
        stored: &OrderRow,
        of: Of,
        from: u64,
        each: &mut EachPart<'_>,
    ) -> Result<(), StoreError> {
        each_part(self, stored, of, from, each)
    }
}

/// Give the part that holds number `from`, and those behind it, to `each` as long as it wants more.
/// They must follow one another, up to the row.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "changes are counted one by one"
)]
fn each_part(
    connection: &Connection,
    stored: &OrderRow,
    of: Of,
    from: u64,
    each: &mut EachPart<'_>,
) -> Result<(), StoreError> {
    let (sql, end) = match of {
        Of::Entries => (FROM_ENTRY, stored.older_history),
        Of::Fills => (FROM_FILL, stored.older_fills),
    };
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query(params![stored.order_id as i64, from as i64])?;
    let mut expected = None;
    while let Some(row) = rows.next()? {
        let part = OlderChanges::read(row)?;
        let (first, count) = match of {
            Of::Entries => (part.first_history, part.history),
            Of::Fills => (part.first_fill, part.fills),
        };
        if expected.map_or(first > from, |expected| first != expected) {
            break;
        }
        if !each(&part)? {
            return Ok(());
        }
        expected = Some(first + count);
    }
    if expected == Some(end) {
        return Ok(());
    }
    Err(StoreError::Row("changes are missing"))
}

/// Writes what belongs to a page.
struct Writer<'p> {
    page: &'p Page,
    items: Vec<Vec<u8>>,
    bytes: usize,
    full: bool,
}

#[allow(
    clippy::arithmetic_side_effects,
    reason = "lengths of what is in memory"
)]
impl<'p> Writer<'p> {
    const fn new(page: &'p Page) -> Self {
        Self {
            page,
            items: Vec::new(),
            bytes: 0,
            full: false,
        }
    }

    fn add(&mut self, number: u64, write: impl FnOnce(&mut Vec<u8>)) {
        if number < self.page.after || self.full {
            return;
        }
        let mut item = Vec::with_capacity(256);
        write(&mut item);
        let bytes = self.bytes + item.len() + 1;
        // A page holds one at least, or nobody would ever see the next.
        if bytes > self.page.bytes_max && !self.items.is_empty() {
            self.full = true;
            return;
        }
        self.bytes = bytes;
        self.items.push(item);
        self.full = self.items.len() as u64 >= self.page.limit;
    }

    fn finish(self, stored: &OrderRow, of: u64) -> Stretch {
        let mut stretch = Stretch {
            json: Vec::with_capacity(self.bytes + 2),
            count: self.items.len() as u64,
            of: stored.begun.then_some(of),
            next: None,
        };
        json::array(&self.items, &mut stretch.json, |item, out| {
            out.extend_from_slice(item);
        });
        // Where anything is on the page, it stands among `of`; else there is no next one.
        let end = self.page.after.saturating_add(stretch.count);
        stretch.next = (self.full && end < of).then_some(end);
        stretch
    }
}
