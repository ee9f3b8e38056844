//! NewOrderSingles as benches read them, and a dictionary as large as a real one.

use wire::fix::Writer;
use wire::fix::dictionary::{Definition, Dictionary, FieldDefinition, Member, MessageDefinition};

/// Messages of one run.
pub const MESSAGES: usize = 1000;

/// The fields of the message that is checked, by type.
const FIELDS: &str = "STRING 8 35 49 56 11 55 10|LENGTH 9|SEQNUM 34|UTCTIMESTAMP 52 60|CHAR 54 40 59|QTY 38|\
                      PRICE 44|INT 2964";
/// Tags that stand around them, so that the tables are as large as real ones.
const OTHERS: std::ops::Range<u32> = 100..220;

fn members(tags: &[u32]) -> Vec<Member> {
    let member = |tag: &u32| Member {
        tag: *tag,
        required: *tag < 59,
        depth: 0,
    };
    tags.iter().map(member).collect()
}

/// The dictionary.
pub fn dictionary() -> Dictionary {
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
pub fn orders() -> Vec<u8> {
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
