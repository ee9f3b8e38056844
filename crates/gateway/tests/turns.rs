//! What a connection sends is handled a little at a time, in order, and nothing of it is lost.

#![allow(clippy::unwrap_used)]

mod common;

use common::orders;
use gateway::{Limits, OrderEntry, Received, TickAction};
use wire::record::batch::{CommandBatchHeader, EVENT_MAGIC, EventBatchHeader, HASH};
use wire::record::{Command, CommandBatch};
use wire::soup;

const ORDER_BYTES: usize = 52;
const LIMITS: Limits = Limits {
    packet_bytes_max: 64,
    turn_bytes_max: 10 * ORDER_BYTES,
    requests_in_flight_max: 1_000,
    requests_waiting_max: 25,
    login_deadline_ns: 100,
    heartbeat_interval_ns: u64::MAX,
    idle_deadline_ns: 100,
};

fn logged_in(entry: &mut OrderEntry, number: u32) -> u32 {
    let slot = entry.add_session(number, (0, 0), 0);
    let connection = entry.connected(0);
    assert_eq!(entry.login(connection, slot, 0), Some(1));
    connection
}

/// The numbers of the orders that wait, which are sealed.
fn sealed(entry: &mut OrderEntry) -> Vec<u64> {
    let header = CommandBatchHeader::from_bytes(&[0; 64]).unwrap();
    let mut bytes = Vec::new();
    if !entry.seal(header, usize::MAX, &mut bytes) {
        return Vec::new();
    }
    let batch = CommandBatch::read(&bytes).unwrap();
    let numbers = batch.commands().map(|command| match command.unwrap() {
        Command::New(order, ..) => order.num,
        other => panic!("{other:?}"),
    });
    numbers.collect()
}

/// Something happened that tells nobody of these sessions anything.
fn happened(entry: &mut OrderEntry) {
    let mut events = EventBatchHeader::from_bytes(&[0; 128]).unwrap();
    events.magic = EVENT_MAGIC;
    events.len = (EventBatchHeader::SIZE + HASH) as u32;
    let batch = [&events.to_bytes()[..], &[0; HASH]].concat();
    entry.route(1, 1, &batch, 0).unwrap();
}

#[test]
fn a_read_is_handled_in_turns_of_so_many_bytes() {
    let mut entry = OrderEntry::new(LIMITS);
    let connection = logged_in(&mut entry, 3);
    let mut bytes = orders(1..=35);
    bytes.truncate(bytes.len() - 1);
    assert_eq!(entry.receive(connection, &bytes, 0), Received::Later);
    assert_eq!(sealed(&mut entry), (1..=10).collect::<Vec<_>>());
    assert_eq!(entry.receive(connection, &[], 0), Received::Later);
    assert_eq!(entry.receive(connection, &[], 0), Received::Later);
    // What is left is less than a turn's bytes, and the last packet of it is not whole.
    assert_eq!(entry.receive(connection, &[], 0), Received::Nothing);
    assert_eq!(sealed(&mut entry), (11..=34).collect::<Vec<_>>());
    let last = orders(35..=35);
    assert_eq!(
        entry.receive(connection, &last[ORDER_BYTES - 1..], 0),
        Received::Nothing
    );
    assert_eq!(sealed(&mut entry), [35]);
}

#[test]
fn a_read_of_a_turn_s_bytes_is_handled_whole() {
    let mut entry = OrderEntry::new(LIMITS);
    let connection = logged_in(&mut entry, 3);
    assert_eq!(
        entry.receive(connection, &orders(1..=10), 0),
        Received::Nothing
    );
    assert_eq!(sealed(&mut entry).len(), 10);
}

#[test]
fn a_packet_is_handled_whatever_the_turn_s_bytes() {
    let limits = Limits {
        turn_bytes_max: 1,
        ..LIMITS
    };
    let mut entry = OrderEntry::new(limits);
    let connection = logged_in(&mut entry, 3);
    assert_eq!(
        entry.receive(connection, &orders(1..=2), 0),
        Received::Later
    );
    assert_eq!(entry.receive(connection, &[], 0), Received::Nothing);
    assert_eq!(sealed(&mut entry), [1, 2]);
}

#[test]
fn packets_without_a_login_are_handled_in_turns_too_and_the_login_behind_them_is_asked_for() {
    let mut entry = OrderEntry::new(LIMITS);
    let connection = entry.connected(0);
    let mut bytes = Vec::new();
    for _ in 0..400 {
        soup::push_empty(soup::kind::CLIENT_HEARTBEAT, &mut bytes);
    }
    soup::push_empty(soup::kind::LOGOUT, &mut bytes);
    assert_eq!(entry.receive(connection, &bytes, 0), Received::Later);
    assert_eq!(entry.receive(connection, &[], 0), Received::Later);
    assert_eq!(entry.receive(connection, &[], 0), Received::Logout);
}

