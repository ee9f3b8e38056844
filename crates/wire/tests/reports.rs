//! Events become the messages of the entries they tell.

#![allow(clippy::unwrap_used)]

use wire::record::event::{
    Accepted, CancelRejected, Canceled, GatewayOpened, MassCanceled, Refused, Rejected, Replaced,
    StatusReport, Trade,
};
use wire::record::{
    CancelReason, Event, EventBatchHeader, MassCancelType, OrdStatus, OrdType, Reason, Side, Stp,
};
use wire::record::{Leg, TimeInForce, command::Instrument, exec_id};
use wire::sbe::{
    Message, NULL_I64, NULL_U8, NULL_U32, NULL_U64, encode_no_security, encode_report,
    encode_security,
};
use wire::soup::{Packets, Sender, kind};

const SEQ: u64 = 1000;
const TIME: u64 = 1_700_000_000_000_000_000;
const PARTITION: u16 = 5;

/// The header of a batch of that partition and time.
fn header() -> EventBatchHeader {
    let bytes = [0; EventBatchHeader::SIZE];
    EventBatchHeader {
        partition: PARTITION,
        time_ns: TIME,
        ..EventBatchHeader::from_bytes(&bytes).unwrap()
    }
}

fn read(bytes: &[u8], packet_kind: u8) -> Message {
    let mut packets = Packets::new(bytes, Sender::Server, 65_537);
    let packet = packets.next().unwrap().unwrap();
    assert_eq!(packet.kind, packet_kind);
    assert_eq!(packets.consumed(), bytes.len());
    Message::read(packet.payload).unwrap()
}

fn report(event: &Event<'_>, leg: Leg) -> Option<Message> {
    let mut out = Vec::new();
    encode_report(event, SEQ, &header(), leg, &mut out).then(|| read(&out, kind::SEQUENCED))
}

macro_rules! expect {
    ($event:expr, $name:ident) => {
        match report(&$event, Leg::Taker) {
            Some(Message::$name(message)) => message,
            other => panic!("{other:?}"),
        }
    };
}

const CANCELED: Canceled = Canceled {
    entry: 4,
    account: 5,
    entry_seq: 6,
    order_id: 7,
    num: 9,
    orig_num: 8,
    price: 100,
    qty: 10,
    leaves: 0,
    cum: 30,
    avg_px: 99,
    instrument: 2,
    side: Side::Sell,
    reason: CancelReason::Requested,
    status: OrdStatus::Canceled,
    copy: false,
};

const TRADE: Trade = Trade {
    trade_id: 77,
    price: 100,
    qty: 5,
    instrument: 2,
    taker_side: Side::Buy,
    taker_entry: 4,
    taker_account: 5,
    taker_entry_seq: 6,
    taker_order_id: 71,
    taker_num: 81,
    taker_price: 110,
    taker_leaves: 3,
    taker_cum: 5,
    taker_avg_px: 100,
    maker_entry: 14,
    maker_account: 15,
    maker_entry_seq: 16,
    maker_order_id: 61,
    maker_num: 51,
    maker_leaves: 0,
    maker_cum: 20,
    maker_avg_px: 100,
};

#[test]
fn an_accepted_order_is_new() {
    let event = Accepted {
        entry: 4,
        account: 5,
        entry_seq: 6,
        order_id: 7,
        num: 8,
        price: 100,
        qty: 10,
        instrument: 2,
        side: Side::Buy,
        ord_type: OrdType::Limit,
        tif: TimeInForce::Gtc,
        exec_inst: 0,
        stp: Stp::None,
    };
    let event = Event::Accepted(event, "");
    assert_eq!(event.recipient(Leg::Taker), Some((4, 6)));
    assert_eq!(event.recipient(Leg::Maker), None);
    let x = expect!(event, ExecutionReportNew);
    assert_eq!((x.transact_time, x.exec_id), (TIME, (5 << 56) | (2 * SEQ)));
    assert_eq!((x.order_id, x.cl_ord_id, x.security_id), (7, 8, 2));
    assert_eq!((x.price, x.order_qty), (100, 10));
    assert_eq!((x.side, x.ord_type, x.time_in_force), (1, 2, 1));
    assert_eq!(x.ord_status, 0);
}

