//! What an engine knows, as the seed of a store whose events log has lost its beginning.
//!
//! Events that the log does have come after the seed and overrule it, so that the engine may stand
//! at any point behind the log's beginning.

use matching::{Engine, EntryView, InstrumentView};
use wire::record::batch::{EVENT_MAGIC, HASH};
use wire::record::event::InstrumentSet;
use wire::record::{Event, EventBatchHeader};
use xxhash_rust::xxh3::xxh3_64;

/// One event batch with the entries, the instruments and the open orders of `engine`.
#[must_use]
pub fn seed_of(engine: &Engine) -> Vec<u8> {
    let mut records = Vec::new();
    let mut count = 0;
    let mut add = |event: Event<'_>| {
        event.encode(&mut records);
        count += 1;
    };
    engine.entries().for_each(|entry| add(opened(&entry)));
    engine
        .instruments()
        .for_each(|instrument| add(set(&instrument)));
    for order in engine.orders() {
        add(Event::Accepted(order.accepted(), order.text));
        add(Event::StatusReport(order.report()));
    }
    framed(engine, &records, count)
}

const fn opened<'e>(entry: &EntryView<'e>) -> Event<'e> {
    Event::EntryOpened(entry.opened, entry.name, entry.account)
}

const fn set<'e>(instrument: &InstrumentView<'e>) -> Event<'e> {
    let number = InstrumentSet {
        instrument: instrument.id,
    };
    Event::InstrumentSet(number, instrument.spec, instrument.symbol)
}

fn framed(engine: &Engine, records: &[u8], count: u32) -> Vec<u8> {
    let at = engine.position();
    let header = EventBatchHeader {
        magic: EVENT_MAGIC,
        len: (EventBatchHeader::SIZE + records.len() + HASH) as u32,
        partition: engine.partition(),
        part: 0,
        last: true,
        command_offset: at.command_offset,
        gateway: 0,
        incarnation: 0,
        number: 0,
        time_ns: at.time_ns,
        first_seq: 1,
        count,
        previous_hash: 0,
    };
    let mut batch = header.to_bytes().to_vec();
    batch.extend_from_slice(records);
    let hash = xxh3_64(&batch);
    batch.extend_from_slice(&hash.to_le_bytes());
    batch
}
