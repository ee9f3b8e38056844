//! Old messages of one session, made again from the events log.

use wire::record::event::Event;
use wire::record::{EventBatch, RecordError};
use wire::sbe::{Leg, encode_report};

/// Whom an event tells, as (entry, message number, leg).
#[inline(always)]
pub fn told(event: &Event<'_>, mut tell: impl FnMut(u32, u64, Leg)) {
    match event {
        Event::Accepted(x, _) => tell(x.entry, x.entry_seq, Leg::Taker),
        Event::Trade(x, _, _) => {
            tell(x.taker_entry, x.taker_entry_seq, Leg::Taker);
            tell(x.maker_entry, x.maker_entry_seq, Leg::Maker);
        }
        Event::Canceled(x, _) => tell(x.entry, x.entry_seq, Leg::Taker),
        Event::Replaced(x, _) => tell(x.entry, x.entry_seq, Leg::Taker),
        Event::Rejected(x, _, _) => tell(x.entry, x.entry_seq, Leg::Taker),
        Event::CancelRejected(x) => tell(x.entry, x.entry_seq, Leg::Taker),
        Event::MassCanceled(x) => tell(x.entry, x.entry_seq, Leg::Taker),
        Event::StatusReport(x) => tell(x.entry, x.entry_seq, Leg::Taker),
        Event::Refused(x) => tell(x.entry, x.entry_seq, Leg::Taker),
        Event::Repeated(x, _) => tell(x.entry, x.entry_seq, Leg::Taker),
        Event::GatewayOpened(_)
        | Event::EntryOpened(..)
        | Event::InstrumentSet(..)
        | Event::SettingsSet(_)
        | Event::Raised(_)
        | Event::EntryRaised(_) => {}
    }
}

/// Append the messages of `entry` from number `next` on that `batches` hold; return the next number.
///
/// # Errors
/// A [`RecordError`] where `batches` are not event batches.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "messages are counted one by one"
)]
pub fn messages_of(
    entry: u32,
    mut next: u64,
    batches: &[u8],
    out: &mut Vec<u8>,
) -> Result<u64, RecordError> {
    let mut rest = batches;
    while !rest.is_empty() {
        let batch = EventBatch::take(&mut rest)?;
        for event in batch.events() {
            let (seq, event) = event?;
            told(&event, |who, number, leg| {
                if who == entry && number == next {
                    encode_report(&event, seq, batch.header.time_ns, leg, out);
                    next += 1;
                }
            });
        }
    }
    Ok(next)
}
