//! What an engine knows, as the seed of a store whose events log has lost its beginning.
//!
//! Events that the log does have come after the seed and overrule it, so that the engine may stand
//! at any point behind the log's beginning.

use matching::{Engine, EntryView, InstrumentView, OrderView};
use wire::record::batch::{EVENT_MAGIC, HASH};
use wire::record::event::{Accepted, InstrumentSet, StatusReport};
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
        add(Event::Accepted(accepted(&order), order.text));
        add(Event::StatusReport(report(&order)));
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

const fn accepted(order: &OrderView<'_>) -> Accepted {
    Accepted {
        entry: order.entry,
        account: order.account,
        entry_seq: 0,
        order_id: order.order_id,
        num: order.num,
        price: order.price,
        qty: order.qty,
        instrument: order.instrument,
        side: order.side,
        ord_type: order.ord_type,
        tif: order.tif,
        exec_inst: order.exec_inst,
        stp: order.stp,
    }
}

const fn report(order: &OrderView<'_>) -> StatusReport {
    StatusReport {
        entry: order.entry,
        entry_seq: 0,
        req_id: 0,
        order_id: order.order_id,
        num: order.num,
        price: order.price,
        qty: order.qty,
        leaves: order.leaves,
        cum: order.cum,
        avg_px: order.avg_px,
        instrument: order.instrument,
        side: order.side.code(),
        ord_type: order.ord_type.code(),
        tif: order.tif.code(),
        status: order.status,
    }
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
