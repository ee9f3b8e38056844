//! A trader against an exchange that accepts everything at once.

use wire::record::command::NO_PRICE;
use wire::sbe::{
    ExecutionReportCancel, ExecutionReportNew, ExecutionReportReject, ExecutionReportTrade,
    Message, NULL_I64, NewOrderSingle, OrderCancelReject, OrderCancelRequest,
};
use wire::soup::{Packets, Sender, kind, push_data};

use super::*;
use crate::binary::Binary;

const AGGRESSOR: u8 = b'Y';
const PLAN: usize = 200;

fn trader(instruments: &[u32]) -> Trader {
    let plan = Plan {
        mix: Mix::default(),
        instruments: instruments.to_vec(),
        resting: PLAN,
        in_flight_max: 64,
    };
    Trader::new(plan, 1000, 1)
}

fn accepted(order: &NewOrderSingle) -> Message {
    Message::ExecutionReportNew(ExecutionReportNew {
        transact_time: 0,
        order_id: order.cl_ord_id,
        cl_ord_id: order.cl_ord_id,
        exec_id: 0,
        price: order.price,
        order_qty: order.order_qty,
        security_id: order.security_id,
        side: order.side,
        ord_type: order.ord_type,
        time_in_force: order.time_in_force,
        ord_status: 0,
    })
}

fn canceled(request: &OrderCancelRequest) -> Message {
    Message::ExecutionReportCancel(ExecutionReportCancel {
        transact_time: 0,
        order_id: request.orig_cl_ord_id,
        cl_ord_id: request.cl_ord_id,
        orig_cl_ord_id: request.orig_cl_ord_id,
        exec_id: 0,
        cum_qty: 0,
        security_id: request.security_id,
        side: 1,
        exec_type: 4,
        ord_status: 4,
        exec_restatement_reason: 0,
    })
}

fn filled(cl_ord_id: u64, aggressor: u8) -> Message {
    Message::ExecutionReportTrade(ExecutionReportTrade {
        transact_time: 0,
        order_id: cl_ord_id,
        cl_ord_id,
        exec_id: 0,
        trade_id: 1,
        last_px: NO_PRICE,
        last_qty: 1,
        leaves_qty: 0,
        cum_qty: 1,
        misc_fee_amt: NULL_I64,
        misc_fee_curr: 0,
        security_id: 1,
        side: 1,
        ord_status: 2,
        aggressor_indicator: aggressor,
    })
}

fn deliver(trader: &mut Trader, message: &Message, tally: &mut Tally) {
    let (mut message_bytes, mut packet) = (Vec::new(), Vec::new());
    message.push_message(&mut message_bytes);
    push_data(kind::SEQUENCED, &message_bytes, &mut packet);
    let mut answers = Vec::new();
    let taken = Binary.receive(&packet, &mut answers, &mut Vec::new());
    assert_eq!(taken.ok(), Some(packet.len()));
    for answer in answers {
        trader.take(answer, 500, tally);
    }
}

/// Send one request; gives it back as the exchange reads it.
fn next_request(trader: &mut Trader) -> Message {
    let mut out = Vec::new();
    trader.push_request(100, &mut Binary, &mut out);
    let packet = Packets::new(&out, Sender::Client, 4096).next();
    let payload = packet.and_then(Result::ok).map(|packet| packet.payload);
    match payload.map(Message::read) {
        Some(Ok(message)) => message,
        other => panic!("{other:?}"),
    }
}

