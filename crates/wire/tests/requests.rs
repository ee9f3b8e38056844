//! A client's messages become commands, or refusals that keep their number in the sequence.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use wire::record::command::{Command, NO_INSTRUMENT, NO_PRICE, NewOrder, Refuse};
use wire::record::{OrdType, Side, Stp, TimeInForce};
use wire::sbe::{
    BusinessReason, Fault, NULL_I64, NULL_U8, NULL_U32, NULL_U64, NewOrderSingle,
    OrderCancelRequest, OrderMassCancelRequest, Request, SecurityListRequest, decode_request,
    refuse_busy,
};

const ENTRY: u32 = 9;

const ORDER: NewOrderSingle = NewOrderSingle {
    cl_ord_id: 77,
    price: 5_000_000_000_000,
    order_qty: 100_000_000,
    stop_px: NULL_I64,
    security_id: 3,
    side: 1,
    ord_type: 2,
    time_in_force: 1,
    exec_inst: 0,
    self_match_prevention_instruction: NULL_U8,
};

fn message(push: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    push(&mut bytes);
    bytes
}

fn order(change: impl FnOnce(&mut NewOrderSingle)) -> Vec<u8> {
    let mut order = ORDER;
    change(&mut order);
    message(|out| order.push_message(out))
}

/// The one record in `out`.
fn command(out: &[u8]) -> Command<'_> {
    assert_eq!(usize::from(u16::from_le_bytes([out[0], out[1]])), out.len());
    Command::decode(out[2], &out[4..]).unwrap()
}

fn refused(message: &[u8]) -> (Fault, Refuse) {
    let mut out = Vec::new();
    let refusal = decode_request(ENTRY, message, &mut out).unwrap_err();
    let Command::Refuse(refuse) = command(&out) else {
        panic!("not a refusal");
    };
    assert_eq!(
        (refuse.entry, refuse.ref_id, refuse.template, refuse.reason),
        (
            ENTRY,
            refusal.ref_id,
            refusal.template,
            refusal.fault.reason().code()
        )
    );
    (refusal.fault, refuse)
}

#[test]
fn a_new_order_becomes_a_command() {
    let mut out = Vec::new();
    let request = decode_request(ENTRY, &order(|_| ()), &mut out);
    assert_eq!(
        request,
        Ok(Request::Command {
            template: 100,
            ref_id: 77
        })
    );
    let expected = NewOrder {
        entry: ENTRY,
        num: 77,
        price: 5_000_000_000_000,
        qty: 100_000_000,
        instrument: 3,
        side: Side::Buy,
        ord_type: OrdType::Limit,
        tif: TimeInForce::Gtc,
        exec_inst: 0,
        stp: Stp::Default,
    };
    assert_eq!(command(&out), Command::New(expected, "", ""));
}

#[test]
fn absent_fields_have_their_meaning() {
    let mut out = Vec::new();
    let absent = order(|x| {
        x.price = NULL_I64;
        x.time_in_force = NULL_U8;
        x.exec_inst = NULL_U8;
    });
    decode_request(ENTRY, &absent, &mut out).unwrap();
    let Command::New(order, ..) = command(&out) else {
        panic!("not an order");
    };
    assert_eq!(
        (order.price, order.tif, order.exec_inst),
        (NO_PRICE, TimeInForce::Day, 0)
    );
}

#[test]
fn a_longer_block_is_taken_and_its_tail_ignored() {
    let (mut known, mut longer) = (Vec::new(), Vec::new());
    let mut bytes = order(|_| ());
    decode_request(ENTRY, &bytes, &mut known).unwrap();
    bytes[0] += 5;
    bytes.extend_from_slice(b"later, and groups");
    decode_request(ENTRY, &bytes, &mut longer).unwrap();
    assert_eq!(known, longer);
}

#[test]
fn what_is_wrong_says_what_it_is() {
    let whole = order(|_| ());
    let mut shorter = whole.clone();
    shorter[0] -= 1;
    let mut template = whole.clone();
    template[2] = 99;
    let mut schema = whole.clone();
    schema[4] = 1;
    let cases = [
        (whole[..7].to_vec(), Fault::CutShort, 0, NULL_U64),
        (whole[..whole.len() - 1].to_vec(), Fault::Block, 100, 77),
        (whole[..15].to_vec(), Fault::Block, 100, NULL_U64),
        (shorter, Fault::Block, 100, 77),
        (template, Fault::Template(99), 99, NULL_U64),
        (schema, Fault::Schema(1), 100, NULL_U64),
        (order(|x| x.side = 3), Fault::Value("side"), 100, 77),
        (order(|x| x.side = NULL_U8), Fault::Missing("side"), 100, 77),
        (order(|x| x.ord_type = 0), Fault::Value("ordType"), 100, 77),
        (
            order(|x| x.time_in_force = 2),
            Fault::Value("timeInForce"),
            100,
            77,
        ),
        (
            order(|x| x.exec_inst = 2),
            Fault::Value("execInst"),
            100,
            77,
        ),
        (
            order(|x| x.self_match_prevention_instruction = 4),
            Fault::Value("selfMatchPreventionInstruction"),
            100,
            77,
        ),
        (
            order(|x| x.order_qty = NULL_I64),
            Fault::Missing("orderQty"),
            100,
            77,
        ),
        (
            order(|x| x.security_id = NULL_U32),
            Fault::Missing("securityID"),
            100,
            77,
        ),
        (
            order(|x| x.cl_ord_id = NULL_U64),
            Fault::Missing("clOrdID"),
            100,
            NULL_U64,
        ),
    ];
    for (message, fault, template, ref_id) in cases {
        let (found, refuse) = refused(&message);
        assert_eq!(
            (found, refuse.template, refuse.ref_id),
            (fault, template, ref_id)
        );
    }
}

