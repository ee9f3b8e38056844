//! A small dictionary, and what it says of messages.

#![allow(clippy::unwrap_used)]

mod definitions;
mod messages;
mod strange;

use super::*;

const FIELDS: &str = "8 STRING|9 LENGTH|35 STRING|34 SEQNUM|49 STRING|52 UTCTIMESTAMP|10 STRING|93 LENGTH|89 DATA|\
    11 STRING|18 MULTIPLEVALUESTRING 1 G 6|38 QTY|40 CHAR 1 2|54 CHAR 1 2|58 STRING|95 LENGTH|96 DATA|98 INT 0 10|\
    453 NUMINGROUP|448 STRING|447 CHAR|452 INT|802 NUMINGROUP|523 STRING|803 INT|\
    78 NUMINGROUP|79 STRING|80 QTY|627 NUMINGROUP|628 STRING|2964 INT 0 1 2 3|112 STRING";

fn fields() -> Vec<FieldDefinition> {
    let field = |line: &str| {
        let mut words = line.split(' ').map(String::from);
        FieldDefinition {
            tag: words.next().unwrap().parse().unwrap(),
            kind: words.next().unwrap(),
            values: words.collect(),
        }
    };
    FIELDS.split('|').map(field).collect()
}

/// Members: `!` behind a tag is required, `>` in front of it is one group deeper.
fn members(text: &str) -> Vec<Member> {
    let member = |word: &str| {
        let tag = word.trim_start_matches('>');
        Member {
            tag: tag.trim_end_matches('!').parse().unwrap(),
            required: tag.ends_with('!'),
            depth: (word.len() - tag.len()) as u8,
        }
    };
    text.split(' ').map(member).collect()
}

fn definition() -> Definition {
    let message = |(msg_type, body): (&str, &str)| MessageDefinition {
        msg_type: msg_type.into(),
        members: members(body),
    };
    Definition {
        tag_max: 956,
        fields: fields(),
        header: members("8! 9! 35! 34! 49! 52 627 >628"),
        trailer: members("93 89 10!"),
        messages: [
            (
                "D",
                "11! 453 >448! >447! >452 >802 >>523 >>803 78 >79 >80! 18 38! 40! 54 95 96 98 58 2964",
            ),
            ("0", "112"),
            ("AF", "112!"),
        ]
        .map(message)
        .into(),
        other_types: ["V", "AE"].map(String::from).into(),
    }
}

fn dictionary() -> Dictionary {
    Dictionary::new(&definition()).unwrap()
}

/// What a check says, and the tags that it has shown.
fn checked(msg_type: &str, text: &str, allow: bool) -> (Result<(), Fault>, Vec<u32>) {
    let bytes: Vec<u8> = text
        .bytes()
        .map(|x| if x == b'|' { 1 } else { x })
        .collect();
    let mut seen = Vec::new();
    let fields = Fields::new(&bytes);
    let found = dictionary().check(msg_type.as_bytes(), fields, allow, |field, _| {
        seen.push(field.tag)
    });
    (found, seen)
}

/// The header of a message.
const HEAD: &str = "34=1|49=A|";
