//! Conversations of FIX sessions: what comes in, and what is done.  Names say which test case of "FIX session
//! layer test cases" (FIX 4.4 volume 2) a test is of.

use wire::fix::{Frame, Frames, Writer};

use super::super::action::{Action, Admin, Logon, Reason};
use super::super::settings::{Now, Numbers, Settings};
use super::Machine;

const WALL_NS: u64 = 1_735_689_599 * 1_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;

/// A field of a message, as text.
type Field<'a> = (u32, &'a str);

fn settings() -> Settings {
    Settings {
        comp_id: b"QUANTSCOPE".to_vec(),
        sending_time_ns_max: 120 * SECOND_NS,
        heartbeat_s_max: 3_600,
        gap_messages_max: 4,
        gap_bytes_max: 10_000,
        resend_deadline_ns: 10 * SECOND_NS,
        logon_deadline_ns: 5 * SECOND_NS,
    }
}

/// A client's side of a conversation.
struct Talk {
    machine: Machine,
    numbers: Numbers,
    monotonic_ns: u64,
    sending_ns: u64,
}

impl Talk {
    fn new() -> Self {
        Self {
            machine: Machine::new(0),
            numbers: Numbers::default(),
            monotonic_ns: 0,
            sending_ns: WALL_NS,
        }
    }

    /// Logged on with HeartBtInt 30; 2 is next.
    fn logged_on() -> Self {
        let mut talk = Self::new();
        talk.first("A", 1, &[(98, "0"), (108, "30")]);
        let said = talk.accept(1);
        assert_eq!(said, [logon_answer(false)]);
        assert_eq!(talk.numbers.next_in, 2);
        talk
    }

    fn now(&self) -> Now {
        Now {
            monotonic_ns: self.monotonic_ns,
            wall_ns: WALL_NS,
        }
    }

