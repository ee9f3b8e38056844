//! Each part of the view alone, or with no more than it says it needs: fed with the same events.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod exchange;

use exchange::{Exchange, LIMITS, cancel, order};
use projection::levels::SeqTime;
use projection::order::Since;
use view::answers::{Answers, Body};
use view::names::Names;
use view::notifications::Notifications;
use view::orders::{Found, Orders};
use view::{Markets, show};
use wire::record::{Command, Event, EventBatch, Side};
use wire::text::decimal::ONE;

/// A seller's order of two that a buyer takes one of, and a canceled one of the buyer's.
fn traded() -> Exchange {
    let mut exchange = Exchange::new(LIMITS);
    let sell = order(1, Side::Sell, 100, 2);
    let buy = order(2, Side::Buy, 100, 1);
    let low = order(3, Side::Buy, 90, 1);
    let both = [Command::New(sell, "a", "m"), Command::New(buy, "b", "")];
    let rest = [
        Command::New(low, "b", "x"),
        Command::Cancel(cancel(4, 0), "b", "x", ""),
    ];
    let _ = exchange.send(&both);
    for command in rest {
        let _ = exchange.send(&[command]);
    }
    exchange
}

/// Give each event of an exchange to `take`, and say where a command batch ends.
fn tell(exchange: &Exchange, mut take: impl FnMut(Heard<'_, '_>)) {
    let mut rest = &exchange.history[..];
    while !rest.is_empty() {
        let batch = EventBatch::take(&mut rest).unwrap();
        for event in batch.events() {
            let (seq, event) = event.unwrap();
            take(Heard::Event(&event, (seq, batch.header.time_ns)));
        }
        if batch.header.last {
            take(Heard::End);
        }
    }
}

enum Heard<'a, 'e> {
    Event(&'a Event<'e>, SeqTime),
    End,
}

fn json(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).expect("JSON")
}

#[test]
fn markets_show_books_and_trades_without_orders_and_requests() {
    let mut markets = Markets::new(10);
    tell(&traded(), |heard| match heard {
        Heard::Event(event, at) => markets.take(event, at),
        Heard::End => markets.end(),
    });
    let market = markets.get(markets.number("BTCUSD").unwrap()).unwrap();
    let levels: Vec<_> = market.book.levels(Side::Sell).collect();
    assert_eq!((levels.len(), levels[0].0), (1, 100 * ONE));
    assert_eq!(levels[0].1.qty, i128::from(ONE));
    assert_eq!(market.book.best(Side::Buy), None);
    let book = json(&market.book_json(5, 0));
    assert_eq!(book["asks"][0]["price"], "100");
    let trades = market.trades_json(u64::MAX, 10, usize::MAX);
    assert_eq!(trades.trades.len(), 1);
    assert_eq!(markets.trade_id(), 1 << 56 | 1);
}

#[test]
fn orders_are_kept_without_names_markets_and_answers() {
    let mut orders = Orders::new(10, 10);
    tell(&traded(), |heard| match heard {
        Heard::Event(event, at) => orders.take(event, at),
        Heard::End => orders.trim(),
    });
    assert_eq!(orders.len(), 3);
    let first = 1 << 56 | 1;
    let states: Vec<_> = (first..first + 3)
        .map(|order_id| {
            let Found::Whole(order) = orders.find(order_id) else {
                panic!("order {order_id} is not here whole");
            };
            (order.state().status.name(), order.state().cum)
        })
        .collect();
    let expected = [("PARTIALLY_FILLED", ONE), ("FILLED", ONE), ("CANCELED", 0)];
    assert_eq!(states, expected);
    let (changed, since) = orders.changed();
    assert_eq!(changed, first + 2);
    assert_ne!(since, Since::default());
    assert!(matches!(orders.find(first + 3), Found::Unknown));
}

#[test]
fn notifications_are_told_without_orders_markets_and_answers() {
    let (mut names, mut notifications) = (Names::default(), Notifications::default());
    notifications.listen(7, "b", &names);
    tell(&traded(), |heard| {
        if let Heard::Event(event, at) = heard {
            names.take(event);
            notifications.take(event, (1, at), &names);
        }
    });
    let told = notifications.ready();
    assert_eq!(told.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [7]);
    let text = String::from_utf8_lossy(&told[0].1);
    let statuses: Vec<_> = text.match_indices("\"status\":\"").collect();
    // Two new orders, a fill and a cancel, all of the buyer's.
    assert_eq!(statuses.len(), 4);
    assert!(text.contains("\"symbol\":\"BTCUSD\"") && text.contains("\"user_id\":\"b\""));
    assert!(!text.contains("\"user_id\":\"a\""));
    notifications.unlisten(7, "b", &names);
    assert_eq!(notifications.ready(), []);
}

#[test]
fn answers_are_made_of_orders_and_names_without_markets_and_notifications() {
    let (mut names, mut orders) = (Names::default(), Orders::new(10, 10));
    let mut answers = Answers::default();
    tell(&traded(), |heard| match heard {
        Heard::Event(event, at) => {
            names.take(event);
            answers.before(event, &orders, &names);
            orders.take(event, at);
            answers.take(event, &orders, &names);
        }
        Heard::End => answers.end(&orders, &names),
    });
    let replies: Vec<_> = answers
        .ready()
        .into_iter()
        .map(|reply| {
            let Body::Json(body) = reply.body else {
                panic!("request {} is left to the store", reply.num);
            };
            let status = json(&body)["status"].as_str().map(str::to_owned);
            (reply.num, reply.status, status.unwrap())
        })
        .collect();
    let said = |num, code, status: &str| (num, code, status.to_owned());
    let expected = [
        said(1, 201, "NEW"),
        said(2, 201, "FILLED"),
        said(3, 201, "NEW"),
        said(4, 200, "CANCELED"),
    ];
    assert_eq!(replies, expected);
    assert_eq!(answers.ready(), []);
}

#[test]
fn names_and_orders_show_an_order_as_the_whole_view_does() {
    let exchange = traded();
    let (mut names, mut orders) = (Names::default(), Orders::new(10, 10));
    tell(&exchange, |heard| {
        if let Heard::Event(event, at) = heard {
            names.take(event);
            orders.take(event, at);
        }
    });
    let first = 1 << 56 | 1;
    let shown = show::order(orders.get(first).unwrap(), Since::default(), &names);
    assert_eq!(json(&shown), exchange.found(first));
    assert_eq!(json(&shown)["symbol"], "BTCUSD");
}