#[test]
fn a_cancel_names_its_order() {
    let cancel = |orig_cl_ord_id, order_id, security_id| {
        let request = OrderCancelRequest {
            cl_ord_id: 80,
            orig_cl_ord_id,
            order_id,
            security_id,
        };
        message(|out| request.push_message(out))
    };
    for (num, id) in [(0, NULL_U64), (NULL_U64, 0), (0, 0)] {
        assert_eq!(
            refused(&cancel(num, id, 1)).0,
            Fault::Missing("origClOrdID")
        );
    }
    assert_eq!(
        refused(&cancel(5, NULL_U64, NULL_U32)).0,
        Fault::Missing("securityID")
    );
    let mut out = Vec::new();
    decode_request(ENTRY, &cancel(NULL_U64, 6, NULL_U32), &mut out).unwrap();
    let Command::Cancel(cancel, "", "", "") = command(&out) else {
        panic!("not a cancel");
    };
    assert_eq!(
        (cancel.orig_num, cancel.order_id, cancel.instrument),
        (0, 6, NO_INSTRUMENT)
    );
}

#[test]
fn a_mass_cancel_of_one_security_names_it() {
    let mass = |security_id, mass_cancel_request_type, side| {
        let request = OrderMassCancelRequest {
            cl_ord_id: 80,
            security_id,
            mass_cancel_request_type,
            side,
        };
        message(|out| request.push_message(out))
    };
    assert_eq!(
        refused(&mass(NULL_U32, 1, 1)).0,
        Fault::Missing("securityID")
    );
    assert_eq!(
        refused(&mass(1, 2, 1)).0,
        Fault::Value("massCancelRequestType")
    );
    assert_eq!(refused(&mass(1, 1, 0)).0, Fault::Value("side"));
    let mut out = Vec::new();
    decode_request(ENTRY, &mass(1, 7, NULL_U8), &mut out).unwrap();
    let Command::MassCancel(mass, "", "") = command(&out) else {
        panic!("not a mass cancel");
    };
    assert_eq!((mass.instrument, mass.side), (NO_INSTRUMENT, 0));
}

#[test]
fn a_security_list_request_is_the_gateways() {
    let ask = |security_list_request_type, security_id| {
        let request = SecurityListRequest {
            security_req_id: 4,
            security_id,
            security_list_request_type,
        };
        let mut out = Vec::new();
        let request = decode_request(ENTRY, &message(|m| request.push_message(m)), &mut out);
        (request, out.is_empty())
    };
    let all = Request::SecurityList {
        req_id: 4,
        instrument: None,
    };
    let one = Request::SecurityList {
        req_id: 4,
        instrument: Some(2),
    };
    assert_eq!(ask(4, NULL_U32), (Ok(all), true));
    assert_eq!(ask(0, 2), (Ok(one), true));
    assert!(matches!(ask(0, NULL_U32), (Err(_), false)));
    assert!(matches!(ask(1, 2), (Err(_), false)));
}

#[test]
fn busy_refuses_new_orders_alone() {
    let mut out = Vec::new();
    assert!(refuse_busy(ENTRY, &order(|_| ()), &mut out));
    let busy = Refuse {
        entry: ENTRY,
        ref_id: 77,
        template: 100,
        reason: BusinessReason::Busy.code(),
    };
    assert_eq!(command(&out), Command::Refuse(busy));
    out.clear();
    let mut cancel = order(|_| ());
    cancel[2] = 101;
    assert!(!refuse_busy(ENTRY, &cancel, &mut out));
    assert!(out.is_empty());
}

proptest! {
    #[test]
    fn any_message_leaves_one_whole_record(
        mut bytes in prop::collection::vec(any::<u8>(), 0..80), known: bool, template in 95u16..110,
    ) {
        if known && bytes.len() >= 8 {
            bytes[..8].copy_from_slice(&[41, 0, 0, 0, 100, 0, 0, 0]);
            bytes[2..4].copy_from_slice(&template.to_le_bytes());
        }
        let mut out = vec![1, 2, 3];
        let request = decode_request(ENTRY, &bytes, &mut out);
        if matches!(request, Ok(Request::SecurityList { .. })) {
            prop_assert_eq!(out.len(), 3);
        } else {
            let refused = matches!(command(&out[3..]), Command::Refuse(_));
            prop_assert_eq!(refused, request.is_err());
        }
    }
}

#[test]
fn an_entry_s_order_is_the_same_record_either_way() {
    let order = NewOrder {
        entry: ENTRY,
        num: 5,
        price: 7,
        qty: 8,
        instrument: 3,
        side: Side::Sell,
        ord_type: OrdType::Limit,
        tif: TimeInForce::Day,
        exec_inst: 0,
        stp: Stp::Default,
    };
    for text in ["", "a", "order-123"] {
        let (mut whole, mut short) = (Vec::new(), Vec::new());
        Command::New(order, "", text).encode(&mut whole);
        order.encode_entry(text.as_bytes(), &mut short);
        assert_eq!(short, whole);
    }
}
