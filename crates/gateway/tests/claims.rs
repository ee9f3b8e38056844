//! Whose a session is: a login waits for the engine's word, and a line goes where another gateway has it.

#![allow(clippy::unwrap_used)]

mod common;
#[path = "common/events.rs"]
mod events;

use common::orders;
use events::batch;
use gateway::{Claimed, Limits, OrderEntry, Received};
use wire::record::batch::CommandBatchHeader;
use wire::record::event::{EntryClaimed, Refused};
use wire::record::{Command, CommandBatch, Event};
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
const OWN: (u16, u32) = (1, 4);

fn told(entry: &mut OrderEntry, events: &[Event<'_>]) {
    entry.route(OWN.0, OWN.1, &batch(events), 0).unwrap();
}

fn claimed(by: (u16, u32), granted: bool, last_num: u64) -> Event<'static> {
    Event::EntryClaimed(EntryClaimed {
        entry: 7,
        gateway: by.0,
        incarnation: by.1,
        granted,
        entry_seq: 0,
        last_num,
        base: 0,
    })
}

fn refused(entry_seq: u64) -> Event<'static> {
    Event::Refused(Refused {
        entry: 7,
        entry_seq,
        ref_id: 1,
        template: 100,
        reason: 3,
    })
}

#[test]
fn a_claim_is_a_command_and_its_answer_is_told_once() {
    let mut entry = OrderEntry::new(LIMITS);
    let session = entry.add_session(7, (0, 0), 2);
    entry.claim(7);
    let header = CommandBatchHeader::from_bytes(&[0; 64]).unwrap();
    let mut bytes = Vec::new();
    assert!(entry.seal(header, 10, &mut bytes));
    let commands: Vec<_> = CommandBatch::read(&bytes).unwrap().commands().collect();
    assert!(matches!(&commands[..], [Ok(Command::EntryClaim(claim))] if claim.entry == 7));

    told(&mut entry, &[claimed(OWN, false, 9)]);
    let granted = false;
    assert_eq!(entry.take_claimed(), [Claimed { session, granted }]);
    assert_eq!(entry.session(session).unwrap().state, 2);
    told(&mut entry, &[claimed(OWN, true, 9)]);
    let granted = true;
    assert_eq!(entry.take_claimed(), [Claimed { session, granted }]);
    assert_eq!(entry.take_claimed(), []);
    // What others have sent of it since counts too.
    assert_eq!(entry.session(session).unwrap().state, 9);
}

#[test]
fn a_line_whose_session_was_claimed_elsewhere_hears_no_more() {
    for (by, granted, moves) in [
        ((2, 1), true, true),
        ((2, 1), false, false),
        // The same gateway in another life: this one's lines are over.
        ((OWN.0, OWN.1 + 1), true, true),
        (OWN, true, false),
    ] {
        let mut entry = OrderEntry::new(LIMITS);
        let session = entry.add_session(7, (0, 0), 0);
        let line = entry.connected(0);
        entry.login(line, session, 0).unwrap();
        told(
            &mut entry,
            &[refused(1), claimed(by, granted, 0), refused(2)],
        );
        let moved = if moves { vec![line] } else { vec![] };
        assert_eq!(entry.take_moved(), moved, "{by:?} {granted}");
        let reports = Packets::new(&entry.take_out(line), Sender::Server, 64).count();
        assert_eq!(reports, if moves { 1 } else { 2 }, "{by:?} {granted}");
        assert_eq!(entry.session(session).unwrap().sent, 2);
        assert_eq!(
            entry.session(session).unwrap().connection_id,
            (!moves).then_some(line)
        );
    }
}

#[test]
fn the_old_line_does_not_take_the_session_from_one_that_came_back() {
    let mut entry = OrderEntry::new(LIMITS);
    let session = entry.add_session(7, (0, 0), 0);
    let old = entry.connected(0);
    entry.login(old, session, 0).unwrap();
    told(&mut entry, &[claimed((2, 1), true, 0)]);
    told(&mut entry, &[claimed(OWN, true, 0)]);
    let new = entry.connected(0);
    entry.login(new, session, 0).unwrap();
    // What it still sends is the engine's to decide.
    assert_eq!(entry.receive(old, &orders(1..=1), 1), Received::Nothing);
    entry.disconnected(old);
    assert_eq!(entry.session(session).unwrap().connection_id, Some(new));
    entry.disconnected(new);
    assert_eq!(entry.session(session).unwrap().connection_id, None);
}

#[test]
fn a_session_that_has_moved_on_by_the_time_its_claim_is_told_is_not_granted() {
    let mut entry = OrderEntry::new(LIMITS);
    let session = entry.add_session(7, (0, 0), 0);
    told(
        &mut entry,
        &[claimed(OWN, true, 0), claimed((2, 1), true, 0)],
    );
    let granted = false;
    assert_eq!(entry.take_claimed(), [Claimed { session, granted }]);
    told(
        &mut entry,
        &[claimed((2, 1), true, 0), claimed(OWN, true, 0)],
    );
    let granted = true;
    assert_eq!(entry.take_claimed(), [Claimed { session, granted }]);
}

#[test]
fn what_an_outage_has_forgotten_is_not_answered() {
    let mut entry = OrderEntry::new(LIMITS);
    let session = entry.add_session(7, (0, 0), 0);
    let line = entry.connected(0);
    entry.login(line, session, 0).unwrap();
    told(
        &mut entry,
        &[claimed(OWN, true, 0), claimed((2, 1), true, 0)],
    );
    entry.outage();
    assert_eq!((entry.take_claimed(), entry.take_moved()), (vec![], vec![]));
}
