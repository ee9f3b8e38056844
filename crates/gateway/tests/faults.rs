//! What is left of an order entry, or of one line's read, when something failed halfway.

#![allow(clippy::unwrap_used)]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::orders;
use gateway::{Limits, OrderEntry, Received, TickAction};
use wire::record::batch::CommandBatchHeader;
use wire::record::{Command, CommandBatch};

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
    let places = [entry.add_session(7, 0, 0), entry.add_session(8, 0, 0)];
    let lines = [entry.connected(0), entry.connected(0)];
    for (line, place) in lines.into_iter().zip(places) {
        assert_eq!(entry.login(line, place, 0), Some(1));
    }
    assert_eq!(
        entry.receive(lines[0], &orders(1..=2), 0),
        Received::Nothing
    );

    // The next request is one more than can be counted.
    entry.requests = u64::MAX;
    let before = entry.before(lines[1]);
    let bytes = orders(1..=5);
    let read = AssertUnwindSafe(|| entry.receive(lines[1], &bytes, 0));
    assert!(catch_unwind(read).is_err());
    assert_eq!(entry.waiting(), 7);
    entry.undo(&before);
    entry.requests = 2;

    assert_eq!(entry.waiting(), 2);
    assert_eq!(entry.session(places[1]).unwrap().last_cl_ord_id, 0);
    assert!(entry.take_out(lines[1]).is_empty());
    assert_eq!(
        entry.receive(lines[0], &orders(3..=3), 0),
        Received::Nothing
    );
    assert_eq!(sealed(&mut entry), [(7, 1), (7, 2), (7, 3)]);
    // Its session is as it was, for the next line.
    assert_eq!(entry.disconnected(lines[1]), Some(places[1]));
    let line = entry.connected(0);
    assert_eq!(entry.login(line, places[1], 0), Some(1));
    assert_eq!(entry.receive(line, &orders(1..=1), 0), Received::Nothing);
    assert_eq!(sealed(&mut entry), [(8, 1)]);
}

#[test]
fn what_is_left_of_a_fault_knows_the_open_lines_and_the_figures_alone() {
    let mut entry = OrderEntry::new(LIMITS);
    let place = entry.add_session(7, 0, 0);
    let lines = [entry.connected(0), entry.connected(0), entry.connected(0)];
    entry.login(lines[0], place, 0);
    entry.receive(lines[0], &orders(1..=2), 0);
    entry.disconnected(lines[1]);

    let mut bare = entry.bare(50);
    assert_eq!((bare.requests, bare.waiting()), (2, 0));
    assert!(bare.session(place).is_none());
    // No number of a line that is open is given to another, before that one is closed.
    assert_eq!(bare.connected(50), lines[1]);
    assert_eq!(bare.connected(50), 3);
    assert_eq!(bare.disconnected(lines[0]), None);
    assert_eq!(bare.connected(50), lines[0]);
    assert!(bare.tick(149).is_empty());
    let late = TickAction::Close("login deadline");
    assert_eq!(bare.tick(150).first(), Some(&(0, late)));

    let mut again = OrderEntry::new(LIMITS);
    again.add_session(7, 9, 4);
    bare.adopt(&again, 33);
    assert_eq!(bare.index(), (33, vec![(7, vec![])]));
    let session = bare.session(place).unwrap();
    assert_eq!(
        (session.sent, session.oldest, session.last_cl_ord_id),
        (9, 10, 4)
    );
}
