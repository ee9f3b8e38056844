//! An order as the store keeps it: its row, and what of its changes stands outside.
//!
//! # Layout
//! The newest changes stand packed in the row (`projection::change`).  When they are more than
//! [`ROW_CHANGES_BYTES_MAX`], the oldest move to `older`, in parts of about that size; each part says
//! which entries of the history it holds and which fills, and what was in force before it.  So any
//! page of an order's history is found at once, however long it is.

use projection::change::{Change, InForce};
use rusqlite::{Connection, Row, Statement, params};
use wire::record::command::NO_PRICE;
use wire::record::{OrdStatus, OrdType, Side, TimeInForce};
use wire::text::Why;

use crate::checksum::Values;
use crate::error::StoreError;
use crate::older::OlderChanges;
use crate::order_delta::OrderDelta;

/// Bytes of changes in an order's row, above which the oldest are moved to `older`.
pub const ROW_CHANGES_BYTES_MAX: usize = 2_048;

/// Columns of `orders`; the last is the checksum.
pub const COLUMNS: usize = 28;

pub const INSERT: &str = "INSERT INTO orders VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, \
    ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)";
pub const UPDATE: &str = "UPDATE orders SET num = ?2, price = ?3, qty = ?4, status = ?5, cum = ?6, \
    leaves = ?7, avg_px = ?8, why = ?9, updated_ns = ?10, history = ?11, fills = ?12, \
    older_history = ?13, older_fills = ?14, older_price = ?15, older_qty = ?16, changes = ?17, \
    checksum = ?18, client_text = ?19 WHERE order_id = ?1";
pub const SELECT: &str = "SELECT * FROM orders WHERE order_id = ?1";
/// A row of `orders`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    pub order_id: u64,
    pub account: u32,
    pub entry: u32,
    pub num: u64,
    pub text: Option<String>,
    pub user: Option<String>,
    pub instrument: u32,
    pub side: Side,
    pub ord_type: OrdType,
    pub tif: TimeInForce,
    pub price: i64,
    pub qty: i64,
    pub status: OrdStatus,
    pub cum: i64,
    pub leaves: i64,
    pub avg_px: i64,
    pub why: Why,
    pub created_ns: u64,
    pub updated_ns: u64,
    /// Entries of the history, and fills, in all.
    pub history: u64,
    pub fills: u64,
    /// Those of them that stand in `older`.
    pub older_history: u64,
    pub older_fills: u64,
    /// In force before the first change of the row.
    pub older_in_force: InForce,
    /// Whether the order's beginning is among its changes; else it had others, which are lost.
    pub begun: bool,
    pub changes: Vec<u8>,
}

impl OrderRow {
    /// The row of an order of which nothing is kept yet.
    #[must_use]
    pub fn new(delta: &OrderDelta) -> Self {
        let (terms, state) = (&delta.terms, &delta.state);
        Self {
            order_id: delta.order_id,
            account: terms.account,
            entry: terms.entry,
            num: state.num,
            text: text_column(&delta.text),
            user: text_column(&delta.user),
            instrument: terms.instrument,
            side: terms.side,
            ord_type: terms.ord_type,
            tif: terms.tif,
            price: state.price,
            qty: state.qty,
            status: state.status,
            cum: state.cum,
            leaves: state.leaves,
            avg_px: state.avg_px,
            why: state.why,
            created_ns: delta.created_ns,
            updated_ns: delta.updated_ns,
            history: 0,
            fills: 0,
            older_history: 0,
            older_fills: 0,
            older_in_force: delta.before,
            begun: delta.begun,
            changes: Vec::new(),
        }
    }

    /// Add what a transaction brings; what has no room in the row comes back.
    pub fn add(&mut self, delta: &OrderDelta) -> Result<Vec<OlderChanges>, StoreError> {
        self.append(delta);
        if self.changes.len() <= ROW_CHANGES_BYTES_MAX {
            return Ok(Vec::new());
        }
        self.move_oldest()
    }

