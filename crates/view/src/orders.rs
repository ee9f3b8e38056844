//! The orders in memory, of whatever protocol, so that who was told of one can ask for it at once.
//!
//! # Contract
//! Kept are every open order, the newest ones whatever became of them, and older closed ones until the
//! store has them.  Where that is more than may be, closed orders go though the store does not have
//! them: then [`Orders::find`] names the sequence number that the recorder must have passed before the
//! store may answer.  So no answer denies an order, or says less of it than one before.
//!
//! An order that was open when this memory began is known as it stands.  What happened to it before,
//! the store tells: see [`Orders::lacking`].
//!
//! # Limits
//! Open orders are bounded by the engine (`orders_per_side_max` of each instrument).  The newest
//! `recent_max` orders are kept, and up to `unrecorded_max` older ones that are closed and not
//! recorded.  An order takes some 250 bytes, and some 8 KiB at most when it changes often.
//!
//! # Cost
//! An event of a new order costs a write and a look-up by its id; of an older one a look-up in two
//! steps.  Nothing grows with all that is kept, and no operation takes much longer than the others.

use std::collections::{BTreeSet, VecDeque};

use projection::levels::SeqTime;
use projection::order::Since;
use projection::{Execution, Order, executions};
use wire::record::Event;
use wire::record::numbers::{COUNTER, COUNTER_BITS};

use crate::dense_map::DenseMap;
use crate::order_slots::OrderSlots;
use crate::ring::{Evicted, Ring, Step};
use crate::slab::Slab;

/// Closed orders that may be dropped for each that closes: more than one, so that they become fewer.
const DROPS_MAX: usize = 2;

/// What is known of an order id.
#[derive(Debug)]
pub enum Found<'a> {
    /// The order, whole.
    Whole(&'a Order),
    /// It exists, and the store tells of it once the recorder has passed this sequence number.
    Stored(u64),
    /// No order has this id.
    Unknown,
}

/// What the store knows of an order's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beginning {
    /// Order id.
    pub order_id: u64,
    /// Engine time of its first event.
    pub created_ns: u64,
    /// Entries of its history, up to the store's position.
    pub history: u64,
    /// Fills, up to there.
    pub fills: u64,
}

/// What is kept of an account.
#[derive(Debug, Default)]
struct Account {
    /// Its newest order.
    newest: u64,
    /// Its orders among the older ones.
    older: BTreeSet<u64>,
    /// The last change of an order of it that is not here whole, or not here any more though it was not
    /// recorded then.
    changed: u64,
}

/// Orders by id and by account.
#[derive(Debug)]
pub struct Orders {
    unrecorded_max: usize,
    recent: Ring,
    older: Slab<Order>,
    slots: OrderSlots,
    accounts: DenseMap<Account>,
    /// The order that changed last, and how far it was before.
    changed: (u64, Since),
    /// Closed ones of the older orders, the oldest first: sequence number of the last event, order id.
    closed: VecDeque<(u64, u64)>,
    /// How many of them may be dropped now.
    drops: usize,
    /// Ids of orders whose beginning is not known.
    lacking: VecDeque<u64>,
    /// The highest id that was given.
    newest: u64,
    /// First and last of those below it that no order has, the lowest first.
    skipped: Vec<(u64, u64)>,
    /// Sequence number at which this memory began.
    base: u64,
    /// Up to where the store has everything.
    recorded: u64,
    /// The last change of an order that is kept here no more and was not recorded then.
    dropped: u64,
    /// How many such orders there have been.
    dropped_orders: u64,
}

impl Orders {
    /// No orders.
    #[must_use]
    pub fn new(recent_max: usize, unrecorded_max: usize) -> Self {
        Self {
            unrecorded_max,
            recent: Ring::new(recent_max),
            older: Slab::default(),
            slots: OrderSlots::default(),
            accounts: DenseMap::default(),
            changed: (0, Since::default()),
            closed: VecDeque::new(),
            drops: 0,
            lacking: VecDeque::new(),
            newest: 0,
            skipped: Vec::new(),
            base: 0,
            recorded: 0,
            dropped: 0,
            dropped_orders: 0,
        }
    }

    /// Take an event; they come in order.
    #[inline(always)]
    pub fn take(&mut self, event: &Event<'_>, at: SeqTime) {
        executions(event, |x| self.take_execution(x, at));
        if let Event::Raised(x) = event {
            self.skip(x.orders_after.saturating_add(1), x.orders);
        }
    }

