//! Recent orders of REST entries, so that who has just changed an order sees it so.
//!
//! # Contract
//! The store runs behind.  An order that the recorder has not caught up with is either here, whole, or
//! (when it had been dropped before it changed) its id stands in `waits` with the sequence number that
//! the recorder must reach before the store may answer for it.
//!
//! # Limits
//! `recent_max` orders are kept though recorded, the oldest dropped first.  Orders that are not recorded
//! yet are always kept; at `overlay_max` of them [`Overlay::full`] says that new ones are to be refused.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::order::Order;

/// How many orders an insertion looks at to find one to drop; bounds its cost.
const LOOKS_MAX: usize = 16;

/// Recent orders by id and by account.
#[derive(Debug)]
pub struct Overlay {
    recent_max: usize,
    overlay_max: usize,
    orders: HashMap<u64, Order>,
    by_account: HashMap<u32, BTreeSet<u64>>,
    queue: VecDeque<u64>,
    /// Every change that is not recorded yet: sequence number, order id.
    changes: VecDeque<(u64, u64)>,
    waits: HashMap<u64, u64>,
    account_waits: HashMap<u32, u64>,
    unrecorded: usize,
    recorded: u64,
}

impl Overlay {
    /// An empty overlay.
    #[must_use]
    pub fn new(recent_max: usize, overlay_max: usize) -> Self {
        Self {
            recent_max,
            overlay_max,
            orders: HashMap::new(),
            by_account: HashMap::new(),
            queue: VecDeque::new(),
            changes: VecDeque::new(),
            waits: HashMap::new(),
            account_waits: HashMap::new(),
            unrecorded: 0,
            recorded: 0,
        }
    }

    /// Whether as many orders wait for the recorder as may.
    #[must_use]
    pub fn full(&self) -> bool {
        self.unrecorded + self.waits.len() >= self.overlay_max
    }

    /// How many orders are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// How many orders wait for the recorder.
    #[must_use]
    pub fn unrecorded(&self) -> usize {
        self.unrecorded + self.waits.len()
    }

    /// The order of this id, if it is kept.
    #[must_use]
    pub fn get(&self, order_id: u64) -> Option<&Order> {
        self.orders.get(&order_id)
    }

    /// Sequence number that the recorder must have passed before the store may answer for an order
    /// that is not kept; 0 when it may at once.
    #[must_use]
    pub fn wait_for(&self, order_id: u64) -> u64 {
        self.waits.get(&order_id).copied().unwrap_or(0)
    }

    /// The same for all orders of an account that are not kept.
    #[must_use]
    pub fn wait_for_account(&self, account: u32) -> u64 {
        self.account_waits.get(&account).copied().unwrap_or(0)
    }