fn answer(trader: &mut Trader, request: &Message, tally: &mut Tally) {
    match request {
        Message::NewOrderSingle(order) => deliver(trader, &accepted(order), tally),
        Message::OrderCancelRequest(cancel) => deliver(trader, &canceled(cancel), tally),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_shares_are_those_of_the_plan_and_the_book_keeps_its_size() {
    let mut trader = trader(&[1, 2, 3, 4]);
    let mut tally = Tally::default();
    trader.filling = true;
    while !trader.is_full() {
        let request = next_request(&mut trader);
        answer(&mut trader, &request, &mut tally);
    }
    trader.filling = false;
    tally.reset();
    for _ in 0..20_000 {
        let request = next_request(&mut trader);
        answer(&mut trader, &request, &mut tally);
    }
    let share = |count: u64| count as f64 / 200.0;
    assert!((share(tally.rests) - 45.0).abs() < 1.5, "{tally:?}");
    assert!((share(tally.cancels) - 45.0).abs() < 1.5, "{tally:?}");
    assert!((share(tally.crosses) - 10.0).abs() < 1.0, "{tally:?}");
    assert!((PLAN * 8 / 10..PLAN * 12 / 10).contains(&trader.resting.len()));
    assert_eq!((tally.rejects, trader.in_flight()), (0, 0));
    assert!((tally.latency.quantile_us(0.5) - 0.4).abs() < 0.01);
}

#[test]
fn a_cancel_names_an_order_of_its_own_that_rests() {
    let mut trader = trader(&[7]);
    let mut tally = Tally::default();
    let mut open = std::collections::HashSet::new();
    for _ in 0..2_000 {
        let request = next_request(&mut trader);
        match &request {
            Message::OrderCancelRequest(cancel) => assert!(open.remove(&cancel.orig_cl_ord_id)),
            Message::NewOrderSingle(order) if order.order_qty == REST_QTY => {
                assert!(open.insert(order.cl_ord_id));
            }
            _ => {}
        }
        answer(&mut trader, &request, &mut tally);
    }
    assert_eq!(open.len(), trader.resting.len());
}

#[test]
fn an_order_that_was_filled_is_never_canceled() {
    let mut trader = trader(&[1]);
    let mut tally = Tally::default();
    let Message::NewOrderSingle(order) = next_request(&mut trader) else {
        panic!("the first request is an order")
    };
    deliver(&mut trader, &accepted(&order), &mut tally);
    assert_eq!(trader.resting.len(), 1);
    deliver(&mut trader, &filled(order.cl_ord_id, AGGRESSOR), &mut tally);
    assert_eq!(
        trader.resting.len(),
        1,
        "an aggressor's fill is another order's"
    );
    deliver(&mut trader, &filled(order.cl_ord_id, b'N'), &mut tally);
    assert_eq!((trader.resting.len(), tally.fills), (0, 2));
}

#[test]
fn an_order_that_crosses_is_not_looked_for_in_the_book() {
    let mut trader = trader(&[1]);
    trader.plan.mix = Mix {
        rest: 0,
        cancel: 0,
        cross: 100,
    };
    let mut tally = Tally::default();
    let rests = next_request(&mut trader);
    answer(&mut trader, &rests, &mut tally);
    let Message::NewOrderSingle(crosses) = next_request(&mut trader) else {
        panic!("the second request is an order")
    };
    trader.take(Answer::Filled(crosses.cl_ord_id), 500, &mut tally);
    assert_eq!((trader.resting.len(), tally.fills), (1, 1));
    trader.take(Answer::Filled(crosses.cl_ord_id - 1), 500, &mut tally);
    assert_eq!((trader.resting.len(), tally.fills), (0, 2));
}

#[test]
fn a_refusal_is_counted_apart_and_only_once() {
    let mut trader = trader(&[1]);
    let mut tally = Tally::default();
    let Message::NewOrderSingle(order) = next_request(&mut trader) else {
        panic!("the first request is an order")
    };
    let refusal = Message::ExecutionReportReject(ExecutionReportReject {
        transact_time: 0,
        cl_ord_id: order.cl_ord_id,
        security_id: 1,
        ord_rej_reason: 112,
        side: 1,
        order_id: 9,
        exec_id: 10,
    });
    deliver(&mut trader, &refusal, &mut tally);
    deliver(&mut trader, &refusal, &mut tally);
    assert_eq!(
        (tally.rejects, tally.orders(), trader.in_flight()),
        (1, 0, 0)
    );
    assert_eq!(tally.latency.count(), 0);
}

#[test]
fn a_report_of_a_foreign_or_old_request_answers_nothing() {
    let mut trader = trader(&[1]);
    let mut tally = Tally::default();
    let request = next_request(&mut trader);
    for cl_ord_id in [1, 999, 1000, 1002, u64::MAX] {
        let refusal = Message::OrderCancelReject(OrderCancelReject {
            transact_time: 0,
            order_id: 0,
            cl_ord_id,
            orig_cl_ord_id: 0,
            security_id: 1,
            cxl_rej_reason: 1,
            cxl_rej_response_to: 1,
            ord_status: 8,
        });
        deliver(&mut trader, &refusal, &mut tally);
    }
    assert_eq!((trader.in_flight(), tally.rejects), (1, 0));
    answer(&mut trader, &request, &mut tally);
    assert_eq!(tally.orders(), 1);
}

#[test]
fn no_more_requests_are_out_than_there_is_room_for() {
    let mut trader = trader(&[1]);
    while trader.has_room() {
        next_request(&mut trader);
    }
    assert_eq!(trader.in_flight(), 64);
}
