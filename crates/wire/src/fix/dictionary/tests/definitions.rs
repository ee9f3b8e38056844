//! What makes no dictionary.

use super::*;

#[test]
fn definitions_that_contradict_themselves_are_refused() {
    type Change = fn(&mut Definition);
    let changes: [(Change, &str); 13] = [
        (
            |x| x.fields[0].kind = "TEXT".into(),
            "field 8 has the unknown type TEXT",
        ),
        (
            |x| x.fields[0].kind = "DATA".into(),
            "field 8 is data, and no field holds its length",
        ),
        (
            |x| x.fields[8].kind = "STRING".into(),
            "field 89 is data, and no field holds its length",
        ),
        (|x| x.fields[1].tag = 8, "field 8 is defined twice"),
        (
            |x| x.messages[1].msg_type = "D".into(),
            "message \"D\" is defined twice, or misnamed",
        ),
        (
            |x| x.messages[1].msg_type = "V".into(),
            "message \"V\" is defined twice, or misnamed",
        ),
        (
            |x| x.messages[1].msg_type = "\u{e9}".into(),
            "message \"\u{e9}\" is defined twice, or misnamed",
        ),
        (
            |x| x.messages[1].members = members("113"),
            "message 0: field 113 is not defined",
        ),
        (
            |x| x.messages[1].members = members("11 11"),
            "message 0 has field 11 twice",
        ),
        (
            |x| x.messages[1].members = members("34"),
            "message 0 has field 34 twice",
        ),
        (
            |x| x.messages[1].members = members(">11"),
            "message 0: field 11 is misplaced in or before a group",
        ),
        (
            |x| x.messages[1].members = members("453 11"),
            "message 0: field 453 is misplaced in or before a group",
        ),
        (
            |x| x.messages[1].members = members("11 >58"),
            "message 0: field 11 is misplaced in or before a group",
        ),
    ];
    for (change, said) in changes {
        let mut definition = definition();
        change(&mut definition);
        let found = Dictionary::new(&definition).map_err(|error| error.to_string());
        assert_eq!(found.err().as_deref(), Some(said));
    }
}

#[test]
fn definitions_that_are_too_large_are_refused() {
    let grown = |depth: u8, count: u32| {
        let mut definition = definition();
        let tags = 10_000..10_000 + count;
        definition
            .fields
            .extend(tags.clone().map(|tag| FieldDefinition {
                tag,
                kind: "STRING".into(),
                values: Vec::new(),
            }));
        let mut body = if depth > 0 {
            members("453 >448")
        } else {
            members("112")
        };
        body.extend(tags.map(|tag| Member {
            tag,
            required: false,
            depth,
        }));
        definition.messages[1].members = body;
        Dictionary::new(&definition).err()
    };
    let too_many = |tag| Some(DefinitionError::TooMany("0".into(), tag));
    assert_eq!(grown(0, 240), None);
    assert_eq!(grown(0, 260), too_many(10_248));
    assert_eq!(grown(1, 127), None);
    assert_eq!(grown(1, 128), too_many(10_127));
    let mut deep = definition();
    for tag in 1..=5 {
        deep.fields.push(FieldDefinition {
            tag: 20_000 + tag,
            kind: "NUMINGROUP".into(),
            values: Vec::new(),
        });
    }
    deep.messages[1].members = members("20001 >20002 >>20003 >>>20004 >>>>20005 >>>>>58");
    assert_eq!(Dictionary::new(&deep).err(), too_many(20_005));
}
