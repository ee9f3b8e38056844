//! Those who send commands, and whose turn it is.

use std::collections::VecDeque;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use wire::record::{Command, CommandBatch, CommandBatchHeader, Gateway};

use crate::batches::Batches;
use crate::engine::GatewayState;
use crate::ports::{CommandSource, header};

/// A gateway's incarnation, which counts its batches whoever of its sources they come from.
#[derive(Debug)]
struct Numbered {
    gateway: u16,
    incarnation: u32,
    number: u64,
    /// It is to show that it lives, unless it has sent something else since it was to do so last.
    tick_due: bool,
}

#[derive(Debug)]
struct Source {
    /// Whose it is, by its place in the table.
    of: usize,
    waiting: Box<dyn CommandSource>,
}

/// The sources of commands: all of them are asked in one call, for one batch each in turn.
///
/// Whoever floods the exchange holds nobody else back: the next call goes on with the next source.
#[derive(Debug)]
pub struct Sources {
    /// The engine's own commands, which go first and have no numbers; none where the engine is elsewhere.
    system: Option<Box<dyn CommandSource>>,
    numbered: Vec<Numbered>,
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
            numbered: Vec::new(),
            turns: VecDeque::new(),
            gateways: Vec::new(),
        }
    }

    /// Nobody is asked any more but the engine itself.
    pub fn close(&mut self) {
        self.turns.clear();
        self.numbered.clear();
    }

    /// From now on `waiting` is asked, and its batches travel under this gateway number, which others may have, too.
    ///
    /// ValueError when the engine does not know the gateway.
    pub fn attach(&mut self, gateway: u16, waiting: Box<dyn CommandSource>) -> PyResult<()> {
        let found = self.numbered.iter().position(|it| it.gateway == gateway);
        let of = match found {
            Some(of) => of,
            None => self.number(gateway)?,
        };
        self.turns.push_back(Source { of, waiting });
        Ok(())
    }

    fn number(&mut self, gateway: u16) -> PyResult<usize> {
        let known = self.gateways.iter().find(|known| known.gateway == gateway);
        let known =
            known.ok_or_else(|| PyValueError::new_err(format!("gateway {gateway} is unknown")))?;
        self.numbered.push(Numbered {
            gateway,
            incarnation: known.incarnation,
            number: known.number,
            tick_due: false,
        });
        Ok(self.numbered.len().saturating_sub(1))
    }

    /// Whoever sends nothing of its own sends a tick, so that its lease goes on.
    pub fn tick(&mut self) {
        for numbered in &mut self.numbered {
            numbered.tick_due = true;
        }
    }

    /// The engine was recovered, and knows this of the gateways.
    pub fn recovered(&mut self, gateways: Vec<GatewayState>) {
        for numbered in &mut self.numbered {
            let known = gateways
                .iter()
                .find(|known| known.gateway == numbered.gateway);
            if let Some(known) = known {
                numbered.incarnation = known.incarnation;
                numbered.number = known.number;
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
            let source = &self.turns[0];
            let numbered = &mut self.numbered[source.of];
            let number = numbered.number + 1;
            let next = header(numbered.gateway, numbered.incarnation, number, stamp_ns);
            if source
                .waiting
                .seal(py, next, commands_max, &mut out.bytes)?
            {
                numbered.tick_due = false;
                numbered.number = number;
                out.end();
                empty = 0;
            } else {
                empty += 1;
            }
            self.turns.rotate_left(1);
        }
        self.show_life(stamp_ns, batches_max, out);
        Ok(())
    }

    /// Ticks of those who have sent nothing else.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "batches are counted one by one"
    )]
    fn show_life(&mut self, stamp_ns: u64, batches_max: usize, out: &mut Batches) {
        for numbered in &mut self.numbered {
            if !numbered.tick_due || out.len() >= batches_max {
                continue;
            }
            numbered.tick_due = false;
            numbered.number += 1;
            let next = header(
                numbered.gateway,
                numbered.incarnation,
                numbered.number,
                stamp_ns,
            );
            write_tick(next, &mut out.bytes);
            out.end();
        }
    }
}

/// A batch that says no more than that time passes.
fn write_tick(mut header: CommandBatchHeader, out: &mut Vec<u8>) {
    let mut tick = Vec::new();
    Command::Tick.encode(&mut tick);
    header.count = 1;
    CommandBatch::write(header, &tick, out);
}
