//! Those who send commands, and whose turn it is.

use std::collections::VecDeque;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use wire::record::{Command, CommandBatch, CommandBatchHeader, Gateway};

use crate::batches::Batches;
use crate::engine::GatewayState;
use crate::ports::{CommandSource, header};

#[derive(Debug)]
struct Source {
    gateway: u16,
    incarnation: u32,
    number: u64,
    /// It is to show that it lives, unless it has sent something else since it was to do so last.
    tick_due: bool,
    waiting: Box<dyn CommandSource>,
}

/// The sources of commands: all of them are asked in one call, for one batch each in turn.
///
/// Whoever floods the exchange holds nobody else back: the next call goes on with the next source.
#[derive(Debug)]
pub struct Sources {
    /// The engine's own commands, which go first and have no numbers; none where the engine is elsewhere.
    system: Option<Box<dyn CommandSource>>,
    /// Who is asked next stands first.
    turns: VecDeque<Source>,
    /// What the engine knew of each gateway when it was recovered.
    gateways: Vec<GatewayState>,
}

impl Sources {
    /// Nobody yet but the engine itself.
    pub const fn new(system: Option<Box<dyn CommandSource>>) -> Self {
        Self {
            system,
            turns: VecDeque::new(),
            gateways: Vec::new(),
        }
    }

    /// Nobody is asked any more but the engine itself.
    pub fn close(&mut self) {
        self.turns.clear();
    }

    /// From now on `waiting` is asked, and its batches travel under this gateway number.
    ///
    /// ValueError when the engine does not know the gateway.
    pub fn attach(&mut self, gateway: u16, waiting: Box<dyn CommandSource>) -> PyResult<()> {
        let known = self.gateways.iter().find(|known| known.gateway == gateway);
        let known =
            known.ok_or_else(|| PyValueError::new_err(format!("gateway {gateway} is unknown")))?;
        let (incarnation, number) = (known.incarnation, known.number);
        self.turns.push_back(Source {
            gateway,
            incarnation,
            number,
            tick_due: false,
            waiting,
        });
        Ok(())
    }

    /// Whoever sends nothing of its own sends a tick, so that its lease goes on.
    pub fn tick(&mut self) {
        for source in &mut self.turns {
            source.tick_due = true;
        }
    }

    /// The engine was recovered, and knows this of the gateways.
    pub fn recovered(&mut self, gateways: Vec<GatewayState>) {
        for source in &mut self.turns {
            let known = gateways
                .iter()
                .find(|known| known.gateway == source.gateway);
            if let Some(known) = known {
                source.incarnation = known.incarnation;
                source.number = known.number;
            }
        }
        self.gateways = gateways;
    }

    /// Append up to `batches_max` batches of up to `commands_max` commands; none when nothing waits.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "batches and sources are counted one by one"
    )]
    pub fn seal(
        &mut self,
        py: Python<'_>,
        stamp_ns: u64,
        (commands_max, batches_max): (usize, usize),
        out: &mut Batches,
    ) -> PyResult<()> {
        let own = header(Gateway::Engine.code(), 0, 0, stamp_ns);
        if let Some(system) = &self.system
            && system.seal(py, own, commands_max, &mut out.bytes)?
        {
            out.end();
        }
        let mut empty = 0;
        while empty < self.turns.len() && out.len() < batches_max {
            let source = &mut self.turns[0];
            let number = source.number + 1;
            let next = header(source.gateway, source.incarnation, number, stamp_ns);
            let waited = source
                .waiting
                .seal(py, next, commands_max, &mut out.bytes)?;
            if waited || source.tick_due {
                if !waited {
                    write_tick(next, &mut out.bytes);
                }
                source.tick_due = false;
                source.number = number;
                out.end();
                empty = 0;
            } else {
                empty += 1;
            }
            self.turns.rotate_left(1);
        }
        Ok(())
    }
}

/// A batch that says no more than that time passes.
fn write_tick(mut header: CommandBatchHeader, out: &mut Vec<u8>) {
    let mut tick = Vec::new();
    Command::Tick.encode(&mut tick);
    header.count = 1;
    CommandBatch::write(header, &tick, out);
}
