//! What the events say, counted: for the operator.

use wire::record::event::Event;
use wire::record::{CancelReason, EventBatch, Reason, RecordError};
use wire::sbe::BusinessReason;

/// Room for reasons: the highest number of [`Reason`], rounded up.
const REASONS: usize = 128;

/// Counters over all events of all gateways.
#[derive(Debug, Clone)]
pub struct Tally {
    /// Orders accepted.
    pub accepted: u64,
    /// Trades.
    pub trades: u64,
    /// Amendments.
    pub replaced: u64,
    canceled: [u64; CancelReason::ALL.len()],
    rejected: [u64; REASONS],
    cancel_rejected: [u64; REASONS],
    refused: [u64; REASONS],
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            accepted: 0,
            trades: 0,
            replaced: 0,
            canceled: [0; CancelReason::ALL.len()],
            rejected: [0; REASONS],
            cancel_rejected: [0; REASONS],
            refused: [0; REASONS],
        }
    }
}

#[allow(
    clippy::arithmetic_side_effects,
    reason = "events are counted one by one"
)]
fn bump(counts: &mut [u64], index: usize) {
    if let Some(count) = counts.get_mut(index) {
        *count += 1;
    }
}

impl Tally {
    /// Count one event.
    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "events are counted one by one"
    )]
    pub fn add(&mut self, event: &Event<'_>) {
        match event {
            Event::Accepted(..) => self.accepted += 1,
            Event::Trade(..) => self.trades += 1,
            Event::Replaced(x, ..) if !x.copy => self.replaced += 1,
            Event::Canceled(x, ..) if !x.copy => {
                bump(&mut self.canceled, usize::from(x.reason.code()));
            }
            Event::Rejected(x, _, _) => bump(&mut self.rejected, usize::from(x.reason.code())),
            Event::CancelRejected(x, ..) => {
                bump(&mut self.cancel_rejected, usize::from(x.reason.code()));
            }
            // Told as an order that is rejected.
            Event::Refused(x) if x.reason == BusinessReason::Busy.code() => {
                bump(&mut self.rejected, usize::from(Reason::Busy.code()));
            }
            Event::Refused(x) => bump(&mut self.refused, usize::from(x.reason)),
            _ => {}
        }
    }

    /// Count event batches that stand one after the other: all of them, or none.
    ///
    /// # Errors
    /// A [`RecordError`] where `batches` are not event batches.
    pub fn take(&mut self, batches: &[u8]) -> Result<(), RecordError> {
        let mut counted = self.clone();
        let mut rest = batches;
        while !rest.is_empty() {
            for event in EventBatch::take(&mut rest)?.events() {
                counted.add(&event?.1);
            }
        }
        *self = counted;
        Ok(())
    }

    /// Cancels by reason.
    pub fn canceled(&self) -> impl Iterator<Item = (CancelReason, u64)> + '_ {
        CancelReason::ALL
            .iter()
            .map(|reason| (*reason, self.canceled[usize::from(reason.code())]))
    }

    /// Refused orders by reason.
    pub fn rejected(&self) -> impl Iterator<Item = (Reason, u64)> + '_ {
        by_reason(&self.rejected)
    }

    /// Refused cancels and amendments by reason.
    pub fn cancel_rejected(&self) -> impl Iterator<Item = (Reason, u64)> + '_ {
        by_reason(&self.cancel_rejected)
    }

    /// Messages that were no request, by reason.
    pub fn refused(&self) -> impl Iterator<Item = (BusinessReason, u64)> + '_ {
        let known = BusinessReason::ALL.iter();
        known
            .filter(|reason| **reason != BusinessReason::Busy)
            .map(|reason| (*reason, self.refused[usize::from(reason.code())]))
    }
}

fn by_reason(counts: &[u64; REASONS]) -> impl Iterator<Item = (Reason, u64)> + '_ {
    let known = Reason::ALL.iter().filter(|reason| **reason != Reason::None);
    known.map(|reason| (*reason, counts[usize::from(reason.code())]))
}
