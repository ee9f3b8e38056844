//! What the journal has lost, taken back: a store is again what it was behind an earlier event.
//!
//! The log then goes on from that event, with others.  What it told of since is known from the batches that
//! were lost themselves: orders that began there are deleted, of older ones the newest changes go, and
//! they stand as the engine says that was right behind that event.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use projection::change::{Change, unfold};
use projection::sum::BAR_NS;
use projection::{Bar, executions};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use wire::record::{Event, EventBatch};
use wire::text::Why;

use crate::error::StoreError;
use crate::older::{self, OlderChanges};
use crate::order_delta::OrderDelta;
use crate::order_row::{self, OrderRow, text_column};
use crate::pending::Pending;
use crate::position::{Origin, Position};
use crate::recorder::read_batch;
use crate::{bar, names, schema, tape};

/// What was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TakenBack {
    /// Orders that had begun, and are nobody's now.
    pub orders: u64,
    /// Older ones that stand as they did before.
    pub changed: u64,
    /// Trades.
    pub trades: u64,
}

/// Where a store is to stand: the event batch at an offset of a log.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The offset.
    pub offset: u64,
    /// The batch.
    pub batch: &'a [u8],
    /// Which log, and its chain there.
    pub origin: Origin,
}

/// Take back what the batches in `lost` have told: they follow one another, and the last of them is the
/// last that the store has, which nobody else writes.  `seed` is what an engine knows right behind `to`
/// (see [`crate::seed_of`]).
///
/// # Errors
/// `Unfit` where the store does not end with `lost`, or `seed` does not fit to it; nothing is changed then.
pub fn take_back(
    path: &Path,
    lost: &[u8],
    seed: &[u8],
    to: &Target<'_>,
) -> Result<TakenBack, StoreError> {
    let unfit = |what: &str| StoreError::Unfit(format!("{}: {what}", path.display()));
    let last = read_batch(to.offset, to.batch)?;
    let next = last
        .header
        .first_seq
        .saturating_add(last.header.count.into());
    let told = Told::by(lost, last.hash, to.offset)?;
    let mut connection = schema::open_for_writing(path)?;
    let at = Position::load(&connection)?.ok_or_else(|| unfit("nothing is recorded"))?;
    if (at.command_offset, at.part, at.hash) != told.end {
        return Err(unfit("its last event is none of those that were lost"));
    }
    if at.first_seq > next {
        return Err(unfit("it began behind what is kept"));
    }
    let mut known = Pending::default();
    read(seed, |event| known.seed(last.header.time_ns, event))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let taken = told.orders_back(&transaction, &mut known)?;
    told.trades_back(&transaction)?;
    told.names_back(&transaction, &known)?;
    Position {
        offset: to.offset,
        seq: next.saturating_sub(1),
        hash: last.hash,
        command_offset: last.header.command_offset,
        part: last.header.part,
        first_seq: at.first_seq,
        origin: to.origin,
    }
    .save(&transaction)?;
    transaction.commit()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(taken)
}

