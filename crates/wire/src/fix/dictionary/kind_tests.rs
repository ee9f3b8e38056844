//! Every type, and what is of it.

#![allow(clippy::unwrap_used)]

use super::{Kind, Values};
use crate::fix::value;

/// Each type of the standard, what is of it, and what is not.
const TYPES: [(&str, &[&str], &[&str]); 26] = [
    (
        "INT",
        &["0", "-5", "007", "9223372036854775807"],
        &["-", "1.0", "+1", "1e3", "9223372036854775808", " 1"],
    ),
    ("LENGTH", &["0", "12"], &["-1", "a", "99999999999999999999"]),
    (
        "SEQNUM",
        &["0", "1", "000000000000000000007"],
        &["-1", "1.5", "0x1"],
    ),
    (
        "NUMINGROUP",
        &["0", "2147483648"],
        &["-1", "", "1234567890123456789012345678901234567890"],
    ),
    ("TAGNUM", &["1", "5000"], &["0", "01", "-1", "a"]),
    ("DAYOFMONTH", &["1", "31", "05"], &["0", "32", "-1", "a"]),
    (
        "FLOAT",
        &["1", "-1", "00023.23", "23.", ".5", "-.5"],
        &[
            "-", ".", "1e5", "1.2.3", "1,5", "+1", "NaN", "1-", "-.", "--1",
        ],
    ),
    ("QTY", &["100", "0.000000001"], &["1E2", " 1", "1 "]),
    (
        "PRICE",
        &["-0.5", "1234567890123456789012345678901234567890"],
        &["12345678901234567890123456789012345678901", "inf"],
    ),
    ("PRICEOFFSET", &["-0.25"], &["a"]),
    ("AMT", &["0"], &["$1"]),
    ("PERCENTAGE", &["0.05"], &["5%"]),
    ("CHAR", &["1", "a", " "], &["12", "\u{7f}"]),
    ("BOOLEAN", &["Y", "N"], &["y", "1", "YES"]),
    (
        "STRING",
        &["a b", "=", "~"],
        &["\u{7f}", "\u{0}", "\u{e9}", "a\nb", "a\u{1f}"],
    ),
    (
        "MULTIPLEVALUESTRING",
        &["1", "1 G", "AB CD E"],
        &[" 1", "1 ", "1  G", " ", "1\tG"],
    ),
    (
        "CURRENCY",
        &["USD", "USDT", "1INCH"],
        &["US", "usd", "U$D", "ABCDEFGHI"],
    ),
    ("EXCHANGE", &["XNAS", "N"], &["\u{0}"]),
    ("COUNTRY", &["DE"], &["D", "DEU", "de"]),
    (
        "UTCTIMESTAMP",
        &[
            "20241123-18:57:20",
            "20241123-18:57:20.123456789",
            "20161231-23:59:60",
        ],
        &[
            "20241123 18:57:20",
            "20230229-00:00:00",
            "20241123-18:57",
            "20241123-24:00:00",
            "20241123-18:57:20.",
            "20241123-18:57:20.1234567890",
            "20241123-18:57:20Z",
        ],
    ),
    (
        "UTCTIMEONLY",
        &["18:57:20", "00:00:00.5"],
        &["18:57", "25:00:00", "18-57-20", "1:00:00", "18:57:20."],
    ),
    (
        "UTCDATEONLY",
        &["20240229", "19000101"],
        &["20230229", "2024-02-29", "20240001", "20241301", "00000101"],
    ),
    ("UTCDATE", &["99991231"], &["2024022", "202402290"]),
    ("LOCALMKTDATE", &["20000229"], &["19000229", "20240431"]),
    (
        "MONTHYEAR",
        &["202412", "20241231", "202412w5"],
        &[
            "202413", "202400", "2024", "202412w6", "202412w0", "20241232", "202412w", "2024a2",
        ],
    ),
    ("DATA", &["a\u{1}b", "\u{0}"], &[]),
];

#[test]
fn each_type_has_what_the_standard_says() {
    for (name, fine, wrong) in TYPES {
        let kind = Kind::of(name).unwrap();
        for (texts, fits) in [(fine, true), (wrong, false)] {
            for text in texts {
                assert_eq!(kind.fits(text.as_bytes()), fits, "{name} {text:?}");
            }
        }
    }
    assert_eq!(Kind::of("COUNT"), None);
}

/// Numbers that look random, and are the same in each run.
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(seed), |last| {
        let mut next = *last;
        next ^= next << 13;
        next ^= next >> 7;
        next ^= next << 17;
        Some(next)
    })
}

#[test]
fn whether_a_time_exists_is_what_reading_it_says() {
    let mut random = numbers(0x9E37_79B9_7F4A_7C15);
    let mut next = |below: u64| random.next().unwrap_or(0) % below;
    let mut found = [0usize; 2];
    for _ in 0..20_000 {
        let mut text = format!(
            "{}{:02}{:02}-{:02}:{:02}:{:02}.{}",
            1970 + next(580),
            next(14),
            next(33),
            next(25),
            next(61),
            next(62),
            next(1_000),
        )
        .into_bytes();
        if next(4) == 0 {
            let at = next(text.len() as u64) as usize;
            text[at] = next(256) as u8;
        }
        let (exists, date) = (value::is_timestamp(&text), &text[..8]);
        if text.starts_with(b"19") || text.starts_with(b"20") {
            let (days, read) = (
                value::date(date).is_some(),
                value::timestamp(&text).is_some(),
            );
            let since_1970 = text[..4] >= b"1970"[..];
            assert_eq!(days, value::is_date(date) && since_1970, "{text:?}");
            assert_eq!(read, exists && since_1970, "{text:?}");
        }
        assert_eq!(
            value::is_time_of_day(&text[9..]),
            value::time_of_day(&text[9..]).is_some()
        );
        found[usize::from(exists)] += 1;
    }
    assert!(found.iter().all(|count| *count > 1_000), "{found:?}");
}

#[test]
fn values_are_those_that_are_listed() {
    let values = Values::of(&["1", "G", "10", "AB"].map(String::from));
    for (text, fine) in [
        ("1", true),
        ("10", true),
        ("2", false),
        ("100", false),
        ("\u{e9}", false),
    ] {
        assert_eq!(values.have(Kind::String, text.as_bytes()), fine, "{text}");
    }
    for (text, fine) in [("1 G AB", true), ("1 2", false), ("1G", false), ("G", true)] {
        assert_eq!(
            values.have(Kind::MultipleValueString, text.as_bytes()),
            fine,
            "{text}"
        );
    }
}
