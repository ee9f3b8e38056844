//! What an engine knows, as the seed of a store whose events log has lost its beginning.
//!
//! Events that the log does have come after the seed and overrule it, so that the engine may stand
//! at any point behind the log's beginning.

use matching::{Engine, EntryView, InstrumentView};
use wire::record::batch::{EVENT_MAGIC, HASH};
use wire::record::event::InstrumentSet;
use wire::record::{Dropped, Event, EventBatchHeader};
use xxhash_rust::xxh3::xxh3_64;

/// Bytes of events after which another batch is begun: a batch's length has 32 bits.
const BATCH_BYTES: usize = 64 << 20;

/// Event batches with the entries, the instruments and the open orders of `engine`.
#[must_use]
pub fn seed_of(engine: &Engine) -> Vec<u8> {
    cut_at(engine, BATCH_BYTES)
}

fn cut_at(engine: &Engine, batch_bytes: usize) -> Vec<u8> {
    let mut seed = Seed {
        engine,
        batch_bytes,
        records: Vec::new(),
        count: 0,
        out: Vec::new(),
    };
    for entry in engine.entries() {
        seed.add(&opened(&entry));
    }
    for instrument in engine.instruments() {
        seed.add(&set(&instrument));
    }
    for order in engine.orders() {
        seed.add(&Event::Accepted(order.accepted(), order.text));
        seed.add(&Event::StatusReport(order.report(), "", ""));
    }
    seed.end();
    seed.out
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

/// Events on their way into batches.
struct Seed<'e> {
    engine: &'e Engine,
    batch_bytes: usize,
    records: Vec<u8>,
    count: u32,
    out: Vec<u8>,
}

impl Seed<'_> {
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "a batch ends long before it has 2^32 events"
    )]
    fn add(&mut self, event: &Event<'_>) {
        event.encode(&mut self.records);
        self.count += 1;
        if self.records.len() >= self.batch_bytes {
            self.end();
        }
    }

    #[allow(
        clippy::arithmetic_side_effects,
        reason = "lengths in memory: a batch ends with the event that passes its limit"
    )]
    fn end(&mut self) {
        let at = self.engine.position();
        let header = EventBatchHeader {
            magic: EVENT_MAGIC,
            len: (EventBatchHeader::SIZE + self.records.len() + HASH) as u32,
            partition: self.engine.partition(),
            part: 0,
            last: true,
            command_offset: at.command_offset,
            gateway: 0,
            incarnation: 0,
            number: 0,
            command_hash: 0,
            dropped: Dropped::No,
            time_ns: at.time_ns,
            first_seq: 1,
            count: self.count,
            previous_hash: 0,
        };
        let start = self.out.len();
        self.out.extend_from_slice(&header.to_bytes());
        self.out.append(&mut self.records);
        let hash = xxh3_64(&self.out[start..]);
        self.out.extend_from_slice(&hash.to_le_bytes());
        self.count = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::{BATCH_BYTES, cut_at};
    use matching::Engine;
    use wire::record::command::{EntryOpen, Instrument, SetInstrument};
    use wire::record::{Command, CommandBatch, CommandBatchHeader, EntryKind, EventBatch, Stp};

    fn events(mut seed: &[u8]) -> (usize, Vec<String>) {
        let (mut batches, mut events) = (0, Vec::new());
        while let Ok(batch) = EventBatch::take(&mut seed) {
            batches += 1;
            events.extend(
                batch
                    .events()
                    .flatten()
                    .map(|(_, event)| format!("{event:?}")),
            );
        }
        assert!(seed.is_empty());
        (batches, events)
    }

    #[test]
    fn a_seed_that_is_too_long_for_one_batch_is_cut_into_more() {
        let mut engine = Engine::new(0);
        let mut records = Vec::new();
        let open = EntryOpen {
            kind: EntryKind::Rest,
            cancel_on_disconnect: false,
            stp: Stp::None,
        };
        for (instrument, name) in (1..).zip(["a", "b", "c"]) {
            Command::EntryOpen(open, name, name).encode(&mut records);
            Command::Instrument(SetInstrument { instrument }, Instrument::UNLIMITED, name)
                .encode(&mut records);
        }
        let header = CommandBatchHeader {
            magic: 0,
            len: 0,
            gateway: 0,
            incarnation: 0,
            number: 0,
            stamp_ns: 0,
            count: 6,
        };
        let mut batch = Vec::new();
        CommandBatch::write(header, &records, &mut batch);
        assert_eq!(engine.apply(1, 0, &batch, &mut Vec::new()), Ok(()));
        let (whole, all) = events(&cut_at(&engine, BATCH_BYTES));
        let (cut, same) = events(&cut_at(&engine, 100));
        assert_eq!((whole, all.len()), (1, 6));
        assert!(cut > 2, "{cut} batches");
        assert_eq!(all, same);
    }
}
