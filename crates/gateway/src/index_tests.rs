//! What one life knows of the sessions' messages, the next one knows.

use crate::{Known, Limits, OrderEntry};

const LIMITS: Limits = Limits {
    packet_bytes_max: 1024,
    turn_bytes_max: 1024,
    requests_in_flight_max: 1,
    requests_waiting_max: 1,
    login_deadline_ns: 1,
    heartbeat_interval_ns: 1,
    idle_deadline_ns: 1,
};

fn known(sessions: &[(u32, u64)]) -> OrderEntry {
    let mut entry = OrderEntry::new(LIMITS);
    for (number, sent) in sessions {
        entry.add_session(*number, (*sent, 0), 0);
    }
    entry
}

fn told() -> OrderEntry {
    let mut entry = known(&[(3, 5_000), (4, 0)]);
    for number in 1..=5_000 {
        entry.sessions[0].located(number, 10 * number, 0);
    }
    entry.set_next_offset(50_001);
    entry
}

#[test]
fn where_messages_stand_is_kept() {
    let Known {
        next_offset, rows, ..
    } = told().index();
    assert_eq!(next_offset, 50_001);
    let mut later = known(&[(3, 6_000), (4, 0)]);
    assert!(later.restore_index(9, &rows));
    for number in [1, 1_024, 1_025, 5_000, 6_000] {
        let before = told().sessions[0].command_of(number);
        assert_eq!(later.sessions[0].command_of(number), before);
    }
    assert_eq!((later.sessions[0].oldest, later.sessions[1].oldest), (1, 1));
    later.sessions[0].located(5_001, 60_000, 0);
    later.sessions[0].located(6_001, 70_000, 0);
    assert_eq!(later.sessions[0].command_of(6_001), Some(70_000));
}

#[test]
fn a_session_whose_messages_nobody_noted_makes_it_useless() {
    let rows = told().index().rows;
    let mut later = known(&[(3, 5_000), (5, 1)]);
    assert!(!later.restore_index(9, &rows));
    assert_eq!(later.sessions[0].oldest, 5_001);
    assert!(known(&[(3, 5_000), (5, 0)]).restore_index(9, &rows));
    assert!(known(&[]).restore_index(9, &rows));
}

#[test]
fn a_session_whose_entry_is_newer_has_all_its_messages_behind() {
    let rows = told().index().rows;
    let mut later = known(&[(3, 5_000), (9, 1)]);
    assert!(!later.restore_index(9, &rows));
    assert!(later.restore_index(8, &rows));
    later.sessions[1].located(1, 60_000, 0);
    assert_eq!(later.sessions[1].oldest, 1);
}
