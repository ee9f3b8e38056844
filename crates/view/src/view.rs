//! The view: event batches in, answers and notifications out, questions answered from memory.

use std::fmt;

use projection::Bar;
use projection::Order;
use projection::execution::State;
use projection::order::{Called, Since};
use wire::record::{EventBatch, RecordError};

use crate::answers::{Open, Reply};
use crate::listeners::Listeners;
use crate::markets::{Market, Markets};
use crate::names::Names;
use crate::orders::{Beginning, Found, Orders};

/// How many events before its own an order is asked of memory: by then it is there.
const AHEAD: usize = 8;

/// How much the view keeps.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The newest orders that are kept, whatever became of them.
    pub recent_orders_max: usize,
    /// Older ones that are kept because they are closed and not recorded yet.
    pub overlay_orders_max: usize,
    /// Newest trades kept of each instrument.
    pub recent_trades_max: usize,
}

/// Why events could not be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewError {
    /// Bytes that are no event batch.
    Record(RecordError),
    /// Events are missing.
    Gap {
        /// The sequence number that had to come.
        expected: u64,
        /// The one that came.
        found: u64,
    },
}

impl fmt::Display for ViewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(error) => write!(f, "{error}"),
            Self::Gap { expected, found } => {
                write!(f, "event {expected} is missing: {found} came instead")
            }
        }
    }
}

impl std::error::Error for ViewError {}

impl From<RecordError> for ViewError {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

/// Place of an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    pub(crate) seq: u64,
    pub(crate) time_ns: u64,
    /// The command came from this facade.
    pub(crate) own: bool,
}

impl At {
    /// Its number and engine time.
    pub(crate) const fn number(self) -> (u64, u64) {
        (self.seq, self.time_ns)
    }
}

/// What one call of [`View::apply`] gives.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Answers to requests.
    pub replies: Vec<Reply>,
    /// WebSocket frames for each connection that has something to hear.
    pub notices: Vec<(u32, Vec<u8>)>,
}

/// What the facade keeps in memory.
#[derive(Debug)]
pub struct View {
    gateway: u16,
    next_seq: u64,
    time_ns: u64,
    pub(crate) names: Names,
    pub(crate) markets: Markets,
    pub(crate) orders: Orders,
    /// The order that changed last, and how far it was before.
    pub(crate) changed: (u64, Since),
    pub(crate) listeners: Listeners,
    pub(crate) open: Option<Open>,
    pub(crate) replies: Vec<Reply>,
}

impl View {
    /// A view that answers the requests of this gateway and has seen no event.
    #[must_use]
    pub fn new(gateway: u16, limits: Limits) -> Self {
        Self {
            gateway,
            next_seq: 1,
            time_ns: 0,
            names: Names::default(),
            markets: Markets::new(limits.recent_trades_max),
            orders: Orders::new(limits.recent_orders_max, limits.overlay_orders_max),
            changed: (0, Since::default()),
            listeners: Listeners::default(),
            open: None,
            replies: Vec::new(),
        }
    }

    /// Go on after the event `seq`.
    #[allow(clippy::arithmetic_side_effects, reason = "counted one by one")]
    pub(crate) const fn begin(&mut self, seq: u64, time_ns: u64, trade_id: u64) {
        self.next_seq = seq + 1;
        self.time_ns = time_ns;
        self.markets.set_trade_id(trade_id);
    }

    /// Id of the last trade of all instruments.
    #[must_use]
    pub const fn trade_id(&self) -> u64 {
        self.markets.trade_id()
    }

