//! Old messages of one session, made again from the events log.

use wire::record::{EventBatch, RecordError};
use wire::sbe::encode_report;

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
            event.recipients(|who, number, leg| {
                if who == entry && number == next {
                    encode_report(&event, seq, &batch.header, leg, out);
                    next += 1;
                }
            });
        }
    }
    Ok(next)
}
