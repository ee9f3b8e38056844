//! Open orders, and the ways to find one: by its id, or by the ClOrdID of a binary entry.

use super::ids::Ids;
use super::index::{Index, mix};
use super::order::Order;
use super::pool::{NONE, Pool};
use super::resting::{Beside, Resting};
use super::side::Orders;
use super::texts::Texts;

#[derive(Debug)]
pub(crate) struct OpenOrders {
    pool: Orders,
    beside: Pool<Beside, 512>,
    by_id: Ids,
    by_num: Index,
    texts: Texts,
}

/// Hash of a ClOrdID in the scope of its entry.
#[inline(always)]
pub(crate) fn num_hash(entry: u32, num: u64) -> u64 {
    mix(num, u64::from(entry))
}

impl OpenOrders {
    pub(crate) fn new() -> Self {
        Self {
            pool: Pool::new(),
            beside: Pool::new(),
            by_id: Ids::new(),
            by_num: Index::default(),
            texts: Texts::default(),
        }
    }

    /// The line of the order in a slot.
    #[inline(always)]
    pub(crate) fn line(&self, slot: u32) -> &Resting {
        &self.pool[slot]
    }

    /// The same, if there is such a slot.
    #[inline(always)]
    pub(crate) fn line_if(&self, slot: u32) -> Option<&Resting> {
        self.pool.get(slot)
    }

    #[inline(always)]
    pub(crate) fn line_mut(&mut self, slot: u32) -> &mut Resting {
        &mut self.pool[slot]
    }

    /// Prefetch a line, if there is such a slot.
    #[inline(always)]
    pub(crate) fn prefetch(&self, slot: u32) {
        self.pool.prefetch(slot);
    }

    /// How many there are.
    #[inline(always)]
    pub(crate) const fn len(&self) -> u32 {
        self.pool.used()
    }

    /// A client order id; empty for none.
    #[inline(always)]
    pub(crate) fn text(&self, text: u32) -> &str {
        match self.beside.get(text) {
            Some(beside) => self.texts.get(&beside.text),
            None => "",
        }
    }

    /// The bytes of the client order id of the order in a slot; none where it has no such id.
    pub(crate) fn text_of(&self, slot: u32) -> &[u8] {
        match self.beside.get(self.pool[slot].beside) {
            Some(beside) => self.texts.bytes(&beside.text),
            None => &[],
        }
    }

    /// Give the order of a FIX session another client order id.
    pub(crate) fn set_text(&mut self, slot: u32, text: &str) {
        let beside = self.pool[slot].beside;
        if beside == NONE {
            self.pool[slot].beside = self.keep_text(text);
        } else {
            let kept = &mut self.beside[beside].text;
            self.texts.forget(kept);
            *kept = self.texts.keep(text);
        }
    }

    /// How many client order ids are too long to stand beside their orders.
    pub(crate) fn long_texts(&self) -> usize {
        self.texts.long()
    }

