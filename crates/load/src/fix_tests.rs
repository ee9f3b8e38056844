//! A session of FIX against bytes of an exchange.

use super::*;

/// Messages of an exchange, the first of which has this number.
fn told(first: u64, bodies: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, (msg_type, body)) in (first..).zip(bodies) {
        let mut to = Writer::new(b"FIX.4.4", msg_type.as_bytes(), &mut out);
        to.text(49, b"QUANTSCOPE");
        to.number(34, number);
        to.fields(body.replace('|', "\x01").as_bytes());
        to.end();
    }
    out
}

fn session() -> Fix {
    let mut fix = Fix::new("demo1", "QUANTSCOPE");
    fix.symbols = ["BTCUSD".into(), "ETHUSD".into()].into();
    fix
}

/// What messages say, and what is said of them at once.
fn receive(fix: &mut Fix, bytes: &[u8]) -> (Result<Vec<Answer>, String>, String) {
    let (mut answers, mut out) = (Vec::new(), Vec::new());
    let taken = fix.receive(bytes, &mut answers, &mut out);
    let said = String::from_utf8_lossy(&out).replace('\x01', "|");
    let answers = taken.map_err(|error| error.to_string()).map(|used| {
        assert_eq!(used, bytes.len());
        answers
    });
    (answers, said)
}

#[test]
fn each_report_answers_its_request() {
    let bytes = told(
        1,
        &[
            ("8", "37=1|11=101|17=1|150=0|39=0|14=0|"),
            ("8", "37=1|11=101|17=2|150=F|39=1|14=1|"),
            ("8", "37=1|11=101|17=3|150=F|39=2|14=2|"),
            ("8", "37=2|11=102|41=99|17=4|150=4|39=4|"),
            ("8", "37=3|11=103|17=5|150=8|39=8|"),
            ("8", "37=3|11=103|17=6|150=D|39=0|"),
            ("9", "37=4|11=104|41=98|39=8|"),
            ("j", "45=2|372=D|379=105|380=4|"),
            ("0", ""),
        ],
    );
    let mut fix = session();
    let (answers, said) = receive(&mut fix, &bytes);
    let expected = [
        Answer::Done(101),
        Answer::Traded(101),
        Answer::Filled(101),
        Answer::Done(102),
        Answer::Refused(103),
        Answer::Refused(104),
        Answer::Refused(105),
    ];
    assert_eq!(answers, Ok(expected.to_vec()));
    assert_eq!((said.as_str(), fix.next_in), ("", 10));
}

#[test]
fn a_part_of_a_message_waits_for_the_rest() {
    let bytes = told(1, &[("0", ""), ("0", "")]);
    let mut fix = session();
    let whole = bytes.len() / 2;
    let taken = fix.receive(&bytes[..whole + 9], &mut Vec::new(), &mut Vec::new());
    assert_eq!((taken.ok(), fix.next_in), (Some(whole), 2));
}

#[test]
fn a_test_request_is_answered_at_once() {
    let (answers, said) = receive(&mut session(), &told(1, &[("1", "112=77|")]));
    assert_eq!(answers, Ok(Vec::new()));
    assert!(said.contains("|35=0|34=1|49=demo1|52="), "{said}");
    assert!(said.contains("|56=QUANTSCOPE|112=77|10="), "{said}");
}

#[test]
fn what_breaks_a_session_ends_the_run() {
    for (bytes, why) in [
        (told(2, &[("0", "")]), "MsgSeqNum 2 came, 1 was next"),
        (told(1, &[("5", "58=bye|")]), "by the other side: bye"),
        (
            told(1, &[("3", "45=1|58=no tag|")]),
            "unexpected MsgType 3: no tag",
        ),
        (told(1, &[("2", "7=1|16=0|")]), "unexpected MsgType 2: "),
        (b"HTTP/1.1 400\r\n\r\n".to_vec(), "BeginString"),
    ] {
        let error = receive(&mut session(), &bytes).0;
        assert!(
            error.as_ref().is_err_and(|error| error.contains(why)),
            "{error:?}"
        );
    }
}

