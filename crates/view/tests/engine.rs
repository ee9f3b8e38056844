//! The view beside the engine whose events it is fed with.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use matching::Engine;
use projection::order::Since;
use proptest::prelude::*;
use view::answers::{Body, Reply};
use view::orders::Found;
use view::show::Filter;
use view::{Limits, Told, View, ViewError};
use wire::record::command::{
    Cancel, EntryOpen, GatewayOpen, Instrument, MassCancel, NO_ENTRY, NO_INSTRUMENT, NO_PRICE,
    NO_QTY, NewOrder, Replace,
};
use wire::record::{
    Command, CommandBatch, CommandBatchHeader, EntryKind, MassCancelType, OrdType, Side, Stp,
    TimeInForce,
};
use wire::text::decimal::ONE;

const FACADE: u16 = 2;

const BINARY: u16 = 1;

/// What an answer says.
fn said(reply: &Reply) -> serde_json::Value {
    match &reply.body {
        Body::Json(json) => serde_json::from_slice(json).expect("JSON"),
        Body::Order(order_id) => panic!("order {order_id} is left to the store"),
    }
}

struct Exchange {
    engine: Engine,
    view: View,
    number: u64,
    binary: u64,
    time_ns: u64,
    events: Vec<u8>,
}

impl Exchange {
    fn new(limits: Limits) -> Self {
        let mut exchange = Self {
            engine: Engine::new(1),
            view: View::new(FACADE, limits),
            number: 0,
            binary: 0,
            time_ns: 1_000_000_000,
            events: Vec::new(),
        };
        let _ = exchange.send_as(0, 0, 0, &[Command::Instrument(filters(), "BTCUSD")]);
        for gateway in [BINARY, FACADE] {
            let open = Command::GatewayOpen(GatewayOpen { gateway });
            let _ = exchange.send_as(gateway, 0, 0, &[open]);
        }
        let session = EntryOpen {
            kind: EntryKind::Binary,
            cancel_on_disconnect: false,
            stp: Stp::None,
        };
        let _ = exchange.send_as(0, 0, 0, &[Command::EntryOpen(session, "demo1", "demo1")]);
        exchange
    }

