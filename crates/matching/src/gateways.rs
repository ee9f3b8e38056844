//! Whose batch is the next: the table of gateways and their incarnations.

use std::collections::BTreeMap;
use wire::record::{Command, CommandBatchHeader, Dropped, Gateway};

/// Nonces of openings that are remembered of a gateway.
pub(crate) const NONCES: usize = 16;

/// What is known of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GatewayState {
    /// Its incarnation; batches of an older one are dropped.
    pub incarnation: u32,
    /// Whether that one has ended: its batches are dropped too.
    pub ended: bool,
    /// Number of the last batch that was applied under it.
    pub number: u64,
    /// Batches that were dropped because one before them is missing.
    pub gaps: u64,
    /// Nonces of its openings, of the incarnation `i` at `i % NONCES`.
    pub nonces: [Option<u64>; NONCES],
}

impl GatewayState {
    /// The nonces that are remembered, oldest first.
    #[allow(clippy::arithmetic_side_effects, reason = "an index below `NONCES`")]
    pub(crate) fn nonces_in_order(&self) -> impl Iterator<Item = u64> {
        let next = self.incarnation as usize % NONCES + 1;
        let (newer, older) = self.nonces.split_at(next.min(NONCES));
        older.iter().chain(newer).filter_map(|nonce| *nonce)
    }

    /// The opening of this incarnation had this nonce.
    pub(crate) const fn set_nonce(&mut self, incarnation: u32, nonce: u64) {
        self.nonces[incarnation as usize % NONCES] = Some(nonce);
    }
}

/// A new incarnation of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) incarnation: u32,
    pub(crate) nonce: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Gateways {
    table: BTreeMap<u16, GatewayState>,
}

impl Gateways {
    /// Decide on a batch that begins with `first`, and take note of it: whether it opens its gateway,
    /// or why it is dropped.  The engine's own are not numbered, and never `late`.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "the number is above the last one, and gaps are counted one by one"
    )]
    pub(crate) fn turn(
        &mut self,
        header: &CommandBatchHeader,
        first: Option<&Command<'_>>,
        late: bool,
    ) -> Result<Option<Opened>, Dropped> {
        if header.gateway == Gateway::Engine.code() {
            return Ok(None);
        }
        if header.incarnation == 0 && header.number == 0 {
            return self.open(header.gateway, first, late).map(Some);
        }
        let state = self.table.get_mut(&header.gateway);
        let state = state.ok_or(Dropped::Fenced)?;
        if header.incarnation != state.incarnation || state.ended {
            return Err(Dropped::Fenced);
        }
        if header.number <= state.number {
            return Err(Dropped::Repeat);
        }
        if late {
            state.ended = true;
            return Err(Dropped::Late);
        }
        if header.number - state.number > 1 {
            state.gaps += 1;
            return Err(Dropped::Gap);
        }
        state.number = header.number;
        Ok(None)
    }

    /// As a snapshot says it.
    pub(crate) fn restore(&mut self, gateway: u16, state: GatewayState) {
        self.table.insert(gateway, state);
    }

    /// The gateways, by number.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (u16, &GatewayState)> + '_ {
        self.table.iter().map(|(gateway, state)| (*gateway, state))
    }

    fn open(
        &mut self,
        gateway: u16,
        first: Option<&Command<'_>>,
        late: bool,
    ) -> Result<Opened, Dropped> {
        let Some(Command::GatewayOpen(open)) = first else {
            return Err(Dropped::Fenced);
        };
        if open.gateway != gateway {
            return Err(Dropped::Fenced);
        }
        let known = self.table.get(&gateway);
        if known.is_some_and(|state| state.nonces.contains(&Some(open.nonce))) {
            return Err(Dropped::Repeat);
        }
        if late {
            return Err(Dropped::Late);
        }
        let state = self.table.entry(gateway).or_default();
        let incarnation = state.incarnation.checked_add(1).ok_or(Dropped::Fenced)?;
        state.set_nonce(incarnation, open.nonce);
        (state.incarnation, state.number, state.ended) = (incarnation, 0, false);
        Ok(Opened {
            incarnation,
            nonce: open.nonce,
        })
    }
}