    #[inline(always)]
    fn take_execution(&mut self, x: &Execution<'_>, (seq, time_ns): SeqTime) {
        let since = if x.change.begins() {
            self.insert(x.order_id, x.account, |order| order.begin(x, seq, time_ns));
            Since::default()
        } else {
            self.change(x.order_id, seq, |order| order.apply(x, seq, time_ns))
        };
        self.changed = (x.order_id, since);
    }

    /// The order that changed last, and how far it was before.
    #[must_use]
    pub const fn changed(&self) -> (u64, Since) {
        self.changed
    }

    /// Begin behind the event `seq`; `newest` is the highest order id that was given.
    pub fn begin(&mut self, seq: u64, newest: u64) {
        (self.base, self.newest) = (seq, newest);
    }

    /// The highest order id that was given.
    #[must_use]
    pub const fn newest(&self) -> u64 {
        self.newest
    }

    /// No order has one of these counters, or ever will: numbers were raised above them.
    pub fn skip(&mut self, first: u64, last: u64) {
        let partition = self.newest & !COUNTER;
        if first <= last {
            self.skipped.push((partition | first, partition | last));
        }
    }

    /// How many orders are kept.
    #[must_use]
    #[allow(clippy::arithmetic_side_effects, reason = "what is in memory")]
    pub const fn len(&self) -> usize {
        self.recent.len() + self.older.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many closed orders were dropped though the store did not have them.
    #[must_use]
    pub const fn dropped_orders(&self) -> u64 {
        self.dropped_orders
    }

    /// The order of this id, if it is kept, whole or not.
    #[must_use]
    pub fn get(&self, order_id: u64) -> Option<&Order> {
        match self.recent.get(order_id) {
            None => self.older.get(self.slots.get(order_id)?),
            order => order,
        }
    }

    /// An event about this order will come soon: prefetch it.
    #[inline]
    pub fn prefetch(&self, order_id: u64) {
        self.recent.prefetch(order_id);
    }

    fn get_mut(&mut self, order_id: u64) -> Option<(&mut Order, bool)> {
        if let Some(order) = self.recent.get_mut(order_id) {
            return Some((order, true));
        }
        let slot = self.slots.get(order_id)?;
        Some((self.older.get_mut(slot)?, false))
    }

    /// Whether an order was given this id.
    #[must_use]
    pub fn exists(&self, order_id: u64) -> bool {
        let skipped = self.skipped.partition_point(|&(_, last)| last < order_id);
        order_id & COUNTER != 0
            && order_id >> COUNTER_BITS == self.newest >> COUNTER_BITS
            && order_id <= self.newest
            && self
                .skipped
                .get(skipped)
                .is_none_or(|&(first, _)| order_id < first)
    }

    /// What is known of this id.
    #[must_use]
    pub fn find(&self, order_id: u64) -> Found<'_> {
        match self.get(order_id) {
            Some(order) if order.is_whole() => Found::Whole(order),
            Some(order) => Found::Stored(order.last_seq.max(self.base)),
            None if self.exists(order_id) => Found::Stored(self.dropped.max(self.base)),
            None => Found::Unknown,
        }
    }

    /// Sequence number that the recorder must have passed before the store may answer for all orders of
    /// an account that are not here whole.
    #[must_use]
    pub fn wait_for_account(&self, account: u32) -> u64 {
        let changed = self.accounts.get(account).map(|account| account.changed);
        changed.unwrap_or(0).max(self.base)
    }

    /// Visit the orders of an account with ids below `before`, the newest first, until `visit` wants no
    /// more.  The lowest id down to which all were visited; 0 when there are no others.
    pub fn visit(&self, account: u32, before: u64, mut visit: impl FnMut(&Order) -> bool) -> u64 {
        let Some(row) = self.accounts.get(account) else {
            return 0;
        };
        let mut down_to = before;
        let mut step = self.recent.first(account, row.newest, before);
        loop {
            match step {
                Step::At(order_id) => {
                    let order = self.recent.get(order_id);
                    if order.is_none_or(|order| !visit(order)) {
                        return down_to;
                    }
                    down_to = order_id;
                    step = self.recent.next(order_id);
                }
                Step::Nothing(order_id) => return order_id,
                Step::End => break,
            }
        }
        let below = before.min(self.recent.oldest());
        for &order_id in row.older.range(..below).rev() {
            if self.get(order_id).is_none_or(|order| !visit(order)) {
                return down_to;
            }
            down_to = order_id;
        }
        0
    }

