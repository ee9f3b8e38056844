//! What the next transaction will write, gathered in memory.
//!
//! All changes of one order become one row to write, however many events they come from.

use std::collections::HashMap;

use projection::sum::BAR_NS;
use projection::{Bar, Execution, executions};
use wire::record::event::{EntryOpened, Trade};
use wire::record::{EntryKind, Event, EventBatch, RecordError};

use crate::order_delta::OrderDelta;

/// A way in, and the name of its account.
#[derive(Debug)]
pub struct EntryRow {
    /// Entry.
    pub entry: u32,
    /// Account.
    pub account: u32,
    /// Protocol.
    pub kind: EntryKind,
    /// Its name within the protocol.
    pub name: String,
    /// The account's name.
    pub account_name: String,
}

/// A trade as it is written.
#[derive(Debug, Clone, Copy)]
pub struct TradeRow {
    /// The event.
    pub trade: Trade,
    /// Its sequence number.
    pub seq: u64,
    /// Engine time.
    pub time_ns: u64,
}

/// What the next transaction will write.
#[derive(Debug, Default)]
pub struct Pending {
    /// Entries, new or changed.
    pub entries: Vec<EntryRow>,
    /// Instruments, new or changed.
    pub instruments: Vec<(u32, String)>,
    /// Trades, the oldest first.
    pub trades: Vec<TradeRow>,
    /// What they add to the bars of (instrument, minute).
    pub bars: HashMap<(u32, u64), Bar>,
    /// Orders that began here.
    pub begun: u64,
    /// Events taken.
    pub events: usize,
    /// Bytes of their batches.
    pub bytes: u64,
    /// Engine time of the first event that there is, where the log has lost those before it.
    pub late_ns: Option<u64>,
    orders: Vec<OrderDelta>,
    indexes: HashMap<u64, usize>,
}

impl Pending {
    /// Add one event.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "events are counted one by one"
    )]
    pub fn add(&mut self, seq: u64, time_ns: u64, event: &Event<'_>) {
        self.events += 1;
        executions(event, |x| self.order(x, time_ns).apply(x, time_ns));
        match event {
            Event::Trade(x, ..) => self.trade(x, seq, time_ns),
            Event::EntryOpened(x, name, account) => self.entry(x, name, account),
            Event::InstrumentSet(x, _, symbol) => {
                self.instruments.push((x.instrument, (*symbol).to_owned()));
            }
            // The rest changes nothing beside orders.
            _ => {}
        }
    }

    /// Add one event of a seed, in which a status report says how far an order is.
    pub fn seed(&mut self, time_ns: u64, event: &Event<'_>) {
        match event {
            Event::StatusReport(x, ..) => {
                if let Some(&index) = self.indexes.get(&x.order_id) {
                    self.orders[index].stands(x);
                }
            }
            other => self.add(0, time_ns, other),
        }
    }

    fn entry(&mut self, x: &EntryOpened, name: &str, account: &str) {
        self.entries.push(EntryRow {
            entry: x.entry,
            account: x.account,
            kind: x.kind,
            name: name.to_owned(),
            account_name: account.to_owned(),
        });
    }

    fn trade(&mut self, x: &Trade, seq: u64, time_ns: u64) {
        let bar = Bar::of(time_ns, x.price, x.qty);
        self.bars
            .entry((x.instrument, time_ns / BAR_NS))
            .and_modify(|sum| sum.join(&bar))
            .or_insert(bar);
        self.trades.push(TradeRow {
            trade: *x,
            seq,
            time_ns,
        });
    }

    #[allow(
        clippy::arithmetic_side_effects,
        reason = "orders are counted one by one, and one was just added"
    )]
    fn order(&mut self, first: &Execution<'_>, time_ns: u64) -> &mut OrderDelta {
        let index = *self.indexes.entry(first.order_id).or_insert_with(|| {
            self.orders.push(OrderDelta::new(first, time_ns));
            self.begun += u64::from(first.change.begins());
            self.orders.len() - 1
        });
        &mut self.orders[index]
    }

    /// How many orders there is something to write of.
    #[must_use]
    pub const fn orders(&self) -> usize {
        self.orders.len()
    }

    /// What there is to write of orders by rising order id, in which they stand in the file.
    pub fn orders_in_order(&mut self) -> &[OrderDelta] {
        self.indexes.clear();
        self.orders.sort_unstable_by_key(|row| row.order_id);
        &self.orders
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.events == 0 && self.late_ns.is_none()
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.instruments.clear();
        self.trades.clear();
        self.bars.clear();
        self.orders.clear();
        self.indexes.clear();
        (self.begun, self.events, self.bytes) = (0, 0, 0);
        self.late_ns = None;
    }

    /// Add the events of a batch.
    ///
    /// # Errors
    /// A record that cannot be read; what stands before it has been added.
    #[allow(clippy::arithmetic_side_effects, reason = "bytes of what is in memory")]
    pub fn add_batch(&mut self, batch: &EventBatch<'_>) -> Result<(), RecordError> {
        self.bytes += u64::from(batch.header.len);
        for event in batch.events() {
            let (seq, event) = event?;
            self.add(seq, batch.header.time_ns, &event);
        }
        Ok(())
    }
}
