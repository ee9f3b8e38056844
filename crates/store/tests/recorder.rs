//! Event batches in, orders and trades out: each event exactly once.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod market;

use market::{Market, ONE, Rest, Scratch, Writer, accepted, canceled, trade};
use store::history::Page;
use store::{OrderQuery, Reader, Recorder, StoreError};
use wire::record::event::{Raised, Rejected, Replaced, StatusReport};
use wire::record::{
    CancelReason, Event, EventBatch, OrdStatus, OrdType, Reason, Side, TimeInForce,
};

fn rest(order_id: u64, side: Side) -> Rest {
    Rest {
        order_id,
        account: 1,
        instrument: 1,
        side,
        price: 50_000 * ONE,
    }
}

fn text(json: Vec<u8>) -> String {
    String::from_utf8(json).unwrap()
}

fn show(reader: &Reader, order_id: u64) -> String {
    text(reader.order(order_id).unwrap().unwrap().json)
}

/// Everything that a reader can see of orders and trades.
fn content(reader: &Reader) -> Vec<String> {
    let mut all = Vec::new();
    for user in 1..=4 {
        let mut query = OrderQuery {
            account: user,
            status: None,
            instrument: None,
            before: None,
            limit: 1_000,
            bytes_max: usize::MAX,
        };
        loop {
            let page = reader.orders(&query).unwrap();
            for (order_id, json) in page.orders {
                assert_eq!(reader.order(order_id).unwrap().unwrap().json, json);
                all.push(text(json));
            }
            query.before = page.next;
            if page.next.is_none() {
                break;
            }
        }
    }
    for instrument in 1..=2 {
        for trade in reader.trades(instrument, None, 1_000).unwrap() {
            let mut json = Vec::new();
            trade.write(&mut json);
            all.push(text(json));
        }
        all.extend(
            reader
                .bars(instrument, 0)
                .unwrap()
                .iter()
                .map(|bar| format!("{bar:?}")),
        );
    }
    all
}

fn market_batches(count: usize) -> Vec<Vec<u8>> {
    let mut market = Market::new(4, 2);
    (0..count)
        .map(|_| {
            (0..7).for_each(|_| market.step());
            market.writer.batch()
        })
        .collect()
}

