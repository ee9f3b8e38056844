//! Events of version 1 that the directory which is kept of it lacks.

#![allow(clippy::expect_used)]

use upgrade::events::bring_over;
use wire::record::event::Replaced;
use wire::record::{Event, EventBatch, OrdStatus, Side, TimeInForce};
use xxhash_rust::xxh3::xxh3_64;

/// Before the fields of a record: its length, its kind, its flags.
const FRAME: usize = 4;
/// Time in force and `exec_inst`.
const NEW: usize = 2;

fn replaced() -> Replaced {
    Replaced {
        entry: 1,
        account: 2,
        entry_seq: 3,
        order_id: 4,
        num: 5,
        orig_num: 6,
        old_price: 7,
        old_leaves: 8,
        price: 9,
        qty: 10,
        leaves: 11,
        cum: 12,
        avg_px: 13,
        instrument: 14,
        side: Side::Sell,
        status: OrdStatus::PartiallyFilled,
        kept_priority: true,
        copy: false,
        tif: TimeInForce::Gtc,
        exec_inst: 0,
    }
}

/// A batch of version 1 with this record.
fn batch(record: &[u8]) -> Vec<u8> {
    let mut fields = Vec::new();
    for field in [&1u16.to_le_bytes()[..], &0u16.to_le_bytes(), &[1]] {
        fields.extend_from_slice(field);
    }
    fields.extend_from_slice(&7u64.to_le_bytes()); // command offset
    fields.extend_from_slice(&1u16.to_le_bytes()); // gateway
    fields.extend_from_slice(&1u32.to_le_bytes()); // incarnation
    for number in [5u64, 1_000, 40] {
        fields.extend_from_slice(&number.to_le_bytes()); // number, time, first event
    }
    fields.extend_from_slice(&1u32.to_le_bytes()); // count
    fields.extend_from_slice(&0u64.to_le_bytes()); // hash before
    let len = 8 + fields.len() + record.len() + 8;
    let mut out = b"QSE1".to_vec();
    out.extend_from_slice(&(len as u32).to_le_bytes());
    out.extend_from_slice(&fields);
    out.extend_from_slice(record);
    let hash = xxh3_64(&out);
    out.extend_from_slice(&hash.to_le_bytes());
    out
}

/// An amendment as version 1 wrote it: without what is new of its fields, and without the request's text.
fn written(text: &str) -> Vec<u8> {
    let mut record = Vec::new();
    Event::Replaced(replaced(), text, "").encode(&mut record);
    assert_eq!(record.pop(), Some(0), "an empty text");
    let end = FRAME + Replaced::SIZE;
    record.drain(end - NEW..end);
    let len = record.len() as u16;
    record[..2].copy_from_slice(&len.to_le_bytes());
    record
}

#[test]
fn an_amendment_gets_what_it_lacks_before_its_texts() {
    for text in ["", "a-1"] {
        let upgraded = bring_over(&batch(&written(text)), None).expect("a batch of version 1");
        let read = EventBatch::read(&upgraded.batch).expect("a batch of this version");
        let events: Result<Vec<_>, _> = read.events().collect();
        assert_eq!(
            events,
            Ok(vec![(40, Event::Replaced(replaced(), text, ""))])
        );
    }
}

#[test]
fn one_that_is_cut_short_is_refused() {
    let whole = written("");
    for len in FRAME..whole.len() - 1 {
        let mut record = whole[..len].to_vec();
        record[..2].copy_from_slice(&(len as u16).to_le_bytes());
        let refused = match bring_over(&batch(&record), None) {
            Err(_) => true,
            Ok(made) => {
                EventBatch::read(&made.batch).is_ok_and(|it| it.events().any(|x| x.is_err()))
            }
        };
        assert!(refused, "{len} bytes");
    }
}
