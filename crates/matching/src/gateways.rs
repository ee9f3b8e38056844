//! Whose batch is the next: the table of gateways, their incarnations and the leases of these.
//!
//! The lease clock is engine time, of which a step between two batches counts as [`STEP_NS_MAX`] at most:
//! where the journal stood still, nobody has been silent.

use std::collections::BTreeMap;
use wire::record::{Command, CommandBatchHeader, Dropped, Gateway};

/// Nonces of openings that are remembered of a gateway.
pub(crate) const NONCES: usize = 16;

/// Most that a step of time counts for, in nanoseconds.
const STEP_NS_MAX: u64 = 1_000_000_000;

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
    /// When it was last heard, on the lease clock.
    pub heard_ns: u64,
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
    /// The lease clock.
    now_ns: u64,
    /// All that live were heard then or later.
    heard_all_ns: u64,
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

    /// Time goes on by a step, and a gateway is heard (the engine itself, which has no lease, is none).
    #[inline]
    pub(crate) fn hear(&mut self, gateway: u16, step_ns: u64) {
        self.now_ns = self.now_ns.saturating_add(step_ns.min(STEP_NS_MAX));
        if let Some(state) = self.table.get_mut(&gateway) {
            state.heard_ns = self.now_ns;
        }
    }

    /// The lease clock.
    pub(crate) const fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// Whether somebody may have been silent for longer than its lease.
    #[inline]
    pub(crate) const fn may_lapse(&self, lease_ns: u64) -> bool {
        self.now_ns.saturating_sub(self.heard_all_ns) > lease_ns
    }

    /// End the incarnations that were silent for longer: gateway and incarnation, by gateway.
    pub(crate) fn lapse(&mut self, lease_ns: u64) -> Vec<(u16, u32)> {
        let now_ns = self.now_ns;
        let mut lapsed = Vec::new();
        self.heard_all_ns = now_ns;
        for (gateway, state) in self.table.iter_mut().filter(|(_, state)| !state.ended) {
            if now_ns.saturating_sub(state.heard_ns) > lease_ns {
                state.ended = true;
                lapsed.push((*gateway, state.incarnation));
            } else {
                self.heard_all_ns = self.heard_all_ns.min(state.heard_ns);
            }
        }
        lapsed
    }

    /// As a snapshot says it.
    pub(crate) fn restore(&mut self, gateway: u16, state: GatewayState) {
        self.table.insert(gateway, state);
    }

    /// The lease clock goes on from there.
    pub(crate) const fn restore_clock(&mut self, now_ns: u64) {
        self.now_ns = now_ns;
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
