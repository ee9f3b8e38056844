//! How far commands and events pass: sealed, given to the disk, applied, held, delivered.

use pyo3::prelude::*;
use wire::record::EventBatch;

use crate::batches::{Batches, split};
use crate::engine::bad;
use crate::log::AnyLog;
use crate::pipeline::{Group, Life, Pipeline, Turn};
use crate::readers::Delivery;

impl Pipeline {
    /// Go on until Python is to be told something, or a group has been told, or there is nothing to do
    /// but to wait for commands or for a commit.
    pub(crate) fn step<'py>(
        &mut self,
        py: Python<'py>,
        stamp_ns: u64,
    ) -> PyResult<Option<Delivery<'py>>> {
        let Some(life) = self.life.take() else {
            return Ok(None);
        };
        let delivery = self.run(py, &life, stamp_ns);
        self.life = Some(life);
        delivery
    }

    #[allow(clippy::arithmetic_side_effects, reason = "readers in memory")]
    fn run<'py>(
        &mut self,
        py: Python<'py>,
        life: &Life,
        stamp_ns: u64,
    ) -> PyResult<Option<Delivery<'py>>> {
        loop {
            if let Some(reader) = self.delivering {
                if reader < self.readers.len() {
                    self.delivering = Some(reader + 1);
                    let delivery = self.readers.read(py, reader, &self.delivered_events)?;
                    if delivery.is_some() {
                        return Ok(delivery);
                    }
                    continue;
                }
                self.delivering = None;
                append_events(py, &life.events, stamp_ns, &self.delivered_events)?;
            }
            if let Some(group) = self.to_apply.take() {
                self.apply(py, life, group)?;
            }
            if let Some(group) = self.held {
                if life.commands.durable_offset(py)? < group.last {
                    return Ok(None);
                }
                if self.turn == Some(Turn::Delivered) {
                    self.turn = Some(Turn::More);
                    return Ok(None);
                }
                self.turn = Some(Turn::Delivered);
                self.seal(py, life, stamp_ns)?;
                self.held = None;
                self.delivered = group.last;
                self.delivering = Some(0);
                std::mem::swap(&mut self.held_events, &mut self.delivered_events);
            } else {
                self.seal(py, life, stamp_ns)?;
                if self.to_apply.is_none() {
                    return Ok(None);
                }
            }
        }
    }

    /// Give the next group to the disk.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "offsets of a log stay below 2^63, and there is one batch at least"
    )]
    fn seal(&mut self, py: Python<'_>, life: &Life, stamp_ns: u64) -> PyResult<()> {
        self.congested = life.events.queue_bytes(py)? > self.settings.queue_bytes_max;
        if self.congested || self.resting {
            return Ok(());
        }
        let bounds = (
            self.settings.batch_commands_max,
            self.settings.group_batches_max,
        );
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

    #[allow(
        clippy::arithmetic_side_effects,
        reason = "a delay for tests, and the batches of a group"
    )]
    fn apply(&mut self, py: Python<'_>, life: &Life, group: Group) -> PyResult<()> {
        let delay = self.apply_delay * self.sealed.len() as u32;
        if !delay.is_zero() {
            py.detach(|| std::thread::sleep(delay));
        }
        let mut engine = life.engine.try_borrow_mut(py)?;
        let position = (group.first, group.stamp_ns);
        self.held_events.clear();
        engine.apply_group(py, position, &self.sealed, &mut self.held_events)?;
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
    log.append(py, stamp_ns, &split(events).map_err(bad)?)
}
