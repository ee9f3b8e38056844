//! Where event batches are cut.
#![allow(clippy::unwrap_used)]

use wire::record::event::{GatewayOpened, Trade};
use wire::record::{CommandBatchHeader, Event, EventBatch};

use super::{CUT_BYTES_MIN, Emit, OVERSHOOT};

const fn nobodys() -> CommandBatchHeader {
    CommandBatchHeader {
        magic: 0,
        len: 0,
        gateway: 1,
        incarnation: 1,
        number: 1,
        stamp_ns: 0,
        count: 0,
    }
}

/// So many small events under a limit, as batches: part, and how many events are in it.
fn cut(events: u32, cut_bytes: u32) -> Vec<(u16, u32)> {
    cut_from(0, events, cut_bytes)
}

/// The same, with the first part counted as this one.
fn cut_from(first_part: u16, events: u32, cut_bytes: u32) -> Vec<(u16, u32)> {
    let mut out = Vec::new();
    let mut emit = Emit::new(&mut out, 0, (1, &nobodys(), 9), (1, 0), cut_bytes);
    emit.header.part = first_part;
    for incarnation in 0..events {
        emit.event(&Event::GatewayOpened(GatewayOpened {
            gateway: 1,
            incarnation,
            nonce: 1,
        }));
    }
    assert_eq!(emit.finish().0, u64::from(events) + 1);
    let mut rest = out.as_slice();
    let mut batches = Vec::new();
    while !rest.is_empty() {
        let header = EventBatch::take(&mut rest).unwrap().header;
        assert_eq!(header.last, rest.is_empty());
        batches.push((header.part, header.count));
    }
    batches
}

#[test]
fn a_limit_that_is_too_small_is_not_kept_to() {
    let least = cut(1_000, CUT_BYTES_MIN);
    assert!(least.len() > 5 && least[0].1 > 20, "{least:?}");
    assert_eq!(cut(1_000, 0), least);
    assert_eq!(cut(1_000, 1), least);
    assert!(cut(1_000, 2 * CUT_BYTES_MIN).len() < least.len());
}

#[test]
fn a_batch_is_longer_than_its_limit_by_one_event_at_most() {
    let text = "x".repeat(255);
    let trade = Event::Trade(Trade::from_bytes(&[1; Trade::SIZE]).unwrap(), &text, &text);
    let mut out = Vec::new();
    trade.encode(&mut out);
    // The last event of a batch begins one byte before the limit.
    let limit = 3 * out.len() + 1;
    out.clear();
    let mut emit = Emit::new(&mut out, 0, (1, &nobodys(), 9), (1, 0), limit as u32);
    for _ in 0..9 {
        emit.event(&trade);
    }
    emit.finish();
    let mut rest = out.as_slice();
    let before = rest.len();
    assert_eq!(EventBatch::take(&mut rest).unwrap().header.count, 4);
    let length = before - rest.len();
    assert!(length > limit && length <= limit + OVERSHOOT, "{length}");
}

#[test]
fn when_parts_run_out_the_last_one_takes_the_rest() {
    let a_part = cut(1_000, CUT_BYTES_MIN)[0].1;
    let batches = cut_from(u16::MAX - 1, 3 * a_part + 7, CUT_BYTES_MIN);
    assert_eq!(
        batches,
        [(u16::MAX - 1, a_part), (u16::MAX, 2 * a_part + 7)]
    );
}
