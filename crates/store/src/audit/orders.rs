//! Each order: its row and its changes by themselves, against what the events tell, and against what
//! the engine knows.

use std::collections::HashSet;

use matching::{Engine, EntryView, OrderView};
use rusqlite::{Row, Rows, params};
use wire::record::command::NO_PRICE;
use wire::record::{EntryKind, OrdStatus};

use super::findings::Findings;
use super::lifecycle::Lifecycle;
use super::scratch::Replayed;
use super::{Look, tables};
use crate::error::StoreError;
use crate::order_row::OrderRow;
use crate::position::Position;

const ALL: &str = "SELECT * FROM orders ORDER BY order_id";

/// What was read.
#[derive(Debug, Default)]
pub struct Orders {
    /// Rows.
    pub rows: u64,
    /// Fills that are those of a trade's row.
    pub fills: u64,
    /// Whether all rows could be read: else a trade may be of one that could not.
    pub whole: bool,
    open: u64,
    parts: u64,
    /// Entries whose orders are called by numbers of their client: those of others nobody sees.
    numbered: HashSet<u32>,
    /// The id that comes next, where none may be missing.
    following: Option<u64>,
}

/// Look at all orders; `None` when told to stop.
pub fn look(look: &Look<'_>, findings: &mut Findings) -> Result<Option<Orders>, StoreError> {
    let binary = |entry: &EntryView<'_>| entry.opened.kind == EntryKind::Binary;
    let binary = look.engine.entries().filter(binary);
    let mut all = Orders {
        whole: true,
        numbered: binary.map(|entry| entry.opened.entry).collect(),
        ..Orders::default()
    };
    if look.at.is_some_and(|at| at.first_seq == 1) {
        all.following = Some(partition(look.engine) | 1);
    }
    let mut replayed = look
        .replayed
        .map(|replayed| replayed.connection.prepare(ALL))
        .transpose()?;
    let mut replayed = Beside::new(replayed.as_mut().map(|all| all.query([])).transpose()?)?;
    let mut select = match look.store.prepare(ALL) {
        Ok(select) => select,
        Err(error) => {
            findings.file(format!("table orders can't be read: {error}"));
            all.whole = false;
            return Ok(Some(all));
        }
    };
    let mut rows = select.query([])?;
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => break,
            Err(error) => {
                findings.file(format!("table orders can't be read to its end: {error}"));
                all.whole = false;
                return Ok(Some(all));
            }
        };
        if !look.goes_on(all.rows) {
            return Ok(None);
        }
        all.rows = all.rows.saturating_add(1);
        let order_id = row.get::<_, i64>(0).map_or(0, |id| id as u64);
        while let Some(missing) = replayed.below(order_id)? {
            findings.row(
                "orders",
                missing.order_id,
                "it is missing, and the events tell of it",
            );
        }
        let expected = replayed.at(order_id)?;
        all.look_at(row, order_id, (look, expected.as_ref()), findings)?;
    }
    while let Some(missing) = replayed.below(u64::MAX)? {
        findings.row(
            "orders",
            missing.order_id,
            "it is missing, and the events tell of it",
        );
    }
    all.look_at_end(look, findings)?;
    Ok(Some(all))
}

