//! Old messages of one session, made again from the events log.

use wire::record::{EventBatch, RecordError};

use crate::protocol::{Protocol, Told};
use crate::session::Session;

/// Which messages are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The number of the first.
    pub next: u64,
    /// The number of the last.
    pub last: u64,
    /// Messages at most.
    pub messages_max: u64,
    /// What stands before this number may have been told.
    pub told_before: u64,
}

/// What was made of some event batches.
#[derive(Debug, PartialEq, Eq)]
pub struct Portion {
    /// The number of the next message.
    pub next: u64,
    /// Bytes of whole batches that need not be read again.
    pub used: usize,
    /// One of them was the last that a connection is told.
    pub ended: bool,
}

/// Append the messages of a session that are wanted and that `batches` hold.
///
/// # Errors
/// A [`RecordError`] where `batches` are not event batches.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "messages are counted one by one, and positions in memory rise"
)]
pub fn messages_of<P: Protocol>(
    protocol: &P,
    session: &Session<P::Session>,
    connection: &mut P::Connection,
    wanted: Wanted,
    batches: &[u8],
    out: &mut Vec<u8>,
) -> Result<Portion, RecordError> {
    let mut portion = Portion {
        next: wanted.next,
        used: 0,
        ended: false,
    };
    let end = (wanted.next.saturating_add(wanted.messages_max)).min(wanted.last.saturating_add(1));
    let mut rest = batches;
    while !rest.is_empty() && portion.next < end {
        let batch = EventBatch::take(&mut rest)?;
        let mut whole = true;
        for event in batch.events() {
            let (seq, event) = event?;
            event.recipients(|who, number, leg| {
                if who != session.entry || number != portion.next {
                    return;
                }
                if number == end {
                    whole = false;
                    return;
                }
                let told = Told {
                    event: &event,
                    seq,
                    header: &batch.header,
                    leg,
                    number,
                    told_before: wanted.told_before,
                };
                protocol.report(session, connection, &told, out);
                portion.ended |= number >= wanted.told_before && P::ends(&event);
                portion.next += 1;
            });
            if !whole {
                return Ok(portion);
            }
        }
        portion.used = batches.len() - rest.len();
    }
    Ok(portion)
}
