//! What is remembered of closed orders, and for how long.
#![allow(clippy::unwrap_used)]

use super::{BYTES, ClosedOrders, Most, State};
use wire::record::{OrdStatus, Side, TimeInForce};

const MANY: Most = Most {
    per_session: 1_000,
    bytes: 1 << 20,
};

fn state(entry: u32, order_id: u64) -> State {
    State {
        order_id,
        price: 10,
        qty: 5,
        cum: 2,
        avg_px: 10,
        entry,
        instrument: 1,
        side: Side::Sell,
        tif: TimeInForce::Day,
        status: OrdStatus::Expired,
    }
}

/// Remember orders by session and id.
fn remember(closed: &mut ClosedOrders, orders: &[(u32, u64)], most: Most) {
    for (entry, order_id) in orders {
        closed.remember(&state(*entry, *order_id), "name", most);
        closed.check().unwrap();
    }
}

fn ids(closed: &ClosedOrders) -> Vec<u64> {
    closed.iter().map(|order| order.order_id).collect()
}

#[test]
fn an_order_is_found_by_its_id_as_it_ended() {
    let mut closed = ClosedOrders::new();
    remember(&mut closed, &[(1, 7), (2, 8)], MANY);
    let found = closed.get(closed.find(8).unwrap());
    assert_eq!((found.entry, found.order_id), (2, 8));
    assert_eq!(closed.text(found), "name");
    assert_eq!(
        (found.qty, found.cum, found.status),
        (5, 2, OrdStatus::Expired)
    );
    assert_eq!(closed.find(9), None);
}

#[test]
fn a_session_forgets_its_own_oldest_and_no_other_ones() {
    let mut closed = ClosedOrders::new();
    let most = Most {
        per_session: 2,
        ..MANY
    };
    remember(
        &mut closed,
        &[(1, 1), (2, 2), (1, 3), (1, 4), (2, 5), (1, 6)],
        most,
    );
    assert_eq!(ids(&closed), [2, 4, 5, 6]);
    assert_eq!((closed.find(1), closed.find(3)), (None, None));
    let fewer = Most {
        per_session: 1,
        ..MANY
    };
    remember(&mut closed, &[(2, 7)], fewer);
    assert_eq!(ids(&closed), [4, 6, 7]);
}

#[test]
fn the_oldest_of_all_is_forgotten_where_bytes_run_out() {
    let mut closed = ClosedOrders::new();
    let most = Most {
        bytes: 3 * (BYTES + 4),
        ..MANY
    };
    remember(&mut closed, &[(1, 1), (2, 2), (2, 3)], most);
    assert_eq!(ids(&closed), [1, 2, 3]);
    remember(&mut closed, &[(2, 4)], most);
    assert_eq!(ids(&closed), [2, 3, 4]);
    closed.remember(&state(3, 5), "a name that is longer", most);
    assert_eq!(ids(&closed), [4, 5]);
}

#[test]
fn nothing_is_remembered_where_nothing_may_be() {
    let mut closed = ClosedOrders::new();
    let none = Most {
        per_session: 0,
        ..MANY
    };
    let few = Most {
        bytes: BYTES + 3,
        ..MANY
    };
    remember(&mut closed, &[(1, 1)], none);
    remember(&mut closed, &[(1, 1)], few);
    assert_eq!((closed.len(), ids(&closed)), (0, vec![]));
}

#[test]
fn orders_of_many_sessions_come_and_go() {
    let mut closed = ClosedOrders::new();
    let most = Most {
        per_session: 50,
        bytes: 300 * (BYTES + 4),
    };
    for order_id in 1..=5_000 {
        let entry = 1 + (order_id * order_id % 13) as u32;
        closed.remember(&state(entry, order_id), "name", most);
    }
    closed.check().unwrap();
    assert!(ids(&closed).is_sorted());
    assert_eq!(*ids(&closed).last().unwrap(), 5_000);
    assert!(closed.len() <= 300);
}
