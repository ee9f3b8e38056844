//! What the tests of connections are told.

use wire::record::Event;
use wire::record::batch::{EVENT_MAGIC, EventBatchHeader, HASH};

/// These events, in a batch of somebody else.
pub fn batch(events: &[Event<'_>]) -> Vec<u8> {
    let mut records = Vec::new();
    for event in events {
        event.encode(&mut records);
    }
    let mut header = EventBatchHeader::from_bytes(&[0; 128]).unwrap();
    header.magic = EVENT_MAGIC;
    header.len = (EventBatchHeader::SIZE + records.len() + HASH) as u32;
    header.count = events.len() as u32;
    [&header.to_bytes()[..], &records, &[0; HASH]].concat()
}
