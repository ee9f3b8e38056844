//! A book of one instrument, without an engine: orders come, trade and go, and one listener hears it.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use matching::{Book, Fill, Handle, Listener};
use wire::record::Side;

/// What a ticker keeps: the levels that it was told of, and the trades.
#[derive(Debug, Default)]
struct Ticker {
    /// Side and price of the orders that it was told of, and what is open in them.
    orders: BTreeMap<usize, (Handle, Side, i64, i64)>,
    trades: Vec<(i64, i64)>,
    /// Numbers of the orders that traded or were canceled, in this order.
    heard: Vec<Handle>,
}

impl Listener for Ticker {
    fn traded(&mut self, fill: &Fill) {
        let slot = fill.order.slot();
        let (order, _, price, open) = self.orders.get_mut(&slot).unwrap();
        assert_eq!((*order, *price), (fill.order, fill.price));
        *open -= fill.qty;
        assert_eq!(*open, fill.leaves);
        if fill.leaves == 0 {
            self.orders.remove(&slot);
        }
        self.trades.push((fill.price, fill.qty));
        self.heard.push(fill.order);
    }

    fn added(&mut self, order: Handle, side: Side, price: i64, qty: i64) {
        let before = self.orders.insert(order.slot(), (order, side, price, qty));
        assert_eq!(before, None, "two orders in one slot");
    }

    fn canceled(&mut self, order: Handle, qty: i64) {
        let (handle, _, _, open) = self.orders.remove(&order.slot()).unwrap();
        assert_eq!((handle, open), (order, qty));
        self.heard.push(order);
    }
}

impl Ticker {
    /// Price, open quantity and orders by level, the lowest price first.
    fn levels(&self, side: Side) -> Vec<(i64, i64, u32)> {
        let mut levels = BTreeMap::new();
        for (_, _, price, qty) in self.orders.values().filter(|order| order.1 == side) {
            let level = levels.entry(*price).or_insert((0, 0));
            *level = (level.0 + qty, level.1 + 1);
        }
        let levels = levels.into_iter();
        levels.map(|(price, (qty, n))| (price, qty, n)).collect()
    }
}

#[test]
fn the_best_price_goes_first_and_of_one_price_the_oldest_order() {
    let (mut book, mut ticker) = (Book::default(), Ticker::default());
    let offers = [(101, 5), (100, 2), (100, 3)];
    let [far, first, second] =
        offers.map(|(price, qty)| book.enter(Side::Sell, price, qty, &mut ticker).unwrap());
    let rest = book.enter(Side::Buy, 101, 12, &mut ticker).unwrap();
    assert_eq!(ticker.heard, [first, second, far]);
    assert_eq!(ticker.trades, [(100, 2), (100, 3), (101, 5)]);
    assert_eq!(book.best(Side::Buy), Some((rest, 101)));
    assert_eq!(book.best(Side::Sell), None);
    assert_eq!(book.levels(Side::Buy).collect::<Vec<_>>(), [(101, 2, 1)]);
}

#[test]
fn an_order_takes_no_more_than_it_wants_and_no_worse_price_than_its_own() {
    let mut book = Book::default();
    let low = book.add(Side::Buy, 99, 4, &mut ()).unwrap();
    let high = book.add(Side::Buy, 100, 4, &mut ()).unwrap();
    assert_eq!(book.take(Side::Sell, Some(101), 3, &mut ()), 3);
    assert_eq!(book.take(Side::Sell, Some(100), 3, &mut ()), 0);
    assert_eq!(book.best(Side::Buy), Some((high, 100)));
    assert_eq!(book.take(Side::Sell, Some(100), 3, &mut ()), 2);
    assert_eq!(book.best(Side::Buy), Some((low, 99)));
    assert_eq!(book.take(Side::Sell, None, 9, &mut ()), 5);
    assert_eq!(book.best(Side::Buy), None);
}

#[test]
fn an_order_that_is_gone_is_not_canceled_again_though_another_has_its_slot() {
    let (mut book, mut ticker) = (Book::default(), Ticker::default());
    let first = book.add(Side::Buy, 7, 1, &mut ticker).unwrap();
    assert!(book.cancel(first, &mut ticker));
    assert!(!book.cancel(first, &mut ticker));
    let second = book.add(Side::Sell, 7, 1, &mut ticker).unwrap();
    assert_eq!(first.slot(), second.slot());
    assert!(!book.cancel(first, &mut ticker));
    assert_eq!(ticker.heard, [first]);
    assert_eq!(book.best(Side::Sell), Some((second, 7)));
    assert!(!Book::default().cancel(second, &mut ()));
}

#[test]
fn what_no_book_can_hold_is_not_added() {
    let mut book = Book::default();
    for (price, qty) in [(0, 1), (-5, 1), (1, 0), (1, -1)] {
        assert_eq!(book.add(Side::Buy, price, qty, &mut ()), None);
    }
    assert!(book.add(Side::Buy, 1, i64::MAX, &mut ()).is_some());
    assert_eq!(book.add(Side::Buy, 2, 1, &mut ()), None);
    assert!(book.add(Side::Sell, 2, 1, &mut ()).is_some());
}

#[test]
fn who_listens_has_the_levels_of_the_book() {
    let (mut book, mut ticker) = (Book::default(), Ticker::default());
    let mut state = 7_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005) + 1;
        (state >> 33) % below
    };
    let mut entered = Vec::new();
    for _ in 0..5_000 {
        let side = [Side::Buy, Side::Sell][random(2) as usize];
        let (price, qty) = (100 + random(12) as i64, 1 + random(9) as i64);
        match random(10) {
            0..6 => entered.extend(book.enter(side, price, qty, &mut ticker)),
            6 => assert!(book.take(side, None, qty, &mut ticker) <= qty),
            _ => {
                let Some(order) = entered.get(random(1 + entered.len() as u64) as usize) else {
                    continue;
                };
                let open = ticker.orders.get(&order.slot());
                let is_open = open.is_some_and(|it| it.0 == *order);
                assert_eq!(book.cancel(*order, &mut ticker), is_open);
            }
        }
        let mut bids = ticker.levels(Side::Buy);
        bids.reverse();
        assert_eq!(book.levels(Side::Buy).collect::<Vec<_>>(), bids);
        let asks = ticker.levels(Side::Sell);
        assert_eq!(book.levels(Side::Sell).collect::<Vec<_>>(), asks);
        let best = |levels: &[(i64, i64, u32)]| levels.first().map(|level| level.0);
        assert!(
            best(&bids)
                .zip(best(&asks))
                .is_none_or(|(bid, ask)| bid < ask)
        );
    }
    assert!(ticker.trades.len() > 500, "{} trades", ticker.trades.len());
}
