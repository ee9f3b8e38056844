//! Whose batch is the next: the table of gateways and their incarnations.

use std::collections::BTreeMap;
use wire::record::{Command, CommandBatchHeader, Gateway};

/// What is known of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GatewayState {
    /// Its incarnation; batches of an older one are dropped.
    pub incarnation: u32,
    /// Number of the last batch that was applied under it.
    pub number: u64,
    /// Batches that were dropped because one before them is missing.
    pub gaps: u64,
}

/// What becomes of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Applied.
    Now,
    /// Applied, and its gateway has this new incarnation.
    Opened(u32),
    /// Dropped whole.
    Dropped,
}

#[derive(Debug, Default)]
pub(crate) struct Gateways {
    table: BTreeMap<u16, GatewayState>,
}

impl Gateways {
    /// Decide on a batch, and take note of it.  The engine's own are not numbered.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "the number is above the last one, and gaps are counted one by one"
    )]
    pub(crate) fn turn(&mut self, header: &CommandBatchHeader, commands: &[Command<'_>]) -> Turn {
        if header.gateway == Gateway::Engine.code() {
            return Turn::Now;
        }
        if header.incarnation == 0 && header.number == 0 {
            return self.open(header.gateway, commands.first());
        }
        let Some(state) = self.table.get_mut(&header.gateway) else {
            return Turn::Dropped;
        };
        if header.incarnation != state.incarnation || header.number <= state.number {
            return Turn::Dropped;
        }
        if header.number - state.number > 1 {
            state.gaps += 1;
            return Turn::Dropped;
        }
        state.number = header.number;
        Turn::Now
    }

    /// As a snapshot says it.
    pub(crate) fn restore(&mut self, gateway: u16, state: GatewayState) {
        self.table.insert(gateway, state);
    }

    /// The gateways, by number.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (u16, GatewayState)> + '_ {
        self.table.iter().map(|(gateway, state)| (*gateway, *state))
    }

    fn open(&mut self, gateway: u16, first: Option<&Command<'_>>) -> Turn {
        if !matches!(first, Some(Command::GatewayOpen(open)) if open.gateway == gateway) {
            return Turn::Dropped;
        }
        let state = self.table.entry(gateway).or_default();
        let Some(incarnation) = state.incarnation.checked_add(1) else {
            return Turn::Dropped;
        };
        (state.incarnation, state.number) = (incarnation, 0);
        Turn::Opened(incarnation)
    }
}
