//! Each reason to refuse a message, and messages that are right.

use super::*;
use SessionRejectReason as Reason;

#[test]
fn messages_that_are_right_pass_with_every_field_shown() {
    for (body, tags) in [
        ("11=a|38=1|40=1|", 5),
        ("40=1|38=1|11=a|58=text|", 6),
        ("11=a|18=1 G|38=1.5|40=2|54=1|98=10|2964=3|", 9),
        ("453=1|448=X|447=D|11=a|38=1|40=1|", 8),
        ("453=2|448=X|447=D|452=1|448=Y|447=D|11=a|38=1|40=1|", 11),
        (
            "453=2|448=X|447=D|802=2|523=a|803=1|523=b|448=Y|447=D|802=1|523=c|11=a|38=1|40=1|",
            16,
        ),
        (
            "453=1|448=X|447=D|802=1|523=a|78=1|79=x|80=1|11=a|38=1|40=1|",
            13,
        ),
        ("453=0|11=a|38=1|40=1|", 6),
        ("11=a|38=1|40=1|95=3|96=a|b|", 7),
        ("11=a|38=1|40=1|93=2|89=xy|", 7),
        ("11=a|38=1|40=1|78=1|79=x|80=1|", 8),
    ] {
        let (found, seen) = checked("D", &format!("{HEAD}{body}"), false);
        assert_eq!(found, Ok(()), "{body}");
        assert_eq!(seen.len(), tags, "{body}");
    }
    assert_eq!(
        checked("D", "627=2|628=a|628=b|34=1|49=A|11=a|38=1|40=1|", false).0,
        Ok(())
    );
    assert_eq!(checked("0", HEAD, false).0, Ok(()));
    assert_eq!(checked("AF", "34=1|49=A|112=x|", false).0, Ok(()));
}

#[test]
fn what_is_wrong_has_its_reason_and_its_tag() {
    for (body, reason, tag) in [
        ("a=1|", Reason::InvalidTag, None),
        ("0=1|", Reason::InvalidTag, None),
        ("1234567890=1|", Reason::InvalidTag, None),
        ("38=1|40=1|", Reason::RequiredTagMissing, Some(11)),
        ("11=a|40=1|", Reason::RequiredTagMissing, Some(38)),
        (
            "11=a|38=1|40=1|453=1|448=X|",
            Reason::RequiredTagMissing,
            Some(447),
        ),
        (
            "453=2|448=X|448=Y|447=D|",
            Reason::RequiredTagMissing,
            Some(447),
        ),
        ("78=1|79=X|11=a|", Reason::RequiredTagMissing, Some(80)),
        ("112=x|", Reason::NotOfThisMessage, Some(112)),
        ("956=x|", Reason::NotOfThisMessage, Some(956)),
        ("957=x|", Reason::UndefinedTag, Some(957)),
        ("4999=x|", Reason::UndefinedTag, Some(4_999)),
        ("5000=x|", Reason::UndefinedTag, Some(5_000)),
        ("999999999=x|", Reason::UndefinedTag, Some(999_999_999)),
        ("11=|", Reason::NoValue, Some(11)),
        ("40=3|", Reason::ValueIncorrect, Some(40)),
        ("98=1|", Reason::ValueIncorrect, Some(98)),
        ("18=1 2|", Reason::ValueIncorrect, Some(18)),
        ("2964=4|", Reason::ValueIncorrect, Some(2_964)),
        ("38=1e5|", Reason::IncorrectFormat, Some(38)),
        ("40=12|", Reason::IncorrectFormat, Some(40)),
        ("11=\u{e9}|", Reason::IncorrectFormat, Some(11)),
        ("11=a\u{0}|", Reason::IncorrectFormat, Some(11)),
        ("453=-1|", Reason::IncorrectFormat, Some(453)),
        ("95=9|96=abc|", Reason::IncorrectFormat, Some(96)),
        ("95=x|96=abc|", Reason::IncorrectFormat, Some(95)),
        ("11=a|11=b|", Reason::TagTwice, Some(11)),
        ("34=2|", Reason::TagTwice, Some(34)),
        ("35=D|", Reason::TagTwice, Some(35)),
        ("453=1|448=X|447=D|447=D|", Reason::TagTwice, Some(447)),
        ("11=a|52=20241123-18:57:20|", Reason::OutOfOrder, Some(52)),
        ("11=a|35=D|", Reason::OutOfOrder, Some(35)),
        ("93=1|89=x|11=a|", Reason::OutOfOrder, Some(11)),
        ("96=abc|", Reason::OutOfOrder, Some(96)),
        ("95=3|11=a|96=abc|", Reason::OutOfOrder, Some(96)),
        ("453=1|447=D|448=X|", Reason::GroupOutOfOrder, Some(447)),
        (
            "453=1|448=X|452=1|447=D|",
            Reason::GroupOutOfOrder,
            Some(447),
        ),
        (
            "453=1|448=X|447=D|11=a|452=1|",
            Reason::GroupOutOfOrder,
            Some(452),
        ),
        ("448=X|447=D|", Reason::GroupOutOfOrder, Some(448)),
        ("453=0|448=X|", Reason::GroupOutOfOrder, Some(448)),
        (
            "453=1|448=X|447=D|523=a|",
            Reason::GroupOutOfOrder,
            Some(523),
        ),
        ("453=2|448=X|447=D|11=a|", Reason::GroupCount, Some(453)),
        (
            "453=1|448=X|447=D|448=Y|447=D|",
            Reason::GroupCount,
            Some(453),
        ),
        (
            "453=2147483648|448=X|447=D|11=a|",
            Reason::GroupCount,
            Some(453),
        ),
        (
            "453=18446744073709551616|",
            Reason::IncorrectFormat,
            Some(453),
        ),
        (
            "453=1|448=X|447=D|802=2|523=a|11=a|",
            Reason::GroupCount,
            Some(802),
        ),
        (
            "453=1|448=X|447=D|802=2|523=a|",
            Reason::GroupCount,
            Some(802),
        ),
        ("453=1|", Reason::GroupCount, Some(453)),
        ("11|", Reason::Delimiter, Some(11)),
        ("58=a|b=|", Reason::InvalidTag, None),
    ] {
        let (found, _) = checked("D", &format!("{HEAD}{body}"), false);
        assert_eq!(found, Err(Fault { reason, tag }), "{body}");
    }
    for (text, missing) in [("49=A|112=x|", 34), ("34=1|112=x|", 49)] {
        let fault = Fault::new(Reason::RequiredTagMissing, missing);
        assert_eq!(checked("0", text, false).0, Err(fault));
    }
    let fault = Fault::new(Reason::GroupCount, 627);
    assert_eq!(checked("0", "627=2|628=a|34=1|49=A|", false).0, Err(fault));
}

