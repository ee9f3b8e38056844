//! Where a session's messages stand.

use super::INDEX_BYTES;

type Session = super::Session<u64>;

fn told(count: u64) -> Session {
    let mut session = Session::new(1, 0, 0);
    for number in 1..=count {
        session.sent = number;
        session.located(number, 10 * number, 0);
    }
    session
}

#[test]
fn reading_begins_at_or_before_the_message() {
    let session = told(5_000);
    assert_eq!(session.oldest, 1);
    for number in [1, 2, 1_024, 1_025, 3_000, 5_000] {
        let command = session.command_of(number).unwrap_or_default();
        assert!(command <= 10 * number && command + 10 * 1_024 > 10 * number);
    }
    assert_eq!(Session::new(1, 9, 0).command_of(9), None);
    assert_eq!(Session::new(1, 9, 0).oldest, 10);
}

#[test]
fn what_the_log_forgets_is_no_longer_offered_and_what_is_needed_is_named() {
    let mut session = told(5_000);
    let needed = session.needs_command(1_000).unwrap_or_default();
    assert!(needed <= 40_010);
    session.forget_before(needed);
    assert!(session.oldest > 1 && session.oldest <= 4_001);
    assert_eq!(session.needs_command(1_000), Some(needed));
    session.forget_before(u64::MAX);
    assert_eq!(session.oldest, 5_001);
    session.sent = 5_001;
    session.located(5_001, 60_000, 0);
    assert_eq!(session.oldest, 5_001);
}

#[test]
fn what_another_has_found_stands_before_what_was_seen_since() {
    let mut older = told(3_000);
    older.forget_before(10_250);
    let mut session = Session::new(1, 3_000, 0);
    for number in 3_001..=6_000 {
        session.sent = number;
        session.located(number, 10 * number, 0);
    }
    assert_eq!(session.oldest, 3_001);
    session.put_before(&older);
    assert_eq!((session.oldest, session.sent), (1_025, 6_000));
    for number in [1_025, 3_000, 3_001, 4_100, 6_000] {
        let command = session.command_of(number).unwrap_or_default();
        assert!(command <= 10 * number && command + 10 * 1_024 > 10 * number);
    }
    let mut nothing = Session::new(1, 5, 0);
    nothing.put_before(&Session::new(1, 5, 0));
    assert_eq!(nothing.oldest, 6);
}

#[test]
fn little_is_read_for_a_message_of_a_quiet_session() {
    let mut session = Session::new(1, 0, 0);
    // One message in each MiB of events, of 100 commands.
    for number in 1..=100 {
        session.sent = number;
        session.located(number, 100 * number, number << 20);
    }
    let step = INDEX_BYTES >> 20;
    for number in 1..=100 {
        let command = session.command_of(number).unwrap_or_default();
        assert!(command <= 100 * number && command + 100 * step > 100 * number);
    }
    assert_eq!(session.index().count() as u64, 100 / step);
}
