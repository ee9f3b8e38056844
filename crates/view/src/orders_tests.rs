use super::*;
use projection::execution;
use wire::record::event::{Accepted, Canceled, StatusReport};
use wire::record::{CancelReason, OrdStatus, OrdType, Side, Stp, TimeInForce};

fn terms(account: u32, order_id: u64) -> Accepted {
    Accepted {
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
    }
}

fn insert(orders: &mut Orders, account: u32, order_id: u64, seq: u64) {
    orders.insert(order_id, account, |order| {
        order.begin(&execution::accepted(&terms(account, order_id), ""), seq, 1);
    });
}

fn standing(account: u32, order_id: u64) -> Order {
    let report = StatusReport {
        entry: account,
        entry_seq: 0,
        req_id: 0,
        order_id,
        num: 1,
        price: 1,
        qty: 1,
        leaves: 1,
        cum: 0,
        avg_px: 0,
        instrument: 1,
        side: 1,
        ord_type: 2,
        tif: 1,
        status: OrdStatus::New,
    };
    Order::standing(&terms(account, order_id), "", &report)
}

fn cancel(orders: &mut Orders, order_id: u64, seq: u64) {
    let canceled = Canceled {
        entry: 1,
        account: 1,
        entry_seq: 0,
        order_id,
        num: 1,
        orig_num: 1,
        price: 1,
        qty: 1,
        leaves: 0,
        cum: 0,
        avg_px: 0,
        instrument: 1,
        side: Side::Buy,
        reason: CancelReason::Requested,
        status: OrdStatus::Canceled,
        copy: false,
    };
    let x = execution::canceled(&canceled, "");
    orders.change(order_id, seq, |order| order.apply(&x, seq, 0));
    orders.trim();
}

fn ids_below(orders: &Orders, account: u32, before: u64) -> (Vec<u64>, u64) {
    let mut ids = Vec::new();
    let down_to = orders.visit(account, before, |order| {
        ids.push(order.order_id);
        true
    });
    (ids, down_to)
}

fn ids(orders: &Orders, account: u32) -> Vec<u64> {
    ids_below(orders, account, u64::MAX).0
}

/// The sequence number that the store must have for an order that is not here whole.
fn waits_for(orders: &Orders, order_id: u64) -> Option<u64> {
    match orders.find(order_id) {
        Found::Stored(seq) => Some(seq),
        Found::Whole(_) | Found::Unknown => None,
    }
}

#[test]
fn the_newest_stay_whatever_became_of_them_and_older_ones_while_they_are_open() {
    let mut orders = Orders::new(4, 100);
    for id in 1..=8 {
        insert(&mut orders, 7, id, id);
        if id % 2 == 0 {
            cancel(&mut orders, id, 10 + id);
            orders.recorded(10 + id);
        }
    }
    assert_eq!(ids(&orders, 7), [8, 7, 6, 5, 3, 1]);
    assert_eq!((orders.len(), orders.dropped_orders()), (6, 0));
    assert_eq!(waits_for(&orders, 2), Some(0), "the store has it already");
    // An older one that closes stays until it is recorded, and no longer.
    cancel(&mut orders, 3, 30);
    assert!(matches!(orders.find(3), Found::Whole(_)));
    orders.recorded(30);
    cancel(&mut orders, 1, 31);
    assert_eq!(ids(&orders, 7), [8, 7, 6, 5, 1]);
    assert_eq!(
        (waits_for(&orders, 3), orders.wait_for_account(7)),
        (Some(0), 0)
    );
}

#[test]
fn what_is_dropped_before_it_is_recorded_waits_for_the_recorder() {
    let mut orders = Orders::new(2, 1);
    for id in 1..=4 {
        insert(&mut orders, 7, id, id);
        cancel(&mut orders, id, 10 + id);
    }
    assert_eq!(ids(&orders, 7), [4, 3]);
    assert_eq!(waits_for(&orders, 1), Some(12), "the last that was dropped");
    assert_eq!(
        (orders.wait_for_account(7), orders.wait_for_account(8)),
        (12, 0)
    );
    assert_eq!(orders.dropped_orders(), 2);
    // Of older ones that close, as many as may wait for the recorder.
    for id in 5..=10 {
        insert(&mut orders, 8, id, 20 + id);
    }
    for id in 5..=7 {
        cancel(&mut orders, id, 40 + id);
    }
    assert_eq!(ids(&orders, 8), [10, 9, 8, 7]);
    assert_eq!(
        (waits_for(&orders, 5), orders.dropped_orders()),
        (Some(46), 6)
    );
}

#[test]
fn a_walk_begins_anywhere_and_misses_nothing() {
    let mut orders = Orders::new(64, 10);
    orders.begin(0, 9);
    for id in 1..=9 {
        orders.insert_standing(standing(1 + id as u32 % 3, id));
    }
    for id in 10..=150 {
        insert(&mut orders, 1 + id as u32 % 3, id, id);
        if id % 5 == 0 {
            cancel(&mut orders, id, 1_000 + id);
        }
    }
    let kept = |id: &u64| *id > 150 - 64 || !id.is_multiple_of(5) || *id < 10;
    for account in 1..=3 {
        let all: Vec<u64> = (1..=150u64)
            .rev()
            .filter(|id| 1 + id % 3 == u64::from(account))
            .filter(kept)
            .collect();
        for before in 0..=160 {
            let below: Vec<u64> = all.iter().copied().filter(|id| *id < before).collect();
            assert_eq!(
                ids_below(&orders, account, before),
                (below, 0),
                "below {before}"
            );
        }
    }
    let mut seen = 0;
    let down_to = orders.visit(1, u64::MAX, |_| {
        seen += 1;
        seen <= 3
    });
    assert_eq!(down_to, 144);
}