    /// Ids of the account's orders that are kept and lie below `before`, the newest first.
    pub fn of_account(&self, account: u32, before: u64) -> impl Iterator<Item = u64> + '_ {
        self.by_account
            .get(&account)
            .into_iter()
            .flat_map(move |ids| ids.range(..before).rev().copied())
    }

    /// A new order.
    pub fn insert(&mut self, order_id: u64, order: Order) {
        self.changes.push_back((order.last_seq, order_id));
        self.unrecorded += 1;
        self.by_account
            .entry(order.account)
            .or_default()
            .insert(order_id);
        self.queue.push_back(order_id);
        self.orders.insert(order_id, order);
        self.drop_recorded();
    }

    /// The order changes by the event `seq`; if it is not kept, note that the store has to get there.
    pub fn change(&mut self, order_id: u64, account: u32, seq: u64, how: impl FnOnce(&mut Order)) {
        self.changes.push_back((seq, order_id));
        match self.orders.get_mut(&order_id) {
            Some(order) => {
                self.unrecorded += usize::from(order.last_seq <= self.recorded);
                order.last_seq = seq;
                how(order);
            }
            None => {
                self.waits.insert(order_id, seq);
                self.account_waits.insert(account, seq);
            }
        }
    }

    /// The recorder has recorded every event up to `seq`.
    pub fn recorded(&mut self, seq: u64) {
        self.recorded = self.recorded.max(seq);
        while self
            .changes
            .front()
            .is_some_and(|&(change, _)| change <= seq)
        {
            let Some((change, order_id)) = self.changes.pop_front() else {
                break;
            };
            if self
                .waits
                .get(&order_id)
                .is_some_and(|&wait| wait <= change)
            {
                self.waits.remove(&order_id);
            }
            if self
                .orders
                .get(&order_id)
                .is_some_and(|order| order.last_seq == change)
            {
                self.unrecorded -= 1;
            }
        }
        if !self.account_waits.is_empty() {
            self.account_waits.retain(|_, wait| *wait > seq);
        }
    }

    fn drop_recorded(&mut self) {
        for _ in 0..LOOKS_MAX {
            if self.orders.len() <= self.recent_max {
                return;
            }
            let Some(order_id) = self.queue.pop_front() else {
                return;
            };
            match self.orders.get(&order_id) {
                Some(order) if order.last_seq > self.recorded => self.queue.push_back(order_id),
                Some(order) => {
                    let account = order.account;
                    self.orders.remove(&order_id);
                    self.forget(account, order_id);
                }
                None => {}
            }
        }
    }

    fn forget(&mut self, account: u32, order_id: u64) {
        if let Some(ids) = self.by_account.get_mut(&account) {
            ids.remove(&order_id);
            if ids.is_empty() {
                self.by_account.remove(&account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::record::event::Accepted;
    use wire::record::{OrdType, Side, Stp, TimeInForce};

    fn order(account: u32, order_id: u64, seq: u64) -> Order {
        let accepted = Accepted {
            entry: account,
            account,
            entry_seq: 0,
            order_id,
            num: 1,
            price: 1,
            qty: 1,
            instrument: 1,
            side: Side::Buy,
            ord_type: OrdType::Limit,
            tif: TimeInForce::Gtc,
            exec_inst: 0,
            stp: Stp::None,
        };
        Order::accepted(&accepted, "", seq, 0)
    }

    fn ids(overlay: &Overlay, account: u32) -> Vec<u64> {
        overlay.of_account(account, u64::MAX).collect()
    }

    #[test]
    fn only_recorded_orders_are_dropped_and_the_oldest_first() {
        let mut overlay = Overlay::new(2, 10);
        for id in 1..=4 {
            overlay.insert(id, order(7, id, id));
        }
        assert_eq!(ids(&overlay, 7), [4, 3, 2, 1]);
        overlay.recorded(3);
        overlay.insert(5, order(7, 5, 5));
        assert_eq!(ids(&overlay, 7), [5, 4]);
        assert_eq!(overlay.unrecorded(), 2);
    }

    #[test]
    fn a_change_of_a_dropped_order_waits_for_the_recorder() {
        let mut overlay = Overlay::new(0, 10);
        overlay.insert(1, order(7, 1, 1));
        overlay.recorded(1);
        overlay.insert(2, order(8, 2, 2));
        assert!(overlay.get(1).is_none());
        overlay.change(1, 7, 3, |_| ());
        assert_eq!((overlay.wait_for(1), overlay.wait_for_account(7)), (3, 3));
        overlay.recorded(2);
        assert_eq!(overlay.wait_for(1), 3);
        overlay.recorded(3);
        assert_eq!((overlay.wait_for(1), overlay.wait_for_account(7)), (0, 0));
        assert_eq!(overlay.unrecorded(), 0);
    }

    #[test]
    fn it_is_full_of_what_is_not_recorded_and_of_nothing_else() {
        let mut overlay = Overlay::new(10, 2);
        overlay.insert(1, order(7, 1, 1));
        overlay.insert(2, order(7, 2, 2));
        assert!(overlay.full());
        overlay.recorded(1);
        assert!(!overlay.full());
        overlay.change(1, 7, 3, |_| ());
        assert!(overlay.full());
        overlay.recorded(3);
        assert_eq!((overlay.unrecorded(), overlay.len()), (0, 2));
    }
}
