//! The schema and this code say the same.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use wire::record::Leg;
use wire::record::{
    CancelReason, ExecInst, MassCancelType, OrdStatus, OrdType, Reason, Side, Stp, TimeInForce,
};
use wire::record::{Event, EventBatchHeader, event::Canceled};
use wire::sbe::{self, BusinessReason, Message};
use wire::soup;

const SCHEMA: &str = include_str!("../../../protocol/order-entry.xml");

/// Position of the side in a `Canceled` record; the reason follows it, and two bytes end it.
const SIDE_AT: usize = Canceled::SIZE - 4;

/// One start tag: its name, its attributes, and the text behind it.
struct Tag<'a> {
    name: &'a str,
    attributes: BTreeMap<&'a str, &'a str>,
    text: &'a str,
}

/// Every start tag of the schema, which has neither `>` nor `=` in its attributes.
fn tags() -> Vec<Tag<'static>> {
    let without_comment = SCHEMA.split_once("-->").unwrap().1;
    without_comment
        .split('<')
        .skip(1)
        .filter(|tag| !tag.starts_with('/'))
        .map(|tag| {
            let (head, text) = tag.split_once('>').unwrap();
            let (name, rest) = head.split_once(' ').unwrap_or((head, ""));
            let mut pieces = rest.split('"');
            let mut attributes = BTreeMap::new();
            while let (Some(key), Some(value)) = (pieces.next(), pieces.next()) {
                attributes.insert(key.trim().trim_end_matches('='), value);
            }
            Tag {
                name,
                attributes,
                text: text.trim(),
            }
        })
        .collect()
}

/// Primitive type and length of every named type of the schema.
fn types() -> BTreeMap<&'static str, (&'static str, usize)> {
    let tags = tags();
    let mut types = BTreeMap::new();
    for tag in &tags {
        let of = |key| tag.attributes.get(key).copied();
        match tag.name {
            "type" => {
                let length = of("length").map_or(1, |length| length.parse().unwrap());
                types.insert(of("name").unwrap(), (of("primitiveType").unwrap(), length));
            }
            "enum" | "set" => {
                let encoding = of("encodingType").unwrap();
                let known = types.get(encoding).copied().unwrap_or((encoding, 1));
                types.insert(of("name").unwrap(), known);
            }
            _ => {}
        }
    }
    types
}

/// The numbers of an enumeration or a set.
fn values(name: &str) -> BTreeSet<u16> {
    tags()
        .iter()
        .skip_while(|tag| tag.attributes.get("name") != Some(&name))
        .skip(1)
        .take_while(|tag| matches!(tag.name, "validValue" | "choice"))
        .map(|tag| tag.text.parse().unwrap())
        .collect()
}

fn codes<E: Copy>(all: &[E], code: impl Fn(E) -> u16) -> BTreeSet<u16> {
    all.iter().map(|&value| code(value)).collect()
}

#[test]
fn every_message_has_the_layout_of_the_schema() {
    let types = types();
    let mut described = Vec::new();
    for tag in tags() {
        let number = |key: &str| tag.attributes[key].parse::<usize>().unwrap();
        match tag.name {
            "sbe:message" => described.push(format!(
                "{} {} {}",
                tag.attributes["name"],
                number("id"),
                number("blockLength")
            )),
            "field" => {
                let (primitive, length) = types[tag.attributes["type"]];
                let name = tag.attributes["name"];
                described.push(format!("  {name} {} {primitive} {length}", number("id")));
            }
            _ => {}
        }
    }
    let mut coded = Vec::new();
    for spec in Message::SPECS {
        coded.push(format!("{} {} {}", spec.name, spec.template, spec.block));
        for field in spec.fields {
            let (name, tag, length) = (field.name, field.tag, field.length);
            coded.push(format!("  {name} {tag} {} {length}", field.primitive));
        }
    }
    assert_eq!(described, coded);
}