    fn send_as(
        &mut self,
        gateway: u16,
        incarnation: u32,
        number: u64,
        commands: &[Command<'_>],
    ) -> Told {
        let mut records = Vec::new();
        for command in commands {
            command.encode(&mut records);
        }
        self.time_ns += 1_000_000;
        let header = CommandBatchHeader {
            magic: 0,
            len: 0,
            gateway,
            incarnation,
            number,
            stamp_ns: self.time_ns,
            count: commands.len() as u32,
        };
        let mut batch = Vec::new();
        CommandBatch::write(header, &records, &mut batch);
        self.events.clear();
        let offset = self.engine.position().command_offset + 1;
        self.engine
            .apply(offset, self.time_ns, &batch, &mut self.events)
            .expect("a batch that was just written");
        self.view.apply(&self.events).expect("events in order")
    }

    fn send(&mut self, commands: &[Command<'_>]) -> Told {
        self.number += 1;
        self.send_as(FACADE, 1, self.number, commands)
    }

    fn one(&mut self, command: Command<'_>) -> (u16, serde_json::Value) {
        let told = self.send(&[command]);
        let reply = told.replies.last().expect("an answer");
        (reply.status, said(reply))
    }

    /// Let binary order entry send something, as another gateway.
    fn binary(&mut self, commands: &[Command<'_>]) -> Told {
        self.binary += 1;
        self.send_as(BINARY, 1, self.binary, commands)
    }

    fn found(&self, order_id: u64) -> serde_json::Value {
        let Found::Whole(order) = self.view.find(order_id) else {
            panic!("order {order_id} is not here whole");
        };
        let json = self.view.order_json(order, Since::default());
        serde_json::from_slice(&json).expect("JSON")
    }

    /// The first book's number, and what it shows.
    fn book(&self) -> (u64, String) {
        let json = self.view.show_book("BTCUSD", 1_000).expect("known");
        let mut book: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        let sequence = book["sequence"].as_u64().expect("a number");
        book["sequence"].take();
        book["timestamp"].take();
        (sequence, book.to_string())
    }

    fn assert_books_agree(&self) {
        for instrument in self.engine.instruments() {
            let market = self.view.market(instrument.symbol).expect("known");
            for side in [Side::Buy, Side::Sell] {
                let ours: Vec<_> = market
                    .book
                    .levels(side)
                    .map(|(price, level)| (price, level.qty, level.orders))
                    .collect();
                let theirs: Vec<_> = self
                    .engine
                    .levels(instrument.id, side)
                    .map(|level| (level.price, i128::from(level.qty), u64::from(level.orders)))
                    .collect();
                assert_eq!(ours, theirs, "{side:?}");
            }
        }
    }
}

fn filters() -> Instrument {
    Instrument::UNLIMITED
}

fn order(num: u64, side: Side, price: i64, qty: i64) -> NewOrder {
    NewOrder {
        entry: NO_ENTRY,
        num,
        price: if price == NO_PRICE {
            price
        } else {
            price * ONE
        },
        qty: qty * ONE,
        instrument: 1,
        side,
        ord_type: if price == NO_PRICE {
            OrdType::Market
        } else {
            OrdType::Limit
        },
        tif: TimeInForce::Gtc,
        exec_inst: 0,
        stp: Stp::None,
    }
}

fn cancel(num: u64, order_id: u64) -> Cancel {
    Cancel {
        entry: NO_ENTRY,
        num,
        orig_num: 0,
        order_id,
        instrument: NO_INSTRUMENT,
    }
}

fn id(order: &serde_json::Value) -> u64 {
    order["order_id"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("an id")
}

#[test]
fn an_order_is_answered_as_its_own_command_left_it() {
    let mut exchange = Exchange::new(Limits::default());
    let maker = order(1, Side::Sell, 100, 2);
    let taker = order(2, Side::Buy, 100, 1);
    let told = exchange.send(&[Command::New(maker, "a", "m"), Command::New(taker, "b", "")]);
    let bodies: Vec<serde_json::Value> = told.replies.iter().map(said).collect();
    assert_eq!(
        told.replies
            .iter()
            .map(|r| (r.num, r.status))
            .collect::<Vec<_>>(),
        [(1, 201), (2, 201)]
    );
    assert_eq!(
        (&bodies[0]["status"], &bodies[0]["client_order_id"]),
        (&"NEW".into(), &"m".into())
    );
    assert_eq!(
        (&bodies[1]["status"], &bodies[1]["average_price"]),
        (&"FILLED".into(), &"100".into())
    );
    assert_eq!(bodies[1]["fills"][0]["liquidity"], "TAKER");
    let now = exchange.found(id(&bodies[0]));
    assert_eq!(
        (&now["status"], &now["remaining_quantity"]),
        (&"PARTIALLY_FILLED".into(), &"1".into())
    );
    assert_eq!(now["status_history"].as_array().map(Vec::len), Some(2));
    exchange.assert_books_agree();
}

#[test]
fn a_books_number_is_that_of_the_event_that_changed_it() {
    let mut exchange = Exchange::new(Limits::default());
    let begin = exchange.view.sequence();
    let said = |exchange: &mut Exchange, orders: &[NewOrder]| {
        let commands: Vec<_> = orders.iter().map(|x| Command::New(*x, "a", "")).collect();
        let _ = exchange.send(&commands);
        exchange.book().0.saturating_sub(begin)
    };
    // The entry of `a` is event 1.  An order that rests moves it, and one that meets nothing doesn't.
    assert_eq!(said(&mut exchange, &[order(1, Side::Sell, 100, 5)]), 2);
    let ioc = NewOrder {
        tif: TimeInForce::Ioc,
        ..order(2, Side::Buy, 99, 1)
    };
    assert_eq!(said(&mut exchange, &[ioc]), 2);
    // Accepted and canceled were 3 and 4.  Accepted, traded and canceled: the trade.
    let ioc = NewOrder {
        qty: 2 * ONE,
        price: 100 * ONE,
        num: 3,
        ..ioc
    };
    assert_eq!(said(&mut exchange, &[ioc, NewOrder { num: 4, ..ioc }]), 8);
    // The rest of an order that trades stands there by its last trade.
    assert_eq!(said(&mut exchange, &[order(5, Side::Buy, 100, 4)]), 10);
    // One that rests and is canceled in one batch has moved it twice.
    let _ = exchange.send(&[
        Command::New(order(6, Side::Buy, 7, 1), "a", ""),
        Command::Cancel(cancel(7, 1 << 56 | 6), "", ""),
    ]);
    assert_eq!(exchange.book().0 - begin, 12);
    exchange.assert_books_agree();
}

#[test]
fn a_repeat_shows_the_first_order_and_other_content_conflicts() {
    let mut exchange = Exchange::new(Limits::default());
    let first = exchange.one(Command::New(order(1, Side::Buy, 100, 1), "a", "x"));
    let again = exchange.one(Command::New(order(2, Side::Buy, 100, 1), "a", "x"));
    assert_eq!((again.0, &again.1), (200, &first.1));
    let other = exchange.one(Command::New(order(3, Side::Buy, 101, 1), "a", "x"));
    assert_eq!(
        (other.0, &other.1["code"]),
        (409, &"DUPLICATE_CLIENT_ORDER_ID".into())
    );
    let refused = exchange.one(Command::New(order(4, Side::Buy, 0, 1), "a", "y"));
    let refused_again = exchange.one(Command::New(order(5, Side::Buy, 0, 1), "a", "y"));
    assert_eq!(
        (refused.0, &refused.1["code"]),
        (422, &"INVALID_PRICE".into())
    );
    assert_eq!(refused, refused_again);
}

#[test]
fn cancel_amend_and_mass_cancel_are_answered() {
    let mut exchange = Exchange::new(Limits::default());
    let (_, first) = exchange.one(Command::New(order(1, Side::Buy, 100, 4), "a", ""));
    let replace = Replace {
        entry: NO_ENTRY,
        num: 2,
        orig_num: 0,
        order_id: id(&first),
        price: NO_PRICE,
        qty: 3 * ONE,
        instrument: NO_INSTRUMENT,
    };
    let (status, amended) = exchange.one(Command::Replace(replace, "", ""));
    assert_eq!((status, &amended["quantity"]), (200, &"3".into()));
    assert_eq!(amended["status_history"].as_array().map(Vec::len), Some(1));
    assert_eq!(amended["status_history"][0]["status"], "REPLACED");
    assert_eq!(amended["status_history_count"], 2);
    let same = Replace {
        num: 3,
        qty: NO_QTY,
        ..replace
    };
    let (status, refused) = exchange.one(Command::Replace(same, "", ""));
    assert_eq!(
        (status, &refused["code"]),
        (422, &"NOTHING_TO_AMEND".into())
    );
    let (status, canceled) = exchange.one(Command::Cancel(cancel(4, id(&first)), "", ""));
    assert_eq!((status, &canceled["status"]), (200, &"CANCELED".into()));
    assert_eq!(canceled["reason"], "REQUESTED");
    let (status, gone) = exchange.one(Command::Cancel(cancel(5, id(&first)), "", ""));
    assert_eq!((status, &gone["code"]), (404, &"UNKNOWN_ORDER".into()));
    for num in 6..9 {
        let _ = exchange.one(Command::New(order(num, Side::Buy, num as i64, 1), "a", ""));
    }
    let all = MassCancel {
        entry: NO_ENTRY,
        num: 9,
        instrument: NO_INSTRUMENT,
        kind: MassCancelType::All,
        side: 0,
    };
    assert_eq!(
        exchange.one(Command::MassCancel(all, "a")),
        (200, serde_json::json!({"canceled": 3}))
    );
    exchange.assert_books_agree();
}

#[test]
fn a_repeat_of_an_order_that_memory_has_dropped_is_left_to_the_store() {
    let limits = Limits {
        recent_orders_max: 0,
        overlay_orders_max: 0,
        ..Limits::default()
    };
    let mut exchange = Exchange::new(limits);
    let mut ioc = order(1, Side::Buy, 100, 1);
    ioc.tif = TimeInForce::Ioc;
    let (status, first) = exchange.one(Command::New(ioc, "a", "x"));
    assert_eq!((status, &first["status"]), (201, &"CANCELED".into()));
    let waits = exchange.view.sequence();
    let _ = exchange.one(Command::New(NewOrder { num: 2, ..ioc }, "a", "y"));
    let told = exchange.send(&[Command::New(NewOrder { num: 3, ..ioc }, "a", "x")]);
    let reply = &told.replies[0];
    assert_eq!((reply.status, &reply.body), (200, &Body::Order(id(&first))));
    assert!(matches!(exchange.view.find(id(&first)), Found::Stored(seq) if seq == waits));
    assert_eq!(exchange.view.wait_for_user("a"), waits);
}

/// The order of a binary session, as its own gateway sends it.
fn by_session(num: u64, side: Side, price: i64, qty: i64) -> Command<'static> {
    let new = NewOrder {
        entry: 1,
        ..order(num, side, price, qty)
    };
    Command::New(new, "", "")
}

#[test]
fn orders_of_sessions_are_found_listed_and_changed_as_those_of_rest() {
    let mut exchange = Exchange::new(Limits::default());
    let _ = exchange.binary(&[by_session(5, Side::Sell, 100, 3)]);
    let of_session = 1 << 56 | 1;
    let found = exchange.found(of_session);
    assert_eq!(
        (
            &found["client_order_id"],
            &found["user_id"],
            &found["status"]
        ),
        (&"5".into(), &"demo1".into(), &"NEW".into())
    );
    let (_, taker) = exchange.one(Command::New(order(1, Side::Buy, 100, 1), "a", ""));
    assert_eq!(taker["fills_count"], 1);
    let amend = Replace {
        entry: NO_ENTRY,
        num: 2,
        orig_num: 0,
        order_id: of_session,
        price: NO_PRICE,
        qty: 2 * ONE,
        instrument: NO_INSTRUMENT,
    };
    let (status, amended) = exchange.one(Command::Replace(amend, "", ""));
    assert_eq!((status, &amended["quantity"]), (200, &"2".into()));
    assert_eq!(
        (&amended["client_order_id"], &amended["fills_count"]),
        (&"5".into(), &1.into())
    );
    assert_eq!(
        (&amended["fills"], &amended["fills_truncated"]),
        (&serde_json::json!([]), &true.into())
    );
    assert_eq!(amended["status_history"].as_array().map(Vec::len), Some(1));
    let (status, canceled) = exchange.one(Command::Cancel(cancel(3, of_session), "", ""));
    assert_eq!((status, &canceled["status"]), (200, &"CANCELED".into()));
    assert_eq!(canceled["status_history_count"], 4);
    let filter = Filter {
        before: u64::MAX,
        status: None,
        symbol: None,
        limit: 10,
        bytes_max: usize::MAX,
    };
    let recent = exchange.view.show_recent("demo1", filter);
    assert_eq!((recent.orders.len(), recent.down_to), (1, 0));
}

#[test]
fn an_order_from_before_a_restart_is_changed_without_the_store() {
    let mut exchange = Exchange::new(Limits::default());
    let (_, first) = exchange.one(Command::New(order(1, Side::Buy, 100, 3), "a", "mine"));
    let _ = exchange.one(Command::New(order(2, Side::Sell, 100, 1), "b", ""));
    exchange.view = View::restore(FACADE, Limits::default(), &exchange.engine);
    let base = exchange.view.sequence();
    assert!(matches!(exchange.view.find(id(&first)), Found::Stored(seq) if seq == base));
    let (status, canceled) = exchange.one(Command::Cancel(cancel(3, id(&first)), "", ""));
    assert_eq!((status, &canceled["status"]), (200, &"CANCELED".into()));
    assert_eq!(
        (
            &canceled["filled_quantity"],
            &canceled["client_order_id"],
            &canceled["timestamp"]
        ),
        (&"1".into(), &"mine".into(), &serde_json::Value::Null)
    );
    assert_eq!(canceled["status_history"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&canceled["fills_count"], &canceled["fills_truncated"]),
        (&serde_json::Value::Null, &true.into())
    );
    assert!(matches!(exchange.view.find(id(&first)), Found::Stored(seq) if seq > base));
    assert!(exchange.view.exists(id(&first)) && !exchange.view.exists(id(&first) + 2));
}

#[test]
fn an_answer_holds_the_newest_fills_of_its_command_and_marks_what_it_leaves_out() {
    let mut exchange = Exchange::new(Limits::default());
    for num in 1..=70 {
        let _ = exchange.one(Command::New(order(num, Side::Sell, 100, 1), "a", ""));
    }
    let (_, taker) = exchange.one(Command::New(order(99, Side::Buy, 100, 80), "b", ""));
    assert_eq!(
        (&taker["fills_count"], &taker["fills_truncated"]),
        (&70.into(), &true.into())
    );
    let fills = taker["fills"].as_array().expect("a list");
    assert_eq!((fills.len(), &fills[49]["trade_id"]), (50, &"70".into()));
    assert_eq!(taker["status_history_count"], 71);
    assert_eq!(
        (&taker["filled_quantity"], &taker["remaining_quantity"]),
        (&"70".into(), &"10".into())
    );
    assert_eq!(exchange.found(id(&taker)), taker);
}

#[test]
fn a_page_ends_at_its_bytes_and_says_how_far_it_looked() {
    let mut exchange = Exchange::new(Limits::default());
    for num in 1..=20 {
        let _ = exchange.one(Command::New(order(num, Side::Buy, num as i64, 1), "a", ""));
    }
    let filter = Filter {
        before: u64::MAX,
        status: None,
        symbol: None,
        limit: 100,
        bytes_max: 3_000,
    };
    let recent = exchange.view.show_recent("a", filter);
    assert!((3..8).contains(&recent.orders.len()));
    assert_eq!(
        Some(recent.down_to),
        recent.orders.last().map(|(id, _)| *id)
    );
    let rest = exchange.view.show_recent(
        "a",
        Filter {
            before: recent.down_to,
            bytes_max: usize::MAX,
            ..filter
        },
    );
    assert_eq!(
        (recent.orders.len() + rest.orders.len(), rest.down_to),
        (20, 0)
    );
}

#[test]
fn each_user_hears_of_its_own_orders_in_order_and_once() {
    let mut exchange = Exchange::new(Limits::default());
    exchange.view.listen(7, "a");
    exchange.view.listen(8, "a");
    exchange.view.listen(9, "b");
    let told = exchange.send(&[
        Command::New(order(1, Side::Sell, 100, 1), "a", ""),
        Command::New(order(2, Side::Buy, 100, 2), "b", ""),
    ]);
    let mut heard: Vec<_> = told
        .notices
        .iter()
        .map(|(connection, frames)| (*connection, messages(frames)))
        .collect();
    heard.sort_by_key(|(connection, _)| *connection);
    let kinds = |at: usize| -> Vec<(String, String)> {
        let of = |m: &serde_json::Value, f: &str| m[f].as_str().unwrap_or_default().to_owned();
        heard[at]
            .1
            .iter()
            .map(|m| (of(m, "type"), of(m, "status")))
            .collect()
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(
        kinds(0),
        [pair("order", "NEW"), pair("execution", "FILLED")]
    );
    assert_eq!(heard[0].1, heard[1].1);
    assert_eq!(
        kinds(2),
        [pair("order", "NEW"), pair("execution", "PARTIALLY_FILLED")]
    );
    let sequences: Vec<_> = heard[2].1.iter().map(|m| m["sequence"].as_u64()).collect();
    assert!(sequences.is_sorted());
    exchange.view.unlisten(7, "a");
    let told = exchange.send(&[Command::New(order(3, Side::Buy, 1, 1), "a", "")]);
    assert_eq!(
        told.notices.iter().map(|(to, _)| *to).collect::<Vec<_>>(),
        [8]
    );
}

/// The JSON of each text frame.
fn messages(mut frames: &[u8]) -> Vec<serde_json::Value> {
    let mut all = Vec::new();
    while let [0x81, len, rest @ ..] = frames {
        let (len, rest) = match *len {
            126 => (
                usize::from(u16::from_be_bytes([rest[0], rest[1]])),
                &rest[2..],
            ),
            len => (usize::from(len), rest),
        };
        all.push(serde_json::from_slice(&rest[..len]).expect("JSON"));
        frames = &rest[len..];
    }
    assert!(frames.is_empty());
    all
}

#[test]
fn seen_batches_are_passed_over_and_a_gap_is_an_error() {
    let mut exchange = Exchange::new(Limits::default());
    let _ = exchange.send(&[Command::New(order(1, Side::Buy, 100, 1), "a", "")]);
    let first = exchange.events.clone();
    assert_eq!(exchange.view.apply(&first), Ok(Told::default()));
    exchange.assert_books_agree();
    let mut late = View::new(FACADE, Limits::default());
    let expected = ViewError::Gap {
        expected: 1,
        found: 5,
    };
    assert_eq!(late.apply(&first), Err(expected));
    assert!(late.apply(b"no batch at all").is_err());
}

fn any_command() -> impl Strategy<Value = (u8, u8, i64, i64, u8, u8)> {
    (0..12u8, 0..3u8, 95..106i64, 1..5i64, 0..4u8, 0..5u8)
}

proptest! {
    #[test]
    fn books_are_those_of_the_engine(script in proptest::collection::vec(any_command(), 1..80)) {
        let mut exchange = Exchange::new(Limits::default());
        let mut ids = vec![1u64 << 56 | 1];
        for (at, (what, user, price, qty, tif, stp)) in script.into_iter().enumerate() {
            let num = at as u64 + 1;
            let user = ["a", "b", "c"][usize::from(user)];
            let some = ids[at % ids.len()];
            let mut new = order(num, if qty % 2 == 0 { Side::Buy } else { Side::Sell }, price, qty);
            new.stp = [Stp::None, Stp::CancelNewest, Stp::CancelOldest, Stp::CancelBoth,
                       Stp::Decrement][usize::from(stp)];
            new.tif = [TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok,
                       TimeInForce::Day][usize::from(tif)];
            let command = match what {
                0 => Command::Cancel(cancel(num, some), "", ""),
                1 => Command::Replace(Replace {
                    entry: NO_ENTRY, num, orig_num: 0, order_id: some, price: price * ONE,
                    qty: qty * ONE, instrument: NO_INSTRUMENT,
                }, "", ""),
                2 => Command::MassCancel(MassCancel {
                    entry: NO_ENTRY, num, instrument: 1, kind: MassCancelType::Security, side: 0,
                }, user),
                3 => Command::New(NewOrder { price: NO_PRICE, ord_type: OrdType::Market, ..new },
                                  user, ""),
                _ => Command::New(new, user, ""),
            };
            let (sequence, levels) = exchange.book();
            let told = exchange.send(&[command]);
            let (moved, now) = exchange.book();
            prop_assert_eq!(moved != sequence, now != levels);
            prop_assert!(sequence <= moved && moved <= exchange.view.sequence());
            let answers: Vec<_> = told.replies.iter().filter(|r| r.num == num).collect();
            prop_assert_eq!(answers.len(), 1);
            if let Body::Json(json) = &answers[0].body
                && let Ok(said) = serde_json::from_slice::<serde_json::Value>(json)
                && said["order_id"].is_string()
            {
                ids.push(id(&said));
            }
            exchange.assert_books_agree();
        }
        let restored = View::restore(FACADE, Limits::default(), &exchange.engine);
        let book = |view: &View| view.show_book("BTCUSD", 100)
            .map(|json| String::from_utf8_lossy(&json).split("\"bids\"").last().map(str::to_owned));
        prop_assert_eq!(book(&restored), book(&exchange.view));
        prop_assert_eq!(restored.sequence(), exchange.view.sequence());
    }
}
