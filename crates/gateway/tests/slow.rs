//! A line whose reader is slow: it is told from the log, in portions, and then what happens again.

#![allow(clippy::unwrap_used)]

#[path = "common/events.rs"]
mod events;

use gateway::{Limits, OrderEntry, Replayed};
use wire::record::Event;
use wire::record::event::Refused;
use wire::soup::{Packets, Sender};

const LIMITS: Limits = Limits {
    packet_bytes_max: 64,
    turn_bytes_max: 1_000,
    requests_in_flight_max: 1_000,
    requests_waiting_max: 1_000,
    login_deadline_ns: 100,
    heartbeat_interval_ns: u64::MAX,
    idle_deadline_ns: 100,
};

/// A batch that tells the session of entry 7 these messages.
fn batch(numbers: impl Iterator<Item = u64>) -> Vec<u8> {
    let refused = numbers.map(|entry_seq| {
        Event::Refused(Refused {
            entry: 7,
            entry_seq,
            ref_id: entry_seq,
            template: 100,
            reason: 3,
        })
    });
    events::batch(&refused.collect::<Vec<_>>())
}

/// How many packets wait to be written.
fn packets(entry: &mut OrderEntry, connection: u32) -> usize {
    let out = entry.take_out(connection);
    let count = Packets::new(&out, Sender::Server, 64)
        .map(Result::unwrap)
        .count();
    // Nobody else takes what was written to it.
    while entry.take_touched(|_, _| ()).is_some() {}
    count
}

#[test]
fn who_has_fallen_behind_hears_of_nothing_new_until_it_was_told_what_was_before() {
    let mut entry = OrderEntry::new(LIMITS);
    let session = entry.add_session(7, (0, 0), 0);
    let connection = entry.connected(0);
    assert!(!entry.fall_behind(connection));
    entry.login(connection, session, 0).unwrap();
    entry.route(1, 1, &batch(1..=2), 0).unwrap();
    assert_eq!(packets(&mut entry, connection), 2);

    assert!(entry.fall_behind(connection));
    assert!(!entry.fall_behind(connection));
    let missed = [batch(3..=4), batch(5..=9)].concat();
    entry.route(1, 1, &missed, 0).unwrap();
    assert_eq!(packets(&mut entry, connection), 0);
    assert!(entry.replay_command(connection).is_some());

    // Also what it was told before may stand where one begins to read.
    let log = [batch(1..=2), missed].concat();
    let (used, live) = entry.replay(connection, &log, 1_000).unwrap();
    assert_eq!((used, live), (log.len(), Replayed::Live));
    assert_eq!(packets(&mut entry, connection), 7);
    entry.route(1, 1, &batch(10..=10), 0).unwrap();
    assert_eq!(packets(&mut entry, connection), 1);
}

#[test]
fn a_portion_ends_after_so_many_messages_also_within_a_batch() {
    let mut entry = OrderEntry::new(LIMITS);
    let session = entry.add_session(7, (1_000, 0), 0);
    let connection = entry.connected(0);
    // Nobody has noted where they stand.
    assert_eq!(entry.login(connection, session, 1), Some(1_001));
    let log = [batch(1_001..=1_100), batch(1_101..=1_700)].concat();
    entry.fall_behind(connection);
    entry.route(1, 1, &log, 0).unwrap();

    let (mut at, mut live, mut told) = (0, false, Vec::new());
    while !live {
        let (used, now_live) = entry.replay(connection, &log[at..], 256).unwrap();
        (at, live) = (at + used, now_live == Replayed::Live);
        told.push(packets(&mut entry, connection));
    }
    assert_eq!(told, [256, 256, 188]);
    assert_eq!(at, log.len());
}
