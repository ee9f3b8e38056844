//! The view's books beside the engine's.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod exchange;

use exchange::{Exchange, FACADE, LIMITS, cancel, id, order};
use proptest::prelude::*;
use view::View;
use view::answers::Body;
use wire::record::command::{MassCancel, NO_ENTRY, NO_INSTRUMENT, NO_PRICE, NewOrder, Replace};
use wire::record::{Command, MassCancelType, OrdType, Side, Stp, TimeInForce};
use wire::text::decimal::ONE;

#[test]
fn a_books_number_is_that_of_the_event_that_changed_it() {
    let mut exchange = Exchange::new(LIMITS);
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
        Command::Cancel(cancel(7, 1 << 56 | 6), "", "", ""),
    ]);
    assert_eq!(exchange.book().0 - begin, 12);
    exchange.assert_books_agree();
}

fn any_command() -> impl Strategy<Value = (u8, u8, i64, i64, u8, u8)> {
    (0..12u8, 0..3u8, 95..106i64, 1..5i64, 0..4u8, 0..5u8)
}

proptest! {
    #[test]
    fn books_are_those_of_the_engine(script in proptest::collection::vec(any_command(), 1..80)) {
        let mut exchange = Exchange::new(LIMITS);
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
                0 => Command::Cancel(cancel(num, some), "", "", ""),
                1 => Command::Replace(Replace {
                    entry: NO_ENTRY, num, orig_num: 0, order_id: some, price: price * ONE,
                    qty: qty * ONE, instrument: NO_INSTRUMENT, poss_resend: false,
                }, "", "", ""),
                2 => Command::MassCancel(MassCancel {
                    entry: NO_ENTRY, num, instrument: 1, kind: MassCancelType::Security, side: 0,
                    quiet: false, prior: 0,
                }, user, ""),
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
        let restored = View::restore(FACADE, LIMITS, &exchange.engine);
        let book = |view: &View| view.show_book("BTCUSD", 100)
            .map(|json| String::from_utf8_lossy(&json).split("\"bids\"").last().map(str::to_owned));
        prop_assert_eq!(book(&restored), book(&exchange.view));
        prop_assert_eq!(restored.sequence(), exchange.view.sequence());
        prop_assert_eq!(restored.markets().trade_id(), exchange.view.markets().trade_id());
    }
}
