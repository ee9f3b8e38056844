//! What a gateway without an engine looks for in the events that it follows.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use wire::record::{Dropped, Event, EventBatch};

use crate::named::named;
use crate::published::{EventsEnd, follow};

named! {
    /// An incarnation of a gateway has begun, by this nonce, or has ended, where there is none; 0 stands for
    /// one that would have begun and was too late.
    GatewayChange {
        incarnation: u32,
        nonce: Option<u64>,
    }
}

/// Event batches as they come from a log: each has to go on from the one before.
#[derive(Debug)]
#[pyclass(module = "core._native")]
pub struct EventsFollower {
    gateway: u16,
    /// Where they end.
    #[pyo3(get)]
    end: Option<EventsEnd>,
    /// The command batch that made the last of them; 0 before the first.
    #[pyo3(get)]
    command_offset: u64,
    /// Whether all events of that command batch are there.
    #[pyo3(get)]
    whole: bool,
    /// Number of the last batch of the gateway that they follow from, in its incarnation.
    #[pyo3(get)]
    answered: u64,
}

#[pymethods]
impl EventsFollower {
    /// `end` is where the events stand before the first batch, if that is known, and `command_offset` the
    /// command batch that made the last event there.
    #[new]
    #[pyo3(signature = (gateway, end, command_offset=0))]
    const fn new(gateway: u16, end: Option<EventsEnd>, command_offset: u64) -> Self {
        Self {
            gateway,
            end,
            command_offset,
            whole: true,
            answered: 0,
        }
    }

    /// Take batches that stand one after the other; what they say of incarnations of the gateway.
    ///
    /// ValueError says which command batch's are wrong, and how; nothing is taken then.
    fn take(&mut self, py: Python<'_>, batches: &[u8]) -> PyResult<Vec<GatewayChange>> {
        let (mut end, gateway) = (self.end.clone(), self.gateway);
        let (mut command_offset, mut whole) = (self.command_offset, self.whole);
        let mut answered = self.answered;
        let mut changes = Vec::new();
        py.detach(|| {
            let mut rest = batches;
            while !rest.is_empty() {
                let all = rest;
                let batch = EventBatch::take(&mut rest).map_err(|error| error.to_string())?;
                let bytes = &all[..all.len().saturating_sub(rest.len())];
                let found = follow(&batch, bytes, end.as_ref())
                    .and_then(|next| Ok((next, changes_in(&batch, gateway, &mut changes)?)));
                command_offset = batch.header.command_offset;
                let (next, ()) = found.map_err(|what| {
                    format!("the events of command batch {command_offset}: {what}")
                })?;
                end = Some(next);
                whole = batch.header.last;
                if whole && batch.header.gateway == gateway {
                    answered = batch.header.number;
                }
            }
            Ok(())
        })
        .map_err(|what: String| PyValueError::new_err(what))?;
        (self.end, self.command_offset, self.whole) = (end, command_offset, whole);
        self.answered = answered;
        Ok(changes)
    }
}

/// What a batch says of incarnations of a gateway.
fn changes_in(
    batch: &EventBatch<'_>,
    gateway: u16,
    changes: &mut Vec<GatewayChange>,
) -> Result<(), &'static str> {
    let header = &batch.header;
    let dropped = matches!(
        header.dropped,
        Dropped::Late | Dropped::Fenced | Dropped::Gap
    );
    if dropped && header.gateway == gateway {
        changes.push(GatewayChange {
            incarnation: header.incarnation,
            nonce: None,
        });
    }
    for event in batch.events_of_gateways() {
        let (of, incarnation, nonce) = match event.map_err(|_| "one of them can't be read")? {
            Event::GatewayOpened(x) => (x.gateway, x.incarnation, Some(x.nonce)),
            Event::GatewayClosed(x) => (x.gateway, x.incarnation, None),
            _ => continue,
        };
        if of == gateway {
            changes.push(GatewayChange { incarnation, nonce });
        }
    }
    Ok(())
}