    /// Keep the client order id of an order that may be added; the empty one takes no slot.
    #[inline(always)]
    pub(crate) fn keep_text(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            NONE
        } else {
            let text = self.texts.keep(text);
            self.beside.take(Beside::named(text))
        }
    }

    /// That order is not added.
    #[inline(always)]
    pub(crate) fn forget_text(&mut self, text: u32) {
        if text != NONE {
            self.texts.forget(&self.beside[text].text);
            self.beside.give(text);
        }
    }

    #[inline(always)]
    pub(crate) fn by_id(&self, order_id: u64) -> Option<u32> {
        self.by_id
            .find(order_id, |slot| self.pool[slot].order_id == order_id)
    }

    /// Prefetch the cell where an order id stands.
    #[inline(always)]
    pub(crate) fn prefetch_id(&self, order_id: u64) {
        self.by_id.prefetch(order_id);
    }

    /// The slot that an order id probably means, or `NONE`.
    #[inline(always)]
    pub(crate) fn guess_id(&self, order_id: u64) -> u32 {
        self.by_id.guess(order_id)
    }

    #[inline(always)]
    pub(crate) fn by_num(&self, entry: u32, num: u64) -> Option<u32> {
        self.by_num.find(num_hash(entry, num), |slot| {
            let order = &self.pool[slot];
            order.num == num && order.entry == entry
        })
    }

    /// Prefetch what stands beside the line in a slot.
    #[inline(always)]
    pub(crate) fn prefetch_beside(&self, line: &Resting) {
        self.beside.prefetch(line.beside);
    }

    /// Prefetch the line where a ClOrdID of this hash stands or will stand.
    #[inline(always)]
    pub(crate) fn prefetch_num(&self, hash: u64) {
        self.by_num.prefetch(hash);
    }

    /// The slot that a ClOrdID of this hash probably means, or `NONE`.
    #[inline(always)]
    pub(crate) fn guess_num(&self, hash: u64) -> u32 {
        self.by_num.guess(hash)
    }

    /// How many stand in each index.
    pub(crate) const fn indexed(&self) -> (usize, usize) {
        (self.by_id.len(), self.by_num.len())
    }

    /// How many orders have something beside their line.
    pub(crate) const fn with_more(&self) -> u32 {
        self.beside.used()
    }

    /// Give an order a slot and its names; `numbered` for those of binary entries, `newest` for one whose
    /// id is higher than all before.
    #[inline(always)]
    pub(crate) fn add(&mut self, order: &Order, numbered: bool, newest: bool) -> u32 {
        let slot = self.pool.take(Resting::new(order));
        self.note(slot, order);
        if newest {
            self.by_id.push(order.order_id, slot);
        } else {
            self.by_id.insert(order.order_id, slot);
        }
        if numbered {
            self.by_num.insert(num_hash(order.entry, order.num), slot);
        }
        slot
    }

    /// Keep what an order has beside its line, if it has anything.
    #[inline(always)]
    pub(crate) fn note(&mut self, slot: u32, order: &Order) {
        if order.cum > 0 || order.text != NONE {
            let line = &mut self.pool[slot];
            if line.beside == NONE {
                line.beside = match order.text {
                    NONE => self.beside.take(Beside::default()),
                    text => text,
                };
            }
            self.beside[line.beside].note(order);
        }
    }

    /// All of an order; `account` is its entry's.
    #[inline(always)]
    pub(crate) fn order(&self, slot: u32, account: u32) -> Order {
        let line = &self.pool[slot];
        let mut order = line.order(account);
        if line.beside != NONE {
            self.beside[line.beside].fill_in(line.beside, &mut order);
        }
        order
    }

    /// Forget an order: its names, its text, its slot.
    #[inline(always)]
    pub(crate) fn remove(&mut self, slot: u32, numbered: bool) {
        let order = &self.pool[slot];
        self.by_id.remove(order.order_id, slot);
        if numbered {
            self.by_num.remove(num_hash(order.entry, order.num), slot);
        }
        let beside = order.beside;
        self.pool.give(slot);
        self.forget_text(beside);
    }

    /// Give the order of a binary entry another ClOrdID.
    pub(crate) fn rename(&mut self, slot: u32, num: u64) {
        let order = &mut self.pool[slot];
        let (entry, old) = (order.entry, order.num);
        order.num = num;
        self.by_num.remove(num_hash(entry, old), slot);
        self.by_num.insert(num_hash(entry, num), slot);
    }
}

#[cfg(test)]
mod tests {
    use super::{NONE, OpenOrders, Order, num_hash};
    use std::collections::HashMap;
    use wire::record::{Side, Stp, TimeInForce};

    fn order(entry: u32, num: u64) -> Order {
        Order {
            order_id: num,
            num,
            price: 1,
            leaves: 1,
            cum: 0,
            quote: 0,
            entry,
            account: 1,
            instrument: 1,
            text: NONE,
            side: Side::Buy,
            tif: TimeInForce::Gtc,
            exec_inst: 0,
            stp: Stp::None,
        }
    }

    #[test]
    fn an_order_is_found_by_its_own_number_also_where_another_has_the_same_hash() {
        // The index keeps 31 bits: among 200,000 numbers some share them.
        let mut seen = HashMap::new();
        let shared = |num| seen.insert(num_hash(1, num) >> 33, num).map(|it| (it, num));
        let pairs: Vec<(u64, u64)> = (1..=200_000).filter_map(shared).collect();
        assert!(pairs.len() < 100, "{} pairs", pairs.len());
        let (one, other) = pairs[0];
        let mut open = OpenOrders::new();
        let slots = [one, other].map(|num| open.add(&order(1, num), true, true));
        let find = |open: &OpenOrders, entry, num| open.by_num(entry, num);
        assert_eq!(find(&open, 1, one), Some(slots[0]));
        assert_eq!(find(&open, 1, other), Some(slots[1]));
        assert_eq!((find(&open, 2, one), find(&open, 1, 0)), (None, None));
        open.remove(slots[0], true);
        assert_eq!(find(&open, 1, one), None);
        assert_eq!(find(&open, 1, other), Some(slots[1]));
    }

    #[test]
    fn an_order_without_fills_and_text_has_nothing_beside_its_line() {
        let mut open = OpenOrders::new();
        let slot = open.add(&order(1, 1), true, true);
        assert_eq!(open.with_more(), 0);
        let mut filled = order(1, 1);
        filled.fill(1, 1);
        open.note(slot, &filled);
        assert_eq!(open.with_more(), 1);
    }
}
