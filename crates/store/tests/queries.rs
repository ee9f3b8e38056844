//! What readers see: pages, trades and their sums.
#![allow(clippy::unwrap_used)]

mod market;

use market::{Market, Scratch};
use store::{OrderQuery, Reader, Recorder};
use wire::record::OrdStatus;

fn text(json: Vec<u8>) -> String {
    String::from_utf8(json).unwrap()
}

const BYTES_MAX: usize = 1 << 18;

fn of(account: u32, before: Option<u64>, limit: usize) -> OrderQuery {
    OrderQuery {
        account,
        status: None,
        instrument: None,
        before,
        limit,
        bytes_max: BYTES_MAX,
    }
}

#[test]
fn pages_hold_still_while_orders_come() {
    let scratch = Scratch::new("pages");
    let mut recorder = Recorder::open(&scratch.db()).unwrap();
    let mut market = Market::new(1, 2);
    let mut offset = 0;
    let mut grow = |recorder: &mut Recorder, count: usize| {
        (0..count).for_each(|_| market.rest());
        recorder.take(offset, &market.writer.batch()).unwrap();
        recorder.commit().unwrap();
        offset += 1;
    };
    grow(&mut recorder, 100);
    let reader = Reader::open(&scratch.db()).unwrap();
    let (mut ids, mut before) = (Vec::new(), None);
    loop {
        let query = of(1, before, 7);
        let page = reader.orders(&query).unwrap();
        ids.extend(page.orders.iter().map(|(id, _)| *id));
        before = page.next;
        if before.is_none() {
            break;
        }
        grow(&mut recorder, 5);
    }
    assert_eq!(ids, (1..=100).rev().collect::<Vec<u64>>());
    let filtered = OrderQuery {
        status: Some(OrdStatus::New),
        instrument: Some(2),
        ..of(1, None, 10)
    };
    let page = reader.orders(&filtered).unwrap();
    assert_eq!(page.orders.len(), 10);
    assert!(
        page.orders
            .iter()
            .all(|(_, json)| text(json.clone()).contains("\"SYM2\""))
    );
    let none = OrderQuery {
        status: Some(OrdStatus::Filled),
        ..filtered
    };
    assert_eq!(reader.orders(&none).unwrap(), store::Page::default());
    let nobody = of(9, None, 10);
    assert_eq!(reader.orders(&nobody).unwrap(), store::Page::default());
    assert_eq!(reader.account("user1").unwrap(), Some(1));
    assert_eq!(reader.account("nobody").unwrap(), None);
}

#[test]
fn trades_and_their_sums_agree() {
    let scratch = Scratch::new("trades");
    let mut recorder = Recorder::open(&scratch.db()).unwrap();
    let mut market = Market::new(2, 2);
    for offset in 0..300 {
        (0..20).for_each(|_| market.step());
        // Steps of a second, so that several minutes are touched.
        market.writer.time_ns += 999_000_000;
        recorder.take(offset, &market.writer.batch()).unwrap();
        recorder.commit().unwrap();
    }
    let reader = Reader::open(&scratch.db()).unwrap();
    for instrument in [1, 2] {
        let all = reader
            .trades_between(instrument, (0, u64::MAX), 0, 1_000)
            .unwrap();
        assert!(all.len() > 100 && all.is_sorted_by_key(|trade| trade.trade_id));
        let mut newest = reader.trades(instrument, None, 1_000).unwrap();
        newest.reverse();
        assert_eq!(all, newest);
        let middle = all[all.len() / 2];
        let after = reader
            .trades_between(instrument, (0, u64::MAX), middle.trade_id, 5)
            .unwrap();
        assert_eq!(after, all[all.len() / 2 + 1..][..5]);
        let before = reader.trades(instrument, Some(middle.trade_id), 5).unwrap();
        assert!(
            before
                .iter()
                .rev()
                .eq(&all[all.len() / 2 - 5..all.len() / 2])
        );

        let sum = reader
            .sum_between(instrument, 0, u64::MAX)
            .unwrap()
            .unwrap();
        let sum = &sum;
        let (bar, sum) = (*sum, sum.sum);
        assert_eq!(sum.count, all.len() as u64);
        assert_eq!(sum.qty, all.iter().map(|t| i128::from(t.qty)).sum::<i128>());
        assert_eq!(Some(sum.high), all.iter().map(|t| t.price).max());
        let bars = reader.bars(instrument, 0).unwrap();
        assert!(bars.len() > 3);
        let mut joined = bars[0].1;
        bars[1..].iter().for_each(|(_, bar)| joined.join(bar));
        assert_eq!(joined, bar);
        let (minute, bar) = bars[1];
        let (from, to) = (
            minute * projection::sum::BAR_NS,
            (minute + 1) * projection::sum::BAR_NS,
        );
        assert_eq!(
            reader.sum_between(instrument, from - 1, to).unwrap(),
            Some(bar)
        );
    }
    assert_eq!(reader.sum_between(9, 0, u64::MAX).unwrap(), None);
    assert_eq!(reader.instruments().unwrap().len(), 2);
}

#[test]
fn bounds_that_no_column_holds_leave_nothing_out_and_let_nothing_in() {
    let scratch = Scratch::new("bounds");
    let mut recorder = Recorder::open(&scratch.db()).unwrap();
    let mut market = Market::new(2, 1);
    (0..200).for_each(|_| market.step());
    // The last time that a column holds.
    market.writer.time_ns = i64::MAX as u64;
    recorder.take(1, &market.writer.batch()).unwrap();
    recorder.commit().unwrap();
    let reader = Reader::open(&scratch.db()).unwrap();
    let all = reader.trades(1, None, 1_000).unwrap();
    assert!(all.len() > 5);
    for before in [1 << 63, u64::MAX] {
        assert_eq!(reader.trades(1, Some(before), 1_000).unwrap(), all);
        let between = |after| reader.trades_between(1, (0, before), after, 1_000).unwrap();
        assert_eq!(between(0).len(), all.len());
        assert_eq!(between(before), []);
        let sum = reader.sum_between(1, i64::MAX as u64 - 1, before).unwrap();
        assert_eq!(sum.unwrap().sum.count, all.len() as u64);
        assert_eq!(reader.sum_between(1, before, u64::MAX).unwrap(), None);
    }
    assert_eq!(reader.trades_between(1, (0, 0), 0, 9).unwrap(), []);
    assert_eq!(reader.sum_between(1, 0, 0).unwrap(), None);
}
