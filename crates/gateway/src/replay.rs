//! Old messages of one session, made again from the events log.

use wire::record::{EventBatch, RecordError};

use crate::protocol::{Protocol, Told};
use crate::session::Session;

/// What was made of some event batches.
#[derive(Debug, PartialEq, Eq)]
pub struct Portion {
    /// The number of the next message.
    pub next: u64,
    /// Bytes of whole batches that need not be read again.
    pub used: usize,
}

/// Append the messages of a session from number `next` on that `batches` hold, `messages_max` at most.
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
    next: u64,
    batches: &[u8],
    messages_max: u64,
    out: &mut Vec<u8>,
) -> Result<Portion, RecordError> {
    let mut portion = Portion { next, used: 0 };
    let end = next.saturating_add(messages_max);
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
                };
                protocol.report(session, &told, out);
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
