//! What one instrument traded: the newest trades, and the rolling 24 hours.
//!
//! # Contract
//! The window is exact: trades later than 24 hours before now count, and no others.  Kept are one
//! bar a minute (at most [`BARS_MAX`]); where the window's edge cuts through a bar, [`Tape::edge`]
//! names the stretch of time whose trades the store must sum.
//!
//! # Limits
//! `trades_max` trades and `BARS_MAX` bars (about 128 bytes each) an instrument.

use std::collections::VecDeque;

use projection::levels::SeqTime;
use projection::sum::{BAR_NS, Bar, Sum};
use wire::record::Side;
use wire::record::event::Trade;

/// Width of the rolling window.
pub const WINDOW_NS: u64 = 86_400_000_000_000;
/// Most bars: the window, and one that its edge cuts.
pub const BARS_MAX: usize = (WINDOW_NS / BAR_NS) as usize + 1;

/// One trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Print {
    /// Trade id.
    pub trade_id: u64,
    /// Sequence number of its event.
    pub sequence: u64,
    /// Price.
    pub price: i64,
    /// Quantity.
    pub qty: i64,
    /// The taker's side.
    pub taker_side: Side,
    /// Engine time.
    pub time_ns: u64,
}

impl Print {
    /// Of the trade that the event of this number and engine time says.
    #[must_use]
    pub const fn of(x: &Trade, (sequence, time_ns): SeqTime) -> Self {
        Self {
            trade_id: x.trade_id,
            sequence,
            price: x.price,
            qty: x.qty,
            taker_side: x.taker_side,
            time_ns,
        }
    }
}

/// Where the window cuts through a bar: trades after `after_ns` and before `before_ns` count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The last time that does not count.
    pub after_ns: u64,
    /// The first time that belongs to the next bar.
    pub before_ns: u64,
}

/// The trades of one instrument.
#[derive(Debug)]
pub struct Tape {
    trades_max: usize,
    prints: VecDeque<Print>,
    /// Minutes since the epoch, and what was traded in them.
    bars: VecDeque<(u64, Bar)>,
    last: Option<i64>,
    /// Every trade that ever was is here.
    whole: bool,
}

impl Tape {
    /// A tape that keeps the newest `trades_max` trades.
    #[must_use]
    pub const fn new(trades_max: usize) -> Self {
        Self {
            trades_max,
            prints: VecDeque::new(),
            bars: VecDeque::new(),
            last: None,
            whole: true,
        }
    }

    /// A trade happened.
    pub fn push(&mut self, print: Print) {
        if self.prints.len() >= self.trades_max {
            self.prints.pop_front();
            self.whole = false;
        }
        self.prints.push_back(print);
        self.count(print.time_ns, print.price, print.qty);
    }

    /// Count a trade in the window alone.
    pub fn count(&mut self, time_ns: u64, price: i64, qty: i64) {
        self.last = Some(price);
        let minute = time_ns / BAR_NS;
        match self.bars.back_mut() {
            Some((last, bar)) if *last == minute => bar.push(time_ns, price, qty),
            _ => {
                self.bars.push_back((minute, Bar::of(time_ns, price, qty)));
                self.forget(time_ns);
            }
        }
    }

    /// The price of the last trade, where no trade is known: there were some before.
    pub const fn set_last(&mut self, price: i64) {
        self.last = Some(price);
        self.whole = false;
    }

    /// Put bars of trades before those that were pushed; a minute that both have is joined.
    pub fn fill(&mut self, older: impl IntoIterator<Item = (u64, Bar)>) {
        let live = std::mem::replace(&mut self.bars, older.into_iter().collect());
        for (minute, bar) in live {
            match self.bars.back_mut() {
                Some((last, older)) if *last == minute => older.join(&bar),
                _ => self.bars.push_back((minute, bar)),
            }
        }
        self.last = self.last.or(self.bars.back().map(|(_, bar)| bar.sum.close));
    }

    fn forget(&mut self, now_ns: u64) {
        let after_ns = now_ns.saturating_sub(WINDOW_NS);
        while self.bars.len() > BARS_MAX
            || self
                .bars
                .front()
                .is_some_and(|(_, bar)| bar.last_ns <= after_ns && now_ns > WINDOW_NS)
        {
            self.bars.pop_front();
        }
    }

    /// The trades with ids below `before` that are here, the newest first.
    pub fn newest(&self, before: u64) -> impl Iterator<Item = &Print> {
        let end = self.prints.partition_point(|print| print.trade_id < before);
        self.prints.range(..end).rev()
    }

    /// The event that the recorder must have passed before the store may tell of what is not here any
    /// more; `None` where every trade that ever was is here.
    #[must_use]
    pub fn store_needs(&self) -> Option<u64> {
        let oldest = self.prints.front().map_or(0, |print| print.sequence);
        (!self.whole).then_some(oldest.saturating_sub(1))
    }

    /// Price of the last trade ever.
    #[must_use]
    pub const fn last(&self) -> Option<i64> {
        self.last
    }

