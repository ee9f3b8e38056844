//! How FIX sessions begin: test cases 1S of "FIX session layer test cases" (FIX 4.4 volume 2), and 789.

use super::super::action::{Action, Admin, Logon, Password};
use super::super::talk::{Field, SECOND_NS, Talk, WALL_NS, asks, left, logon_answer};

#[test]
fn case_1s_a_valid_logon_is_decided_on_and_answered() {
    let mut talk = Talk::new();
    let fields = [(98, "0"), (108, "30"), (553, "demo1"), (554, "Demo")];
    let asked = talk.first("A", 1, &fields);
    let expected = Logon {
        sender: b"demo1".to_vec(),
        target: b"QUANTSCOPE".to_vec(),
        sender_sub: Vec::new(),
        number: 1,
        heartbeat_s: 30,
        reset: false,
        next_expected: None,
        username: b"demo1".to_vec(),
        password: Password(b"Demo".to_vec()),
    };
    assert_eq!(asked, [Action::Decide(expected)]);
    // Nothing is handled before the decision.
    assert_eq!(talk.hear("0", 2, &[]), []);
    assert_eq!(talk.accept(1), [logon_answer(false)]);
    assert!(talk.machine.is_on());
}

#[test]
fn case_1s_in_4_2_the_password_is_raw_data() {
    let mut talk = Talk::new();
    let fields = [(95, "3"), (96, "a|b"), (98, "0"), (108, "30"), (789, "5")];
    let bytes = talk.from("demo1", "FIX.4.2", "A", 1, &fields);
    let asked = talk.give(&bytes);
    let [Action::Decide(logon)] = &asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!(
        (&logon.password.0[..], logon.next_expected),
        (&b"a|b"[..], None)
    );
}

#[test]
fn case_1s_what_is_no_logon_to_us_is_closed_without_a_word() {
    let closed = |kind: &str, sender: &str, version: &str, fields: &[Field<'_>]| {
        let mut talk = Talk::new();
        let bytes = talk.from(sender, version, kind, 1, fields);
        matches!(talk.give(&bytes)[..], [Action::Close(_)])
    };
    let good = [(98, "0"), (108, "30")];
    assert!(closed("D", "demo1", "FIX.4.4", &good));
    assert!(closed("A", "demo1", "FIX.4.3", &good));
    assert!(closed(
        "A",
        "demo1",
        "FIX.4.4",
        &[(98, "0"), (108, "30"), (34, "1")]
    ));
    let mut talk = Talk::new();
    let bytes = talk.message("A", 1, &good);
    let other = String::from_utf8_lossy(&bytes).replace("56=QUANTSCOPE", "56=QUANTSCOPF");
    let sum = other.as_bytes()[..other.len() - 7]
        .iter()
        .map(|byte| u32::from(*byte))
        .sum::<u32>()
        % 256;
    let other = format!("{}10={sum:03}\x01", &other[..other.len() - 7]);
    assert!(matches!(
        talk.give(other.as_bytes())[..],
        [Action::Close(_)]
    ));
}

#[test]
fn case_1s_a_wrong_logon_is_answered_outside_the_session() {
    for (fields, words) in [
        (&[(98, "0"), (108, "0")][..], "out of range"),
        (&[(98, "0"), (108, "-30")], "out of range"),
        (&[(98, "0"), (108, "3601")], "out of range"),
        (&[(98, "0"), (108, "x")], "no number"),
        (&[(98, "0")], "missing"),
        (&[(98, "1"), (108, "30")], "EncryptMethod"),
    ] {
        let mut talk = Talk::new();
        match &talk.first("A", 1, fields)[..] {
            [Action::Outside(said), Action::Close(_)] => assert!(said.contains(words), "{said}"),
            other => panic!("{other:?}"),
        }
    }
    let mut talk = Talk::new();
    talk.sending_ns = WALL_NS - 121 * SECOND_NS;
    assert!(matches!(
        talk.first("A", 1, &[(98, "0"), (108, "30")])[..],
        [
            Action::Outside("SendingTime accuracy problem"),
            Action::Close(_)
        ]
    ));
    let mut talk = Talk::new();
    talk.first("A", 1, &[(98, "0"), (108, "30")]);
    let mut out = Vec::new();
    talk.machine.refused(&mut out);
    assert!(matches!(
        out[..],
        [Action::Outside("not authorized"), Action::Close(_)]
    ));
    assert_eq!(talk.numbers.next_in, 1);
}

