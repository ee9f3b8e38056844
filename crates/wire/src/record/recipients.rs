//! Whom an event tells.

use super::event::Event;

/// Which side of a trade is told; other events have the taker's only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// The incoming order, and every event that is no trade.
    Taker,
    /// The resting order.
    Maker,
}

impl Event<'_> {
    /// Each entry that it tells, the number of the message within the entry, and the leg; entry and number
    /// are 0 where nobody is told.
    #[inline(always)]
    pub fn recipients(&self, mut each: impl FnMut(u32, u64, Leg)) {
        match self {
            Self::Accepted(x, _) => each(x.entry, x.entry_seq, Leg::Taker),
            Self::Trade(x, _, _) => {
                each(x.taker_entry, x.taker_entry_seq, Leg::Taker);
                each(x.maker_entry, x.maker_entry_seq, Leg::Maker);
            }
            Self::Canceled(x, ..) => each(x.entry, x.entry_seq, Leg::Taker),
            Self::Replaced(x, ..) => each(x.entry, x.entry_seq, Leg::Taker),
            Self::Rejected(x, _, _) => each(x.entry, x.entry_seq, Leg::Taker),
            Self::CancelRejected(x, ..) => each(x.entry, x.entry_seq, Leg::Taker),
            Self::MassCanceled(x, _) => each(x.entry, x.entry_seq, Leg::Taker),
            Self::StatusReport(x, ..) => each(x.entry, x.entry_seq, Leg::Taker),
            Self::Refused(x) => each(x.entry, x.entry_seq, Leg::Taker),
            Self::SessionMessage(x, ..) => each(x.entry, x.entry_seq, Leg::Taker),
            Self::SessionReset(x) => each(x.entry, x.entry_seq, Leg::Taker),
            Self::Repeated(x, _) => each(x.entry, x.entry_seq, Leg::Taker),
            Self::GatewayOpened(_)
            | Self::GatewayClosed(_)
            | Self::EntryClaimed(_)
            | Self::EntryOpened(..)
            | Self::InstrumentSet(..)
            | Self::SettingsSet(_)
            | Self::RulesSet(_)
            | Self::Raised(_)
            | Self::EntryRaised(_) => {}
        }
    }

    /// Entry and number within it that it tells on a leg; `None` where nobody is told.
    #[must_use]
    pub fn recipient(&self, leg: Leg) -> Option<(u32, u64)> {
        let mut found = None;
        self.recipients(|entry, number, on| {
            if on == leg && entry != 0 && number != 0 {
                found = Some((entry, number));
            }
        });
        found
    }
}
