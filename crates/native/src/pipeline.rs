//! The way of commands to the disk and through the engine, and of events to those who are told.
//!
//! One group of batches is under way at a time.  It is given to the commands log, and applied while
//! that commits; its events are held until the commit has returned.  Then the next group goes to the
//! disk first, the readers are told, and last the events log is given what they were told.

use std::time::Duration;

use pyo3::prelude::*;
use wire::record::EventBatch;

use crate::batches::Batches;
use crate::commands::Commands;
use crate::engine::{Engine, bad};
use crate::log::AnyLog;
use crate::reader::{Reader, take};
use crate::sources::{Sources, Waiting};

/// Bounds of a pipeline.
#[derive(Debug)]
struct Limits {
    batch_commands_max: usize,
    group_batches_max: usize,
    /// Bytes that may wait for the events log's writer before nothing more is sealed.
    queue_bytes_max: u64,
    /// Slows the engine on purpose, by this much a batch: the benchmarks' own test.
    apply_delay: Duration,
}

/// Engine and logs, from one recovery to the next failure.
#[derive(Debug)]
struct Life {
    engine: Py<Engine>,
    commands: AnyLog,
    events: AnyLog,
}

/// Batches that the commands log has been given.
#[derive(Debug, Clone, Copy)]
struct Group {
    first: u64,
    last: u64,
    stamp_ns: u64,
}

/// Everything between the sources of commands and the readers of events; one thread owns it.
#[derive(Debug)]
#[pyclass(module = "core._native")]
pub struct Pipeline {
    limits: Limits,
    sources: Sources,
    readers: Vec<Option<Reader>>,
    life: Option<Life>,
    /// Batches of the group that is to be applied next.
    sealed: Batches,
    to_apply: Option<Group>,
    /// The group whose events wait for its commit.
    held: Option<Group>,
    held_events: Vec<u8>,
    /// Events that are being told, and the reader whose turn it is.
    telling: Option<usize>,
    told_events: Vec<u8>,
    /// Offset of the last command batch of which the readers know.
    #[pyo3(get, set)]
    told: u64,
    /// The events log has too much to write: nothing is sealed for a while.
    #[pyo3(get)]
    congested: bool,
}

#[pymethods]
impl Pipeline {
    #[new]
    #[pyo3(signature = (
        system, *, batch_commands_max, group_batches_max, queue_bytes_max, apply_delay_ns=0
    ))]
    fn new(
        system: Py<Commands>,
        batch_commands_max: usize,
        group_batches_max: usize,
        queue_bytes_max: u64,
        apply_delay_ns: u64,
    ) -> Self {
        Self {
            limits: Limits {
                batch_commands_max,
                group_batches_max,
                queue_bytes_max,
                apply_delay: Duration::from_nanos(apply_delay_ns),
            },
            sources: Sources::new(system),
            readers: Vec::new(),
            life: None,
            sealed: Batches::default(),
            to_apply: None,
            held: None,
            held_events: Vec::new(),
            telling: None,
            told_events: Vec::new(),
            told: 0,
            congested: false,
        }
    }

    /// Go on with this engine and these logs, which have nothing under way.
    fn begin(
        &mut self,
        py: Python<'_>,
        engine: Py<Engine>,
        commands: AnyLog,
        events: AnyLog,
    ) -> PyResult<()> {
        self.forget();
        self.sources.recovered(engine.try_borrow(py)?.gateways());
        self.life = Some(Life {
            engine,
            commands,
            events,
        });
        Ok(())
    }

    /// From now on `waiting` is asked for commands, and `reader` told of events.
    ///
    /// ValueError when the engine does not know the gateway.
    fn attach(&mut self, gateway: u16, waiting: Waiting, reader: Option<Reader>) -> PyResult<()> {
        self.sources.attach(gateway, waiting)?;
        self.readers.push(reader);
        Ok(())
    }

    /// The journal failed: forget engine, logs, and all that is under way.
    fn forget(&mut self) {
        self.life = None;
        self.sealed.clear();
        self.to_apply = None;
        self.held = None;
        self.held_events.clear();
        self.telling = None;
        self.congested = false;
    }

    /// Whether a commit is waited for.
    #[getter]
    const fn under_way(&self) -> bool {
        self.held.is_some()
    }

    /// Go on until somebody is to be told something: (place of the reader, what it is to be told), or
    /// `None` when there is nothing to do but to wait for commands or for a commit.
    fn step<'py>(
        &mut self,
        py: Python<'py>,
        stamp_ns: u64,
    ) -> PyResult<Option<(usize, Bound<'py, PyAny>)>> {
        let Some(life) = self.life.take() else {
            return Ok(None);
        };
        let told = self.run(py, &life, stamp_ns);
        self.life = Some(life);
        told
    }

    /// Tell events that were held to be told already: (place of the reader, what it is to be told).
    fn tell<'py>(
        &self,
        py: Python<'py>,
        batches: &[u8],
    ) -> PyResult<Vec<(usize, Bound<'py, PyAny>)>> {
        let mut told = Vec::new();
        for (place, reader) in self.readers.iter().enumerate() {
            if let Some(what) = take(reader.as_ref(), py, batches)? {
                told.push((place, what));
            }
        }
        Ok(told)
    }
}