    /// The stretch that only the store can sum, when the window of `now_ns` cuts through a bar.
    #[must_use]
    pub fn edge(&self, now_ns: u64) -> Option<Edge> {
        let after_ns = now_ns.checked_sub(WINDOW_NS)?;
        let cut = |(_, bar): &&(u64, Bar)| bar.first_ns <= after_ns && bar.last_ns > after_ns;
        let (minute, _) = self.bars.iter().find(cut)?;
        Some(Edge {
            after_ns,
            // The last bar of all ends where times do.
            before_ns: minute.saturating_add(1).saturating_mul(BAR_NS),
        })
    }

    /// The sum of the window of `now_ns`; `edge` is the sum of the stretch that [`Self::edge`] named.
    #[must_use]
    pub fn sum(&self, now_ns: u64, edge: Option<&Sum>) -> Sum {
        let after = now_ns.checked_sub(WINDOW_NS);
        let mut sum = edge.copied().unwrap_or_default();
        for (_, bar) in &self.bars {
            if after.is_none_or(|after_ns| bar.first_ns > after_ns) {
                sum.join(&bar.sum);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use projection::Quote;

    const DAY: u64 = WINDOW_NS;

    fn print(trade_id: u64, time_ns: u64, price: i64) -> Print {
        Print {
            trade_id,
            sequence: trade_id,
            price,
            qty: 2,
            taker_side: Side::Buy,
            time_ns,
        }
    }

    #[test]
    fn the_newest_trades_are_kept_and_come_first() {
        let mut tape = Tape::new(2);
        for id in 1..=3 {
            tape.push(print(id, id, 10));
        }
        let ids = |before| -> Vec<_> { tape.newest(before).map(|print| print.trade_id).collect() };
        assert_eq!(ids(u64::MAX), [3, 2]);
        assert_eq!(ids(3), [2]);
        assert_eq!(ids(2), [0; 0]);
    }

    #[test]
    fn the_store_needs_what_came_before_the_oldest_trade_that_is_kept() {
        let mut tape = Tape::new(2);
        for (id, needs) in [(1, None), (2, None), (3, Some(1)), (4, Some(2))] {
            tape.push(print(id, id, 10));
            assert_eq!(tape.store_needs(), needs);
        }
        let mut later = Tape::new(2);
        later.set_last(10);
        assert_eq!(later.store_needs(), Some(0));
        later.push(print(9, 9, 10));
        assert_eq!(later.store_needs(), Some(8));
    }

    #[test]
    fn a_trade_counts_for_24_hours_to_the_nanosecond() {
        let mut tape = Tape::new(10);
        tape.push(print(1, 1_000, 10));
        assert_eq!(tape.sum(1_000 + DAY - 1, None).count, 1);
        assert_eq!(tape.sum(1_000 + DAY, None).count, 0);
        assert_eq!(tape.edge(1_000 + DAY), None);
        assert_eq!(tape.last(), Some(10));
    }

    #[test]
    fn a_bar_cut_by_the_edge_is_summed_by_the_store() {
        let mut tape = Tape::new(10);
        tape.push(print(1, 1_000, 10));
        tape.push(print(2, 3_000, 30));
        tape.push(print(3, 2 * BAR_NS, 20));
        let now = 2_000 + DAY;
        assert_eq!(
            tape.edge(now),
            Some(Edge {
                after_ns: 2_000,
                before_ns: BAR_NS
            })
        );
        let mut edge = Sum::default();
        edge.push(30, 2);
        let sum = tape.sum(now, Some(&edge));
        assert_eq!(
            (
                sum.open, sum.high, sum.low, sum.close, sum.qty, sum.quote, sum.count
            ),
            (30, 30, 20, 20, 4, Quote::new(100), 2)
        );
    }

    #[test]
    fn older_bars_go_before_and_a_common_minute_is_joined() {
        let mut tape = Tape::new(10);
        tape.push(print(3, BAR_NS + 5, 30));
        tape.fill([(0, Bar::of(1, 10, 1)), (1, Bar::of(BAR_NS + 1, 20, 1))]);
        let sum = tape.sum(BAR_NS + 9, None);
        assert_eq!(
            (sum.open, sum.high, sum.close, sum.qty, sum.count),
            (10, 30, 30, 4, 3)
        );
        assert_eq!(tape.bars.len(), 2);
        assert_eq!(
            tape.edge(BAR_NS + 1 + DAY).map(|edge| edge.before_ns),
            Some(2 * BAR_NS)
        );
    }

    #[test]
    fn bars_are_bounded_and_old_ones_forgotten() {
        let mut tape = Tape::new(1);
        for minute in 0..3 * BARS_MAX as u64 {
            tape.push(print(minute + 1, minute * BAR_NS, 1));
        }
        assert!(tape.bars.len() <= BARS_MAX);
        let now = (3 * BARS_MAX as u64 - 1) * BAR_NS;
        assert_eq!(tape.sum(now, None).count, 1440);
    }
}