    fn message(&self, kind: &str, number: u64, fields: &[Field<'_>]) -> Vec<u8> {
        self.from("demo1", "FIX.4.4", kind, number, fields)
    }

    fn from(
        &self,
        sender: &str,
        version: &str,
        kind: &str,
        number: u64,
        fields: &[Field<'_>],
    ) -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = Writer::new(version.as_bytes(), kind.as_bytes(), &mut out);
        writer.text(49, sender.as_bytes());
        writer.text(56, b"QUANTSCOPE");
        if number > 0 {
            writer.number(34, number);
        }
        if self.sending_ns > 0 {
            writer.time(52, self.sending_ns);
        }
        for (tag, value) in fields {
            writer.text(*tag, value.as_bytes());
        }
        writer.end();
        out
    }

    fn give(&mut self, bytes: &[u8]) -> Vec<Action> {
        let Some(Frame::Message(message)) = Frames::new(bytes, 10_000).next() else {
            panic!("no message: {}", String::from_utf8_lossy(bytes));
        };
        let (now, mut out) = (self.now(), Vec::new());
        self.machine
            .receive(&message, &mut self.numbers, now, &settings(), &mut out);
        out
    }

    fn hear(&mut self, kind: &str, number: u64, fields: &[Field<'_>]) -> Vec<Action> {
        let bytes = self.message(kind, number, fields);
        self.give(&bytes)
    }

    fn first(&mut self, kind: &str, number: u64, fields: &[Field<'_>]) -> Vec<Action> {
        self.hear(kind, number, fields)
    }

    fn accept(&mut self, next_out: u64) -> Vec<Action> {
        let (now, mut out) = (self.now(), Vec::new());
        self.machine
            .accepted(&mut self.numbers, next_out, now, &mut out);
        out
    }

    fn wait(&mut self, seconds: u64) -> Vec<Action> {
        self.monotonic_ns += seconds * SECOND_NS;
        let (now, mut out) = (self.now(), Vec::new());
        self.machine.tick(&self.numbers, now, &settings(), &mut out);
        out
    }
}

fn logon_answer(reset: bool) -> Action {
    Action::Say(Admin::Logon {
        heartbeat_s: 30,
        reset,
    })
}

fn rejected(number: u64, tag: Option<u32>, kind: &str, reason: Reason) -> Action {
    Action::Say(Admin::Reject {
        number,
        tag,
        msg_type: kind.as_bytes().to_vec(),
        reason,
    })
}

/// A Logout with these words, and the end.
fn left(actions: &[Action], words: &str) {
    match actions {
        [.., Action::Say(Admin::Logout(Some(said))), Action::Close(_)] if said.contains(words) => {}
        other => panic!("{other:?} instead of a Logout that says {words}"),
    }
}

fn asks(from: u64) -> Action {
    Action::Say(Admin::ResendRequest(from))
}

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
        password: b"Demo".to_vec(),
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
        (&logon.password[..], logon.next_expected),
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
fn case_2a_what_is_next_is_taken() {
    let mut talk = Talk::logged_on();
    assert_eq!(talk.hear("D", 2, &[(11, "a")]), [Action::Take(2, None)]);
    assert_eq!(talk.numbers.next_in, 3);
}

#[test]
fn case_2b_a_gap_is_asked_for_once_and_what_is_behind_it_waits() {
    let mut talk = Talk::logged_on();
    assert_eq!(talk.hear("D", 4, &[(11, "c")]), [asks(2)]);
    assert_eq!(talk.hear("D", 5, &[(11, "d")]), []);
    assert_eq!(talk.numbers.next_in, 2);
    let resent = [(43, "Y"), (122, "20241231-23:59:59"), (11, "a")];
    assert_eq!(talk.hear("D", 2, &resent), [Action::Take(2, None)]);
    let (fourth, fifth) = (
        talk.message("D", 4, &[(11, "c")]),
        talk.message("D", 5, &[(11, "d")]),
    );
    let expected = [
        Action::Take(3, None),
        Action::Take(4, Some(fourth)),
        Action::Take(5, Some(fifth)),
    ];
    assert_eq!(talk.hear("D", 3, &resent), expected);
    assert_eq!(talk.numbers.next_in, 6);
    // A second gap is asked for, too.
    assert_eq!(talk.hear("0", 9, &[]), [asks(6)]);
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
fn what_does_not_fit_behind_a_gap_is_asked_for_again() {
    let mut talk = Talk::logged_on();
    talk.hear("D", 3, &[]);
    for number in 4..=9 {
        assert_eq!(talk.hear("D", number, &[]), []);
    }
    let took: Vec<_> = talk
        .hear("D", 2, &[])
        .into_iter()
        .map(|action| match action {
            Action::Take(number, _) => number,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(took, [2, 3, 4, 5, 6]);
    assert_eq!(talk.hear("D", 10, &[]), [asks(7)]);
}

#[test]
fn case_2c_a_number_that_is_too_low_ends_the_session() {
    let mut talk = Talk::logged_on();
    talk.hear("0", 2, &[]);
    left(
        &talk.hear("0", 2, &[]),
        "MsgSeqNum too low, expecting 3 but received 2",
    );
    assert_eq!(talk.hear("0", 3, &[]), []);
    let mut talk = Talk::new();
    talk.numbers.next_in = 9;
    talk.first("A", 3, &[(98, "0"), (108, "30")]);
    left(&talk.accept(1), "too low, expecting 9 but received 3");
}

#[test]
fn case_2d_garbled_bytes_are_no_message() {
    let talk = Talk::logged_on();
    let mut bytes = talk.message("0", 2, &[]);
    let at = bytes.len() - 2;
    bytes[at] ^= 1;
    assert!(matches!(
        Frames::new(&bytes, 1_000).next(),
        Some(Frame::Garbled(_))
    ));
}

#[test]
fn case_2e_and_2f_a_possible_duplicate_is_done_with() {
    let mut talk = Talk::logged_on();
    talk.hear("D", 2, &[(11, "a")]);
    let dup = [(43, "Y"), (122, "20241231-23:59:59"), (11, "a")];
    assert_eq!(talk.hear("D", 2, &dup), []);
    assert_eq!(
        talk.hear("D", 2, &[(43, "Y"), (11, "a")]),
        [rejected(2, Some(122), "D", Reason::RequiredTagMissing)]
    );
    assert_eq!(talk.numbers.next_in, 3);
    // It is taken where it was never seen.
    assert_eq!(talk.hear("D", 3, &dup), [Action::Take(3, None)]);
    let later = [(43, "Y"), (122, "20250101-00:00:30"), (11, "a")];
    let said = talk.hear("D", 4, &later);
    assert_eq!(said[0], rejected(4, Some(122), "D", Reason::SendingTime));
    left(&said, "SendingTime accuracy problem");
    assert_eq!(talk.numbers.next_in, 5);
}

#[test]
fn case_2i_and_2k_what_is_of_another_session_ends_this_one() {
    let mut talk = Talk::logged_on();
    let bytes = talk.from("demo1", "FIX.4.2", "0", 2, &[]);
    left(&talk.give(&bytes), "value is incorrect");
    let mut talk = Talk::logged_on();
    let bytes = talk.from("demo2", "FIX.4.4", "0", 2, &[]);
    let said = talk.give(&bytes);
    assert_eq!(said[0], rejected(2, Some(49), "0", Reason::CompId));
    left(&said, "CompID problem");
    assert_eq!(talk.numbers.next_in, 3);
}

#[test]
fn case_2o_a_time_that_cannot_be_ends_the_session() {
    for off in [121, 3_600] {
        let mut talk = Talk::logged_on();
        talk.sending_ns = WALL_NS + off * SECOND_NS;
        let said = talk.hear("0", 2, &[]);
        assert_eq!(said[0], rejected(2, Some(52), "0", Reason::SendingTime));
        left(&said, "SendingTime accuracy problem");
    }
    let mut talk = Talk::logged_on();
    talk.sending_ns = 0;
    assert_eq!(
        talk.hear("0", 2, &[]),
        [rejected(2, Some(52), "0", Reason::RequiredTagMissing)]
    );
}

#[test]
fn case_2t_without_a_number_the_session_ends() {
    let mut talk = Talk::logged_on();
    left(&talk.hear("0", 0, &[]), "MsgSeqNum (34) missing");
}

#[test]
fn case_4_silence_is_filled_with_heartbeats() {
    let mut talk = Talk::logged_on();
    assert_eq!(talk.wait(29), []);
    assert_eq!(talk.wait(1), [Action::Say(Admin::Heartbeat(None))]);
    talk.hear("0", 2, &[]);
    assert_eq!(talk.wait(29), []);
    talk.machine.said(talk.monotonic_ns);
    assert_eq!(talk.wait(2), []);
}

#[test]
fn case_4b_and_6_a_test_request_is_answered_and_sent() {
    let mut talk = Talk::logged_on();
    assert_eq!(
        talk.hear("1", 2, &[(112, "who?")]),
        [Action::Say(Admin::Heartbeat(Some(b"who?".to_vec())))]
    );
    assert_eq!(
        talk.hear("1", 3, &[]),
        [rejected(3, Some(112), "1", Reason::RequiredTagMissing)]
    );
    let said = talk.wait(36);
    assert_eq!(said, [Action::Say(Admin::TestRequest(1))]);
    // Whatever comes is a sign of life.
    talk.hear("0", 4, &[(112, "1")]);
    assert_eq!(talk.wait(35).len(), 1);
    assert_eq!(talk.wait(1), [Action::Say(Admin::TestRequest(2))]);
    assert!(
        talk.wait(35)
            .iter()
            .all(|action| matches!(action, Action::Say(Admin::Heartbeat(_))))
    );
    assert!(matches!(talk.wait(1)[..], [Action::Close(_)]));
}

#[test]
fn case_8_what_was_told_is_told_again() {
    let mut talk = Talk::logged_on();
    assert_eq!(
        talk.hear("2", 2, &[(7, "1"), (16, "0")]),
        [Action::Resend(1, 0)]
    );
    assert_eq!(
        talk.hear("2", 3, &[(7, "5"), (16, "5")]),
        [Action::Resend(5, 5)]
    );
    for (number, fields, tag, reason) in [
        (4, &[(7, "0"), (16, "0")][..], 7, Reason::ValueIncorrect),
        (5, &[(7, "5"), (16, "4")], 16, Reason::ValueIncorrect),
        (6, &[(7, "5")], 16, Reason::RequiredTagMissing),
        (7, &[(7, "-1"), (16, "0")], 7, Reason::IncorrectFormat),
    ] {
        assert_eq!(
            talk.hear("2", number, fields),
            [rejected(number, Some(tag), "2", reason)]
        );
    }
}

#[test]
fn case_8_two_sides_that_both_ask_do_not_wait_for_each_other() {
    let mut talk = Talk::logged_on();
    assert_eq!(
        talk.hear("2", 4, &[(7, "1"), (16, "0")]),
        [Action::Resend(1, 0), asks(2)]
    );
    talk.hear("D", 5, &[]);
    // It is not handled once more when the gap is filled.
    let fifth = talk.message("D", 5, &[]);
    let fill = [(43, "Y"), (122, "20241231-23:59:59"), (123, "Y"), (36, "4")];
    assert_eq!(talk.hear("4", 2, &fill), [Action::Take(5, Some(fifth))]);
    assert_eq!(talk.numbers.next_in, 6);
}

#[test]
fn case_10_a_gap_is_filled() {
    let mut talk = Talk::logged_on();
    assert_eq!(talk.hear("4", 2, &[(123, "Y"), (36, "20")]), []);
    assert_eq!(talk.numbers.next_in, 20);
    assert_eq!(talk.hear("4", 22, &[(123, "Y"), (36, "30")]), [asks(20)]);
    assert_eq!(talk.hear("4", 20, &[(123, "Y"), (36, "22")]), []);
    assert_eq!(talk.numbers.next_in, 30);
    assert_eq!(
        talk.hear("4", 30, &[(123, "Y"), (36, "30")]),
        [rejected(30, Some(36), "4", Reason::ValueIncorrect)]
    );
    let dup = [
        (43, "Y"),
        (122, "20241231-23:59:59"),
        (123, "Y"),
        (36, "22"),
    ];
    assert_eq!(talk.hear("4", 20, &dup), []);
    left(&talk.hear("4", 20, &[(123, "Y"), (36, "22")]), "too low");
}

#[test]
fn case_11_numbers_are_reset_whatever_the_message_is_numbered() {
    let mut talk = Talk::logged_on();
    for number in [1, 2, 99] {
        assert_eq!(talk.hear("4", number, &[(36, "40")]), []);
        assert_eq!(talk.numbers.next_in, 40);
    }
    assert_eq!(
        talk.hear("4", 40, &[(36, "39"), (123, "N")]),
        [rejected(40, Some(36), "4", Reason::ValueIncorrect)]
    );
    assert_eq!(
        talk.hear("4", 40, &[(123, "N")]),
        [rejected(40, Some(36), "4", Reason::RequiredTagMissing)]
    );
    assert_eq!(talk.numbers.next_in, 40);
}

#[test]
fn case_12_and_13_a_logout_is_answered_also_behind_a_gap() {
    for number in [2, 9] {
        let mut talk = Talk::logged_on();
        let said = talk.hear("5", number, &[]);
        assert!(matches!(
            said[..],
            [Action::Say(Admin::Logout(None)), Action::Close(_)]
        ));
        assert_eq!(talk.hear("0", number + 1, &[]), []);
    }
}

#[test]
fn case_14_a_message_that_is_well_formed_and_wrong_is_rejected_and_takes_its_number() {
    let mut talk = Talk::logged_on();
    for (number, fields, tag, reason) in [
        (2, &[(58, "x"), (43, "N")][..], Some(43), Reason::OutOfOrder),
        (3, &[(43, "N"), (43, "N")], Some(43), Reason::TagTwice),
        (4, &[(43, "X")], Some(43), Reason::IncorrectFormat),
        (5, &[(122, "yesterday")], Some(122), Reason::IncorrectFormat),
        (
            6,
            &[(95, "9"), (96, "a")],
            Some(96),
            Reason::IncorrectFormat,
        ),
    ] {
        assert_eq!(
            talk.hear("D", number, fields),
            [rejected(number, tag, "D", reason)]
        );
    }
    assert_eq!(talk.numbers.next_in, 7);
}

#[test]
fn a_second_logon_ends_the_session_unless_numbers_begin_anew() {
    let mut talk = Talk::logged_on();
    left(
        &talk.hear("A", 2, &[(98, "0"), (108, "30")]),
        "second Logon",
    );
}

#[test]
fn a_gap_that_is_not_filled_is_asked_for_again_and_then_ends_the_session() {
    let mut talk = Talk::logged_on();
    talk.hear("D", 5, &[]);
    assert_eq!(talk.wait(9), []);
    assert_eq!(talk.wait(1), [asks(2)]);
    // Something of it comes: that is progress.
    talk.monotonic_ns += 5 * SECOND_NS;
    talk.hear("D", 2, &[]);
    assert_eq!(talk.wait(9), []);
    assert_eq!(talk.wait(1), [asks(3)]);
    left(&talk.wait(10), "was not filled");
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

#[test]
fn what_a_client_lacks_is_told_where_789_says_so() {
    let logon = |next: &'static str| [(98, "0"), (108, "30"), (789, next)];
    let mut talk = Talk::new();
    talk.first("A", 1, &logon("4"));
    assert_eq!(talk.accept(9), [logon_answer(false), Action::Resend(4, 8)]);
    let mut talk = Talk::new();
    talk.first("A", 1, &logon("9"));
    assert_eq!(talk.accept(9), [logon_answer(false)]);
    let mut talk = Talk::new();
    talk.first("A", 1, &logon("10"));
    left(&talk.accept(9), "expecting at most 9");
    // What we lack it learns from our own 789.
    let mut talk = Talk::new();
    talk.first("A", 5, &logon("9"));
    assert_eq!(talk.accept(9), [logon_answer(false)]);
    assert_eq!(talk.numbers.next_in, 1);
}