impl Orders {
    fn look_at(
        &mut self,
        row: &Row<'_>,
        order_id: u64,
        (look, expected): (&Look<'_>, Option<&OrderRow>),
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        let lifecycle =
            match OrderRow::read(row).and_then(|stored| Lifecycle::of(look.store, stored)) {
                Ok(lifecycle) => lifecycle,
                Err(error) => {
                    self.whole = false;
                    self.follow(order_id, look, findings);
                    findings.row("orders", order_id, tables::plain(&error));
                    return Ok(());
                }
            };
        self.parts = self.parts.saturating_add(lifecycle.parts);
        if lifecycle.stored.begun && self.following.is_none() {
            self.following = Some(order_id);
        }
        self.follow(order_id, look, findings);
        let wrong = match (expected, look.replayed) {
            (Some(expected), Some(replayed)) => {
                let numbered = self.numbered.contains(&lifecycle.stored.entry);
                against_events(&lifecycle, expected, (look, replayed), numbered)?
            }
            _ => stands_alone(&lifecycle.stored, look.at.as_ref(), look),
        };
        let wrong = wrong.or_else(|| {
            look.is_current()
                .then(|| self.against_engine(&lifecycle.stored, look))?
        });
        if let Some(what) = wrong {
            findings.row("orders", order_id, what);
        }
        self.open = self
            .open
            .saturating_add(u64::from(is_open(&lifecycle.stored)));
        self.look_at_fills(&lifecycle, look, findings)
    }

    /// What is not as the engine knows it: an order is open in both or in neither.
    fn against_engine(&self, stored: &OrderRow, look: &Look<'_>) -> Option<String> {
        let what = match (is_open(stored), look.engine.order(stored.order_id)) {
            (true, None) => "it is open, and the engine does not know it".to_owned(),
            (false, Some(_)) => "it is closed, and the engine has it open".to_owned(),
            (true, Some(order)) => {
                return unlike(stored, &order, self.numbered.contains(&stored.entry));
            }
            (false, None) => return None,
        };
        Some(what)
    }

    /// No id is missing between the order before and this one, but for those that were passed over.
    fn follow(&mut self, order_id: u64, look: &Look<'_>, findings: &mut Findings) {
        let Some(following) = self.following else {
            return;
        };
        if let Some(last) = order_id.checked_sub(1).filter(|last| *last >= following) {
            let own = partition(look.engine);
            let skipped = look.engine.skipped();
            let passed_over = skipped.contains(&(following & !own, last & !own));
            // Where the events reach they say it, one by one.
            let replayed = look.replayed.and_then(|replayed| replayed.begun_from);
            if !passed_over && replayed.is_none_or(|from| following < from) {
                let what = format!("it is missing, and so are those up to {last}");
                findings.row("orders", following, what);
            }
        }
        self.following = order_id.checked_add(1);
    }

    /// Each fill is that of a trade.
    fn look_at_fills(
        &mut self,
        lifecycle: &Lifecycle,
        look: &Look<'_>,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        for fill in &lifecycle.fills {
            match tables::trade(look.store, fill.trade_id) {
                Ok(Some(trade)) if lifecycle.is_in(fill, &trade) => {
                    self.fills = self.fills.saturating_add(1);
                }
                Ok(Some(_)) => {
                    let what = format!("its fill is not as trade {} has it", fill.trade_id);
                    findings.row("orders", lifecycle.stored.order_id, what);
                }
                Ok(None) => {
                    let what = format!(
                        "it is missing: order {} has its fill",
                        lifecycle.stored.order_id
                    );
                    findings.row("trade", fill.trade_id, what);
                }
                // It is said where trades are read.
                Err(_) => self.whole = false,
            }
        }
        Ok(())
    }

    /// Nothing stands outside of the rows that were read, and none is missing that is open.
    fn look_at_end(&self, look: &Look<'_>, findings: &mut Findings) -> Result<(), StoreError> {
        if !self.whole {
            return Ok(());
        }
        let parts = tables::count(look.store, "older")?;
        if parts != self.parts {
            let sql = "SELECT order_id FROM older WHERE order_id NOT IN \
                       (SELECT order_id FROM orders WHERE older_history > 0) LIMIT 100";
            let mut select = look.store.prepare(sql)?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let order_id: i64 = row.get(0)?;
                findings.row("older", order_id as u64, "it belongs to no order");
            }
        }
        if !look.is_current() || self.open == u64::from(look.engine.counts().open_orders) {
            return Ok(());
        }
        for order in look.engine.orders() {
            let mut select = look.store.prepare_cached(crate::order_row::SELECT)?;
            if !select.exists(params![order.order_id as i64])? {
                findings.row("orders", order.order_id, "it is missing, and it is open");
            }
        }
        Ok(())
    }
}