#[test]
fn a_trade_tells_both_sides() {
    let event = Event::Trade(TRADE, "", "");
    assert_eq!(event.recipient(Leg::Taker), Some((4, 6)));
    assert_eq!(event.recipient(Leg::Maker), Some((14, 16)));
    let taker = expect!(event, ExecutionReportTrade);
    let Some(Message::ExecutionReportTrade(maker)) = report(&event, Leg::Maker) else {
        panic!("no report of the maker");
    };
    assert_eq!(
        (taker.exec_id, maker.exec_id),
        ((5 << 56) | (2 * SEQ), (5 << 56) | (2 * SEQ + 1))
    );
    assert_eq!((taker.trade_id, maker.trade_id), (77, 77));
    assert_eq!((taker.order_id, taker.cl_ord_id), (71, 81));
    assert_eq!((maker.order_id, maker.cl_ord_id), (61, 51));
    assert_eq!((taker.leaves_qty, taker.cum_qty), (3, 5));
    assert_eq!((maker.leaves_qty, maker.cum_qty), (0, 20));
    assert_eq!((taker.ord_status, maker.ord_status), (1, 2));
    assert_eq!((taker.side, maker.side), (1, 2));
    assert_eq!(
        (taker.aggressor_indicator, maker.aggressor_indicator),
        (89, 78)
    );
    assert_eq!((taker.last_px, taker.last_qty), (100, 5));
    assert_eq!((taker.misc_fee_amt, taker.misc_fee_curr), (NULL_I64, 0));
}

#[test]
fn every_way_out_of_the_book_is_told_apart() {
    for (reason, status, exec_type, restatement) in [
        (CancelReason::Requested, OrdStatus::Canceled, 4, NULL_U8),
        (CancelReason::Mass, OrdStatus::Canceled, 4, NULL_U8),
        (CancelReason::Unfilled, OrdStatus::Canceled, 4, 8),
        (CancelReason::SelfTrade, OrdStatus::Canceled, 4, 17),
        (CancelReason::Disconnect, OrdStatus::Canceled, 4, 12),
        (CancelReason::SessionEnd, OrdStatus::Expired, 67, NULL_U8),
        (CancelReason::Amended, OrdStatus::Canceled, 4, NULL_U8),
        (CancelReason::Decremented, OrdStatus::Canceled, 4, 17),
        (CancelReason::OrderLimit, OrdStatus::Canceled, 4, 5),
        (CancelReason::OutOfRange, OrdStatus::Canceled, 4, 5),
    ] {
        let event = Canceled {
            reason,
            status,
            ..CANCELED
        };
        let x = expect!(Event::Canceled(event, "", ""), ExecutionReportCancel);
        assert_eq!((x.cl_ord_id, x.orig_cl_ord_id, x.order_id), (9, 8, 7));
        assert_eq!((x.cum_qty, x.side, x.security_id), (30, 2, 2));
        assert_eq!((x.exec_type, x.ord_status), (exec_type, status.code()));
        assert_eq!(x.exec_restatement_reason, restatement, "{reason:?}");
    }
}

#[test]
fn an_order_that_lost_a_part_is_replaced() {
    let event = Canceled {
        num: 8,
        leaves: 4,
        reason: CancelReason::Decremented,
        status: OrdStatus::PartiallyFilled,
        ..CANCELED
    };
    let x = expect!(Event::Canceled(event, "", ""), ExecutionReportReplace);
    assert_eq!((x.cl_ord_id, x.orig_cl_ord_id), (8, 8));
    assert_eq!((x.order_qty, x.leaves_qty, x.price), (34, 4, 100));
    assert_eq!(x.ord_status, OrdStatus::PartiallyFilled.code());
}

