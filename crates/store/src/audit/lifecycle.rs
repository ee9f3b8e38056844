//! An order with all that happened to it.

use projection::change::{InForce, unfold};
use rusqlite::{Connection, params};
use wire::record::Side;
use wire::text::{Fill, HistoryEntry, Liquidity, Why};

use crate::error::StoreError;
use crate::older::OlderChanges;
use crate::order_row::OrderRow;

/// An order's row, and its changes from the first that is kept.
#[derive(Debug)]
pub struct Lifecycle {
    pub stored: OrderRow,
    pub fills: Vec<Fill>,
    /// Its changes, packed.
    pub changes: Vec<u8>,
    /// Parts outside its row.
    pub parts: u64,
}

impl Lifecycle {
    /// Read what stands outside the row, and hold all to what the row says.
    ///
    /// # Errors
    /// `Row` says what does not fit; `Checksum`, `Sqlite`.
    pub fn of(connection: &Connection, stored: OrderRow) -> Result<Self, StoreError> {
        let mut lifecycle = Self {
            fills: Vec::new(),
            changes: Vec::new(),
            parts: 0,
            stored,
        };
        let mut reading = Reading::default();
        let sql = "SELECT * FROM older WHERE order_id = ?1 ORDER BY first_history";
        if lifecycle.stored.older_history > 0 {
            let mut select = connection.prepare_cached(sql)?;
            let mut rows = select.query(params![lifecycle.stored.order_id as i64])?;
            while let Some(row) = rows.next()? {
                let part = OlderChanges::read(row)?;
                let begins = (part.first_history, part.first_fill) == reading.counts();
                let goes_on = reading.in_force.is_none_or(|it| it == part.in_force);
                must(
                    begins && goes_on,
                    "an older part does not follow from the one before",
                )?;
                reading.read(&part.changes, part.in_force, &mut lifecycle.fills)?;
                let ends = part.first_history.checked_add(part.history);
                let fills = part.first_fill.checked_add(part.fills);
                let counted = (ends, fills) == (Some(reading.history), Some(reading.fills));
                must(
                    counted,
                    "an older part says another number of changes than it has",
                )?;
                lifecycle.changes.extend_from_slice(&part.changes);
                lifecycle.parts = lifecycle.parts.saturating_add(1);
            }
        }
        let stored = &lifecycle.stored;
        let older = (stored.older_history, stored.older_fills) == reading.counts();
        let goes_on = reading
            .in_force
            .is_none_or(|it| it == stored.older_in_force);
        must(older && goes_on, "its older changes are not all there")?;
        reading.read(&stored.changes, stored.older_in_force, &mut lifecycle.fills)?;
        let counted = (stored.history, stored.fills) == reading.counts();
        must(counted, "it says another number of changes than it has")?;
        lifecycle.changes.extend_from_slice(&stored.changes);
        lifecycle.hold(&reading)?;
        Ok(lifecycle)
    }

    /// Hold the row to its changes.
    fn hold(&self, reading: &Reading) -> Result<(), StoreError> {
        let stored = &self.stored;
        let Some(last) = reading.last else {
            // It stands as the engine knew it.
            return must(!stored.begun, "it began, and has no changes");
        };
        let rising = self.fills.is_sorted_by(|a, b| a.trade_id < b.trade_id);
        must(rising, "its fills are not in order")?;
        let first = reading.first_ns == Some(stored.created_ns);
        must(
            first || !stored.begun,
            "it began at another time than its first change",
        )?;
        let begins = reading.before == reading.begin;
        must(
            begins || !stored.begun,
            "it began with another price or quantity than its first change",
        )?;
        let found = (stored.status, stored.cum, stored.leaves, stored.updated_ns);
        let expected = (last.status, last.cum, last.leaves, last.time_ns);
        must(
            found == expected,
            "it does not stand as its last change says",
        )?;
        let in_force = InForce {
            price: stored.price,
            qty: stored.qty,
        };
        let same = reading.in_force == Some(in_force);
        must(same, "its price or quantity is not that of its last change")?;
        let why = match last.why {
            Why::Canceled(reason) => Why::closing(reason),
            other => other,
        };
        must(
            stored.why == why,
            "its reason is not that of its last change",
        )?;
        if stored.begun {
            self.hold_sums()?;
        }
        Ok(())
    }

    fn hold_sums(&self) -> Result<(), StoreError> {
        let (mut cum, mut quote) = (Some(0i64), Some(0i128));
        for fill in &self.fills {
            let value = i128::from(fill.price).checked_mul(fill.qty.into());
            cum = cum.and_then(|cum| cum.checked_add(fill.qty));
            quote = quote.zip(value).and_then(|(a, b)| a.checked_add(b));
        }
        let stored = &self.stored;
        must(
            cum == Some(stored.cum),
            "what was executed is not the sum of its fills",
        )?;
        let average = match (cum, quote) {
            (Some(0), Some(0)) => Some(0),
            (Some(cum), Some(quote)) if cum > 0 && quote >= 0 => {
                Some(matching::average(quote, cum))
            }
            _ => None,
        };
        must(
            average == Some(stored.avg_px),
            "its average price is not that of its fills",
        )
    }

    /// Whether a trade, as its row has it, is this fill of the order.
    #[must_use]
    pub fn is_in(&self, fill: &Fill, trade: &[i64; 9]) -> bool {
        let stored = &self.stored;
        let [id, instrument, time, price, qty, side, taker, maker, _] = *trade;
        let (own, of) = match fill.liquidity {
            Liquidity::Taker => (taker, stored.side),
            Liquidity::Maker => (maker, stored.side.opposite()),
        };
        let side = u8::try_from(side).ok().and_then(Side::from_code);
        (id as u64, time as u64, price, qty) == (fill.trade_id, fill.time_ns, fill.price, fill.qty)
            && (own as u64, side) == (stored.order_id, Some(of))
            && instrument == i64::from(stored.instrument)
    }
}

fn must(condition: bool, what: &'static str) -> Result<(), StoreError> {
    if condition {
        Ok(())
    } else {
        Err(StoreError::Row(what))
    }
}

/// Changes that have been read so far.
#[derive(Debug, Default)]
struct Reading {
    history: u64,
    fills: u64,
    first_ns: Option<u64>,
    /// In force before the first change, and after it: the same where an order begins with it.
    before: Option<InForce>,
    begin: Option<InForce>,
    last: Option<HistoryEntry>,
    /// In force behind them.
    in_force: Option<InForce>,
}

impl Reading {
    const fn counts(&self) -> (u64, u64) {
        (self.history, self.fills)
    }

    #[allow(clippy::arithmetic_side_effects, reason = "changes in memory")]
    fn read(
        &mut self,
        changes: &[u8],
        before: InForce,
        all: &mut Vec<Fill>,
    ) -> Result<(), StoreError> {
        let after = unfold(changes, before, |entry, fill| {
            self.history += 1;
            self.fills += u64::from(fill.is_some());
            if self.first_ns.is_none() {
                let (price, qty) = (entry.price, entry.qty);
                self.first_ns = Some(entry.time_ns);
                self.begin = Some(InForce { price, qty });
                self.before = Some(before);
            }
            self.last = Some(entry);
            all.extend(fill);
        })?;
        self.in_force = Some(after);
        Ok(())
    }
}
