//! The numbers that orders and trades are given, one after the other, and those that are passed over.

use wire::record::numbers::{COUNTER, COUNTER_BITS, partition_bits};

/// How many orders and trades there were in a partition.
#[derive(Debug)]
pub(crate) struct Numbers {
    partition: u16,
    /// Orders that were given an id so far.
    orders: u64,
    /// First and last of the counters among them that no order has: numbers were raised above them.
    skipped: Vec<(u64, u64)>,
    /// Trades so far.
    trades: u64,
}

impl Numbers {
    /// Of a partition that has given so many already.
    pub(crate) const fn new(partition: u16, orders: u64, trades: u64) -> Self {
        Self {
            partition,
            orders,
            skipped: Vec::new(),
            trades,
        }
    }

    pub(crate) const fn partition(&self) -> u16 {
        self.partition
    }

    pub(crate) const fn orders(&self) -> u64 {
        self.orders
    }

    pub(crate) const fn trades(&self) -> u64 {
        self.trades
    }

    pub(crate) fn skipped(&self) -> &[(u64, u64)] {
        &self.skipped
    }

    /// The id of a new order.
    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "orders are counted one by one"
    )]
    pub(crate) const fn next_order(&mut self) -> u64 {
        self.orders += 1;
        partition_bits(self.partition) | self.orders
    }

    /// The id of a new trade.
    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "trades are counted one by one"
    )]
    pub(crate) const fn next_trade(&mut self) -> u64 {
        self.trades += 1;
        partition_bits(self.partition) | self.trades
    }

    /// Go on above these, which are not below what was given.
    pub(crate) fn raise(&mut self, orders: u64, trades: u64) {
        self.skip(self.orders, orders);
        (self.orders, self.trades) = (orders, trades);
    }

    /// No order has a counter above `after`, up to `last`.
    #[allow(clippy::arithmetic_side_effects, reason = "a counter below `last`")]
    fn skip(&mut self, after: u64, last: u64) {
        if after == last {
            return;
        }
        match self.skipped.last_mut() {
            // Raised again before any order was given an id.
            Some((_, end)) if *end == after => *end = last,
            _ => self.skipped.push((after + 1, last)),
        }
    }

    /// As a snapshot says it: these counters were passed over, behind those that it said before.
    pub(crate) fn restore_skipped(&mut self, skipped: (u64, u64)) {
        self.skipped.push(skipped);
    }

    /// Whether an order was ever given this id.
    pub(crate) fn was_given(&self, order_id: u64) -> bool {
        let ours = order_id >> COUNTER_BITS == u64::from(self.partition) & 0xff;
        let counter = order_id & COUNTER;
        ours && self.has_reached(counter) && !self.passed_over(counter)
    }

    /// Whether a counter is not ahead.
    pub(crate) fn has_reached(&self, counter: u64) -> bool {
        (1..=self.orders).contains(&counter)
    }

    /// Whether no order has this counter, though it is not ahead.
    pub(crate) fn passed_over(&self, counter: u64) -> bool {
        let within = |&(first, last): &(u64, u64)| (first..=last).contains(&counter);
        self.skipped.iter().any(within)
    }

    /// What is passed over stands in order, and was reached.
    pub(crate) fn check(&self) -> Result<(), String> {
        let mut given = 0;
        for (first, last) in &self.skipped {
            if given >= *first || first > last {
                return Err("ids that were passed over stand out of order".to_owned());
            }
            given = *last;
        }
        if given > self.orders {
            return Err("ids passed over that were not reached yet".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
impl Numbers {
    /// All of it, to be spoiled.
    pub(crate) const fn inside(&mut self) -> (&mut u64, &mut Vec<(u64, u64)>) {
        (&mut self.orders, &mut self.skipped)
    }
}
