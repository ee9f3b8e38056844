//! What the next transaction will write, gathered in memory.
//!
//! All changes of one order become one row to write, however many events they come from.

use std::collections::HashMap;

use projection::Bar;
use projection::sum::BAR_NS;
use wire::record::event::{EntryOpened, Trade};
use wire::record::{EntryKind, Event, EventBatch, RecordError};
use wire::text::Liquidity;

use crate::row::{First, OrderRow};

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
    orders: Vec<OrderRow>,
    places: HashMap<u64, usize>,
}

impl Pending {
    /// Add one event.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "events are counted one by one"
    )]
    pub fn add(&mut self, seq: u64, time_ns: u64, event: &Event<'_>) {
        self.events += 1;
        match event {
            Event::Accepted(x, text) => {
                self.order(&First::of_accepted(x, text), time_ns)
                    .accepted(time_ns);
            }
            Event::Trade(x, taker, maker) => self.trade(x, (taker, maker), seq, time_ns),
            Event::Canceled(x, text) if !x.copy => {
                self.order(&First::of_canceled(x, text), time_ns)
                    .canceled(x, time_ns);
            }
            Event::Replaced(x, text) if !x.copy => {
                self.order(&First::of_replaced(x, text), time_ns)
                    .replaced(x, time_ns);
            }
            Event::Rejected(x, user, text) if x.order_id != 0 => {
                let row = self.order(&First::of_rejected(x, text), time_ns);
                row.rejected(x, user, time_ns);
            }
            Event::EntryOpened(x, name, account) => self.entry(x, name, account),
            Event::InstrumentSet(x, _, symbol) => {
                self.instruments.push((x.instrument, (*symbol).to_owned()));
            }
            // The rest changes no order.
            _ => {}
        }
    }

    /// Add one event of a seed, in which a status report says how far an order is.
    pub fn seed(&mut self, time_ns: u64, event: &Event<'_>) {
        match event {
            Event::StatusReport(x) => {
                if let Some(&place) = self.places.get(&x.order_id) {
                    self.orders[place].stands(x);
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

    fn trade(&mut self, x: &Trade, (taker, maker): (&str, &str), seq: u64, time_ns: u64) {
        self.order(&First::of_taker(x, taker), time_ns)
            .traded(x, Liquidity::Taker, time_ns);
        self.order(&First::of_maker(x, maker), time_ns)
            .traded(x, Liquidity::Maker, time_ns);
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
    fn order(&mut self, first: &First<'_>, time_ns: u64) -> &mut OrderRow {
        let place = *self.places.entry(first.order_id).or_insert_with(|| {
            self.orders.push(OrderRow::new(first, time_ns));
            self.begun += u64::from(first.begun);
            self.orders.len() - 1
        });
        &mut self.orders[place]
    }

    /// The rows of orders by rising order id, in which they stand in the file.
    pub fn orders_in_order(&mut self) -> &[OrderRow] {
        self.places.clear();
        self.orders.sort_unstable_by_key(|row| row.order_id);
        &self.orders
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.instruments.clear();
        self.trades.clear();
        self.bars.clear();
        self.orders.clear();
        self.places.clear();
        (self.begun, self.events, self.bytes) = (0, 0, 0);
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