/// What is not as the events tell it.
fn against_events(
    lifecycle: &Lifecycle,
    expected: &OrderRow,
    (look, replayed): (&Look<'_>, &Replayed),
    numbered: bool,
) -> Result<Option<String>, StoreError> {
    let found = &lifecycle.stored;
    let expected = Lifecycle::of(&replayed.connection, expected.clone())?;
    let whole = expected.stored.begun || look.reaches_all();
    if let Some(what) = difference(found, &expected.stored, numbered) {
        return Ok(Some(what));
    }
    let same = if whole {
        lifecycle.changes == expected.changes
    } else {
        lifecycle.changes.ends_with(&expected.changes)
    };
    if !same {
        return Ok(Some("its history is not what the events tell".to_owned()));
    }
    let begins = (found.begun, found.created_ns) == (true, expected.stored.created_ns);
    if expected.stored.begun && !begins {
        return Ok(Some("it begins otherwise than the events tell".to_owned()));
    }
    Ok(None)
}

/// The first column that is not as the events tell it.
fn difference(found: &OrderRow, expected: &OrderRow, numbered: bool) -> Option<String> {
    let num = if numbered || expected.begun {
        expected.num
    } else {
        found.num
    };
    let mut columns = vec![
        (
            "account",
            i64::from(found.account),
            i64::from(expected.account),
        ),
        ("entry", found.entry.into(), expected.entry.into()),
        ("num", found.num as i64, num as i64),
        (
            "instrument",
            found.instrument.into(),
            expected.instrument.into(),
        ),
        (
            "side",
            found.side.code().into(),
            expected.side.code().into(),
        ),
        ("price", found.price, expected.price),
        ("qty", found.qty, expected.qty),
        (
            "status",
            found.status.code().into(),
            expected.status.code().into(),
        ),
        ("cum", found.cum, expected.cum),
        ("leaves", found.leaves, expected.leaves),
        ("avg_px", found.avg_px, expected.avg_px),
        ("why", found.why.code().into(), expected.why.code().into()),
        (
            "updated_ns",
            found.updated_ns as i64,
            expected.updated_ns as i64,
        ),
    ];
    if expected.begun {
        columns.push((
            "ord_type",
            found.ord_type.code().into(),
            expected.ord_type.code().into(),
        ));
        columns.push(("tif", found.tif.code().into(), expected.tif.code().into()));
    }
    let wrong = columns
        .into_iter()
        .find(|(_, found, expected)| found != expected);
    if let Some((column, found, expected)) = wrong {
        return Some(not_as_replayed(column, found, expected));
    }
    if found.text != expected.text {
        return Some("its client_text is not what the events tell".to_owned());
    }
    let user = found.user != expected.user && expected.begun;
    user.then(|| "its user_text is not what the events tell".to_owned())
}

fn not_as_replayed(column: &str, found: i64, expected: i64) -> String {
    let shown = |value: i64| {
        if value == NO_PRICE {
            "none".to_owned()
        } else {
            value.to_string()
        }
    };
    let (found, expected) = (shown(found), shown(expected));
    format!("its {column} is {found}, and the events tell {expected}")
}

/// Whether an order of which no event tells may be there.
fn stands_alone(stored: &OrderRow, at: Option<&Position>, look: &Look<'_>) -> Option<String> {
    let seeded = !stored.begun && stored.history == 0;
    let may = match (at, look.replayed) {
        (None, _) => seeded,
        (Some(_), None) => true,
        (Some(at), Some(_)) if look.reaches_all() => at.first_seq > 1 && seeded,
        (Some(_), Some(replayed)) => {
            replayed
                .begun_from
                .is_none_or(|from| stored.order_id < from)
                && stored.updated_ns <= replayed.begin_ns
        }
    };
    (!may).then(|| "no event tells of it".to_owned())
}

/// The first column that is not as the engine has it.
fn unlike(stored: &OrderRow, order: &OrderView<'_>, numbered: bool) -> Option<String> {
    let num = if numbered { order.num } else { stored.num };
    let columns = [
        (
            "account",
            i64::from(stored.account),
            i64::from(order.account),
        ),
        ("entry", stored.entry.into(), order.entry.into()),
        ("num", stored.num as i64, num as i64),
        (
            "instrument",
            stored.instrument.into(),
            order.instrument.into(),
        ),
        ("side", stored.side.code().into(), order.side.code().into()),
        ("tif", stored.tif.code().into(), order.tif.code().into()),
        ("price", stored.price, order.price),
        ("qty", stored.qty, order.qty),
        (
            "status",
            stored.status.code().into(),
            order.status.code().into(),
        ),
        ("cum", stored.cum, order.cum),
        ("leaves", stored.leaves, order.leaves),
        ("avg_px", stored.avg_px, order.avg_px),
    ];
    if let Some((column, found, known)) = columns.into_iter().find(|(_, a, b)| a != b) {
        return Some(format!(
            "its {column} is {found}, and the engine has {known}"
        ));
    }
    let text = stored.text.as_deref().unwrap_or_default() != order.text;
    text.then(|| "its client_text is not what the engine has".to_owned())
}

const fn is_open(stored: &OrderRow) -> bool {
    matches!(stored.status, OrdStatus::New | OrdStatus::PartiallyFilled)
}

/// The bits of an order id that its engine's orders have in common.
fn partition(engine: &Engine) -> u64 {
    (u64::from(engine.partition()) & 0xff) << 56
}

/// The rows that the events make, beside those that are read.
struct Beside<'r> {
    rows: Option<Rows<'r>>,
    next: Option<OrderRow>,
}

impl<'r> Beside<'r> {
    fn new(rows: Option<Rows<'r>>) -> Result<Self, StoreError> {
        let mut beside = Self { rows, next: None };
        beside.advance()?;
        Ok(beside)
    }

    fn advance(&mut self) -> Result<Option<OrderRow>, StoreError> {
        let next = match &mut self.rows {
            Some(rows) => rows.next()?.map(OrderRow::read).transpose()?,
            None => None,
        };
        Ok(std::mem::replace(&mut self.next, next))
    }

    /// The next one, where it stands before this id.
    fn below(&mut self, order_id: u64) -> Result<Option<OrderRow>, StoreError> {
        let before = |next: &OrderRow| next.order_id < order_id;
        if self.next.as_ref().is_some_and(before) {
            return self.advance();
        }
        Ok(None)
    }

    /// The one of this id.
    fn at(&mut self, order_id: u64) -> Result<Option<OrderRow>, StoreError> {
        if self
            .next
            .as_ref()
            .is_some_and(|next| next.order_id == order_id)
        {
            return self.advance();
        }
        Ok(None)
    }
}
