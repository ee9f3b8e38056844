//! What an engine tells of itself to who asks it.
#![allow(clippy::unwrap_used)]

mod batch;

use batch::{apply, batch, order, setup};
use matching::{Engine, EntryView, InstrumentView, LevelView, OrderView};
use wire::record::command::SetInstrument;
use wire::record::{Command, EntryKind, OrdStatus, Side};

/// Three bids at two prices and an offer, of which a fourth order took a part.
fn traded() -> Engine {
    let mut engine = Engine::new(3);
    apply(&mut engine, 7, &batch((0, 0, 1), 7, &setup()));
    let commands: Vec<Command<'_>> = vec![
        order(1, 1, Side::Buy, 100),
        order(1, 2, Side::Buy, 99),
        order(2, 4, Side::Buy, 100),
        order(2, 5, Side::Sell, 103),
        order(3, 3, Side::Buy, 103),
    ];
    apply(&mut engine, 8, &batch((0, 0, 2), 8, &commands));
    engine
}

#[test]
fn an_engine_tells_its_partition_and_instruments() {
    let engine = traded();
    assert_eq!(engine.partition(), 3);
    let told: Vec<_> = engine.instruments().collect();
    let view = InstrumentView {
        id: 1,
        symbol: "X",
        spec: told[0].spec,
        last_price: 103,
        // The midnight after the trade.
        session_end_ns: 86_400_000_000_000,
    };
    assert_eq!(told, [view]);
    let command = Command::Instrument(SetInstrument { instrument: 1 }, view.spec, "X");
    assert_eq!(format!("{command:?}"), format!("{:?}", setup()[0]));
}

#[test]
fn an_engine_tells_its_accounts_and_entries() {
    let engine = traded();
    let accounts: Vec<_> = engine.accounts().collect();
    assert_eq!(accounts, [(1, "a", 2), (2, "b", 2), (3, "c", 0)]);
    let entries: Vec<EntryView<'_>> = engine.entries().collect();
    let names: Vec<_> = entries.iter().map(|it| (it.name, it.account)).collect();
    assert_eq!(names, [("a", "a"), ("b", "b"), ("c", "c")]);
    let counts: Vec<_> = entries
        .iter()
        .map(|it| (it.opened.entry, it.last_cl_ord_id, it.client_ids))
        .collect();
    assert_eq!(counts, [(1, 2, 0), (2, 5, 0), (3, 3, 0)]);
    assert!(entries.iter().all(|it| it.opened.kind == EntryKind::Binary));
}

#[test]
fn an_engine_tells_its_books() {
    let engine = traded();
    let level = |price, qty, orders| LevelView { price, qty, orders };
    let bids: Vec<_> = engine.levels(1, Side::Buy).collect();
    assert_eq!(bids, [level(100, 4, 2), level(99, 3, 1)]);
    let asks: Vec<_> = engine.levels(1, Side::Sell).collect();
    assert_eq!(asks, [level(103, 2, 1)]);
    assert_eq!(engine.levels(0, Side::Buy).count(), 0);
    assert_eq!(engine.levels(2, Side::Buy).count(), 0);
    let orders: Vec<OrderView<'_>> = engine.orders().collect();
    let told: Vec<_> = orders
        .iter()
        .map(|it| (it.entry, it.num, it.price, it.qty, it.leaves, it.cum))
        .collect();
    let book = [
        (1, 1, 100, 2, 2, 0),
        (2, 4, 100, 2, 2, 0),
        (1, 2, 99, 3, 3, 0),
        (2, 5, 103, 3, 2, 1),
    ];
    assert_eq!(told, book);
    assert_eq!(
        (orders[3].avg_px, orders[3].status),
        (103, OrdStatus::PartiallyFilled)
    );
    assert_eq!((orders[0].avg_px, orders[0].status), (0, OrdStatus::New));
    assert_eq!(engine.order(orders[3].order_id), Some(orders[3]));
    assert_eq!(engine.order(1), None);
}

#[test]
fn an_engine_tells_how_much_there_is() {
    let counts = traded().counts();
    assert_eq!((counts.open_orders, counts.levels), (4, 3));
    assert_eq!((counts.orders, counts.trades), (5, 1));
    assert_eq!(
        (counts.accounts, counts.entries, counts.instruments),
        (3, 3, 1)
    );
    assert_eq!((counts.client_ids, counts.gaps), (0, 0));
}
