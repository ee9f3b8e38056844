//! The orders in memory, of whatever protocol, so that who was told of one can ask for it at once.
//!
//! # Contract
//! Kept are every open order, every closed one that the store does not have yet, and the newest of the
//! others.  Where that is more than may be, closed orders go though the store does not have them: then
//! [`Orders::find`] names the sequence number that the recorder must have passed before the store may
//! answer.  So no answer denies an order, or says less of it than one before.
//!
//! An order that was open when this memory began is known as it stands.  What happened to it before,
//! the store tells: see [`Orders::lacking`].
//!
//! # Limits
//! Open orders are bounded by the engine (`orders_per_side_max` of each instrument).  `recent_max`
//! closed orders are kept though recorded, and up to `unrecorded_max` that are not.  An order takes
//! some 250 bytes, and some 8 KiB at most when it changes often.
//!
//! # Cost
//! O(log n) an event, with n orders of an account: nothing grows with all that is kept, and no
//! operation takes much longer than the others.

use std::collections::{BTreeSet, VecDeque};

use projection::Order;
use projection::order::Since;

use crate::numbered::Numbered;
use crate::places::Places;
use crate::slab::Slab;

/// Closed orders that may be dropped for each that closes: more than one, so that they become fewer.
const DROPS_MAX: usize = 2;
/// Bits of an order id that count; those above are the partition.
pub const COUNTER_BITS: u32 = 56;

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

/// Orders by id and by account.
#[derive(Debug)]
pub struct Orders {
    recent_max: usize,
    unrecorded_max: usize,
    slab: Slab<Order>,
    places: Places,
    by_account: Numbered<BTreeSet<u64>>,
    /// Closed orders, the oldest first: sequence number of the last event, order id.
    closed: VecDeque<(u64, u64)>,
    /// How many of them may be dropped now.
    drops: usize,
    /// Ids of orders whose beginning is not known.
    lacking: VecDeque<u64>,
    /// The highest id that was given.
    newest: u64,
    /// Sequence number at which this memory began.
    base: u64,
    /// Up to where the store has everything.
    recorded: u64,
    /// The last change of an order that is kept here no more and was not recorded then.
    dropped: u64,
    /// The same by account; changes of orders that are not here whole count too.
    changed: Numbered<u64>,
}

impl Orders {
    /// No orders.
    #[must_use]
    pub fn new(recent_max: usize, unrecorded_max: usize) -> Self {
        Self {
            recent_max,
            unrecorded_max: unrecorded_max.max(recent_max),
            slab: Slab::default(),
            places: Places::default(),
            by_account: Numbered::default(),
            closed: VecDeque::with_capacity(recent_max.min(1 << 16)),
            drops: 0,
            lacking: VecDeque::new(),
            newest: 0,
            base: 0,
            recorded: 0,
            dropped: 0,
            changed: Numbered::default(),
        }
    }

    /// Begin behind the event `seq`; `newest` is the highest order id that was given.
    pub fn begin(&mut self, seq: u64, newest: u64) {
        (self.base, self.newest) = (seq, newest);
    }

    /// How many orders are kept.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.slab.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.slab.len() == 0
    }

    /// How many of them are closed, and the store does not have them yet.
    #[must_use]
    pub fn unrecorded(&self) -> usize {
        let recorded = self
            .closed
            .partition_point(|(seq, _)| *seq <= self.recorded);
        self.closed.len() - recorded
    }

    /// The order of this id, if it is kept, whole or not.
    #[must_use]
    pub fn get(&self, order_id: u64) -> Option<&Order> {
        self.slab.get(self.places.get(order_id)?)
    }

    /// Whether an order was given this id.
    #[must_use]
    pub const fn exists(&self, order_id: u64) -> bool {
        let counter = order_id << (u64::BITS - COUNTER_BITS);
        counter != 0
            && order_id >> COUNTER_BITS == self.newest >> COUNTER_BITS
            && order_id <= self.newest
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
        let changed = self.changed.get(account).copied();
        changed.unwrap_or(0).max(self.base)
    }

    /// Orders of an account with ids below `before`, the newest first.
    pub fn of_account(&self, account: u32, before: u64) -> impl Iterator<Item = &Order> {
        let ids = self.by_account.get(account);
        ids.into_iter()
            .flat_map(move |ids| ids.range(..before).rev())
            .filter_map(|id| self.get(*id))
    }

    /// An order is new, or was open when this memory began.
    pub fn insert(&mut self, order: Order) {
        let (order_id, seq, account) = (order.order_id, order.last_seq, order.account);
        let open = order.is_open();
        if order.lacks_earlier() {
            self.lacking.push_back(order_id);
        }
        let place = self.slab.insert(order);
        self.places.insert(order_id, place);
        self.newest = self.newest.max(order_id);
        self.by_account
            .place(account)
            .get_or_insert_default()
            .insert(order_id);
        if !open {
            self.close(seq, order_id);
        }
    }

    /// An order changes by the event `seq`; how far it was before.
    pub fn change(&mut self, order_id: u64, seq: u64, how: impl FnOnce(&mut Order)) -> Since {
        let place = self.places.get(order_id);
        let Some(order) = place.and_then(|place| self.slab.get_mut(place)) else {
            // It was closed, so that this can't be; were it so, the store would be asked.
            self.dropped = self.dropped.max(seq);
            return Since::default();
        };
        let before = order.now();
        how(order);
        let (account, whole, open) = (order.account, order.is_whole(), order.is_open());
        if !whole {
            *self.changed.place(account) = Some(seq);
        }
        if !open {
            self.close(seq, order_id);
        }
        before
    }

    fn close(&mut self, seq: u64, order_id: u64) {
        self.closed.push_back((seq, order_id));
        self.drops += DROPS_MAX;
    }

    /// Drop what is more than may be kept: no more than have closed since the last time allow, and none
    /// of which an answer is still to be made.
    pub fn trim(&mut self) {
        for _ in 0..std::mem::take(&mut self.drops) {
            let Some(&(seq, order_id)) = self.closed.front() else {
                return;
            };
            let recorded = seq <= self.recorded;
            let most = if recorded {
                self.recent_max
            } else {
                self.unrecorded_max
            };
            if self.closed.len() <= most {
                return;
            }
            self.closed.pop_front();
            self.drop(order_id, (!recorded).then_some(seq));
        }
    }

    /// Keep an order no more; `unrecorded` is its last change, where the store does not have it.
    fn drop(&mut self, order_id: u64, unrecorded: Option<u64>) {
        let place = self.places.remove(order_id);
        let Some(order) = place.and_then(|place| self.slab.remove(place)) else {
            return;
        };
        if let Some(ids) = self.by_account.get_mut(order.account) {
            ids.remove(&order_id);
        }
        if let Some(seq) = unrecorded {
            self.dropped = self.dropped.max(seq);
            *self.changed.place(order.account) = Some(seq);
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
    pub fn tell_beginning(&mut self, beginning: &Beginning, seq: u64) {
        let place = self.places.get(beginning.order_id);
        let Some(order) = place.and_then(|place| self.slab.get_mut(place)) else {
            return;
        };
        let counts = (beginning.history, beginning.fills);
        if !order.tell_earlier(beginning.created_ns, counts, seq) {
            // It changed before and after `seq`: ask again when the store is further.
            self.lacking.push_back(beginning.order_id);
        }
    }
}

#[cfg(test)]
#[path = "orders_tests.rs"]
mod tests;