#[test]
fn case_1s_numbers_begin_anew_with_141() {
    let mut talk = Talk::new();
    talk.numbers.next_in = 900;
    talk.first("A", 1, &[(98, "0"), (108, "30"), (141, "Y")]);
    assert_eq!(talk.accept(500), [Action::Reset, logon_answer(true)]);
    assert_eq!(talk.numbers.next_in, 2);
    let mut talk = Talk::new();
    talk.first("A", 7, &[(98, "0"), (108, "30"), (141, "Y")]);
    left(&talk.accept(1), "needs MsgSeqNum 1");
}

#[test]
fn case_2b_a_logon_behind_a_gap_is_answered_and_the_gap_is_asked_for() {
    let mut talk = Talk::new();
    talk.first("A", 5, &[(98, "0"), (108, "30")]);
    assert_eq!(talk.accept(3), [logon_answer(false), asks(1)]);
    assert_eq!(talk.numbers.next_in, 1);
    let fill = [(43, "Y"), (122, "20241231-23:59:59"), (123, "Y"), (36, "6")];
    assert_eq!(talk.hear("4", 1, &fill), []);
    assert_eq!(talk.numbers.next_in, 6);
}

#[test]
fn a_second_logon_ends_the_session_unless_numbers_begin_anew() {
    let mut talk = Talk::logged_on();
    left(
        &talk.hear("A", 2, &[(98, "0"), (108, "30")]),
        "second Logon",
    );
    let mut talk = Talk::logged_on();
    talk.hear("D", 2, &[(11, "a")]);
    talk.hear("D", 9, &[(11, "of before")]);
    let anew = [(98, "0"), (108, "30"), (141, "Y")];
    assert_eq!(
        talk.hear("A", 1, &anew),
        [Action::Reset, logon_answer(true)]
    );
    assert_eq!(talk.numbers.next_in, 2);
    for number in 2..=9 {
        assert_eq!(
            talk.hear("D", number, &[(11, "b")]),
            [Action::Take(number, None)]
        );
    }
}

#[test]
fn a_password_is_shown_nowhere_and_kept_by_nobody() {
    let mut talk = Talk::new();
    let asked = talk.first("A", 1, &[(98, "0"), (108, "30"), (554, "s3cret")]);
    let [Action::Decide(logon)] = &asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!(logon.password.0, b"s3cret");
    let bytes = format!("{:?}", b"s3cret".to_vec());
    for shown in [format!("{asked:?}"), format!("{:?}", talk.machine)] {
        assert!(
            !shown.contains(&bytes) && !shown.contains("s3cret"),
            "{shown}"
        );
    }
}

#[test]
fn who_says_nothing_at_all_is_closed() {
    let mut talk = Talk::new();
    assert_eq!(talk.wait(4), []);
    assert!(matches!(
        talk.wait(1)[..],
        [Action::Close("logon deadline")]
    ));
}

/// The answer to a Logon that has 789: it has one, too.
fn told_next(next: u64) -> Action {
    Action::Say(Admin::Logon {
        heartbeat_s: 30,
        reset: false,
        next_expected: Some(next),
    })
}

#[test]
fn what_a_client_lacks_is_told_where_789_says_so() {
    let logon = |next: &'static str| [(98, "0"), (108, "30"), (789, next)];
    let mut talk = Talk::new();
    talk.first("A", 1, &logon("4"));
    assert_eq!(talk.accept(9), [told_next(2), Action::Resend(4, 8)]);
    let mut talk = Talk::new();
    talk.first("A", 1, &logon("9"));
    assert_eq!(talk.accept(9), [told_next(2)]);
    let mut talk = Talk::new();
    talk.first("A", 1, &logon("10"));
    left(&talk.accept(9), "expecting at most 9");
    // What we lack it learns from our own 789.
    let mut talk = Talk::new();
    talk.first("A", 5, &logon("9"));
    assert_eq!(talk.accept(9), [told_next(1)]);
    assert_eq!(talk.numbers.next_in, 1);
}

#[test]
fn numbers_that_were_raised_are_gone_on_with_by_a_reset_alone() {
    let far = 1_000_000_001;
    let mut talk = Talk::new();
    talk.first("A", 7, &[(98, "0"), (108, "30")]);
    left(
        &talk.accept(far),
        "session was reset, log on with ResetSeqNumFlag=Y",
    );
    let mut talk = Talk::new();
    talk.first("A", 1, &[(98, "0"), (108, "30"), (141, "Y")]);
    assert_eq!(talk.accept(far), [Action::Reset, logon_answer(true)]);
}