#[test]
fn ids_that_were_given_are_told_from_those_that_were_not() {
    let mut orders = Orders::new(10, 10);
    assert!(!orders.exists(0) && !orders.exists(1));
    let partition = 3 << COUNTER_BITS;
    orders.begin(50, partition | 7);
    for id in [0, partition, partition | 8, 7, 4 << COUNTER_BITS | 1] {
        assert!(matches!(orders.find(id), Found::Unknown), "{id}");
    }
    assert_eq!(waits_for(&orders, partition | 7), Some(50));
    insert(&mut orders, 1, partition | 9, 60);
    assert!(orders.exists(partition | 8) && orders.exists(partition | 9));
    assert!(!orders.exists(partition | 10));
}

#[test]
fn ids_that_were_passed_over_are_no_orders() {
    let mut orders = Orders::new(10, 10);
    let partition = 3 << COUNTER_BITS;
    orders.begin(50, partition | 20);
    orders.skip(8, 10);
    orders.skip(15, 20);
    let gone = |orders: &Orders| {
        (1..=41)
            .filter(|id| matches!(orders.find(partition | id), Found::Unknown))
            .collect::<Vec<_>>()
    };
    let not_given = |from, to| {
        [8, 9, 10, 15, 16, 17, 18, 19, 20]
            .into_iter()
            .chain(from..=to)
    };
    assert_eq!(gone(&orders), not_given(21, 41).collect::<Vec<_>>());
    insert(&mut orders, 1, partition | 21, 60);
    orders.skip(22, 21);
    orders.skip(22, 40);
    assert_eq!(gone(&orders), not_given(22, 41).collect::<Vec<_>>());
    insert(&mut orders, 1, partition | 41, 70);
    assert_eq!(gone(&orders), not_given(22, 40).collect::<Vec<_>>());
}

#[test]
fn an_order_from_before_is_whole_once_the_store_has_told_its_beginning() {
    let mut orders = Orders::new(10, 10);
    orders.begin(100, 9);
    for id in 1..=3 {
        orders.insert_standing(standing(7, id));
    }
    assert_eq!(waits_for(&orders, 1), Some(100));
    cancel(&mut orders, 2, 105);
    assert_eq!(
        (waits_for(&orders, 2), orders.wait_for_account(7)),
        (Some(105), 105)
    );
    assert_eq!(orders.lacking(2), [1, 2]);
    let beginning = |order_id| Beginning {
        order_id,
        created_ns: 4,
        history: 60,
        fills: 0,
    };
    orders.set_beginning(&beginning(1), 100);
    orders.set_beginning(&beginning(2), 105);
    orders.set_beginning(&beginning(9), 105);
    let mut out = Vec::new();
    let called = projection::order::Called {
        user: "u",
        symbol: "S",
        numbered: false,
    };
    if let Some(order) = orders.get(2) {
        order.write(&called, Since::default(), &mut out);
    }
    let shown = String::from_utf8_lossy(&out);
    assert!(shown.contains("\"status_history_count\":60,"), "{shown}");
    assert!(shown.contains("\"timestamp\":\"1970"), "{shown}");
    assert_eq!(
        waits_for(&orders, 2),
        Some(105),
        "its older changes are the store's"
    );
    assert_eq!(orders.lacking(9), [3]);
}

#[test]
fn a_beginning_that_can_not_be_told_apart_is_asked_for_again() {
    let mut orders = Orders::new(10, 10);
    orders.begin(100, 9);
    orders.insert_standing(standing(7, 1));
    let replaced = |seq| {
        move |order: &mut Order| {
            order.apply(&execution::replaced(&amended(), ("", "")), seq, 0);
        }
    };
    orders.change(1, 101, replaced(101));
    orders.change(1, 103, replaced(103));
    let _ = orders.lacking(1);
    let beginning = Beginning {
        order_id: 1,
        created_ns: 4,
        history: 2,
        fills: 0,
    };
    // The store has one of the two changes: which of its entries are known here can't be told.
    orders.set_beginning(&beginning, 102);
    assert_eq!(orders.lacking(1), [1]);
    // It can't have fewer than were seen here: then it is not believed, and answers by itself.
    let fewer = Beginning {
        history: 1,
        ..beginning
    };
    orders.set_beginning(&fewer, 103);
    assert!(orders.get(1).is_some_and(Order::lacks_earlier) && orders.lacking(1).is_empty());
    orders.set_beginning(
        &Beginning {
            history: 3,
            ..beginning
        },
        103,
    );
    assert!(orders.lacking(1).is_empty());
    assert!(orders.get(1).is_some_and(|order| !order.lacks_earlier()));
}

fn amended() -> wire::record::event::Replaced {
    wire::record::event::Replaced {
        entry: 7,
        account: 7,
        entry_seq: 0,
        order_id: 1,
        num: 1,
        orig_num: 1,
        old_price: 1,
        old_leaves: 1,
        price: 2,
        qty: 1,
        leaves: 1,
        cum: 0,
        avg_px: 0,
        instrument: 1,
        side: Side::Buy,
        status: OrdStatus::New,
        kept_priority: false,
        copy: false,
        tif: TimeInForce::Gtc,
        exec_inst: 0,
    }
}

#[test]
fn an_order_takes_no_more_than_its_limit_says() {
    assert!(size_of::<Order>() <= 184, "{}", size_of::<Order>());
}
