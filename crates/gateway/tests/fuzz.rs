//! Any bytes on a connection: no panic, and no effect on another session.

#![allow(clippy::unwrap_used)]

#[path = "../../wire/tests/mutate/mod.rs"]
mod mutate;

mod common;

use common::orders;
use gateway::{Asks, Limits, OrderEntry, Received};
use mutate::{Random, damage, each_case, stream};
use wire::record::{Command, CommandBatch, CommandBatchHeader};

const ATTACKER: u32 = 3;
const VICTIM: u32 = 4;
const LIMITS: Limits = Limits {
    packet_bytes_max: 1024,
    turn_bytes_max: 1024,
    requests_in_flight_max: u32::MAX,
    requests_waiting_max: usize::MAX,
    login_deadline_ns: 1,
    heartbeat_interval_ns: 1,
    idle_deadline_ns: 1,
};

/// Feed a connection in pieces as its owner would, until it is to be closed.
fn attack(entry: &mut OrderEntry, slot: u32, random: &mut Random, bytes: &[u8]) {
    let connection = entry.connected(0);
    let mut at = 0;
    while at < bytes.len() {
        let end = (at + 1 + random.below(120)).min(bytes.len());
        let mut asked = entry.receive(connection, &bytes[at..end], 0);
        at = end;
        loop {
            asked = match asked {
                Received::Nothing => break,
                Received::Asks(Asks::Login { sequence, .. }) => {
                    if entry.login(connection, slot, sequence).is_none() {
                        entry.disconnected(connection);
                        return;
                    }
                    entry.receive(connection, &[], 0)
                }
                Received::Asks(Asks::SecurityList(..)) | Received::Later => {
                    entry.receive(connection, &[], 0)
                }
                Received::Throttle
                | Received::Logout
                | Received::Malformed(_)
                | Received::Over(_) => {
                    entry.disconnected(connection);
                    return;
                }
            };
        }
    }
    entry.disconnected(connection);
}

#[test]
fn a_damaged_line_beside_a_good_one() {
    let mut entry = OrderEntry::new(LIMITS);
    let attacked = entry.add_session(ATTACKER, (0, 0), 0);
    let victim = entry.add_session(VICTIM, (0, 0), 0);
    let good = entry.connected(0);
    assert_eq!(entry.login(good, victim, 0), Some(1));
    let order = orders(1..=1);
    let (mut bytes, mut batch) = (Vec::new(), Vec::new());
    each_case(20_000, |random| {
        bytes.clear();
        stream(random, &mut bytes);
        damage(random, &mut bytes);
        assert_eq!(entry.receive(good, &order[..20], 0), Received::Nothing);
        attack(&mut entry, attacked, random, &bytes);
        assert_eq!(entry.receive(good, &order[20..], 0), Received::Nothing);
        batch.clear();
        let header = CommandBatchHeader::from_bytes(&[0; 64]).unwrap();
        assert!(entry.seal(header, 1000, &mut batch));
        let mut orders_of_victim = 0;
        for command in CommandBatch::read(&batch).unwrap().commands() {
            match command.unwrap() {
                Command::New(x, ..) if x.entry == VICTIM => {
                    assert_eq!((x.num, x.price, x.qty), (1, 5, 6));
                    orders_of_victim += 1;
                }
                Command::New(x, ..) => assert_eq!(x.entry, ATTACKER),
                Command::Cancel(x, ..) => assert_eq!(x.entry, ATTACKER),
                Command::Replace(x, ..) => assert_eq!(x.entry, ATTACKER),
                Command::MassCancel(x, ..) => assert_eq!(x.entry, ATTACKER),
                Command::Status(x, ..) => assert_eq!(x.entry, ATTACKER),
                Command::Refuse(x) => assert_eq!(x.entry, ATTACKER),
                other => panic!("{other:?} from a client"),
            }
        }
        assert_eq!(orders_of_victim, 1);
        assert_eq!(entry.waiting(), 0);
        assert_eq!(entry.session(victim).unwrap().connection_id, Some(good));
        assert_eq!(entry.session(attacked).unwrap().connection_id, None);
    });
}
