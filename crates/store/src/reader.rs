//! Queries of orders and names, by a connection of their own.
//!
//! # Contract
//! A query sees what was committed when it began.  Orders come as the JSON of [`wire::text`].
//! Pages go from the newest to the oldest by order id, so that they hold still while new orders come.
//!
//! # Limits
//! A page examines at most [`SCAN_ORDERS_MAX`] orders, and ends at `bytes_max`: it may hold fewer than
//! asked for and still have a next one.  An order is shown with the newest of its changes
//! ([`projection::SHOWN_MAX`]); all of them are read page by page.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, params};
use wire::record::OrdStatus;

use crate::error::StoreError;
use crate::history::{self, Stretch};
use crate::names::{self, Names};
use crate::order_row::{self, OrderRow};
use crate::position::Position;
use crate::shown::show;
use crate::{late, schema};

/// Most orders that one page examines.
pub const SCAN_ORDERS_MAX: i64 = 20_000;
/// Most orders or trades that one answer holds.
pub const LIMIT_MAX: usize = 1_000;

/// An order, and whether more may happen to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOrder {
    /// As JSON, with its newest changes.
    pub json: Vec<u8>,
    /// Whether it is open, as far as the store knows.
    pub open: bool,
}

/// When an order began, and how much happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beginning {
    /// Order id.
    pub order_id: u64,
    /// Engine time of its first event.
    pub created_ns: u64,
    /// Entries of its history.
    pub history: u64,
    /// Fills.
    pub fills: u64,
}

/// Which orders of an account to list.
#[derive(Debug, Clone, Copy)]
pub struct OrderQuery {
    /// The account.
    pub account: u32,
    /// Only orders of this status.
    pub status: Option<OrdStatus>,
    /// Only orders of this instrument.
    pub instrument: Option<u32>,
    /// Only orders before this one: the cursor.
    pub before: Option<u64>,
    /// Most orders, up to [`LIMIT_MAX`].
    pub limit: usize,
    /// No more once they are so many bytes together.
    pub bytes_max: usize,
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

    /// From when on everything is recorded, up to the position, in nanoseconds and whole microseconds;
    /// `None` where all that ever happened is: the events log had its beginning when the store was begun.
    ///
    /// # Errors
    /// As [`Self::order`].
    #[allow(clippy::arithmetic_side_effects, reason = "divided before")]
    pub fn complete_since(&self) -> Result<Option<u64>, StoreError> {
        let first_ns = late::load(&self.connection)?;
        // What was deleted may have been of the very moment of the first event that was kept.
        Ok(first_ns
            .map(|ns| ns / 1_000 * 1_000)
            .map(|ns| ns.saturating_add(1_000)))
    }

    /// An order as it stands, with the newest of its changes.
    ///
    /// # Errors
    /// `Sqlite` when the store cannot be read, `Row` or `Checksum` when a row makes no sense.
    pub fn order(&self, order_id: u64) -> Result<Option<StoredOrder>, StoreError> {
        self.of_order(order_id, |stored| {
            let mut names = Names::new(&self.connection);
            Ok(StoredOrder {
                json: self.show(stored, &mut names)?,
                open: stored.is_open(),
            })
        })
    }

    /// A page of the history of an order, or of its fills.
    ///
    /// # Errors
    /// As [`Self::order`].
    pub fn history(
        &self,
        order_id: u64,
        page: &history::Page,
    ) -> Result<Option<Stretch>, StoreError> {
        self.of_order(order_id, |stored| {
            history::entries(&self.connection, stored, page)
        })
    }

    /// A page of the fills of an order.
    ///
    /// # Errors
    /// As [`Self::order`].
    pub fn fills(
        &self,
        order_id: u64,
        page: &history::Page,
    ) -> Result<Option<Stretch>, StoreError> {
        self.of_order(order_id, |stored| {
            history::fills(&self.connection, stored, page)
        })
    }