fn renamed(order_id: u64, leaves: i64) -> Replaced {
    Replaced {
        entry: 1,
        account: 1,
        entry_seq: 9,
        order_id,
        num: 71,
        orig_num: 70,
        old_price: 50_000 * ONE,
        old_leaves: 3 * ONE,
        price: 49_000 * ONE,
        qty: leaves,
        leaves,
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
fn an_order_is_called_by_its_newest_client_order_id() {
    let scratch = Scratch::new("renamed");
    let mut recorder = Recorder::open(&scratch.db()).unwrap();
    let mut writer = Writer::default();
    writer.names(2, 1);
    let (one, other) = (rest(7, Side::Buy), rest(8, Side::Buy));
    for order in [&one, &other] {
        let began = accepted(order, 3 * ONE, TimeInForce::Gtc);
        writer.add(&Event::Accepted(began, "first"));
    }
    // One is amended in the transaction in which it begins, the other in a later one.
    writer.add(&Event::Replaced(renamed(7, 2 * ONE), "first", "second"));
    recorder.take(0, &writer.batch()).unwrap();
    recorder.commit().unwrap();
    let called = |name: &str| format!(r#""client_order_id":"{name}""#);
    let reader = Reader::open(&scratch.db()).unwrap();
    assert!(show(&reader, 7).contains(&called("second")));
    assert!(show(&reader, 8).contains(&called("first")));
    writer.add(&Event::Replaced(renamed(8, 2 * ONE), "first", "third"));
    // REST amends without a name, and a copy is of nobody else's.
    writer.add(&Event::Replaced(renamed(7, ONE), "second", ""));
    let copy = Replaced {
        copy: true,
        ..renamed(7, ONE)
    };
    writer.add(&Event::Replaced(copy, "second", "another's"));
    recorder.take(1, &writer.batch()).unwrap();
    recorder.commit().unwrap();
    writer.add(&Event::Canceled(canceled(&other, 2 * ONE), "third", ""));
    recorder.take(2, &writer.batch()).unwrap();
    recorder.commit().unwrap();
    let reader = Reader::open(&scratch.db()).unwrap();
    assert!(show(&reader, 7).contains(&called("second")));
    assert!(show(&reader, 8).contains(&called("third")));
}

#[test]
fn the_life_of_an_order() {
    let scratch = Scratch::new("life");
    let mut recorder = Recorder::open(&scratch.db()).unwrap();
    let mut writer = Writer::default();
    writer.names(2, 1);
    let (buy, mut sell) = (rest(7, Side::Buy), rest(8, Side::Sell));
    sell.account = 2;
    let mut order = accepted(&buy, 3 * ONE, TimeInForce::Gtc);
    order.num = 70;
    writer.add(&Event::Accepted(order, ""));
    recorder.take(0, &writer.batch()).unwrap();
    recorder.commit().unwrap();

    writer.add(&Event::Accepted(
        accepted(&sell, ONE, TimeInForce::Ioc),
        "mine",
    ));
    let mut leg = trade(&sell, &buy, 5, ONE);
    (leg.maker_leaves, leg.maker_num) = (2 * ONE, 70);
    writer.add(&Event::Trade(leg, "mine", ""));
    recorder.take(1, &writer.batch()).unwrap();
    let replaced = Replaced {
        entry: 1,
        account: 1,
        entry_seq: 9,
        order_id: 7,
        num: 71,
        orig_num: 70,
        old_price: buy.price,
        old_leaves: 2 * ONE,
        price: 49_000 * ONE,
        qty: 2 * ONE,
        leaves: ONE,
        cum: ONE,
        avg_px: 50_000 * ONE,
        instrument: 1,
        side: Side::Buy,
        status: OrdStatus::PartiallyFilled,
        kept_priority: false,
        copy: false,
        tif: TimeInForce::Gtc,
        exec_inst: 0,
    };
    writer.add(&Event::Replaced(replaced, "", ""));
    writer.add(&Event::Replaced(
        Replaced {
            copy: true,
            qty: 1,
            ..replaced
        },
        "",
        "",
    ));
    let mut cancel = canceled(&buy, ONE);
    (cancel.cum, cancel.avg_px, cancel.reason) = (ONE, 50_000 * ONE, CancelReason::Disconnect);
    writer.add(&Event::Canceled(cancel, "", ""));
    cancel.copy = true;
    writer.add(&Event::Canceled(cancel, "", ""));
    recorder.take(2, &writer.batch()).unwrap();
    recorder.commit().unwrap();

    let reader = Reader::open(&scratch.db()).unwrap();
    let shown = show(&reader, 7);
    let expected = concat!(
        r#"{"order_id":"7","client_order_id":"71","user_id":"user1","symbol":"SYM1","side":"BUY","#,
        r#""order_type":"LIMIT","time_in_force":"GTC","price":"49000","quantity":"2","#,
        r#""status":"CANCELED","filled_quantity":"1","remaining_quantity":"0","#,
        r#""average_price":"50000","timestamp":"2023-11-14T22:13:20.000000Z","#,
        r#""updated_at":"2023-11-14T22:13:20.002000Z","reason":"DISCONNECTED","#,
        r#""fills_count":1,"fills_truncated":false,"fills":["#,
        r#"{"trade_id":"5","price":"50000","quantity":"1","liquidity":"MAKER","#,
        r#""timestamp":"2023-11-14T22:13:20.001000Z"}],"#,
        r#""status_history_count":4,"status_history_truncated":false,"status_history":["#,
        r#"{"status":"NEW","timestamp":"2023-11-14T22:13:20.000000Z","price":"50000","#,
        r#""quantity":"3","filled_quantity":"0","remaining_quantity":"3","reason":null},"#,
        r#"{"status":"PARTIALLY_FILLED","timestamp":"2023-11-14T22:13:20.001000Z","#,
        r#""price":"50000","quantity":"3","filled_quantity":"1","remaining_quantity":"2","#,
        r#""reason":null},"#,
        r#"{"status":"REPLACED","timestamp":"2023-11-14T22:13:20.002000Z","price":"49000","#,
        r#""quantity":"2","filled_quantity":"1","remaining_quantity":"1","reason":null},"#,
        r#"{"status":"CANCELED","timestamp":"2023-11-14T22:13:20.002000Z","price":"49000","#,
        r#""quantity":"2","filled_quantity":"1","remaining_quantity":"0","#,
        r#""reason":"DISCONNECTED"}]}"#,
    );
    assert_eq!(shown, expected);
    let taker = show(&reader, 8);
    assert!(
        taker.contains(r#""client_order_id":"mine","user_id":"user2""#),
        "{taker}"
    );
    assert!(taker.contains(r#""liquidity":"TAKER""#), "{taker}");
    assert_eq!(reader.order(9).unwrap(), None);
}

#[test]
fn a_refused_order_and_one_without_an_account() {
    let scratch = Scratch::new("refused");
    let mut recorder = Recorder::open(&scratch.db()).unwrap();
    let mut writer = Writer::default();
    writer.names(1, 1);
    let refused = |order_id, account| Rejected {
        entry: account,
        account,
        entry_seq: 1,
        order_id,
        num: 1,
        price: ONE,
        qty: ONE,
        instrument: 1,
        side: Side::Sell,
        ord_type: OrdType::Limit,
        tif: TimeInForce::Gtc,
        reason: Reason::AccountLimit,
    };
    writer.add(&Event::Rejected(refused(1, 1), "", "a"));
    writer.add(&Event::Rejected(refused(2, 0), "stranger", ""));
    writer.add(&Event::Rejected(refused(0, 1), "", "a"));
    recorder.take(0, &writer.batch()).unwrap();
    assert_eq!(recorder.commit().unwrap().orders, 2);
    let reader = Reader::open(&scratch.db()).unwrap();
    let first = show(&reader, 1);
    assert!(first.contains(r#""status":"REJECTED""#) && first.contains(r#""ACCOUNT_LIMIT""#));
    let second = show(&reader, 2);
    assert!(second.contains(r#""user_id":"stranger""#), "{second}");
    assert!(second.contains(r#""client_order_id":null"#), "{second}");
}

#[test]
fn the_size_of_transactions_does_not_show() {
    let scratch = Scratch::new("sizes");
    let batches = market_batches(200);
    let mut contents = Vec::new();
    for events_max in [1, 50, usize::MAX] {
        let path = scratch.0.join(format!("{events_max}.db"));
        let mut recorder = Recorder::open(&path).unwrap();
        for (offset, batch) in batches.iter().enumerate() {
            recorder.take(offset as u64, batch).unwrap();
            if recorder.pending_events() >= events_max {
                recorder.commit().unwrap();
            }
        }
        recorder.commit().unwrap();
        contents.push(content(&Reader::open(&path).unwrap()));
    }
    assert!(contents[0].len() > 500);
    assert_eq!(contents[0], contents[1]);
    assert_eq!(contents[0], contents[2]);
}

#[test]
fn what_is_not_committed_is_read_again() {
    let scratch = Scratch::new("again");
    let batches = market_batches(60);
    let mut recorder = Recorder::open(&scratch.db()).unwrap();
    for (offset, batch) in batches.iter().enumerate().take(40) {
        recorder.take(offset as u64, batch).unwrap();
        if offset == 20 {
            recorder.commit().unwrap();
        }
    }
    drop(recorder);
    let mut recorder = Recorder::open(&scratch.db()).unwrap();
    let at = recorder.position().unwrap().offset;
    assert_eq!(at, 20);
    // From before the position: what was seen is passed over.
    for (offset, batch) in batches.iter().enumerate().skip(10) {
        recorder.take(offset as u64, batch).unwrap();
    }
    recorder.commit().unwrap();
    let whole = scratch.0.join("whole.db");
    let mut other = Recorder::open(&whole).unwrap();
    for (offset, batch) in batches.iter().enumerate() {
        other.take(offset as u64, batch).unwrap();
    }
    other.commit().unwrap();
    let again = content(&Reader::open(&scratch.db()).unwrap());
    assert_eq!(again, content(&Reader::open(&whole).unwrap()));
    assert_eq!(recorder.position(), other.position());
}

#[test]
fn gaps_other_pasts_and_damage_halt() {
    let scratch = Scratch::new("halt");
    let batches = market_batches(5);
    let mut recorder = Recorder::open(&scratch.db()).unwrap();
    recorder.take(0, &batches[0]).unwrap();
    recorder.commit().unwrap();
    let at = recorder.position();

    let gap = recorder.take(2, &batches[2]).unwrap_err();
    assert!(matches!(gap, StoreError::Gap { offset: 2, .. }), "{gap}");
    assert!(!gap.is_transient());

    let mut damaged = batches[1].clone();
    *damaged.last_mut().unwrap() ^= 1;
    assert!(matches!(
        recorder.take(1, &damaged),
        Err(StoreError::Damaged { offset: 1 })
    ));
    let short = recorder.take(1, &batches[1][..20]);
    assert!(matches!(short, Err(StoreError::Record { offset: 1, .. })));

    let mut other = Market::new(3, 2);
    (0..7).for_each(|_| other.step());
    other.writer.batch();
    other.writer.seq = at.unwrap().seq;
    other.step();
    let foreign = recorder.take(1, &other.writer.batch());
    assert!(
        matches!(foreign, Err(StoreError::Chain { offset: 1 })),
        "{foreign:?}"
    );

    recorder.rewind();
    recorder.take(1, &batches[1]).unwrap();
    recorder.commit().unwrap();
    assert_ne!(recorder.position(), at);
}

#[test]
fn empty_batches_move_the_position_and_repeats_do_not() {
    let scratch = Scratch::new("empty");
    let mut recorder = Recorder::open(&scratch.db()).unwrap();
    let mut writer = Writer::default();
    let (first, second) = (writer.batch(), writer.batch());
    recorder.take(1, &first).unwrap();
    recorder.take(2, &first).unwrap();
    recorder.take(3, &second).unwrap();
    recorder.commit().unwrap();
    let at = recorder.position().unwrap();
    assert_eq!((at.offset, at.seq, at.hash), (3, 0, writer.hash));
}

#[test]
fn orders_whose_beginning_is_lost_are_recorded_as_their_events_tell() {
    let scratch = Scratch::new("late");
    let mut recorder = Recorder::open(&scratch.db()).unwrap();
    let mut writer = Writer {
        seq: 1_000,
        hash: 77,
        command_offset: 9,
        ..Writer::default()
    };
    let order = rest(3, Side::Sell);
    let taker = rest(900, Side::Buy);
    writer.add(&Event::Accepted(
        accepted(&taker, ONE, TimeInForce::Ioc),
        "",
    ));
    let mut leg = trade(&taker, &order, 1, ONE);
    leg.maker_leaves = ONE;
    writer.add(&Event::Trade(leg, "", "its name"));
    let first = writer.batch();
    recorder.take(55, &first).unwrap();
    recorder.commit().unwrap();
    let mut cancel = canceled(&order, ONE);
    (cancel.cum, cancel.avg_px) = (ONE, order.price);
    writer.add(&Event::Canceled(cancel, "its name", ""));
    recorder.take(56, &writer.batch()).unwrap();
    recorder.commit().unwrap();
    let at = recorder.position().unwrap();
    assert_eq!((at.first_seq, at.seq), (1_001, 1_003));
    let reader = Reader::open(&scratch.db()).unwrap();
    // What was before is nowhere: neither counts nor pages claim to have it.
    let first_ns = EventBatch::read(&first).unwrap().header.time_ns;
    let since_ns = reader.complete_since().unwrap().unwrap();
    assert!(since_ns > first_ns && since_ns <= first_ns + 1_000 && since_ns.is_multiple_of(1_000));
    let page = Page {
        after: 0,
        limit: 10,
        bytes_max: usize::MAX,
    };
    let fills = reader.fills(3, &page).unwrap().unwrap();
    assert_eq!((fills.count, fills.of, fills.next), (1, None, None));
    let entries = reader.history(3, &page).unwrap().unwrap();
    assert_eq!((entries.count, entries.of, entries.next), (2, None, None));
    let entries = reader.history(900, &page).unwrap().unwrap();
    assert_eq!((entries.count, entries.of), (2, Some(2)));
    let shown = show(&reader, 3);
    for part in [
        r#""client_order_id":"its name","user_id":"\#1","symbol":"\#1","side":"SELL""#,
        r#""quantity":"2","status":"CANCELED","filled_quantity":"1""#,
        r#""timestamp":null,"updated_at":"2023"#,
        r#""fills_count":null,"fills_truncated":false,"fills":[{"trade_id":"1""#,
        r#""liquidity":"MAKER""#,
        r#""status_history_count":null,"status_history_truncated":true,"status_history":[{"#,
    ] {
        let part = part.replace('\\', "");
        assert!(shown.contains(&part), "{part} in {shown}");
    }
}

#[test]
fn a_seed_tells_what_was_before() {
    let scratch = Scratch::new("seed");
    let mut recorder = Recorder::open(&scratch.db()).unwrap();
    let mut before = Writer::default();
    before.names(1, 1);
    let order = rest(3, Side::Sell);
    before.add(&Event::Accepted(
        accepted(&order, 3 * ONE, TimeInForce::Day),
        "",
    ));
    before.add(&Event::StatusReport(
        StatusReport {
            entry: 1,
            entry_seq: 0,
            req_id: 0,
            order_id: 3,
            num: 3,
            price: order.price,
            qty: 3 * ONE,
            leaves: ONE,
            cum: 2 * ONE,
            avg_px: order.price,
            instrument: 1,
            side: 2,
            ord_type: 2,
            tif: 0,
            status: OrdStatus::PartiallyFilled,
        },
        "",
        "",
    ));
    recorder.seed(&before.batch(), 9).unwrap();
    recorder.commit().unwrap();
    let reader = Reader::open(&scratch.db()).unwrap();
    let shown = show(&reader, 3);
    assert!(
        shown.contains(
            r#""status":"PARTIALLY_FILLED","filled_quantity":"2","remaining_quantity":"1""#
        ),
        "{shown}"
    );
    let none = r#""fills_count":null,"fills_truncated":true,"fills":[]"#;
    assert!(shown.contains(none), "{shown}");
    let mut writer = Writer {
        seq: 500,
        hash: 5,
        command_offset: 90,
        ..Writer::default()
    };
    writer.add(&Event::Canceled(canceled(&order, ONE), "", ""));
    recorder.take(30, &writer.batch()).unwrap();
    recorder.commit().unwrap();
    let reader = Reader::open(&scratch.db()).unwrap();
    let shown = show(&reader, 3);
    assert!(
        shown.contains(r#""user_id":"user1","symbol":"SYM1""#),
        "{shown}"
    );
    assert!(
        shown.contains(r#""time_in_force":"DAY""#) && shown.contains("CANCELED"),
        "{shown}"
    );
}

#[test]
fn what_events_tell_replaces_what_a_seed_told() {
    let scratch = Scratch::new("anew");
    let mut recorder = Recorder::open(&scratch.db()).unwrap();
    let mut writer = Writer::default();
    writer.names(1, 1);
    let order = rest(3, Side::Sell);
    writer.add(&Event::Accepted(
        accepted(&order, ONE, TimeInForce::Day),
        "",
    ));
    let batch = writer.batch();
    recorder.seed(&batch, 9).unwrap();
    recorder.commit().unwrap();
    assert_eq!(recorder.position(), None);
    let mut log = Writer {
        seq: 100,
        hash: 5,
        command_offset: 90,
        ..Writer::default()
    };
    log.add(&Event::Accepted(
        accepted(&order, 2 * ONE, TimeInForce::Gtc),
        "",
    ));
    recorder.take(30, &log.batch()).unwrap();
    recorder.commit().unwrap();
    let reader = Reader::open(&scratch.db()).unwrap();
    let shown = show(&reader, 3);
    assert!(shown.contains(r#""time_in_force":"GTC""#), "{shown}");
    assert_eq!(
        shown.matches(r#""status":"NEW""#).count(),
        2,
        "the order and one change"
    );
}

#[test]
fn a_file_of_another_version_is_refused() {
    let scratch = Scratch::new("version");
    drop(Recorder::open(&scratch.db()).unwrap());
    let connection = rusqlite::Connection::open(scratch.db()).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    assert!(matches!(
        Recorder::open(&scratch.db()),
        Err(StoreError::Schema { found: 99 })
    ));
    assert!(matches!(
        Reader::open(&scratch.db()),
        Err(StoreError::Schema { found: 99 })
    ));
}

#[test]
fn numbers_leap_where_the_log_says_so_and_nowhere_else() {
    let scratch = Scratch::new("leap");
    let mut recorder = Recorder::open(&scratch.db()).unwrap();
    let mut market = Market::new(3, 2);
    recorder.take(1, &market.writer.batch()).unwrap();
    let after = market.writer.seq;
    let raised = |after| Raised {
        orders: 900,
        orders_after: 90,
        trades: 70,
        after,
    };
    for (said, count) in [(after - 1, 500), (after + 1, 500)] {
        let mut other = Market::new(3, 2);
        other.writer.batch();
        other.writer.seq = count;
        other.writer.add(&Event::Raised(raised(said)));
        let gap = recorder.take(2, &other.writer.batch()).unwrap_err();
        assert!(matches!(gap, StoreError::Gap { offset: 2, .. }), "{gap}");
        recorder.rewind();
        recorder.take(1, &Market::new(3, 2).writer.batch()).unwrap();
    }
    market.writer.seq = 500;
    market.writer.add(&Event::Raised(raised(after)));
    market.step();
    recorder.take(2, &market.writer.batch()).unwrap();
    recorder.commit().unwrap();
    assert_eq!(recorder.position().unwrap().seq, market.writer.seq);
}
