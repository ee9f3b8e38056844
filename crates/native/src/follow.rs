//! What a gateway without an engine looks for in the events that it follows.

use std::collections::VecDeque;

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

named! {
    /// Two engines have told otherwise of one place: the hash of the batch that was taken, and of the other.
    Differs {
        command_offset: u64,
        part: u16,
        taken: u64,
        other: u64,
    }
}

named! {
    /// What of some batches is new; those behind byte `end` do not follow yet.
    Taken {
        fresh: Vec<u8>,
        end: usize,
        changes: Vec<GatewayChange>,
        differs: Option<Differs>,
    }
}

/// Hashes of the batches that were taken last, by their places.
#[derive(Debug)]
struct Recent {
    places: VecDeque<(Place, u64)>,
    most: usize,
}

/// Command offset, and the part of its events.
type Place = (u64, u16);

impl Recent {
    fn add(&mut self, place: Place, hash: u64) {
        if self.most == 0 {
            return;
        }
        if self.places.len() == self.most {
            self.places.pop_front();
        }
        self.places.push_back((place, hash));
    }

    /// The hash of the batch there; `None` where it is too old.
    fn hash_at(&self, place: Place) -> Option<u64> {
        let at = self
            .places
            .binary_search_by_key(&place, |(place, _)| *place);
        at.ok()
            .and_then(|at| self.places.get(at))
            .map(|(_, hash)| *hash)
    }
}

/// Event batches as they come from the logs of engines: the first copy of each has to go on from the one
/// before, and the others have to be the same.
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
    /// Place of the last of them.
    last: Place,
    recent: Recent,
}

#[pymethods]
impl EventsFollower {
    /// `end` is where the events stand before the first batch, if that is known, and `command_offset` the
    /// command batch that made the last event there.  Copies are held to the last `held_to`.
    #[new]
    #[pyo3(signature = (gateway, end, command_offset=0, held_to=0))]
    fn new(gateway: u16, end: Option<EventsEnd>, command_offset: u64, held_to: usize) -> Self {
        Self {
            gateway,
            end,
            command_offset,
            whole: true,
            answered: 0,
            last: (command_offset, u16::MAX),
            recent: Recent {
                places: VecDeque::new(),
                most: held_to,
            },
        }
    }

    /// Take batches that stand one after the other in a log.
    ///
    /// ValueError says which command batch's are wrong, and how; then nothing more may be taken.
    fn take(&mut self, py: Python<'_>, batches: &[u8]) -> PyResult<Taken> {
        py.detach(|| self.taken(batches))
            .map_err(|what: String| PyValueError::new_err(what))
    }
}

impl EventsFollower {
    fn taken(&mut self, batches: &[u8]) -> Result<Taken, String> {
        let mut begin = 0;
        let mut taken = Taken {
            fresh: Vec::new(),
            end: 0,
            changes: Vec::new(),
            differs: None,
        };
        let mut rest = batches;
        while !rest.is_empty() {
            let all = rest;
            let batch = EventBatch::take(&mut rest).map_err(|error| error.to_string())?;
            let bytes = &all[..all.len().saturating_sub(rest.len())];
            let behind = batches.len().saturating_sub(rest.len());
            let place = (batch.header.command_offset, batch.header.part);
            if place <= self.last {
                taken.differs = self.differs(place, batch.hash);
                if taken.differs.is_some() {
                    break;
                }
                (begin, taken.end) = (behind, behind);
                continue;
            }
            if self.recent.most > 0 && self.is_ahead(&batch) {
                break;
            }
            self.take_next(&batch, bytes, &mut taken.changes)
                .map_err(|what| format!("the events of command batch {}: {what}", place.0))?;
            taken.end = behind;
        }
        taken.fresh = batches.get(begin..taken.end).unwrap_or_default().to_vec();
        Ok(taken)
    }

    /// Whether the batch that was taken there is another.
    fn differs(&self, place: Place, other: u64) -> Option<Differs> {
        let taken = self.recent.hash_at(place).filter(|hash| *hash != other)?;
        Some(Differs {
            command_offset: place.0,
            part: place.1,
            taken,
            other,
        })
    }

    /// Whether batches are missing before it that another log holds.
    fn is_ahead(&self, batch: &EventBatch<'_>) -> bool {
        self.end.as_ref().is_some_and(|end| {
            batch.header.previous_hash != end.hash
                && batch.header.first_seq > end.sequence.saturating_add(1)
        })
    }

    fn take_next(
        &mut self,
        batch: &EventBatch<'_>,
        bytes: &[u8],
        changes: &mut Vec<GatewayChange>,
    ) -> Result<(), &'static str> {
        let next = follow(batch, bytes, self.end.as_ref())?;
        changes_in(batch, self.gateway, changes)?;
        let header = &batch.header;
        self.end = Some(next);
        self.last = (header.command_offset, header.part);
        self.recent.add(self.last, batch.hash);
        self.command_offset = header.command_offset;
        self.whole = header.last;
        if header.last && header.gateway == self.gateway {
            self.answered = header.number;
        }
        Ok(())
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
