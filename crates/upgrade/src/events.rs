//! Event batches.
//!
//! # Layout of version 1
//! The header has neither `command_hash` nor `dropped`.  `GATEWAY_OPENED` has no nonce, `MASS_CANCELED` no
//! `quiet`, `SETTINGS_SET` none of the times of gateways and no client order ids per session; what changes orders
//! and answers for them has no texts of requests; each is at the end.  `REPLACED` has no time in force and no
//! `exec_inst` before its texts.  All else is as it is now.

use wire::record::batch::{EVENT_MAGIC, HASH};
use wire::record::event::Replaced;
use wire::record::{Dropped, EventBatchHeader, TimeInForce};
use xxhash_rust::xxh3::xxh3_64;

use crate::reader::{Read, Reader};
use crate::{NotVersion1, new_limits};

const MAGIC: u32 = u32::from_le_bytes(*b"QSE1");
/// Bytes before the fields of a record: its length, its kind, its flags.
const FRAME: usize = 4;
const GATEWAY_OPENED: u8 = 1;
const CANCELED: u8 = 6;
const REPLACED: u8 = 7;
const CANCEL_REJECTED: u8 = 9;
const MASS_CANCELED: u8 = 10;
const STATUS_REPORT: u8 = 11;
const SETTINGS_SET: u8 = 14;
/// What of an amendment is new, before its texts: a time in force, which is told to FIX alone, and no `exec_inst`.
const REPLACED_NEW: [u8; 2] = [TimeInForce::Gtc.code(), 0];
/// What stood before its texts.
const REPLACED_FIXED: usize = FRAME + Replaced::SIZE - REPLACED_NEW.len();

/// A batch that was brought over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgraded {
    /// All of it.
    pub batch: Vec<u8>,
    /// The hash at its end.
    pub hash: u64,
    /// The hash at the end of the batch that it was.
    pub hash_before: u64,
}

/// One batch, brought over; `previous_hash` is that of the batch before, as it
/// was brought over, or `None` for the first one, which keeps what it says.
///
/// # Errors
/// `batch` is not one that version 1 wrote, whole.
pub fn bring_over(batch: &[u8], previous_hash: Option<u64>) -> Result<Upgraded, NotVersion1> {
    let body = batch.len().checked_sub(HASH);
    let (body, hash) = batch
        .split_at_checked(body.unwrap_or_default())
        .ok_or_else(|| NotVersion1::new("it is cut short"))?;
    let hash_before = Reader(hash).u64("hash")?;
    if hash_before != xxh3_64(body) {
        return Err(NotVersion1::new("its hash is not that of its bytes"));
    }
    let mut from = Reader(body);
    let mut header = header(&mut from, batch.len())?;
    header.previous_hash = previous_hash.unwrap_or(header.previous_hash);
    let mut records = Vec::new();
    for _ in 0..header.count {
        record(&mut from, &mut records)?;
    }
    if !from.0.is_empty() {
        return Err(NotVersion1::new("there is more in it than it says"));
    }
    let len = EventBatchHeader::SIZE
        .checked_add(records.len())
        .and_then(|len| len.checked_add(HASH))
        .and_then(|len| u32::try_from(len).ok());
    header.len = len.ok_or_else(|| NotVersion1::new("it is too long"))?;
    let mut out = header.to_bytes().to_vec();
    out.append(&mut records);
    let hash = xxh3_64(&out);
    out.extend_from_slice(&hash.to_le_bytes());
    Ok(Upgraded {
        batch: out,
        hash,
        hash_before,
    })
}

fn header(from: &mut Reader<'_>, len: usize) -> Read<EventBatchHeader> {
    if from.u32("magic")? != MAGIC {
        return Err(NotVersion1::new("it is no event batch of version 1"));
    }
    if from.u32("length")? as usize != len {
        return Err(NotVersion1::new("it is not as long as it says"));
    }
    Ok(EventBatchHeader {
        magic: EVENT_MAGIC,
        len: 0,
        partition: from.u16("partition")?,
        part: from.u16("part")?,
        last: from.u8("last")? != 0,
        command_offset: from.u64("command offset")?,
        gateway: from.u16("gateway")?,
        incarnation: from.u32("incarnation")?,
        number: from.u64("number")?,
        command_hash: 0,
        dropped: Dropped::No,
        time_ns: from.u64("time")?,
        first_seq: from.u64("first number")?,
        count: from.u32("count")?,
        previous_hash: from.u64("hash before")?,
    })
}

fn record(from: &mut Reader<'_>, out: &mut Vec<u8>) -> Read<()> {
    let len = usize::from(Reader(from.0).u16("length of a record")?);
    let record = from.bytes(len.max(FRAME), "record")?;
    let kind = record[2];
    let (fixed, new): (usize, &[u8]) = match kind {
        REPLACED => (REPLACED_FIXED, &REPLACED_NEW),
        _ => (record.len(), &[]),
    };
    let (fixed, texts) = record
        .split_at_checked(fixed)
        .ok_or_else(|| NotVersion1::new("a record of it is too short"))?;
    let more = match kind {
        GATEWAY_OPENED => vec![0; 8],
        // An empty text has one byte.
        CANCELED | REPLACED => vec![0],
        CANCEL_REJECTED | STATUS_REPORT => vec![0; 2],
        MASS_CANCELED => vec![0; 2],
        SETTINGS_SET => new_limits(),
        _ => Vec::new(),
    };
    let len = record.len().checked_add(new.len());
    let len = len.and_then(|len| len.checked_add(more.len()));
    let len = len.and_then(|len| u16::try_from(len).ok());
    let len = len.ok_or_else(|| NotVersion1::new("a record of it is too long"))?;
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&fixed[2..]);
    out.extend_from_slice(new);
    out.extend_from_slice(texts);
    out.extend_from_slice(&more);
    Ok(())
}