impl Pipeline {
    fn run<'py>(
        &mut self,
        py: Python<'py>,
        life: &Life,
        stamp_ns: u64,
    ) -> PyResult<Option<(usize, Bound<'py, PyAny>)>> {
        loop {
            if let Some(place) = self.telling {
                if let Some(reader) = self.readers.get(place) {
                    self.telling = Some(place + 1);
                    if let Some(what) = take(reader.as_ref(), py, &self.told_events)? {
                        return Ok(Some((place, what)));
                    }
                    continue;
                }
                self.telling = None;
                append_events(py, &life.events, stamp_ns, &self.told_events)?;
            }
            if let Some(group) = self.to_apply.take() {
                self.apply(py, life, group)?;
            }
            if let Some(group) = self.held {
                if life.commands.durable_offset(py)? < group.last {
                    return Ok(None);
                }
                self.seal(py, life, stamp_ns)?;
                self.held = None;
                self.told = group.last;
                self.telling = Some(0);
                std::mem::swap(&mut self.held_events, &mut self.told_events);
            } else {
                self.seal(py, life, stamp_ns)?;
                if self.to_apply.is_none() {
                    return Ok(None);
                }
            }
        }
    }

    /// Give the next group to the disk.
    fn seal(&mut self, py: Python<'_>, life: &Life, stamp_ns: u64) -> PyResult<()> {
        self.congested = life.events.queue_bytes(py)? > self.limits.queue_bytes_max;
        if self.congested {
            return Ok(());
        }
        let limits = &self.limits;
        let bounds = (limits.batch_commands_max, limits.group_batches_max);
        self.sealed.clear();
        self.sources.seal(py, stamp_ns, bounds, &mut self.sealed)?;
        if self.sealed.is_empty() {
            return Ok(());
        }
        let first = append_sealed(py, &life.commands, stamp_ns, &self.sealed)?;
        self.to_apply = Some(Group {
            first,
            last: first + self.sealed.len() as u64 - 1,
            stamp_ns,
        });
        Ok(())
    }

    fn apply(&mut self, py: Python<'_>, life: &Life, group: Group) -> PyResult<()> {
        let delay = self.limits.apply_delay * self.sealed.len() as u32;
        if !delay.is_zero() {
            py.detach(|| std::thread::sleep(delay));
        }
        let mut engine = life.engine.try_borrow_mut(py)?;
        let place = (group.first, group.stamp_ns);
        self.held_events.clear();
        engine.apply_group(py, place, &self.sealed, &mut self.held_events)?;
        self.held = Some(group);
        Ok(())
    }
}

// A group of one batch, as it comes when little happens, needs no list to be made.

fn append_sealed(py: Python<'_>, log: &AnyLog, stamp_ns: u64, sealed: &Batches) -> PyResult<u64> {
    if sealed.len() == 1 {
        return log.append(py, stamp_ns, &[&sealed.bytes]);
    }
    let batches: Vec<&[u8]> = sealed.iter().collect();
    log.append(py, stamp_ns, &batches)
}

fn append_events(py: Python<'_>, log: &AnyLog, stamp_ns: u64, events: &[u8]) -> PyResult<u64> {
    let mut rest = events;
    EventBatch::take(&mut rest).map_err(bad)?;
    if rest.is_empty() {
        return log.append(py, stamp_ns, &[events]);
    }
    log.append(py, stamp_ns, &split(events)?)
}

/// Event batches that stand one after the other, each by itself.
pub fn split(batches: &[u8]) -> PyResult<Vec<&[u8]>> {
    let mut rest = batches;
    let mut split = Vec::new();
    while !rest.is_empty() {
        let before = rest;
        EventBatch::take(&mut rest).map_err(bad)?;
        split.push(&before[..before.len() - rest.len()]);
    }
    Ok(split)
}
