//! Queries of orders and names, by a connection of their own.
//!
//! # Contract
//! A query sees what was committed when it began.  Orders come as the JSON of [`wire::text`].
//! Pages go from the newest to the oldest by order id, so that they hold still while new orders come.
//!
//! # Limits
//! A page examines at most [`SCAN_ORDERS_MAX`] orders: with a filter that few orders pass it may hold
//! fewer than asked for and still have a next one.  Of an order with very many changes the newest are
//! shown: in a page those of its row, alone at most [`CHANGES_BYTES_MAX`] bytes of them.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use wire::record::command::NO_PRICE;
use wire::record::{EntryKind, OrdStatus, OrdType, Side, TimeInForce};
use wire::text::{ClientOrderId, OrderState, Why};

use crate::change::unfold;
use crate::error::StoreError;
use crate::position::Position;
use crate::schema;

/// Most orders that one page examines.
pub const SCAN_ORDERS_MAX: i64 = 20_000;
/// Most bytes of packed changes that are shown of one order.
pub const CHANGES_BYTES_MAX: usize = 1 << 20;
/// Most orders or trades that one answer holds.
pub const LIMIT_MAX: usize = 1_000;

const SELECT: &str = "SELECT o.order_id, o.num, o.client_text, \
    COALESCE(o.user_text, a.name, '#' || o.account), e.kind, \
    COALESCE(i.symbol, '#' || o.instrument), o.side, o.ord_type, o.tif, o.price, o.qty, o.status, \
    o.cum, o.leaves, o.avg_px, o.why, o.created_ns, o.updated_ns, o.changes, o.instrument \
    FROM orders o LEFT JOIN account a USING (account) LEFT JOIN entry e USING (entry) \
    LEFT JOIN instrument i USING (instrument)";

/// Which orders of a user to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderQuery<'a> {
    /// The user.
    pub user: &'a str,
    /// Only orders of this status.
    pub status: Option<OrdStatus>,
    /// Only orders of this instrument.
    pub instrument: Option<u32>,
    /// Only orders before this one: the cursor.
    pub before: Option<u64>,
    /// Most orders, up to [`LIMIT_MAX`].
    pub limit: usize,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// Order ids and orders as JSON, the newest first.
    pub orders: Vec<(u64, Vec<u8>)>,
    /// The cursor of the next page, when there may be one.
    pub next: Option<u64>,
}

/// A connection for queries.
#[derive(Debug)]
pub struct Reader {
    pub(crate) connection: Connection,
    /// Closed after the connection, or its locks would go.
    _held: Arc<File>,
}

impl Reader {
    /// Open the store at `path`, which a recorder has made.
    ///
    /// # Errors
    /// `Sqlite` or `Schema` when it cannot be used.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            connection: schema::open_for_reading(path)?,
            _held: disk::hold(path)?,
        })
    }

    /// What is recorded.
    ///
    /// # Errors
    /// `Sqlite` when the store cannot be read.
    pub fn position(&self) -> Result<Option<Position>, StoreError> {
        Position::load(&self.connection)
    }

    /// An order with its history and fills, as JSON.
    ///
    /// # Errors
    /// `Sqlite` when the store cannot be read, `Row` when a row makes no sense.
    pub fn order(&self, order_id: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = format!("{SELECT} WHERE o.order_id = ?1");
        let mut select = self.connection.prepare_cached(&sql)?;
        let mut rows = select.query(params![order_id as i64])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let older = self.older_changes(order_id)?;
        Ok(Some(show(row, &older)?))
    }

    /// Orders of a user, the newest first.
    ///
    /// # Errors
    /// As [`Self::order`].
    pub fn orders(&self, query: &OrderQuery<'_>) -> Result<Page, StoreError> {
        let mut page = Page::default();
        let Some(account) = self.account(query.user)? else {
            return Ok(page);
        };
        let limit = query.limit.min(LIMIT_MAX);
        let before = query.before.map_or(i64::MAX, |id| id as i64);
        let sql = format!(
            "{SELECT} WHERE o.account = ?1 AND o.order_id < ?2 ORDER BY o.order_id DESC LIMIT ?3"
        );
        let mut select = self.connection.prepare_cached(&sql)?;
        let mut rows = select.query(params![account, before, SCAN_ORDERS_MAX])?;
        let (mut examined, mut last) = (0, None);
        while let Some(row) = rows.next()? {
            if page.orders.len() == limit {
                page.next = last;
                return Ok(page);
            }
            let order_id = row.get::<_, i64>(0)? as u64;
            (examined, last) = (examined + 1, Some(order_id));
            if matches(row, query)? {
                page.orders.push((order_id, show(row, &[])?));
            }
        }
        if examined == SCAN_ORDERS_MAX {
            page.next = last;
        }
        Ok(page)
    }

    /// Number and symbol of every instrument.
    ///
    /// # Errors
    /// `Sqlite` when the store cannot be read.
    pub fn instruments(&self) -> Result<Vec<(u32, String)>, StoreError> {
        let sql = "SELECT instrument, symbol FROM instrument ORDER BY instrument";
        let mut select = self.connection.prepare_cached(sql)?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn account(&self, name: &str) -> Result<Option<u32>, StoreError> {
        let sql = "SELECT account FROM account WHERE name = ?1";
        let mut select = self.connection.prepare_cached(sql)?;
        Ok(select
            .query_row(params![name], |row| row.get(0))
            .optional()?)
    }

    /// The changes of an order that stand outside its row, the oldest first.
    fn older_changes(&self, order_id: u64) -> Result<Vec<u8>, StoreError> {
        let sql = "SELECT changes FROM older WHERE order_id = ?1 ORDER BY part DESC";
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query(params![order_id as i64])?;
        let (mut parts, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let part: Vec<u8> = row.get(0)?;
            bytes += part.len();
            if bytes > CHANGES_BYTES_MAX {
                break;
            }
            parts.push(part);
        }
        parts.reverse();
        Ok(parts.concat())
    }
}