    /// Add what a transaction brings, all of it to the row.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "changes are counted one by one"
    )]
    pub fn append(&mut self, delta: &OrderDelta) {
        let state = &delta.state;
        (self.status, self.cum, self.leaves) = (state.status, state.cum, state.leaves);
        (self.avg_px, self.updated_ns) = (state.avg_px, delta.updated_ns);
        if state.why != Why::None {
            self.why = state.why;
        }
        if delta.amended {
            (self.price, self.qty, self.num) = (state.price, state.qty, state.num);
            self.text = text_column(&delta.text);
        }
        self.history += delta.history;
        self.fills += delta.fills;
        self.changes.extend_from_slice(&delta.changes);
    }

    /// Take all changes but the newest out of the row, part by part.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "changes are counted one by one; what is left is no longer than what there was"
    )]
    pub fn move_oldest(&mut self) -> Result<Vec<OlderChanges>, StoreError> {
        let changes = std::mem::take(&mut self.changes);
        let (mut parts, mut rest, mut begin) = (Vec::new(), &*changes, &*changes);
        let mut part = self.begin_part();
        let mut in_force = self.older_in_force;
        while let Some((following, fill)) = Change::step(&mut rest, in_force) {
            in_force = following;
            part.history += 1;
            part.fills += u64::from(fill);
            let bytes = begin.len() - rest.len();
            if bytes >= ROW_CHANGES_BYTES_MAX {
                part.changes = begin[..bytes].to_vec();
                begin = rest;
                self.older_history += part.history;
                self.older_fills += part.fills;
                self.older_in_force = in_force;
                parts.push(std::mem::replace(&mut part, self.begin_part()));
            }
        }
        if !rest.is_empty() {
            return Err(StoreError::Row("changes"));
        }
        self.changes = begin.to_vec();
        Ok(parts)
    }

    fn begin_part(&self) -> OlderChanges {
        OlderChanges {
            order_id: self.order_id,
            first_history: self.older_history,
            history: 0,
            first_fill: self.older_fills,
            fills: 0,
            in_force: self.older_in_force,
            changes: Vec::new(),
        }
    }

    /// Whether more may happen to it.
    pub const fn is_open(&self) -> bool {
        matches!(self.status, OrdStatus::New | OrdStatus::PartiallyFilled)
    }

    /// Insert it.
    pub fn insert(&self, insert: &mut Statement<'_>) -> Result<(), StoreError> {
        insert.execute(params![
            self.order_id as i64,
            self.account,
            self.entry,
            self.num as i64,
            self.text,
            self.user,
            self.instrument,
            self.side.code(),
            self.ord_type.code(),
            self.tif.code(),
            price_column(self.price),
            self.qty,
            self.status.code(),
            self.cum,
            self.leaves,
            self.avg_px,
            self.why.code(),
            self.created_ns as i64,
            self.updated_ns as i64,
            self.history as i64,
            self.fills as i64,
            self.older_history as i64,
            self.older_fills as i64,
            self.older_in_force.price,
            self.older_in_force.qty,
            self.begun,
            self.changes,
            self.checksum(),
        ])?;
        Ok(())
    }

    /// Write what events may change of it.
    pub fn update(&self, update: &mut Statement<'_>) -> Result<(), StoreError> {
        update.execute(params![
            self.order_id as i64,
            self.num as i64,
            price_column(self.price),
            self.qty,
            self.status.code(),
            self.cum,
            self.leaves,
            self.avg_px,
            self.why.code(),
            self.updated_ns as i64,
            self.history as i64,
            self.fills as i64,
            self.older_history as i64,
            self.older_fills as i64,
            self.older_in_force.price,
            self.older_in_force.qty,
            self.changes,
            self.checksum(),
            self.text,
        ])?;
        Ok(())
    }

    /// The order of this id, if it is kept; by [`SELECT`].
    pub fn load(select: &mut Statement<'_>, order_id: u64) -> Result<Option<Self>, StoreError> {
        let mut rows = select.query(params![order_id as i64])?;
        rows.next()?.map(Self::read).transpose()
    }

    /// Read it from a result that begins with all columns of `orders`, and hold it to its checksum.
    pub fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let order_id = row.get::<_, i64>(0)? as u64;
        Self::decode(row).map_err(|error| error.of_row("orders", order_id))
    }

    fn decode(row: &Row<'_>) -> Result<Self, StoreError> {
        let number = |at| row.get::<_, i64>(at).map(|number| number as u64);
        let stored = Self {
            order_id: number(0)?,
            account: row.get(1)?,
            entry: row.get(2)?,
            num: number(3)?,
            text: row.get(4)?,
            user: row.get(5)?,
            instrument: row.get(6)?,
            side: Side::from_code(row.get(7)?).ok_or(StoreError::Row("side"))?,
            ord_type: OrdType::from_code(row.get(8)?).ok_or(StoreError::Row("ord_type"))?,
            tif: TimeInForce::from_code(row.get(9)?).ok_or(StoreError::Row("tif"))?,
            price: row.get::<_, Option<i64>>(10)?.unwrap_or(NO_PRICE),
            qty: row.get(11)?,
            status: OrdStatus::from_code(row.get(12)?).ok_or(StoreError::Row("status"))?,
            cum: row.get(13)?,
            leaves: row.get(14)?,
            avg_px: row.get(15)?,
            why: Why::from_code(row.get(16)?).ok_or(StoreError::Row("why"))?,
            created_ns: number(17)?,
            updated_ns: number(18)?,
            history: number(19)?,
            fills: number(20)?,
            older_history: number(21)?,
            older_fills: number(22)?,
            older_in_force: InForce {
                price: row.get(23)?,
                qty: row.get(24)?,
            },
            begun: match row.get(25)? {
                0 => false,
                1 => true,
                _ => return Err(StoreError::Row("begun")),
            },
            changes: row.get(26)?,
        };
        stored.compare(row.get(COLUMNS - 1)?)?;
        Ok(stored)
    }

    fn compare(&self, checksum: i64) -> Result<(), StoreError> {
        if self.checksum() == checksum {
            return Ok(());
        }
        Err(StoreError::Checksum {
            table: "orders",
            row: self.order_id,
        })
    }

    fn checksum(&self) -> i64 {
        let values = Values::new()
            .numbers([
                self.order_id as i64,
                self.account.into(),
                self.entry.into(),
                self.num as i64,
            ])
            .text(self.text.as_deref().unwrap_or_default())
            .text(self.user.as_deref().unwrap_or_default());
        let values = values.numbers([
            self.instrument.into(),
            self.side.code().into(),
            self.ord_type.code().into(),
            self.tif.code().into(),
            self.price,
            self.qty,
            self.status.code().into(),
            self.cum,
            self.leaves,
            self.avg_px,
            self.why.code().into(),
            self.created_ns as i64,
            self.updated_ns as i64,
            self.history as i64,
            self.fills as i64,
            self.older_history as i64,
            self.older_fills as i64,
            self.older_in_force.price,
            self.older_in_force.qty,
            self.begun.into(),
        ]);
        values.bytes(&self.changes).checksum()
    }
}

/// Delete an order, and what stands outside its row.
pub fn forget(connection: &Connection, order_id: u64) -> Result<(), StoreError> {
    for table in ["orders", "older"] {
        let sql = format!("DELETE FROM {table} WHERE order_id = ?1");
        connection
            .prepare_cached(&sql)?
            .execute(params![order_id as i64])?;
    }
    Ok(())
}

/// A text as a column: `NULL` where it is empty.
pub fn text_column(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A price as a column: `NULL` where there is none.
const fn price_column(price: i64) -> Option<i64> {
    if price == NO_PRICE { None } else { Some(price) }
}
