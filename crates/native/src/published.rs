//! What event batches prove to have been told, and whether they go on from each other.

use std::collections::BTreeMap;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use wire::record::batch::HASH;
use wire::record::numbers::COUNTER;
use wire::record::{Event, EventBatch};
use xxhash_rust::xxh3::xxh3_64;

use crate::engine::bad;
use crate::named::named;

named! {
    /// What event batches prove to have been told.
    PublishedNumbers {
        orders: u64,
        trades: u64,
        given: u64,
        entries: BTreeMap<u32, u64>,
    }
}

named! {
    /// Where event batches end.
    EventsEnd {
        sequence: u64,
        hash: u64,
    }
}

/// What event batches that stand one after the other prove to have been told.
#[pyfunction]
pub fn published_in(py: Python<'_>, batches: &[u8]) -> PyResult<PublishedNumbers> {
    py.detach(|| {
        let (mut orders, mut trades, mut given) = (0, 0, 0);
        let mut entries = BTreeMap::new();
        let mut rest = batches;
        while !rest.is_empty() {
            for event in EventBatch::take(&mut rest)?.events() {
                let (_, event) = event?;
                match &event {
                    Event::Accepted(x, _) => (orders, given) = higher((orders, given), x.order_id),
                    Event::Rejected(x, _, _) => {
                        (orders, given) = higher((orders, given), x.order_id);
                    }
                    Event::Trade(x, _, _) => trades = trades.max(x.trade_id & COUNTER),
                    _ => {}
                }
                event.recipients(|entry, number, _| {
                    let last = entries.entry(entry).or_insert(number);
                    *last = number.max(*last);
                });
            }
        }
        entries.remove(&0);
        Ok(PublishedNumbers {
            orders,
            trades,
            given,
            entries,
        })
    })
    .map_err(bad)
}

fn higher((orders, given): (u64, u64), order_id: u64) -> (u64, u64) {
    match order_id & COUNTER {
        0 => (orders, given),
        counter => (orders.max(counter), given.saturating_add(1)),
    }
}

/// Whether event batches hold message `number` of an entry.
#[pyfunction]
pub fn tells(batches: &[u8], entry: u32, number: u64) -> PyResult<bool> {
    let mut found = false;
    let mut rest = batches;
    while !rest.is_empty() {
        for event in EventBatch::take(&mut rest).map_err(bad)?.events() {
            let (_, event) = event.map_err(bad)?;
            event.recipients(|who, which, _| {
                found |= (who, which) == (entry, number);
            });
        }
    }
    Ok(found)
}

/// Check that event batches are whole, and go on from each other; where they end.  With `at` they have to
/// go on from that.
///
/// ValueError says which command batch's are wrong, and how.
#[pyfunction]
pub fn check_events(
    py: Python<'_>,
    batches: &[u8],
    at: Option<EventsEnd>,
) -> PyResult<Option<EventsEnd>> {
    py.detach(|| {
        let mut at = at;
        let mut rest = batches;
        while !rest.is_empty() {
            let all = rest;
            let batch = EventBatch::take(&mut rest).map_err(|error| error.to_string())?;
            let bytes = &all[..all.len().saturating_sub(rest.len())];
            let next = follow(&batch, bytes, at.as_ref()).and_then(|next| {
                if batch.events().any(|event| event.is_err()) {
                    return Err("one of them can't be read");
                }
                Ok(next)
            });
            at = Some(next.map_err(|what| {
                let command = batch.header.command_offset;
                format!("the events of command batch {command}: {what}")
            })?);
        }
        Ok(at)
    })
    .map_err(|what: String| PyValueError::new_err(what))
}

/// Where the events stand after a batch, which has to go on from `at`.
pub(crate) fn follow(
    batch: &EventBatch<'_>,
    bytes: &[u8],
    at: Option<&EventsEnd>,
) -> Result<EventsEnd, &'static str> {
    if xxh3_64(&bytes[..bytes.len().saturating_sub(HASH)]) != batch.hash {
        return Err("their hash is not that of their bytes");
    }
    let header = &batch.header;
    if let Some(at) = at {
        if header.previous_hash != at.hash {
            return Err("they do not follow from those before");
        }
        if at.sequence.checked_add(1) != Some(header.first_seq) && !batch.leaps_from(at.sequence) {
            return Err("numbers are missing before them");
        }
    }
    let next = header.first_seq.checked_add(u64::from(header.count));
    let last = next.and_then(|next| next.checked_sub(1));
    Ok(EventsEnd {
        sequence: last.ok_or("their numbers are out of range")?,
        hash: batch.hash,
    })
}