fn matches(row: &Row<'_>, query: &OrderQuery<'_>) -> Result<bool, StoreError> {
    let status = match query.status {
        Some(status) => row.get::<_, u8>(11)? == status.code(),
        None => true,
    };
    let instrument = match query.instrument {
        Some(instrument) => row.get::<_, u32>(19)? == instrument,
        None => true,
    };
    Ok(status && instrument)
}

/// The order in a row of [`SELECT`], with changes that stand before those of the row.
fn show(row: &Row<'_>, older: &[u8]) -> Result<Vec<u8>, StoreError> {
    let text = |at: usize| -> Result<Option<&str>, StoreError> {
        row.get_ref(at)?
            .as_str_or_null()
            .map_err(|_| StoreError::Row("text"))
    };
    let price = row.get::<_, Option<i64>>(9)?.unwrap_or(NO_PRICE);
    let qty = row.get(10)?;
    let (mut history, mut fills) = (Vec::new(), Vec::new());
    unfold(older, (price, qty), &mut history, &mut fills)?;
    let before = history
        .last()
        .map_or((price, qty), |entry| (entry.price, entry.qty));
    let changes = row
        .get_ref(18)?
        .as_blob()
        .map_err(|_| StoreError::Row("changes"))?;
    unfold(changes, before, &mut history, &mut fills)?;
    let client_order_id = match (text(2)?, row.get::<_, Option<u8>>(4)?) {
        (Some(text), _) => ClientOrderId::Text(text),
        (None, Some(kind)) if kind == EntryKind::Binary.code() => {
            ClientOrderId::Num(row.get::<_, i64>(1)? as u64)
        }
        (None, _) => ClientOrderId::None,
    };
    let order = OrderState {
        order_id: row.get::<_, i64>(0)? as u64,
        client_order_id,
        user_id: text(3)?.unwrap_or_default(),
        symbol: text(5)?.unwrap_or_default(),
        side: Side::from_code(row.get(6)?).ok_or(StoreError::Row("side"))?,
        ord_type: OrdType::from_code(row.get(7)?).ok_or(StoreError::Row("ord_type"))?,
        tif: TimeInForce::from_code(row.get(8)?).ok_or(StoreError::Row("tif"))?,
        price,
        qty,
        status: OrdStatus::from_code(row.get(11)?).ok_or(StoreError::Row("status"))?,
        cum: row.get(12)?,
        leaves: row.get(13)?,
        avg_px: row.get(14)?,
        why: Why::from_code(row.get(15)?).ok_or(StoreError::Row("why"))?,
        created_ns: row.get::<_, i64>(16)? as u64,
        updated_ns: row.get::<_, i64>(17)? as u64,
        fills: &fills,
        history: &history,
    };
    let mut json = Vec::with_capacity(1_024);
    order.write(&mut json);
    Ok(json)
}