#[test]
fn who_waits_while_many_requests_do_is_told_when_there_is_room() {
    let mut entry = OrderEntry::new(LIMITS);
    let (first, second) = (logged_in(&mut entry, 3), logged_in(&mut entry, 4));
    assert_eq!(entry.receive(first, &orders(1..=40), 0), Received::Later);
    assert!(!entry.is_crowded(first));
    assert_eq!(entry.receive(second, &orders(1..=40), 0), Received::Later);
    assert_eq!(entry.receive(first, &[], 0), Received::Later);
    assert_eq!(entry.waiting(), 30);
    assert!(entry.is_crowded(second));
    assert!(entry.is_crowded(second));
    // What happens elsewhere makes no room.
    happened(&mut entry);
    assert_eq!(entry.take_resumed(), [0; 0]);
    assert_eq!(sealed(&mut entry).len(), 30);
    happened(&mut entry);
    assert_eq!(entry.take_resumed(), [second]);
    assert!(!entry.is_crowded(second));
}

#[test]
fn a_repeat_and_what_can_t_be_read_count_for_many() {
    let mut entry = OrderEntry::new(LIMITS);
    let connection = logged_in(&mut entry, 3);
    assert_eq!(
        entry.receive(connection, &orders(1..=1), 0),
        Received::Nothing
    );
    assert!(!entry.is_crowded(connection));
    assert_eq!(
        entry.receive(connection, &orders(1..=1), 0),
        Received::Nothing
    );
    assert!(entry.is_crowded(connection));
    assert_eq!(sealed(&mut entry), [1, 1]);
    assert!(!entry.is_crowded(connection));
    let mut unreadable = Vec::new();
    soup::push_data(soup::kind::UNSEQUENCED, b"?", &mut unreadable);
    assert_eq!(entry.receive(connection, &unreadable, 0), Received::Nothing);
    assert!(entry.is_crowded(connection));
}

#[test]
fn repeats_are_handled_a_few_at_a_time_and_none_is_lost() {
    let mut entry = OrderEntry::new(Limits {
        turn_bytes_max: 1_000 * ORDER_BYTES,
        ..LIMITS
    });
    let connection = logged_in(&mut entry, 3);
    assert_eq!(
        entry.receive(connection, &orders(1..=100), 0),
        Received::Nothing
    );
    assert_eq!(sealed(&mut entry).len(), 100);
    assert_eq!(
        entry.receive(connection, &orders(1..=65), 0),
        Received::Later
    );
    assert_eq!(sealed(&mut entry), (1..=32).collect::<Vec<_>>());
    assert_eq!(entry.receive(connection, &[], 0), Received::Later);
    assert_eq!(sealed(&mut entry), (33..=64).collect::<Vec<_>>());
    assert_eq!(entry.receive(connection, &[], 0), Received::Nothing);
    assert_eq!(sealed(&mut entry), [65]);
    // As many as there may be, and nothing behind them.
    assert_eq!(
        entry.receive(connection, &orders(1..=32), 0),
        Received::Nothing
    );
    assert_eq!(sealed(&mut entry).len(), 32);
}

#[test]
fn an_outage_forgets_who_waits() {
    let mut entry = OrderEntry::new(LIMITS);
    let connection = logged_in(&mut entry, 3);
    for _ in 0..3 {
        entry.receive(connection, &orders(1..=10), 0);
    }
    assert!(entry.is_crowded(connection));
    entry.outage();
    happened(&mut entry);
    assert_eq!(entry.take_resumed(), [0; 0]);
    assert!(!entry.is_crowded(connection));
}

#[test]
fn a_line_whose_packets_wait_their_turn_is_not_idle() {
    let mut entry = OrderEntry::new(LIMITS);
    let connection = logged_in(&mut entry, 3);
    assert_eq!(
        entry.receive(connection, &orders(1..=20), 10),
        Received::Later
    );
    for now_ns in [20, 1_000, 2_000] {
        assert_eq!(entry.tick(now_ns), []);
    }
    assert_eq!(entry.receive(connection, &[], 2_000), Received::Nothing);
    assert_eq!(entry.tick(2_010), []);
    assert_eq!(
        entry.tick(2_110),
        [(connection, TickAction::Close("idle deadline"))]
    );
}
