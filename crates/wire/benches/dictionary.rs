//! What it costs to check a FIX message, beside a pass over its bytes that sums them and finds each SOH.

#![allow(clippy::unwrap_used)]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use wire::fix::dictionary::{Definition, Dictionary, FieldDefinition, Member, MessageDefinition};
use wire::fix::{Field, Fields, Frame, Frames, Message, SOH, Writer};

/// Messages of one run.
const MESSAGES: usize = 1000;

/// The fields of the message that is checked, by type.
const FIELDS: &str = "STRING 8 35 49 56 11 55 10|LENGTH 9|SEQNUM 34|UTCTIMESTAMP 52 60|CHAR 54 40 59|QTY 38|\
                      PRICE 44|INT 2964";
/// Tags that stand around them, so that the tables are as large as real ones.
const OTHERS: std::ops::Range<u32> = 100..220;

fn main() {
    divan::main();
}

fn members(tags: &[u32]) -> Vec<Member> {
    let member = |tag: &u32| Member {
        tag: *tag,
        required: *tag < 59,
        depth: 0,
    };
    tags.iter().map(member).collect()
}

fn dictionary() -> Dictionary {
    let mut fields = Vec::new();
    for line in FIELDS.split('|') {
        let (kind, tags) = line.split_once(' ').unwrap();
        for tag in tags.split(' ') {
            let values = match kind {
                "CHAR" => ('0'..='9').chain('A'..='P').map(String::from).collect(),
                _ => Vec::new(),
            };
            fields.push(FieldDefinition {
                tag: tag.parse().unwrap(),
                kind: kind.into(),
                values,
            });
        }
    }
    fields.extend(OTHERS.filter(|tag| *tag != 213).map(|tag| FieldDefinition {
        tag,
        kind: "INT".into(),
        values: Vec::new(),
    }));
    let body: Vec<u32> = [11, 55, 54, 60, 38, 40, 44, 59, 2964]
        .into_iter()
        .chain(OTHERS.filter(|tag| *tag != 213))
        .collect();
    Dictionary::new(&Definition {
        tag_max: 956,
        fields,
        header: members(&[8, 9, 35, 49, 56, 34, 52]),
        trailer: members(&[10]),
        messages: vec![MessageDefinition {
            msg_type: "D".into(),
            members: members(&body),
        }],
        other_types: Vec::new(),
    })
    .unwrap()
}

/// NewOrderSingles of some 160 bytes, no two of which are the same.
fn orders() -> Vec<u8> {
    let mut out = Vec::new();
    for number in 0..MESSAGES as u64 {
        let mut writer = Writer::new(b"FIX.4.4", b"D", &mut out);
        writer.number(34, 123_456 + number);
        writer.text(49, b"demo1");
        writer.text(52, b"20261201-10:11:12.123");
        writer.text(56, b"QUANTSCOPE");
        writer.text(11, format!("{}", number * 7_919).as_bytes());
        writer.text(55, b"BTCUSD");
        writer.character(54, b'1' + (number % 2) as u8);
        writer.text(60, b"20261201-10:11:12.123");
        writer.decimal(38, 12_500_000 * (1 + number as i64 % 16));
        writer.text(40, b"2");
        writer.decimal(44, 5_000_000_000_000 + 50_000_000 * (number as i64 % 64));
        writer.text(59, b"1");
        writer.end();
    }
    assert!((150..175).contains(&(out.len() / MESSAGES)));
    out
}

/// The messages that bytes hold.
fn messages(bytes: &[u8]) -> Vec<Message<'_>> {
    let whole = |frame| match frame {
        Frame::Message(message) => Some(message),
        Frame::Garbled(_) => None,
    };
    Frames::new(bytes, 4096).filter_map(whole).collect()
}

/// The measure: each byte is added, each SOH is found.
#[divan::bench]
fn bare_pass(bencher: Bencher<'_, '_>) {
    let bytes = orders();
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        let mut sum = 0u8;
        for (at, byte) in black_box(&bytes).iter().enumerate() {
            sum = sum.wrapping_add(*byte);
            if *byte == SOH {
                black_box(at);
            }
        }
        sum
    });
}

/// Where each begins and ends, and whether its checksum is right.
#[divan::bench]
fn framing(bencher: Bencher<'_, '_>) {
    let bytes = orders();
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        let frames = Frames::new(black_box(&bytes), 4096);
        frames.filter(|x| matches!(x, Frame::Message(_))).count()
    });
}

/// Their fields, unchecked.
#[divan::bench]
fn fields(bencher: Bencher<'_, '_>) {
    let bytes = orders();
    let messages = messages(&bytes);
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        let mut sum = 0;
        for message in black_box(&messages) {
            for field in Fields::new(message.fields).map_while(Result::ok) {
                sum += field.tag as usize + field.value.len();
            }
        }
        sum
    });
}

/// Their fields, each checked and visited.
#[divan::bench]
fn check(bencher: Bencher<'_, '_>) {
    let (dictionary, bytes) = (dictionary(), orders());
    let messages = messages(&bytes);
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        let mut sum = 0;
        for message in black_box(&messages) {
            let fields = Fields::new(message.fields);
            let visit = |field: Field<'_>| sum += field.tag as usize + field.value.len();
            dictionary
                .check(message.msg_type, fields, true, visit)
                .unwrap();
        }
        sum
    });
}
