//! Whom an event tells.

use super::event::{
    Accepted, CancelRejected, Canceled, Event, MassCanceled, Refused, Rejected, Repeated, Replaced,
    SessionMessage, SessionReset, StatusReport, Trade,
};

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

    /// Whether a record of this kind tells an entry, which is known without its texts; also where it can't be read,
    /// for decoding says why.
    #[inline]
    pub(crate) fn tells(kind: u8, body: &[u8], entry: u32) -> bool {
        macro_rules! is_told {
            ($of:ident) => {
                $of::from_bytes(body).map_or(true, |x| x.entry == entry)
            };
        }
        match kind {
            4 => is_told!(Accepted),
            5 => Trade::from_bytes(body)
                .map_or(true, |x| x.taker_entry == entry || x.maker_entry == entry),
            6 => is_told!(Canceled),
            7 => is_told!(Replaced),
            8 => is_told!(Rejected),
            9 => is_told!(CancelRejected),
            10 => is_told!(MassCanceled),
            11 => is_told!(StatusReport),
            12 => is_told!(Refused),
            13 => is_told!(Repeated),
            20 => is_told!(SessionMessage),
            21 => is_told!(SessionReset),
            _ => false,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of 64 bits, one after the other, without a pattern.
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: u64) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (self.0 >> 33) % limit
        }
    }

    #[test]
    fn whom_a_record_tells_is_known_before_it_is_decoded() {
        let mut random = Random(1);
        let mut read = [false; 32];
        for _ in 0..400_000 {
            let kind = random.below(32) as u8;
            let body: Vec<u8> = (0..250).map(|_| random.below(3) as u8).collect();
            let Ok(event) = Event::decode(kind, &body) else {
                continue;
            };
            let mut told = Vec::new();
            event.recipients(|entry, _, _| told.push(entry));
            for entry in &told {
                assert!(Event::tells(kind, &body, *entry), "{event:?}");
            }
            assert!(!Event::tells(kind, &body, u32::MAX), "{event:?}");
            read[usize::from(kind)] |= !told.is_empty();
        }
        let kinds: Vec<usize> = (0..32).filter(|kind| read[*kind]).collect();
        assert_eq!(kinds, [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 20, 21]);
    }

    #[test]
    fn a_record_that_cant_be_read_is_passed_over_by_nobody() {
        assert!(Event::tells(4, &[1, 2], 7));
        assert!(Event::tells(5, &[], 7));
    }
}
