//! What is left of an order entry, or of one line's read, when something failed halfway.

#![allow(clippy::unwrap_used)]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::orders;
use gateway::{Limits, OrderEntry, Received, TickAction};
use wire::record::batch::{CommandBatchHeader, EVENT_MAGIC, HASH};
use wire::record::{Command, CommandBatch, Dropped, EventBatchHeader, RecordError};

const LIMITS: Limits = Limits {
    packet_bytes_max: 64,
    turn_bytes_max: 4_096,
    requests_in_flight_max: 1_000,
    requests_waiting_max: 1_000,
    login_deadline_ns: 100,
    heartbeat_interval_ns: u64::MAX,
    idle_deadline_ns: 100,
};

/// Entry and number of the orders that wait, which are sealed.
fn sealed(entry: &mut OrderEntry) -> Vec<(u32, u64)> {
    let header = CommandBatchHeader::from_bytes(&[0; 64]).unwrap();
    let mut bytes = Vec::new();
    if !entry.seal(header, usize::MAX, &mut bytes) {
        return Vec::new();
    }
    let batch = CommandBatch::read(&bytes).unwrap();
    let orders = batch.commands().map(|command| match command.unwrap() {
        Command::New(order, ..) => (order.entry, order.num),
        other => panic!("{other:?}"),
    });
    orders.collect()
}

#[test]
fn a_read_that_panics_takes_nothing_of_other_lines_with_it() {
    let mut entry = OrderEntry::new(LIMITS);
    let slots = [
        entry.add_session(7, (0, 0), 0),
        entry.add_session(8, (0, 0), 0),
    ];
    let connections = [entry.connected(0), entry.connected(0)];
    for (connection, slot) in connections.into_iter().zip(slots) {
        assert_eq!(entry.login(connection, slot, 0), Some(1));
    }
    assert_eq!(
        entry.receive(connections[0], &orders(1..=2), 0),
        Received::Nothing
    );

    // The next request is one more than can be counted.
    entry.requests = u64::MAX;
    let before = entry.before(connections[1]);
    let bytes = orders(1..=5);
    let read = AssertUnwindSafe(|| entry.receive(connections[1], &bytes, 0));
    assert!(catch_unwind(read).is_err());
    assert_eq!(entry.waiting(), 7);
    entry.undo(&before);
    entry.requests = 2;

    assert_eq!(entry.waiting(), 2);
    assert_eq!(entry.session(slots[1]).unwrap().state, 0);
    assert!(entry.take_out(connections[1]).is_empty());
    assert_eq!(
        entry.receive(connections[0], &orders(3..=3), 0),
        Received::Nothing
    );
    assert_eq!(sealed(&mut entry), [(7, 1), (7, 2), (7, 3)]);
    // Its session is as it was, for the next connection.
    assert_eq!(entry.disconnected(connections[1]), Some(slots[1]));
    let connection = entry.connected(0);
    assert_eq!(entry.login(connection, slots[1], 0), Some(1));
    assert_eq!(
        entry.receive(connection, &orders(1..=1), 0),
        Received::Nothing
    );
    assert_eq!(sealed(&mut entry), [(8, 1)]);
}

#[test]
fn what_is_left_of_a_fault_knows_the_open_lines_and_the_figures_alone() {
    let mut entry = OrderEntry::new(LIMITS);
    let slot = entry.add_session(7, (0, 0), 0);
    let connections = [entry.connected(0), entry.connected(0), entry.connected(0)];
    entry.login(connections[0], slot, 0);
    entry.receive(connections[0], &orders(1..=2), 0);
    entry.disconnected(connections[1]);

    let mut bare = entry.bare(50);
    assert_eq!((bare.requests, bare.waiting()), (2, 0));
    assert!(bare.session(slot).is_none());
    // No number of a connection that is open is given to another, before that one is closed.
    assert_eq!(bare.connected(50), connections[1]);
    assert_eq!(bare.connected(50), 3);
    assert_eq!(bare.disconnected(connections[0]), None);
    assert_eq!(bare.connected(50), connections[0]);
    assert!(bare.tick(149).is_empty());
    let late = TickAction::Close("login deadline");
    assert_eq!(bare.tick(150).first(), Some(&(0, late)));

    let mut again = OrderEntry::new(LIMITS);
    again.add_session(7, (9, 0), 4);
    bare.adopt(&again, 33);
    let known = bare.index();
    assert_eq!((known.next_offset, known.rows), (33, vec![(7, vec![])]));
    let session = bare.session(slot).unwrap();
    assert_eq!((session.sent, session.oldest, session.state), (9, 10, 4));
}

#[test]
fn a_batch_of_this_gateway_that_the_engine_dropped_is_not_taken_for_answered() {
    let bytes = [0; EventBatchHeader::SIZE];
    for (dropped, incarnation, answered) in [
        (Dropped::No, 3, Ok(())),
        (Dropped::Repeat, 3, Ok(())),
        (Dropped::Gap, 3, Err(RecordError::Dropped(7))),
        (Dropped::Fenced, 3, Err(RecordError::Dropped(7))),
        (Dropped::Late, 3, Err(RecordError::Dropped(7))),
        // Of an older life, or of another gateway.
        (Dropped::Fenced, 2, Ok(())),
    ] {
        let header = EventBatchHeader {
            magic: EVENT_MAGIC,
            len: (EventBatchHeader::SIZE + HASH) as u32,
            gateway: 1,
            incarnation,
            number: 7,
            last: true,
            dropped,
            ..EventBatchHeader::from_bytes(&bytes).unwrap()
        };
        let batch = [&header.to_bytes()[..], &[0; HASH]].concat();
        let mut entry = OrderEntry::new(LIMITS);
        assert_eq!(entry.route(1, 3, &batch, 0), answered, "{dropped:?}");
    }
}