#[test]
fn a_type_is_defined_or_known_or_neither() {
    let dictionary = dictionary();
    for (msg_type, known) in [
        ("D", Known::Defined),
        ("AF", Known::Defined),
        ("V", Known::Other),
        ("AE", Known::Other),
        ("A", Known::Unknown),
        ("AFX", Known::Unknown),
        ("", Known::Unknown),
        ("\u{e9}", Known::Unknown),
    ] {
        assert_eq!(dictionary.knows(msg_type.as_bytes()), known, "{msg_type}");
        let refused = checked(msg_type, HEAD, false).0
            == Err(Fault {
                reason: Reason::InvalidMsgType,
                tag: None,
            });
        assert_eq!(refused, known != Known::Defined, "{msg_type}");
    }
}

#[test]
fn tags_of_users_pass_where_they_may() {
    let body =
        "5000=x|11=a|453=1|448=X|25000=y|447=D|38=1|40=1|999999999=z|5000=x|93=1|89=x|6000=u|";
    let text = format!("{HEAD}{body}");
    let (found, seen) = checked("D", &text, true);
    assert_eq!(found, Ok(()));
    assert_eq!(seen.len(), 15);
    assert_eq!(
        checked("D", &text, false).0,
        Err(Fault::new(Reason::UndefinedTag, 5_000))
    );
    let bad = format!("{HEAD}5000=\u{e9}|");
    assert_eq!(
        checked("D", &bad, true).0,
        Err(Fault::new(Reason::IncorrectFormat, 5_000))
    );
    let ours = format!("{HEAD}2963=1|");
    assert_eq!(
        checked("D", &ours, true).0,
        Err(Fault::new(Reason::UndefinedTag, 2_963))
    );
}

#[test]
fn what_a_reason_is_called_on_the_wire() {
    let codes = [
        (Reason::InvalidTag, 0),
        (Reason::RequiredTagMissing, 1),
        (Reason::NotOfThisMessage, 2),
        (Reason::UndefinedTag, 3),
        (Reason::NoValue, 4),
        (Reason::ValueIncorrect, 5),
        (Reason::IncorrectFormat, 6),
        (Reason::InvalidMsgType, 11),
        (Reason::TagTwice, 13),
        (Reason::OutOfOrder, 14),
        (Reason::GroupOutOfOrder, 15),
        (Reason::GroupCount, 16),
        (Reason::Delimiter, 17),
    ];
    assert!(codes.iter().all(|(reason, code)| *reason as u8 == *code));
}