    /// An order of an account is new, and its id the highest: `make` makes it of one that is vacant or
    /// was another.
    #[inline]
    pub fn insert(&mut self, order_id: u64, account: u32, make: impl FnOnce(&mut Order)) {
        self.newest = self.newest.max(order_id);
        let row = self.accounts.slot(account).get_or_insert_default();
        let previous = std::mem::replace(&mut row.newest, order_id);
        match self.recent.push(order_id, previous, make) {
            Evicted::Open(older) => self.keep(older),
            Evicted::Closed(account, seq) if seq > self.recorded => {
                self.note_dropped(account, seq);
            }
            Evicted::Closed(..) | Evicted::Nothing => {}
        }
    }

    /// An order was open when this memory began.
    pub fn insert_standing(&mut self, order: Order) {
        self.lacking.push_back(order.order_id);
        self.keep(order);
    }

    /// Keep an order among the older ones.
    fn keep(&mut self, order: Order) {
        let order_id = order.order_id;
        let account = self.accounts.slot(order.account).get_or_insert_default();
        account.older.insert(order_id);
        let slot = self.older.insert(order);
        self.slots.insert(order_id, slot);
    }

    #[allow(clippy::arithmetic_side_effects, reason = "counted one by one")]
    fn note_dropped(&mut self, account: u32, seq: u64) {
        self.dropped = self.dropped.max(seq);
        self.dropped_orders += 1;
        if let Some(account) = self.accounts.get_mut(account) {
            account.changed = account.changed.max(seq);
        }
    }

    /// An order changes by the event `seq`; how far it was before.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "two for each order that closes in a batch"
    )]
    pub fn change(&mut self, order_id: u64, seq: u64, how: impl FnOnce(&mut Order)) -> Since {
        let Some((order, recent)) = self.get_mut(order_id) else {
            // It was closed, so that this can't be; were it so, the store would be asked.
            self.dropped = self.dropped.max(seq);
            return Since::default();
        };
        let before = order.now();
        how(order);
        if recent {
            return before;
        }
        let (account, whole, open) = (order.account, order.is_whole(), order.is_open());
        if !whole && let Some(account) = self.accounts.get_mut(account) {
            account.changed = seq;
        }
        if !open {
            self.closed.push_back((seq, order_id));
            self.drops += DROPS_MAX;
        }
        before
    }

    /// Drop older closed orders that the store has, and what is more than may be kept: no more than have
    /// closed since the last time allow, and none of which an answer is still to be made.
    pub fn trim(&mut self) {
        for _ in 0..std::mem::take(&mut self.drops) {
            let Some(&(seq, order_id)) = self.closed.front() else {
                return;
            };
            let recorded = seq <= self.recorded;
            if !recorded && self.closed.len() <= self.unrecorded_max {
                return;
            }
            self.closed.pop_front();
            self.drop(order_id, (!recorded).then_some(seq));
        }
    }

    /// Keep an order no more; `unrecorded` is its last change, where the store does not have it.
    fn drop(&mut self, order_id: u64, unrecorded: Option<u64>) {
        let slot = self.slots.remove(order_id);
        let Some(order) = slot.and_then(|slot| self.older.remove(slot)) else {
            return;
        };
        if let Some(account) = self.accounts.get_mut(order.account) {
            account.older.remove(&order_id);
        }
        if let Some(seq) = unrecorded {
            self.note_dropped(order.account, seq);
        }
    }

    /// The recorder has recorded every event up to `seq`.
    pub fn recorded(&mut self, seq: u64) {
        self.recorded = self.recorded.max(seq);
    }

    /// Take up to `most` ids of orders whose beginning is not known; whoever takes them asks the store.
    pub fn lacking(&mut self, most: usize) -> Vec<u64> {
        let most = most.min(self.lacking.len());
        self.lacking.drain(..most).collect()
    }

    /// What the store, which has every event up to `seq`, knows of an order's beginning.
    pub fn set_beginning(&mut self, beginning: &Beginning, seq: u64) {
        let Some((order, _)) = self.get_mut(beginning.order_id) else {
            return;
        };
        let counts = (beginning.history, beginning.fills);
        if !order.set_earlier(beginning.created_ns, counts, seq) {
            // It changed before and after `seq`: ask again when the store is further.
            self.lacking.push_back(beginning.order_id);
        }
    }
}

#[cfg(test)]
#[path = "orders_tests.rs"]
mod tests;
