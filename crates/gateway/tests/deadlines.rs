//! Silence counts only while a connection is listened to.

#![allow(clippy::unwrap_used)]

mod common;

use common::orders;
use gateway::{Limits, OrderEntry, Received, TickAction};
use wire::record::batch::{CommandBatchHeader, EVENT_MAGIC, EventBatchHeader, HASH};

const LIMITS: Limits = Limits {
    packet_bytes_max: 1024,
    turn_bytes_max: 1024,
    requests_in_flight_max: 2,
    requests_waiting_max: usize::MAX,
    login_deadline_ns: 100,
    heartbeat_interval_ns: u64::MAX,
    idle_deadline_ns: 100,
};

#[test]
fn a_line_that_is_not_read_at_our_word_does_not_become_idle() {
    let mut entry = OrderEntry::new(LIMITS);
    let slot = entry.add_session(3, (0, 0), 0);
    let connection = entry.connected(0);
    assert_eq!(entry.login(connection, slot, 0), Some(1));
    assert_eq!(
        entry.receive(connection, &orders(1..=1), 10),
        Received::Nothing
    );
    assert_eq!(entry.tick(20), []);
    let idle = [(connection, TickAction::Close("idle deadline"))];
    assert_eq!(entry.tick(120), idle);

    assert_eq!(
        entry.receive(connection, &orders(1..=2), 130),
        Received::Throttle
    );
    for now_ns in [140, 1_000, 2_000] {
        assert_eq!(entry.tick(now_ns), []);
    }
    settle(&mut entry);
    assert_eq!(entry.take_resumed(), [connection]);
    assert_eq!(entry.tick(2_099), []);
    assert_eq!(entry.tick(2_100), idle);
}

/// All that waits is sealed, and answered by events that tell nobody anything.
fn settle(entry: &mut OrderEntry) {
    let mut commands = CommandBatchHeader::from_bytes(&[0; 64]).unwrap();
    commands.number = 1;
    assert!(entry.seal(commands, 100, &mut Vec::new()));
    let mut events = EventBatchHeader::from_bytes(&[0; 128]).unwrap();
    events.magic = EVENT_MAGIC;
    events.len = (EventBatchHeader::SIZE + HASH) as u32;
    events.last = true;
    events.number = 1;
    let batch = [&events.to_bytes()[..], &[0; HASH]].concat();
    entry.route(0, 0, &batch, 2_000).unwrap();
}
