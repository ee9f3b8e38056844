//! Conversations of FIX sessions: what comes in, and what is done.  Names say which test case of "FIX session
//! layer test cases" (FIX 4.4 volume 2) a test is of.

use wire::fix::{Frame, Frames};

use super::super::action::{Action, Admin};
use super::super::talk::{SECOND_NS, Talk, WALL_NS, asks, left, rejected, settings};
use wire::fix::dictionary::SessionRejectReason as Reason;

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
    let said = talk.give(&bytes);
    left(&said, "BeginString (8) is not the session's");
    assert_eq!((said.len(), talk.numbers.next_in), (2, 3));
    let mut talk = Talk::logged_on();
    let bytes = talk.from("demo2", "FIX.4.4", "0", 2, &[]);
    let said = talk.give(&bytes);
    assert_eq!(said[0], rejected(2, Some(49), "0", Reason::CompId));
    left(&said, "CompID problem");
    assert_eq!(talk.numbers.next_in, 3);
}

#[test]
fn case_18_messages_for_and_of_others_are_rejected() {
    for tag in [115, 128] {
        let mut talk = Talk::logged_on();
        let said = talk.hear("D", 2, &[(tag, "other"), (11, "a")]);
        assert_eq!(said, [rejected(2, Some(tag), "D", Reason::CompId)]);
        assert_eq!(talk.hear("D", 3, &[(11, "a")]), [Action::Take(3, None)]);
    }
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
        let said = talk.hear("4", number, &[(36, "40")]);
        assert_eq!(said, [Action::Say(Admin::Heartbeat(None))]);
        assert_eq!(talk.numbers.next_in, 40);
    }
    assert_eq!(
        talk.hear("4", 40, &[(36, "1099511627776")]),
        [rejected(40, Some(36), "4", Reason::ValueIncorrect)]
    );
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
fn a_silent_line_is_tested_when_its_session_is_wanted_and_a_healthy_one_stays() {
    let mut talk = Talk::logged_on();
    let probed = |talk: &mut Talk| {
        let (now, mut out) = (talk.now(), Vec::new());
        talk.machine.probe(now, &settings(), &mut out);
        out
    };
    assert_eq!(talk.wait(4), []);
    assert_eq!(probed(&mut talk), []);
    assert_eq!(talk.wait(1), []);
    assert_eq!(probed(&mut talk), [Action::Say(Admin::TestRequest(1))]);
    assert_eq!(probed(&mut talk), []);
    assert_eq!(talk.wait(4), []);
    assert_eq!(talk.hear("0", 2, &[(112, "1")]), []);
    assert_eq!(talk.wait(5), []);
    assert_eq!(probed(&mut talk), [Action::Say(Admin::TestRequest(2))]);
    assert_eq!(
        talk.wait(5),
        [Action::Close(
            "silent while its session was wanted elsewhere"
        )]
    );
}

#[test]
fn who_ends_it_says_why_and_hears_nothing_more() {
    let mut talk = Talk::logged_on();
    let mut out = Vec::new();
    talk.machine.end("an operator", &mut out);
    left(&out, "an operator");
    assert_eq!(talk.hear("0", 2, &[]), []);
    out.clear();
    talk.machine.end("an operator", &mut out);
    assert_eq!(out, []);
}
