//! Which incarnation of a gateway owns an entry: commands of the entry count from there alone.
//!
//! An entry that nobody has ever claimed takes commands from everywhere.  When its owner ends it stays with
//! it, so that nothing late acts, and waits to be claimed; after the grace it counts as closed.

use std::collections::{BTreeMap, BTreeSet};

/// An incarnation of a gateway; or nobody; or the engine itself, whose commands count everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Owner(u64);

impl Owner {
    const NOBODY: Self = Self(0);

    /// The incarnation of a gateway.
    #[inline(always)]
    pub(crate) const fn new(gateway: u16, incarnation: u32) -> Self {
        Self((gateway as u64) << 32 | incarnation as u64)
    }

    /// The gateway.
    #[must_use]
    pub const fn gateway(self) -> u16 {
        (self.0 >> 32) as u16
    }

    /// Its incarnation.
    #[must_use]
    pub const fn incarnation(self) -> u32 {
        self.0 as u32
    }
}

/// How it stands with an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// It lives.
    Live,
    /// It has ended, at this time of the lease clock; the entry waits for a claim.
    Released(u64),
    /// It has ended, and nobody has claimed the entry in time.
    Closed,
}

/// The newest claim of an entry that was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Whose.
    pub owner: Owner,
    /// When, on the lease clock.
    pub at_ns: u64,
    /// What became of it.
    pub held: Held,
}

#[derive(Debug, Default)]
pub(crate) struct Claims {
    /// By entry.
    claims: BTreeMap<u32, Claim>,
    /// The owners in them once more, by entry, for who looks with each command.
    owners: Vec<Owner>,
    /// The entries that wait for a claim, and since when.
    released: BTreeSet<(u64, u32)>,
}

impl Claims {
    /// Whether commands of this entry count that come from there.
    #[inline(always)]
    pub(crate) fn heeds(&self, entry: u32, from: Owner) -> bool {
        match self.owners.get(entry as usize) {
            None => true,
            Some(owner) => *owner == from || *owner == Owner::NOBODY || from == Owner::NOBODY,
        }
    }

    /// An incarnation wants to own an entry; whether it does now.  One of another gateway is refused for
    /// `interval_ns` after the last claim, lest two clients take the session from each other for ever.
    pub(crate) fn claim(&mut self, entry: u32, by: Owner, now_ns: u64, interval_ns: u64) -> bool {
        if let Some(last) = self.claims.get(&entry) {
            let fresh = now_ns.saturating_sub(last.at_ns) < interval_ns;
            let elsewhere = last.owner.gateway() != by.gateway();
            if last.held == Held::Live && elsewhere && fresh {
                return false;
            }
        }
        let claim = Claim {
            owner: by,
            at_ns: now_ns,
            held: Held::Live,
        };
        self.set(entry, claim);
        true
    }

    /// An incarnation has ended: what it owned waits for a claim.
    pub(crate) fn release(&mut self, owner: Owner, now_ns: u64) {
        for (entry, claim) in &mut self.claims {
            if claim.owner == owner && claim.held == Held::Live {
                claim.held = Held::Released(now_ns);
                self.released.insert((now_ns, *entry));
            }
        }
    }

    /// An entry that was not claimed in time, and is closed now: the oldest, and of those the first.
    #[inline]
    pub(crate) fn close_next(&mut self, now_ns: u64, grace_ns: u64) -> Option<u32> {
        let (since_ns, entry) = *self.released.first()?;
        if now_ns.saturating_sub(since_ns) < grace_ns {
            return None;
        }
        self.released.pop_first();
        if let Some(claim) = self.claims.get_mut(&entry) {
            claim.held = Held::Closed;
        }
        Some(entry)
    }

    /// All of them, by entry.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (u32, &Claim)> + '_ {
        self.claims.iter().map(|(entry, claim)| (*entry, claim))
    }

    /// The claim of an entry is this one.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "entries are numbered one by one"
    )]
    pub(crate) fn set(&mut self, entry: u32, claim: Claim) {
        let before = self.claims.insert(entry, claim);
        if let Some(Held::Released(since_ns)) = before.map(|claim| claim.held) {
            self.released.remove(&(since_ns, entry));
        }
        if let Held::Released(since_ns) = claim.held {
            self.released.insert((since_ns, entry));
        }
        let index = entry as usize;
        if self.owners.len() <= index {
            self.owners.resize(index + 1, Owner::NOBODY);
        }
        self.owners[index] = claim.owner;
    }
}
