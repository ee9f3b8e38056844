//! Whole messages, parts of them, and what is none.

use super::scan::checksum;
use super::{Frame, Frames, Garbled};

fn of(text: &str) -> Vec<u8> {
    text.replace('|', "\x01").into_bytes()
}

/// A message of these fields, with its length and checksum.
fn message(fields: &str) -> Vec<u8> {
    let body = of(fields);
    let mut bytes = of(&format!("8=FIX.4.4|9={}|", body.len()));
    bytes.extend(body);
    let sum = checksum(&bytes);
    bytes.extend(of(&format!("10={sum:03}|")));
    bytes
}

fn kinds(bytes: &[u8]) -> (Vec<Result<String, Garbled>>, usize) {
    let mut frames = Frames::new(bytes, 200);
    let found = frames.by_ref().map(|frame| match frame {
        Frame::Message(message) => Ok(String::from_utf8_lossy(message.msg_type).into_owned()),
        Frame::Garbled(why) => Err(why),
    });
    (found.collect(), frames.consumed())
}

#[test]
fn a_message_of_the_standard_has_its_checksum() {
    // The example of FIX 4.2's appendix B has the sum 4.
    let bytes =
        of("8=FIX.4.1|9=61|35=A|34=1|49=EXEC|52=20121105-23:24:06|56=BANZAI|98=0|108=30|10=003|");
    let mut frames = Frames::new(&bytes, 1_000);
    let Some(Frame::Message(found)) = frames.next() else {
        panic!("no message")
    };
    assert_eq!(
        (found.begin_string, found.msg_type),
        (&b"FIX.4.1"[..], &b"A"[..])
    );
    assert!(found.fields.starts_with(b"34=1\x01") && found.fields.ends_with(b"108=30\x01"));
    assert_eq!(frames.consumed(), bytes.len());
}

#[test]
fn whatever_is_not_whole_yet_is_waited_for() {
    let bytes = [message("35=0|34=2|"), message("35=1|34=3|112=x|")].concat();
    let first = message("35=0|34=2|").len();
    for end in 0..bytes.len() {
        let (found, used) = kinds(&bytes[..end]);
        let whole = usize::from(end >= first);
        assert_eq!((found.len(), used), (whole, whole * first), "{end} bytes");
    }
    assert_eq!(
        kinds(&bytes),
        (vec![Ok("0".into()), Ok("1".into())], bytes.len())
    );
}

#[test]
fn what_is_no_message_is_passed_over_up_to_the_next_one() {
    let good = message("35=0|34=2|");
    for (bad, why) in [
        (of("hello|"), Garbled::BeginString),
        (of("9=5|8=FIX|"), Garbled::BeginString),
        (of("8=|9=5|35=0|10=000|"), Garbled::BeginString),
        (of("8=FIX.4.4|35=0|"), Garbled::BodyLength),
        (of("8=FIX.4.4|9=|35=0|"), Garbled::BodyLength),
        (of("8=FIX.4.4|9=-5|35=0|"), Garbled::BodyLength),
        (of("8=FIX.4.4|9=12345678|35=0|"), Garbled::BodyLength),
        (of("8=FIX.4.4|9=99999|35=0|"), Garbled::TooLong),
        (of("8=FIX.4.4|9=6|35=0|34=2|10=000|"), Garbled::BodyLength),
        (of("8=FIX.4.4|9=5|35=0|10=0a0|"), Garbled::BodyLength),
        (of("8=FIX.4.4|9=5|35=0|10=000|"), Garbled::CheckSum),
        (of("8=FIX.4.4|9=5|35=0|10=0000"), Garbled::BodyLength),
        (message("34=2|35=0|"), Garbled::MsgType),
        (message(""), Garbled::MsgType),
    ] {
        let bytes = [&bad[..], &good, &bad, &good].concat();
        let (found, used) = kinds(&bytes);
        let of_bad = found.iter().filter_map(|found| found.as_ref().err());
        assert!(of_bad.clone().count() >= 2, "{bad:?}");
        assert_eq!(
            of_bad.clone().next(),
            Some(&why),
            "{}",
            String::from_utf8_lossy(&bad)
        );
        assert_eq!(found.iter().filter(|found| found.is_ok()).count(), 2);
        assert_eq!(used, bytes.len());
    }
}

#[test]
fn a_begin_that_is_cut_off_is_kept() {
    let bytes = of("rubbish|8=FI");
    assert_eq!(
        kinds(&bytes),
        (vec![Err(Garbled::BeginString)], bytes.len() - 4)
    );
    assert_eq!(kinds(&of("8")), (vec![], 0));
    let endless = of(&format!("8=FIX.4.4|9={}", "1".repeat(50)));
    assert_eq!(
        kinds(&endless),
        (vec![Err(Garbled::BodyLength)], endless.len())
    );
}