#[test]
fn an_amended_order_is_replaced() {
    let event = Replaced {
        entry: 4,
        account: 5,
        entry_seq: 6,
        order_id: 7,
        num: 9,
        orig_num: 8,
        old_price: 90,
        old_leaves: 10,
        price: 100,
        qty: 12,
        leaves: 11,
        cum: 1,
        avg_px: 90,
        instrument: 2,
        side: Side::Buy,
        status: OrdStatus::PartiallyFilled,
        kept_priority: false,
        copy: false,
        tif: TimeInForce::Gtc,
        exec_inst: 0,
    };
    let x = expect!(Event::Replaced(event, "", ""), ExecutionReportReplace);
    assert_eq!((x.cl_ord_id, x.orig_cl_ord_id, x.order_id), (9, 8, 7));
    assert_eq!((x.price, x.order_qty, x.leaves_qty), (100, 12, 11));
    assert_eq!((x.ord_status, x.security_id, x.side), (1, 2, 1));
}

#[test]
fn refusals_carry_their_reasons() {
    let event = Rejected {
        entry: 4,
        account: 5,
        entry_seq: 6,
        order_id: 0,
        num: 9,
        price: 100,
        qty: 1,
        instrument: 2,
        side: Side::Buy,
        ord_type: OrdType::Limit,
        tif: TimeInForce::Day,
        reason: Reason::PriceOffTick,
    };
    let x = expect!(Event::Rejected(event, "", ""), ExecutionReportReject);
    assert_eq!(
        (x.cl_ord_id, x.ord_rej_reason, x.security_id, x.side),
        (9, 18, 2, 1)
    );
    assert_eq!(
        (x.order_id, x.exec_id),
        (NULL_U64, exec_id(PARTITION, SEQ, false))
    );
    let kept = Rejected {
        order_id: 7,
        ..event
    };
    let x = expect!(Event::Rejected(kept, "", ""), ExecutionReportReject);
    assert_eq!((x.order_id, x.exec_id), (7, exec_id(PARTITION, SEQ, false)));
    let event = CancelRejected {
        entry: 4,
        entry_seq: 6,
        order_id: 0,
        num: 9,
        orig_num: 0,
        instrument: 2,
        reason: Reason::UnknownOrder,
        response_to: 1,
        status: OrdStatus::Rejected,
    };
    let x = expect!(Event::CancelRejected(event, "", ""), OrderCancelReject);
    assert_eq!(
        (x.order_id, x.cl_ord_id, x.orig_cl_ord_id),
        (NULL_U64, 9, NULL_U64)
    );
    assert_eq!(
        (x.cxl_rej_reason, x.cxl_rej_response_to, x.ord_status),
        (1, 1, 8)
    );
    for (reason, code) in [
        (Reason::OrderClosed, 0),
        (Reason::UnknownSymbol, 1),
        (Reason::ExchangeClosed, 2),
        (Reason::DuplicateClientOrderId, 6),
        (Reason::PriceOutsideBand, 8),
        (Reason::PriceOffTick, 18),
        (Reason::OutOfRange, 115),
        (Reason::OrderLimit, 203),
        (Reason::UnsupportedOrderType, 211),
        (Reason::InvalidQuantity, 213),
    ] {
        let other = CancelRejected { reason, ..event };
        let x = expect!(Event::CancelRejected(other, "", ""), OrderCancelReject);
        assert_eq!(x.cxl_rej_reason, code);
    }
}

#[test]
fn a_mass_cancel_ends_with_its_count() {
    let event = MassCanceled {
        entry: 4,
        entry_seq: 6,
        num: 9,
        count: 3,
        instrument: 2,
        kind: MassCancelType::Security,
        side: 0,
        reason: Reason::None,
        quiet: false,
    };
    let x = expect!(Event::MassCanceled(event, ""), OrderMassCancelReport);
    assert_eq!((x.total_affected_orders, x.side), (3, NULL_U8));
    assert_eq!(
        (x.mass_cancel_response, x.mass_cancel_reject_reason),
        (1, NULL_U8)
    );
    for (reason, told) in [
        (Reason::DuplicateClientOrderId, 99),
        (Reason::UnknownSymbol, 1),
    ] {
        let x = expect!(
            Event::MassCanceled(MassCanceled { reason, ..event }, ""),
            OrderMassCancelReport
        );
        assert_eq!(
            (x.mass_cancel_response, x.mass_cancel_reject_reason),
            (0, told)
        );
    }
}

