//! Whose requests a sealed batch holds.
#![allow(clippy::unwrap_used)]

use wire::record::batch::{CommandBatch, CommandBatchHeader};
use wire::record::command::{Command, EntryClosed};

use super::{Pending, Share};

fn header(number: u64) -> CommandBatchHeader {
    CommandBatchHeader {
        magic: 0,
        len: 0,
        gateway: 1,
        incarnation: 1,
        number,
        stamp_ns: 7,
        count: 0,
    }
}

fn add(pending: &mut Pending, connection_id: u32, requests: u32) {
    add_some(pending, connection_id, requests, 0);
}

fn add_some(pending: &mut Pending, connection_id: u32, requests: u32, others: u32) {
    for entry in 0..requests {
        Command::EntryClosed(EntryClosed { entry }).encode(&mut pending.records);
        pending.end_record();
    }
    pending.attribute(Share {
        connection_id,
        generation: 1,
        requests,
        others,
        received_ns: 0,
    });
}

#[test]
fn what_is_no_order_weighs_more_until_it_is_sealed() {
    let mut pending = Pending::default();
    add_some(&mut pending, 3, 5, 2);
    add_some(&mut pending, 4, 3, 3);
    assert_eq!(pending.weight(), 3 + 5 * 500);
    assert!(pending.seal(header(1), 4, &mut Vec::new()));
    assert_eq!(pending.weight(), 1 + 3 * 500);
    assert!(pending.seal(header(2), 2, &mut Vec::new()));
    assert_eq!(pending.weight(), 2 * 500);
    assert!(pending.seal(header(3), 9, &mut Vec::new()));
    assert_eq!(pending.weight(), 0);
}

fn shares(pending: &mut Pending, number: u64) -> Vec<(u32, u32)> {
    std::iter::from_fn(|| pending.answered(number))
        .map(|s| (s.connection_id, s.requests))
        .collect()
}

#[test]
fn a_share_is_cut_where_its_batch_is() {
    let mut pending = Pending::default();
    add(&mut pending, 3, 5);
    add(&mut pending, 4, 2);
    let counts: Vec<usize> = (1..=3)
        .map(|number| {
            let mut out = Vec::new();
            assert!(pending.seal(header(number), 3, &mut out));
            let batch = CommandBatch::read(&out).unwrap();
            batch.commands().map(Result::unwrap).count()
        })
        .collect();
    assert_eq!(counts, [3, 3, 1]);
    assert!(!pending.seal(header(4), 3, &mut Vec::new()));
    assert_eq!(pending.len(), 0);
    assert_eq!(shares(&mut pending, 1), [(3, 3)]);
    assert_eq!(shares(&mut pending, 3), [(3, 2), (4, 1), (4, 1)]);
    assert_eq!(shares(&mut pending, 3), []);
}

#[test]
fn after_a_failure_nothing_waits() {
    let mut pending = Pending::default();
    add(&mut pending, 3, 2);
    assert!(pending.seal(header(1), 1, &mut Vec::new()));
    pending.clear();
    assert!(!pending.seal(header(2), 1, &mut Vec::new()));
    assert_eq!(shares(&mut pending, 2), []);
}