/// Give each event of some batches to `each`.
fn read(mut batches: &[u8], mut each: impl FnMut(&Event<'_>)) -> Result<(), StoreError> {
    let bad = |error| StoreError::Record { offset: 0, error };
    while !batches.is_empty() {
        for event in EventBatch::take(&mut batches).map_err(bad)?.events() {
            each(&event.map_err(bad)?.1);
        }
    }
    Ok(())
}

/// What events have told of.
#[derive(Debug, Default)]
struct Told {
    /// How many changes of which orders; none of one that began there.
    orders: BTreeMap<u64, Option<u64>>,
    trades: Vec<u64>,
    /// Instruments and minutes of these.
    minutes: BTreeSet<(u32, u64)>,
    entries: BTreeSet<u32>,
    accounts: BTreeSet<u32>,
    instruments: BTreeSet<u32>,
    /// Command batch, part and hash of the last batch.
    end: (u64, u16, u64),
}

impl Told {
    fn by(mut batches: &[u8], mut hash: u64, offset: u64) -> Result<Self, StoreError> {
        let bad = |error| StoreError::Record { offset, error };
        let mut told = Self::default();
        while !batches.is_empty() {
            let batch = EventBatch::take(&mut batches).map_err(bad)?;
            if batch.header.previous_hash != hash {
                return Err(StoreError::Chain { offset });
            }
            hash = batch.hash;
            told.end = (batch.header.command_offset, batch.header.part, hash);
            for event in batch.events() {
                told.add(&event.map_err(bad)?.1, batch.header.time_ns);
            }
        }
        Ok(told)
    }

    fn add(&mut self, event: &Event<'_>, time_ns: u64) {
        executions(event, |x| {
            let changes = self.orders.entry(x.order_id).or_insert(Some(0));
            *changes = match changes {
                Some(count) if !x.change.begins() => Some(count.saturating_add(1)),
                _ => None,
            };
        });
        match event {
            Event::Trade(x, ..) => {
                self.trades.push(x.trade_id);
                self.minutes.insert((x.instrument, time_ns / BAR_NS));
            }
            Event::EntryOpened(x, ..) => {
                self.entries.insert(x.entry);
                self.accounts.insert(x.account);
            }
            Event::InstrumentSet(x, ..) => {
                self.instruments.insert(x.instrument);
            }
            _ => {}
        }
    }

    fn orders_back(
        &self,
        connection: &Connection,
        known: &mut Pending,
    ) -> Result<TakenBack, StoreError> {
        let mut taken = TakenBack {
            trades: self.trades.len() as u64,
            ..TakenBack::default()
        };
        let open: BTreeMap<u64, &OrderDelta> = known
            .orders_in_order()
            .iter()
            .map(|delta| (delta.order_id, delta))
            .collect();
        let mut select = connection.prepare_cached(order_row::SELECT)?;
        let mut update = connection.prepare_cached(order_row::UPDATE)?;
        for (&order_id, changes) in &self.orders {
            let Some(changes) = changes else {
                order_row::forget(connection, order_id)?;
                taken.orders = taken.orders.saturating_add(1);
                continue;
            };
            // What may still change was open.
            let (Some(mut row), Some(stood)) =
                (OrderRow::load(&mut select, order_id)?, open.get(&order_id))
            else {
                return Err(StoreError::Unfit(format!(
                    "order {order_id} was not open behind what is kept, or is not recorded"
                )));
            };
            shorten(connection, &mut row, *changes)?;
            stand(&mut row, stood)?;
            row.update(&mut update)?;
            taken.changed = taken.changed.saturating_add(1);
        }
        Ok(taken)
    }

    fn trades_back(&self, connection: &Connection) -> Result<(), StoreError> {
        let mut delete = connection.prepare_cached("DELETE FROM trade WHERE trade_id = ?1")?;
        for trade_id in &self.trades {
            delete.execute([*trade_id as i64])?;
        }
        for &(instrument, minute) in &self.minutes {
            connection.execute(
                "DELETE FROM bar WHERE instrument = ?1 AND minute = ?2",
                params![instrument, minute as i64],
            )?;
            if let Some(sum) = sum_of(connection, instrument, minute)? {
                bar::add(connection, (instrument, minute), &sum)?;
            }
        }
        Ok(())
    }

    fn names_back(&self, connection: &Connection, known: &Pending) -> Result<(), StoreError> {
        for (table, lost) in [
            ("entry", &self.entries),
            ("account", &self.accounts),
            ("instrument", &self.instruments),
        ] {
            let sql = format!("DELETE FROM {table} WHERE {table} = ?1");
            let mut delete = connection.prepare_cached(&sql)?;
            for number in lost {
                delete.execute([number])?;
            }
        }
        for row in &known.entries {
            if self.entries.contains(&row.entry) || self.accounts.contains(&row.account) {
                names::write_entry(connection, row)?;
            }
        }
        for (number, symbol) in &known.instruments {
            if self.instruments.contains(number) {
                names::write_instrument(connection, *number, symbol)?;
            }
        }
        Ok(())
    }
}

/// Take the newest changes out of an order's history.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "changes are counted one by one; what is left is no longer than what there was"
)]
fn shorten(connection: &Connection, row: &mut OrderRow, count: u64) -> Result<(), StoreError> {
    let kept = row.history.checked_sub(count);
    let kept = kept.ok_or(StoreError::Row("history"))?;
    // The newest that is left says when it was.
    while row.older_history > 0 && row.older_history >= kept {
        let part = last_part(connection, row)?;
        row.older_history = part.first_history;
        row.older_fills = part.first_fill;
        row.older_in_force = part.in_force;
        row.changes = [part.changes, std::mem::take(&mut row.changes)].concat();
    }
    let (mut rest, mut in_force) = (&*row.changes, row.older_in_force);
    row.fills = row.older_fills;
    for _ in row.older_history..kept {
        let (following, fill) =
            Change::step(&mut rest, in_force).ok_or(StoreError::Row("changes"))?;
        in_force = following;
        row.fills += u64::from(fill);
    }
    let bytes = row.changes.len() - rest.len();
    row.changes.truncate(bytes);
    row.history = kept;
    if row.changes.len() > order_row::ROW_CHANGES_BYTES_MAX {
        let mut insert = connection.prepare_cached(older::INSERT)?;
        for part in row.move_oldest()? {
            part.insert(&mut insert)?;
        }
    }
    Ok(())
}

