//! The view: event batches in, answers and notifications out.
//!
//! It puts the parts together and knows nothing by itself: what each keeps of an event stands there.

use std::fmt;

use projection::Bar;
use projection::levels::SeqTime;
use wire::record::{Event, EventBatch, RecordError};

use crate::answers::{Answers, Reply};
use crate::markets::Markets;
use crate::names::Names;
use crate::notifications::Notifications;
use crate::orders::{Beginning, Orders};

/// How many events before its own an order is prefetched: by then it is there.
const PREFETCH_EVENTS: usize = 8;

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

/// What one call of [`View::apply`] gives.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Published {
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
    names: Names,
    markets: Markets,
    orders: Orders,
    notifications: Notifications,
    answers: Answers,
}

impl View {
    /// A view that answers the requests of this gateway and has seen no event.
    #[must_use]
    pub fn new(gateway: u16, limits: Limits) -> Self {
        let markets = Markets::new(limits.recent_trades_max);
        let orders = Orders::new(limits.recent_orders_max, limits.overlay_orders_max);
        Self::of(gateway, (0, 0), (Names::default(), markets, orders))
    }

    /// A view that begins behind some event with what is known then.
    #[allow(clippy::arithmetic_side_effects, reason = "counted one by one")]
    pub(crate) fn of(
        gateway: u16,
        (seq, time_ns): SeqTime,
        (names, markets, orders): (Names, Markets, Orders),
    ) -> Self {
        Self {
            gateway,
            next_seq: seq + 1,
            time_ns,
            names,
            markets,
            orders,
            notifications: Notifications::default(),
            answers: Answers::default(),
        }
    }

    /// Who is who, and what is called what.
    #[must_use]
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// Instruments, books and trades.
    #[must_use]
    pub const fn markets(&self) -> &Markets {
        &self.markets
    }

    /// Orders that are open, or were not long ago.
    #[must_use]
    pub const fn orders(&self) -> &Orders {
        &self.orders
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

    /// Put what the store knows of the rolling day before what was seen here.
    pub fn fill(&mut self, symbol: &str, bars: impl IntoIterator<Item = (u64, Bar)>) {
        self.markets.fill(symbol, bars);
    }

    /// A connection listens to a user.
    pub fn listen(&mut self, connection: u32, user: &str) {
        self.notifications.listen(connection, user, &self.names);
    }

    /// A connection listens no more.
    pub fn unlisten(&mut self, connection: u32, user: &str) {
        self.notifications.unlisten(connection, user, &self.names);
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
    pub fn set_beginning(&mut self, beginning: &Beginning, seq: u64) {
        self.orders.set_beginning(beginning, seq);
    }

    /// Take event batches that stand one after the other; those that were seen are passed over.
    ///
    /// # Errors
    /// `Gap` when events are missing, `Record` for bytes that are no batch; the view is not to be used
    /// after either.
    pub fn apply(&mut self, mut batches: &[u8]) -> Result<Published, ViewError> {
        while !batches.is_empty() {
            let batch = EventBatch::take(&mut batches)?;
            self.take_batch(&batch)?;
        }
        Ok(Published {
            replies: self.answers.ready(),
            notices: self.notifications.ready(),
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
        for order_id in coming.by_ref().take(PREFETCH_EVENTS) {
            self.orders.prefetch(order_id);
        }
        for event in batch.events() {
            let (seq, event) = event?;
            if let Some(order_id) = coming.next() {
                self.orders.prefetch(order_id);
            }
            self.take_event(&event, (header.partition, seq, header.time_ns), own);
            self.next_seq = seq + 1;
        }
        if header.last {
            self.markets.end();
            self.answers.end(&self.orders, &self.names);
            self.orders.trim();
        }
        Ok(())
    }

    /// Let each part take an event (partition, number, time); `own` where it follows from a command of
    /// this facade.
    #[inline(always)]
    fn take_event(&mut self, event: &Event<'_>, at: (u16, u64, u64), own: bool) {
        let (partition, seq, time_ns) = at;
        let at = (seq, time_ns);
        self.names.take(event);
        self.markets.take(event, at);
        self.answers.before(event, &self.orders, &self.names);
        self.notifications.take(event, (partition, at), &self.names);
        self.orders.take(event, at);
        if own {
            self.answers.take(event, &self.orders, &self.names);
        }
    }
}