#[test]
fn requests_have_what_the_standard_wants() {
    let (mut fix, mut out) = (session(), Vec::new());
    let order = Order {
        cl_ord_id: 41,
        instrument: 2,
        side: Side::Sell,
        price: 4_950_000_000_000,
        qty: 1_000_000,
        time_in_force: TimeInForce::Ioc,
    };
    let cancel = Cancel {
        cl_ord_id: 42,
        orig_cl_ord_id: 41,
        instrument: 1,
        side: Side::Buy,
    };
    fix.order(&order, &mut out);
    fix.cancel(&cancel, &mut out);
    fix.heartbeat(&mut out);
    let fields = Frames::new(&out, 4096).map(|frame| match frame {
        Frame::Message(message) => Fields::new(message.fields)
            .map_while(Result::ok)
            .filter(|field| !matches!(field.tag, 52 | 60))
            .map(|field| format!("{}={}", field.tag, String::from_utf8_lossy(field.value)))
            .collect::<Vec<_>>()
            .join("|"),
        Frame::Garbled(why) => why.to_string(),
    });
    let parties = "49=demo1|56=QUANTSCOPE";
    assert_eq!(
        fields.collect::<Vec<_>>(),
        [
            format!("34=1|{parties}|11=41|55=ETHUSD|54=2|38=0.01|40=2|44=49500|59=3"),
            format!("34=2|{parties}|41=41|11=42|55=BTCUSD|54=1"),
            format!("34=3|{parties}"),
        ]
    );
}

#[test]
fn a_time_is_written_anew_each_millisecond() {
    let mut stamp = Stamp::default();
    assert_eq!(
        stamp.at(1_732_388_240_123_999_999),
        b"20241123-18:57:20.123"
    );
    assert_eq!(
        stamp.at(1_732_388_240_123_000_000),
        b"20241123-18:57:20.123"
    );
    assert_eq!(
        stamp.at(1_732_388_240_124_000_000),
        b"20241123-18:57:20.124"
    );
}

/// What comes again, each with its number, its MsgType and what else it says.
fn again(messages: &[(u64, &str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, msg_type, body) in messages {
        out.extend(told(*number, &[(msg_type, &format!("43=Y|{body}"))]));
    }
    out
}

/// Messages that bring nothing out of order.
fn hear(fix: &mut Fix, first: u64, bodies: &[(&str, &str)]) {
    let heard = receive(fix, &told(first, bodies)).0;
    assert!(heard.is_ok(), "{heard:?}");
}

#[test]
fn what_was_asked_for_comes_once_more_and_answers_nothing() {
    let (mut fix, mut out) = (session(), Vec::new());
    hear(
        &mut fix,
        1,
        &[("0", ""), ("0", ""), ("8", "11=101|150=0|39=0|")],
    );
    hear(&mut fix, 4, &[("8", "11=102|150=0|39=0|")]);
    fix.ask_again(3, &mut out);
    let asked = String::from_utf8_lossy(&out).replace('\x01', "|");
    assert!(
        asked.contains("|35=2|34=1|") && asked.contains("|7=2|16=4|"),
        "{asked}"
    );
    // It was on its way when they were asked for.
    let live = receive(&mut fix, &told(5, &[("8", "11=103|150=0|39=0|")]));
    assert_eq!(live.0, Ok(vec![Answer::Done(103)]));
    let first = again(&[(2, "4", "123=Y|36=3|"), (3, "8", "11=101|150=0|39=0|")]);
    assert_eq!(receive(&mut fix, &first).0, Ok(Vec::new()));
    let told_again = |messages, whole| ToldAgain { messages, whole };
    assert_eq!(fix.told_again(), told_again(1, false));
    let rest = again(&[(4, "8", "11=102|150=0|39=0|")]);
    assert_eq!(receive(&mut fix, &rest).0, Ok(Vec::new()));
    assert_eq!(fix.told_again(), told_again(2, true));
    let live = receive(&mut fix, &told(6, &[("8", "11=104|150=4|39=4|")]));
    assert_eq!((live.0, fix.heard()), (Ok(vec![Answer::Done(104)]), 6));
}

#[test]
fn what_comes_again_in_another_order_ends_the_run() {
    for (message, why) in [
        ((2, "8", "11=1|"), "MsgSeqNum 2 was told again, 1 was next"),
        ((1, "4", "123=Y|36=1|"), "a gap without an end"),
        ((1, "4", "123=Y|"), "a gap without an end"),
    ] {
        let mut fix = session();
        hear(&mut fix, 1, &[("0", ""), ("0", "")]);
        fix.ask_again(2, &mut Vec::new());
        let error = receive(&mut fix, &again(&[message])).0;
        assert!(
            error.as_ref().is_err_and(|error| error.contains(why)),
            "{error:?}"
        );
    }
}

#[test]
fn more_than_there_is_comes_from_the_first() {
    let (mut fix, mut out) = (session(), Vec::new());
    hear(&mut fix, 1, &[("0", ""), ("0", "")]);
    fix.ask_again(100, &mut out);
    assert!(String::from_utf8_lossy(&out).contains("\x017=1\x0116=2\x01"));
}