    /// Sequence number of the last event seen.
    #[must_use]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "the next number is 1 at least"
    )]
    pub const fn sequence(&self) -> u64 {
        self.next_seq - 1
    }

    /// Engine time of the last batch seen.
    #[must_use]
    pub const fn time_ns(&self) -> u64 {
        self.time_ns
    }

    /// The instrument of this symbol.
    #[must_use]
    pub fn market(&self, symbol: &str) -> Option<&Market> {
        self.markets.get(self.markets.number(symbol)?)
    }

    /// The number of the instrument of this symbol.
    #[must_use]
    pub fn instrument(&self, symbol: &str) -> Option<u32> {
        self.markets.number(symbol)
    }

    /// Put what the store knows of the rolling day before what was seen here.
    pub fn fill(&mut self, symbol: &str, bars: impl IntoIterator<Item = (u64, Bar)>) {
        self.markets.fill(symbol, bars);
    }

    /// A connection listens to a user.
    pub fn listen(&mut self, connection: u32, user: &str) {
        self.listeners
            .add(connection, user, self.names.by_name(user));
    }

    /// A connection listens no more.
    pub fn unlisten(&mut self, connection: u32, user: &str) {
        self.listeners
            .remove(connection, user, self.names.by_name(user));
    }

    /// The recorder has recorded every event up to `seq`.
    pub fn recorded(&mut self, seq: u64) {
        self.orders.recorded(seq);
    }

    /// Take up to `most` ids of orders whose beginning is not known; whoever takes them asks the store.
    pub fn lacking(&mut self, most: usize) -> Vec<u64> {
        self.orders.lacking(most)
    }

    /// What the store, which has every event up to `seq`, knows of an order's beginning.
    pub fn tell_beginning(&mut self, beginning: &Beginning, seq: u64) {
        self.orders.tell_beginning(beginning, seq);
    }

    /// Number of the account of a user.
    #[must_use]
    pub fn account(&self, user: &str) -> Option<u32> {
        self.names.by_name(user)
    }

    /// Take event batches that stand one after the other; those that were seen are passed over.
    ///
    /// # Errors
    /// `Gap` when events are missing, `Record` for bytes that are no batch; the view is not to be used
    /// after either.
    pub fn apply(&mut self, mut batches: &[u8]) -> Result<Told, ViewError> {
        while !batches.is_empty() {
            let batch = EventBatch::take(&mut batches)?;
            self.take_batch(&batch)?;
        }
        Ok(Told {
            replies: std::mem::take(&mut self.replies),
            notices: self.listeners.take(),
        })
    }

    #[allow(clippy::arithmetic_side_effects, reason = "counted one by one")]
    fn take_batch(&mut self, batch: &EventBatch<'_>) -> Result<(), ViewError> {
        let header = batch.header;
        if header.first_seq > self.next_seq && !batch.leaps_from(self.next_seq - 1) {
            return Err(ViewError::Gap {
                expected: self.next_seq,
                found: header.first_seq,
            });
        }
        if header.first_seq < self.next_seq {
            return Ok(());
        }
        self.time_ns = self.time_ns.max(header.time_ns);
        let own = header.gateway == self.gateway;
        let mut coming = batch.order_ids();
        for order_id in coming.by_ref().take(AHEAD) {
            self.orders.near(order_id);
        }
        for event in batch.events() {
            let (seq, event) = event?;
            if let Some(order_id) = coming.next() {
                self.orders.near(order_id);
            }
            let at = At {
                seq,
                time_ns: header.time_ns,
                own,
            };
            self.take_event(&event, at);
            self.next_seq = seq + 1;
        }
        if header.last {
            self.markets.end();
            self.settle();
            self.orders.trim();
        }
        Ok(())
    }

    /// What is known of an order id.
    #[must_use]
    pub fn find(&self, order_id: u64) -> Found<'_> {
        self.orders.find(order_id)
    }

    /// How far an order is that memory holds, whole or not.
    #[must_use]
    pub fn state(&self, order_id: u64) -> Option<&State> {
        Some(self.orders.get(order_id)?.state())
    }

    /// An order as JSON, with what happened to it since some moment.
    #[must_use]
    pub fn order_json(&self, order: &Order, since: Since) -> Vec<u8> {
        let symbol = self.markets.symbol_of(order.instrument);
        let called = Called {
            user: self.names.account(order.account),
            symbol: &symbol,
            numbered: self.names.is_numbered(order.entry),
        };
        let mut out = Vec::with_capacity(1_024);
        order.write(&called, since, &mut out);
        out
    }
}
