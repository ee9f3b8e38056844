//! Event batches as they are written: numbered, cut at their limit, and chained by their hashes.

use wire::record::batch::{EVENT_MAGIC, HASH};
use wire::record::event::Trade;
use wire::record::field::FRAME;
use wire::record::{CommandBatchHeader, Dropped, Event, EventBatchHeader};
use xxhash_rust::xxh3::xxh3_64;

/// Least value of `event_batch_bytes_max` that is kept to; less would cut at every event.
const CUT_BYTES_MIN: u32 = 1 << 10;
/// Highest value that is kept to, so that a batch's length fits its field.
const CUT_BYTES_MAX: u32 = 1 << 30;

/// Bytes by which a batch may be longer than its limit, unless parts run out: its frame and one event,
/// for it is cut before an event and never within one.  The longest event is a trade with two texts.
const OVERSHOOT: usize = 1_024;
const TEXT: usize = 1 + 255;
const _: () = assert!(EventBatchHeader::SIZE + HASH + FRAME + Trade::SIZE + 2 * TEXT <= OVERSHOOT);

/// The command batch that events follow from: its offset, its header, its hash.
pub(crate) type Cause<'a> = (u64, &'a CommandBatchHeader, u64);

/// Writes the event batches of one command batch.
#[derive(Debug)]
pub(crate) struct Emit<'o> {
    out: &'o mut Vec<u8>,
    header: EventBatchHeader,
    /// Where the batch that is being written begins.
    start: usize,
    /// Length of `out` from which on the next event begins a new batch.
    cut_at: usize,
    cut_bytes: usize,
}

impl<'o> Emit<'o> {
    /// Begin the answer to a command batch; `next_seq` and `previous_hash` go on from the last one.
    pub(crate) fn new(
        out: &'o mut Vec<u8>,
        partition: u16,
        cause: Cause<'_>,
        (next_seq, previous_hash): (u64, u64),
        cut_bytes: u32,
    ) -> Self {
        let (command_offset, batch, command_hash) = cause;
        let header = EventBatchHeader {
            magic: EVENT_MAGIC,
            len: 0,
            partition,
            part: 0,
            last: false,
            command_offset,
            gateway: batch.gateway,
            incarnation: batch.incarnation,
            number: batch.number,
            command_hash,
            dropped: Dropped::No,
            time_ns: 0,
            first_seq: next_seq,
            count: 0,
            previous_hash,
        };
        let mut emit = Self {
            start: 0,
            cut_at: 0,
            cut_bytes: cut_bytes.clamp(CUT_BYTES_MIN, CUT_BYTES_MAX) as usize,
            out,
            header,
        };
        emit.begin();
        emit
    }

    /// Engine time of all events that follow, and whether there are any.
    pub(crate) const fn set(&mut self, time_ns: u64, dropped: Dropped) {
        self.header.time_ns = time_ns;
        self.header.dropped = dropped;
    }

    #[allow(clippy::arithmetic_side_effects, reason = "positions in a buffer")]
    fn begin(&mut self) {
        self.start = self.out.len();
        self.out.resize(self.start + EventBatchHeader::SIZE, 0);
        self.cut_at = self.out.len() + self.cut_bytes;
    }

    /// Write an event.
    ///
    /// Always inlined: its kind is known where it is made, and needs no dispatch there.
    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "events of one batch, which is in memory"
    )]
    pub(crate) fn event(&mut self, event: &Event<'_>) {
        if self.out.len() >= self.cut_at && self.header.part < u16::MAX {
            self.cut();
        }
        event.encode(self.out);
        self.header.count += 1;
    }

    /// Sequence number of the last event so far.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "numbers begin at 1, and one for each event does not reach 2^64"
    )]
    pub(crate) fn last_seq(&self) -> u64 {
        self.header.first_seq + u64::from(self.header.count) - 1
    }

    /// Number the next event above `last`, as the first of a batch; false where it would be anyway.
    #[cold]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "the caller cuts it to `NUMBERS_MAX`, far below 2^64"
    )]
    pub(crate) fn leap(&mut self, last: u64) -> bool {
        if last <= self.last_seq() {
            return false;
        }
        if self.header.count > 0 {
            if self.header.part == u16::MAX {
                return false;
            }
            self.cut();
        }
        self.header.first_seq = last + 1;
        true
    }

    #[cold]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "parts, which are cut only while there are fewer than their 16 bits say"
    )]
    fn cut(&mut self) {
        self.end(false);
        self.header.part += 1;
        self.begin();
    }

    /// Close the batch that is being written, and make the header of the one after it.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "positions in a buffer, and numbers that are counted one by one"
    )]
    fn end(&mut self, last: bool) {
        self.header.last = last;
        self.header.len = (self.out.len() + HASH - self.start) as u32;
        let header = self.header.to_bytes();
        self.out[self.start..self.start + header.len()].copy_from_slice(&header);
        let hash = xxh3_64(&self.out[self.start..]);
        self.out.extend_from_slice(&hash.to_le_bytes());
        self.header.previous_hash = hash;
        self.header.first_seq += u64::from(self.header.count);
        self.header.count = 0;
    }

    /// Close the last batch: the next sequence number, and its hash.
    pub(crate) fn finish(mut self) -> (u64, u64) {
        self.end(true);
        (self.header.first_seq, self.header.previous_hash)
    }
}

#[cfg(test)]
#[path = "emit_tests.rs"]
mod tests;