    /// Ask about an order in one transaction, so that its row and its parts are of one moment.
    fn of_order<T>(
        &self,
        order_id: u64,
        read: impl FnOnce(&OrderRow) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let transaction = self.connection.unchecked_transaction()?;
        let stored = {
            let mut select = transaction.prepare_cached(order_row::SELECT)?;
            OrderRow::load(&mut select, order_id)?
        };
        stored.as_ref().map(read).transpose()
    }

    /// When orders began and how much happened to them, and the sequence number up to which that is so;
    /// orders whose beginning is not kept are left out.
    ///
    /// # Errors
    /// As [`Self::order`].
    pub fn beginnings(&self, order_ids: &[u64]) -> Result<(Vec<Beginning>, u64), StoreError> {
        let transaction = self.connection.unchecked_transaction()?;
        let seq = Position::load(&transaction)?.map_or(0, |at| at.seq);
        let mut select = transaction.prepare_cached(order_row::SELECT)?;
        let mut beginnings = Vec::with_capacity(order_ids.len());
        for &order_id in order_ids {
            if let Some(stored) = OrderRow::load(&mut select, order_id)?
                && stored.begun
            {
                beginnings.push(Beginning {
                    order_id,
                    created_ns: stored.created_ns,
                    history: stored.history,
                    fills: stored.fills,
                });
            }
        }
        Ok((beginnings, seq))
    }

    /// The number of the account of this name.
    ///
    /// # Errors
    /// As [`Self::order`].
    pub fn account(&self, name: &str) -> Result<Option<u32>, StoreError> {
        names::account_of(&self.connection, name)
    }

    /// Orders of an account, the newest first.
    ///
    /// # Errors
    /// As [`Self::order`].
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "a page examines `SCAN_ORDERS_MAX` orders, and holds what is in memory"
    )]
    pub fn orders(&self, query: &OrderQuery) -> Result<Page, StoreError> {
        let mut page = Page::default();
        let transaction = self.connection.unchecked_transaction()?;
        let limit = query.limit.min(LIMIT_MAX);
        let before = query.before.map_or(i64::MAX, |id| id as i64);
        let sql = "SELECT * FROM orders WHERE account = ?1 AND order_id < ?2 \
                   ORDER BY order_id DESC LIMIT ?3";
        let mut select = transaction.prepare_cached(sql)?;
        let mut rows = select.query(params![query.account, before, SCAN_ORDERS_MAX])?;
        let mut names = Names::new(&transaction);
        let (mut examined, mut bytes, mut last) = (0, 0, None);
        while let Some(row) = rows.next()? {
            if page.orders.len() == limit || bytes >= query.bytes_max {
                page.next = last;
                return Ok(page);
            }
            let stored = OrderRow::read(row)?;
            let below = last.or(query.before);
            if stored.account != query.account || below.is_some_and(|id| stored.order_id >= id) {
                return Err(StoreError::Index("orders_of_account"));
            }
            (examined, last) = (examined + 1, Some(stored.order_id));
            if matches(&stored, query) {
                let json = self.show(&stored, &mut names)?;
                bytes += json.len();
                page.orders.push((stored.order_id, json));
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
    /// As [`Self::order`].
    pub fn instruments(&self) -> Result<Vec<(u32, String)>, StoreError> {
        names::instruments(&self.connection)
    }

    fn show(&self, stored: &OrderRow, names: &mut Names<'_>) -> Result<Vec<u8>, StoreError> {
        names.learn(stored.account, stored.entry, stored.instrument)?;
        let numbered = names.numbered(stored.entry);
        let called = (
            names.account(stored.account),
            names.symbol(stored.instrument),
            numbered,
        );
        show(stored, &self.connection, called)
    }
}

/// Whether an order of the account is asked for.
fn matches(stored: &OrderRow, query: &OrderQuery) -> bool {
    query.status.is_none_or(|status| status == stored.status)
        && query
            .instrument
            .is_none_or(|instrument| instrument == stored.instrument)
}
