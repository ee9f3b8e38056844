//! The view beside the engine whose events it is fed with.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod exchange;

use exchange::{Exchange, FACADE, LIMITS, cancel, id, order, said};
use view::answers::Body;
use view::orders::Found;
use view::show::Filter;
use view::{Limits, Published, View, ViewError};
use wire::record::command::{
    MassCancel, NO_ENTRY, NO_INSTRUMENT, NO_PRICE, NO_QTY, NewOrder, Replace,
};
use wire::record::{Command, MassCancelType, Side, TimeInForce};
use wire::text::decimal::ONE;

#[test]
fn an_order_is_answered_as_its_own_command_left_it() {
    let mut exchange = Exchange::new(LIMITS);
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
fn a_repeat_shows_the_first_order_and_other_content_conflicts() {
    let mut exchange = Exchange::new(LIMITS);
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
    let mut exchange = Exchange::new(LIMITS);
    let (_, first) = exchange.one(Command::New(order(1, Side::Buy, 100, 4), "a", ""));
    let replace = Replace {
        entry: NO_ENTRY,
        num: 2,
        orig_num: 0,
        order_id: id(&first),
        price: NO_PRICE,
        qty: 3 * ONE,
        instrument: NO_INSTRUMENT,
        poss_resend: false,
    };
    let (status, amended) = exchange.one(Command::Replace(replace, "", "", ""));
    assert_eq!((status, &amended["quantity"]), (200, &"3".into()));
    assert_eq!(amended["status_history"].as_array().map(Vec::len), Some(1));
    assert_eq!(amended["status_history"][0]["status"], "REPLACED");
    assert_eq!(amended["status_history_count"], 2);
    let same = Replace {
        num: 3,
        qty: NO_QTY,
        ..replace
    };
    let (status, refused) = exchange.one(Command::Replace(same, "", "", ""));
    assert_eq!(
        (status, &refused["code"]),
        (422, &"NOTHING_TO_AMEND".into())
    );
    let (status, canceled) = exchange.one(Command::Cancel(cancel(4, id(&first)), "", "", ""));
    assert_eq!((status, &canceled["status"]), (200, &"CANCELED".into()));
    assert_eq!(canceled["reason"], "REQUESTED");
    let (status, gone) = exchange.one(Command::Cancel(cancel(5, id(&first)), "", "", ""));
    assert_eq!((status, &gone["code"]), (409, &"ORDER_CLOSED".into()));
    for num in 6..9 {
        let _ = exchange.one(Command::New(order(num, Side::Buy, num as i64, 1), "a", ""));
    }
    let all = MassCancel {
        entry: NO_ENTRY,
        num: 9,
        instrument: NO_INSTRUMENT,
        kind: MassCancelType::All,
        side: 0,
        quiet: false,
        prior: 0,
    };
    assert_eq!(
        exchange.one(Command::MassCancel(all, "a", "")),
        (200, serde_json::json!({"canceled": 3}))
    );
    exchange.assert_books_agree();
}

#[test]
fn an_answer_does_not_show_what_a_later_command_of_its_batch_did() {
    let mut exchange = Exchange::new(LIMITS);
    let named = |num, text| Command::Cancel(cancel(num, 0), "a", text, "");
    let amended = Replace {
        entry: NO_ENTRY,
        num: 5,
        orig_num: 0,
        order_id: 0,
        price: NO_PRICE,
        qty: 2 * ONE,
        instrument: NO_INSTRUMENT,
        poss_resend: false,
    };
    let mass = MassCancel {
        entry: NO_ENTRY,
        num: 8,
        instrument: NO_INSTRUMENT,
        kind: MassCancelType::All,
        side: 0,
        quiet: false,
        prior: 0,
    };
    let told = exchange.send(&[
        Command::New(order(1, Side::Buy, 100, 3), "a", "x"),
        named(2, "x"),
        Command::New(order(3, Side::Buy, 100, 3), "a", "y"),
        Command::Replace(amended, "a", "y", ""),
        named(6, "y"),
        Command::New(order(7, Side::Buy, 100, 3), "a", "z"),
        Command::MassCancel(mass, "a", ""),
    ]);
    let shown = told.replies.iter().map(|reply| {
        let order = said(reply);
        (
            reply.num,
            order["status"].clone(),
            order["quantity"].clone(),
        )
    });
    let shown: Vec<_> = shown.collect();
    let expected = [
        (1, "NEW", "3"),
        (2, "CANCELED", "3"),
        (3, "NEW", "3"),
        (5, "NEW", "2"),
        (6, "CANCELED", "2"),
        (7, "NEW", "3"),
    ];
    for (found, (num, status, quantity)) in shown.iter().zip(expected) {
        assert_eq!(found, &(num, status.into(), quantity.into()));
    }
    assert_eq!(told.replies.len(), 7);
}

#[test]
fn a_repeat_of_an_order_that_memory_has_dropped_is_left_to_the_store() {
    let limits = Limits {
        recent_orders_max: 0,
        overlay_orders_max: 0,
        ..LIMITS
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
    let mut exchange = Exchange::new(LIMITS);
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
        poss_resend: false,
    };
    let (status, amended) = exchange.one(Command::Replace(amend, "", "", ""));
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
    let (status, canceled) = exchange.one(Command::Cancel(cancel(3, of_session), "", "", ""));
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
    let mut exchange = Exchange::new(LIMITS);
    let (_, first) = exchange.one(Command::New(order(1, Side::Buy, 100, 3), "a", "mine"));
    let _ = exchange.one(Command::New(order(2, Side::Sell, 100, 1), "b", ""));
    exchange.view = View::restore(FACADE, LIMITS, &exchange.engine);
    let base = exchange.view.sequence();
    assert!(matches!(exchange.view.find(id(&first)), Found::Stored(seq) if seq == base));
    let (status, canceled) = exchange.one(Command::Cancel(cancel(3, id(&first)), "", "", ""));
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
    let mut exchange = Exchange::new(LIMITS);
    for num in 1..=70 {
        let _ = exchange.one(Command::New(order(num, Side::Sell, 100, 1), "a", ""));
    }
    let (_, taker) = exchange.one(Command::New(order(99, Side::Buy, 100, 80), "b", ""));
    assert_eq!(
        (&taker["fills_count"], &taker["fills_truncated"]),
        (&70.into(), &true.into())
    );
    let fills = taker["fills"].as_array().expect("a list");
    let last = (1_u64 << 56 | 70).to_string();
    assert_eq!((fills.len(), &fills[49]["trade_id"]), (50, &last.into()));
    assert_eq!(taker["status_history_count"], 71);
    assert_eq!(
        (&taker["filled_quantity"], &taker["remaining_quantity"]),
        (&"70".into(), &"10".into())
    );
    assert_eq!(exchange.found(id(&taker)), taker);
}

#[test]
fn a_page_ends_at_its_bytes_and_says_how_far_it_looked() {
    let mut exchange = Exchange::new(LIMITS);
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
    let mut exchange = Exchange::new(LIMITS);
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
    let mut exchange = Exchange::new(LIMITS);
    let _ = exchange.send(&[Command::New(order(1, Side::Buy, 100, 1), "a", "")]);
    let first = exchange.events.clone();
    assert_eq!(exchange.view.apply(&first), Ok(Published::default()));
    exchange.assert_books_agree();
    let mut late = View::new(FACADE, LIMITS);
    let expected = ViewError::Gap {
        expected: 1,
        found: 5,
    };
    assert_eq!(late.apply(&first), Err(expected));
    assert!(late.apply(b"no batch at all").is_err());
}