#[test]
fn a_status_says_that_there_is_no_such_order() {
    let event = StatusReport {
        entry: 4,
        entry_seq: 6,
        req_id: 90,
        order_id: 0,
        num: 8,
        price: NULL_I64,
        qty: 0,
        leaves: 0,
        cum: 0,
        avg_px: 0,
        instrument: 2,
        side: 0,
        ord_type: 0,
        tif: 0,
        status: OrdStatus::Rejected,
    };
    let x = expect!(Event::StatusReport(event, "", ""), ExecutionReportStatus);
    assert_eq!(
        (x.ord_status_req_id, x.order_id, x.cl_ord_id),
        (90, NULL_U64, 8)
    );
    assert_eq!(
        (x.side, x.ord_type, x.time_in_force),
        (NULL_U8, NULL_U8, NULL_U8)
    );
    let found = StatusReport {
        order_id: 7,
        side: 2,
        ord_type: 2,
        qty: 5,
        leaves: 4,
        cum: 1,
        status: OrdStatus::PartiallyFilled,
        ..event
    };
    let x = expect!(Event::StatusReport(found, "", ""), ExecutionReportStatus);
    assert_eq!(
        (x.order_id, x.order_qty, x.leaves_qty, x.cum_qty),
        (7, 5, 4, 1)
    );
    assert_eq!(
        (x.side, x.ord_type, x.time_in_force, x.ord_status),
        (2, 2, 0, 1)
    );
}

#[test]
fn busy_is_told_as_an_order_reject() {
    let event = Refused {
        entry: 4,
        entry_seq: 6,
        ref_id: 9,
        template: 100,
        reason: 112,
    };
    let x = expect!(Event::Refused(event), ExecutionReportReject);
    assert_eq!((x.cl_ord_id, x.ord_rej_reason), (9, Reason::Busy.code()));
    assert_eq!((x.security_id, x.side), (NULL_U32, NULL_U8));
    assert_eq!(
        (x.order_id, x.exec_id),
        (NULL_U64, exec_id(PARTITION, SEQ, false))
    );
    let event = Refused { reason: 5, ..event };
    let x = expect!(Event::Refused(event), BusinessMessageReject);
    assert_eq!((x.business_reject_ref_id, x.ref_template_id), (9, 100));
    assert_eq!(x.business_reject_reason, 5);
}

#[test]
fn other_events_tell_nothing() {
    let event = Event::GatewayOpened(GatewayOpened {
        gateway: 1,
        incarnation: 1,
        nonce: 1,
    });
    assert_eq!(event.recipient(Leg::Taker), None);
    assert_eq!(report(&event, Leg::Taker), None);
    assert_eq!(report(&Event::Canceled(CANCELED, "", ""), Leg::Maker), None);
    let nobody = Event::Canceled(
        Canceled {
            entry_seq: 0,
            ..CANCELED
        },
        "",
        "",
    );
    assert_eq!(nobody.recipient(Leg::Taker), None);
}

#[test]
fn an_instrument_is_described_outside_the_sequence() {
    let spec = Instrument {
        tick: 1_000_000,
        lot: 1000,
        qty_min: 1000,
        qty_max: 0,
        notional_min: 0,
        price_band_bps: 0,
        orders_per_side_max: 100_000,
        session_end_s: 0,
        open: true,
    };
    let mut out = Vec::new();
    encode_security(5, 2, &spec, "BTCUSD", 4, true, &mut out);
    let Message::SecurityList(x) = read(&out, kind::UNSEQUENCED) else {
        panic!("not a security");
    };
    assert_eq!(&x.symbol, b"BTCUSD\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    assert_eq!((x.max_trade_vol, x.price_band_bps), (NULL_I64, NULL_U32));
    assert_eq!((x.session_end, x.security_trading_status), (0, 17));
    assert_eq!((x.tot_no_related_sym, x.last_fragment), (4, 89));
    out.clear();
    encode_no_security(5, 3, &mut out);
    let Message::SecurityList(x) = read(&out, kind::UNSEQUENCED) else {
        panic!("not a security");
    };
    assert_eq!((x.security_id, x.security_request_result), (3, 2));
}