#[test]
fn the_schema_has_our_number_and_version() {
    let tags = tags();
    let schema = tags.iter().find(|tag| tag.name == "sbe:messageSchema");
    let attributes = &schema.unwrap().attributes;
    assert_eq!(attributes["id"], sbe::SCHEMA_ID.to_string());
    assert_eq!(attributes["version"], sbe::SCHEMA_VERSION.to_string());
    assert_eq!(attributes["byteOrder"], "littleEndian");
}

#[test]
fn nulls_are_those_of_the_schema() {
    for tag in tags() {
        let Some(null) = tag.attributes.get("nullValue") else {
            continue;
        };
        let ours = match tag.attributes["primitiveType"] {
            "uint8" => sbe::NULL_U8.to_string(),
            "uint16" => sbe::NULL_U16.to_string(),
            "uint32" => sbe::NULL_U32.to_string(),
            "uint64" => sbe::NULL_U64.to_string(),
            other => {
                assert_eq!(other, "int64");
                sbe::NULL_I64.to_string()
            }
        };
        assert_eq!(*null, ours);
    }
}

#[test]
fn enumerations_have_the_values_of_the_schema() {
    let wide = u16::from;
    assert_eq!(values("Side"), codes(Side::ALL, |x| wide(x.code())));
    assert_eq!(values("OrdType"), codes(OrdType::ALL, |x| wide(x.code())));
    assert_eq!(
        values("TimeInForce"),
        codes(TimeInForce::ALL, |x| wide(x.code()))
    );
    // What FIX.4.2 alone has, sessions of the binary protocol are told as NEW.
    let mut statuses = codes(OrdStatus::ALL, |x| wide(x.code()));
    assert!(statuses.remove(&wide(OrdStatus::Replaced.code())));
    assert_eq!(values("OrdStatus"), statuses);
    assert_eq!(
        values("MassCancelRequestType"),
        codes(MassCancelType::ALL, |x| wide(x.code()))
    );
    let mut stp = codes(Stp::ALL, |x| wide(x.code()));
    assert!(stp.remove(&wide(Stp::Default.code())));
    assert_eq!(values("SelfMatchPreventionInstruction"), stp);
    let bits: u8 = values("ExecInst").iter().map(|bit| 1 << bit).sum();
    assert_eq!(bits, ExecInst::POST_ONLY);
}

#[test]
fn reasons_have_the_values_of_the_schema() {
    let mut reasons = codes(Reason::ALL, Reason::code);
    reasons.remove(&0);
    assert_eq!(values("OrdRejReason"), reasons);
    let refused = Reason::ALL.iter().filter(|&&reason| reason != Reason::None);
    let cancels = refused.map(|reason| reason.cxl_rej_reason()).collect();
    assert_eq!(values("CxlRejReason"), cancels);
    let mut business = codes(BusinessReason::ALL, BusinessReason::code);
    assert!(business.remove(&BusinessReason::Busy.code()));
    assert_eq!(values("BusinessRejectReason"), business);
}

#[test]
fn every_reason_of_a_cancel_is_one_of_the_list() {
    let mut told = BTreeSet::new();
    for &reason in CancelReason::ALL {
        let mut body = [0; Canceled::SIZE];
        body[SIDE_AT] = Side::Buy.code();
        body[SIDE_AT + 1] = reason.code();
        let event = Event::Canceled(Canceled::from_bytes(&body).unwrap(), "", "");
        let mut out = Vec::new();
        let batch = EventBatchHeader::from_bytes(&[0; EventBatchHeader::SIZE]).unwrap();
        sbe::encode_report(&event, 1, &batch, Leg::Taker, &mut out);
        let Message::ExecutionReportCancel(x) = Message::read(&out[soup::HEADER..]).unwrap() else {
            panic!("not a cancel");
        };
        if x.exec_restatement_reason != sbe::NULL_U8 {
            told.insert(u16::from(x.exec_restatement_reason));
        }
    }
    assert_eq!(values("ExecRestatementReason"), told);
}