/// The part of an order's history before its row; it is taken out of `older`.
fn last_part(connection: &Connection, row: &OrderRow) -> Result<OlderChanges, StoreError> {
    let sql = "SELECT * FROM older WHERE order_id = ?1 ORDER BY first_history DESC LIMIT 1";
    let mut select = connection.prepare_cached(sql)?;
    let part = select
        .query_row([row.order_id as i64], |found| Ok(OlderChanges::read(found)))
        .optional()?
        .ok_or(StoreError::Row("changes are missing"))??;
    if part.first_history.saturating_add(part.history) != row.older_history {
        return Err(StoreError::Row("changes are missing"));
    }
    connection.execute(
        "DELETE FROM older WHERE order_id = ?1 AND first_history = ?2",
        params![row.order_id as i64, part.first_history as i64],
    )?;
    Ok(part)
}

/// An order stands as an engine knows it, which fits to what is left of its history.
fn stand(row: &mut OrderRow, stood: &OrderDelta) -> Result<(), StoreError> {
    let state = &stood.state;
    let mut updated_ns = row.created_ns;
    let in_force = unfold(&row.changes, row.older_in_force, |entry, _| {
        updated_ns = entry.time_ns;
    })?;
    if row.history > 0 && in_force != state.in_force() {
        return Err(StoreError::Unfit(format!(
            "order {} has another past than the engine's",
            row.order_id
        )));
    }
    (row.num, row.price, row.qty) = (state.num, state.price, state.qty);
    row.text = text_column(&stood.text);
    (row.status, row.cum, row.leaves) = (state.status, state.cum, state.leaves);
    (row.avg_px, row.why) = (state.avg_px, Why::None);
    row.updated_ns = updated_ns;
    Ok(())
}

/// The sum of the trades of a minute that are left.
fn sum_of(
    connection: &Connection,
    instrument: u32,
    minute: u64,
) -> Result<Option<Bar>, StoreError> {
    let sql = "SELECT * FROM trade WHERE instrument = ?1 AND time_ns >= ?2 AND time_ns < ?3 \
               ORDER BY time_ns, trade_id";
    let mut select = connection.prepare_cached(sql)?;
    let begin = minute.saturating_mul(BAR_NS);
    let end = begin.saturating_add(BAR_NS);
    let mut rows = select.query(params![instrument, begin as i64, end as i64])?;
    let mut sum: Option<Bar> = None;
    while let Some(row) = rows.next()? {
        let [_, _, time, price, qty, ..] = tape::values(row)?;
        match &mut sum {
            Some(sum) => sum.push(time as u64, price, qty),
            None => sum = Some(Bar::of(time as u64, price, qty)),
        }
    }
    Ok(sum)
}
