//! The engine's snapshot.
//!
//! # Layout of version 1
//! It has no version of the rules, no count of unreadable records, no lease clock, no claims and no
//! closed orders; gateways have no nonces, no mark of an end and no time at which they were heard;
//! entries were never reset; instruments are numbered as they stand.  All else is as it is now.

use matching::Engine;
use wire::record::command::{Instrument, Settings};
use wire::record::{EntryKind, Gateway};
use xxhash_rust::xxh3::xxh3_64;

use crate::reader::{Read, Reader};
use crate::{NEW_LIMITS_NS, NotVersion1, new_limits};

const MAGIC: u32 = u32::from_le_bytes(*b"QSSN");
const BEFORE: u32 = 1;
const NOW: u32 = 2;
/// Bytes of the hash of the last event batch in the state, and where they stand: behind the partition, the
/// command offset and the event's number.
const EVENT_HASH: std::ops::Range<usize> = 18..26;
/// The lease clock, which begins.
const LEASE_CLOCK_NS: u64 = 0;
/// Partition, and eight numbers.
const POSITION: usize = 2 + 8 * 8;
/// Settings without the limits that are new, which are the last.
const SETTINGS: usize = Settings::SIZE - 8 * NEW_LIMITS_NS.len() - (4 + 4 + 8);
/// How often an entry's session was reset, and the number of the event at which it was.
const NEVER_RESET: [u8; 16] = [0; 16];

/// The snapshot, brought over; `event_hash` is that of the last event batch, as it was brought over.
///
/// # Errors
/// `bytes` are not a snapshot that version 1 wrote, whole, or what they hold can't be.
pub fn bring_over(bytes: &[u8], event_hash: u64) -> Result<Vec<u8>, NotVersion1> {
    let state = state_of(bytes)?;
    let mut out = Vec::new();
    out.extend_from_slice(&MAGIC.to_le_bytes());
    out.extend_from_slice(&NOW.to_le_bytes());
    let begin = out.len();
    write_state(Reader(state), &mut out)?;
    let hash = out
        .get_mut(begin..)
        .and_then(|state| state.get_mut(EVENT_HASH));
    hash.ok_or_else(|| NotVersion1::new("it is cut short"))?
        .copy_from_slice(&event_hash.to_le_bytes());
    let hash = xxh3_64(&out[begin..]);
    out.extend_from_slice(&hash.to_le_bytes());
    let checksum = xxh3_64(&out);
    out.extend_from_slice(&checksum.to_le_bytes());
    match Engine::restore(&out) {
        Ok(_) => Ok(out),
        Err(error) => Err(NotVersion1::new(error.to_string())),
    }
}

/// The state in a snapshot whose checksums are those of its bytes.
fn state_of(bytes: &[u8]) -> Read<&[u8]> {
    let short = || NotVersion1::new("it is cut short");
    let (body, checksum) = bytes
        .split_at_checked(bytes.len().saturating_sub(8))
        .ok_or_else(short)?;
    let mut from = Reader(body);
    if from.u32("magic")? != MAGIC {
        return Err(NotVersion1::new("it is no snapshot"));
    }
    let version = from.u32("version")?;
    if version != BEFORE {
        return Err(NotVersion1::new(format!(
            "it is of version {version}, not of {BEFORE}"
        )));
    }
    if Reader(checksum).u64("checksum")? != xxh3_64(body) {
        return Err(NotVersion1::new("its checksum does not match its bytes"));
    }
    let state = from.0.len().checked_sub(8).ok_or_else(short)?;
    let (state, hash) = from.0.split_at(state);
    if Reader(hash).u64("state hash")? != xxh3_64(state) {
        return Err(NotVersion1::new("its state has another hash"));
    }
    Ok(state)
}

fn write_state(mut from: Reader<'_>, out: &mut Vec<u8>) -> Read<()> {
    out.extend_from_slice(from.bytes(POSITION, "position")?);
    // No rules yet, and nothing that was unreadable.
    out.extend_from_slice(&0_u32.to_le_bytes());
    out.extend_from_slice(&0_u64.to_le_bytes());
    out.extend_from_slice(from.bytes(SETTINGS, "settings")?);
    out.extend_from_slice(&new_limits());
    out.extend_from_slice(&LEASE_CLOCK_NS.to_le_bytes());
    let owner = gateways(&mut from, out)?;
    let before = from;
    for _ in 0..from.u64("accounts")? {
        from.text("account")?;
    }
    let mut claimed = Vec::new();
    let entries = from.u64("entries")?;
    let passed = before.0.len().saturating_sub(from.0.len());
    out.extend_from_slice(&before.0[..passed]);
    for number in 1..=entries {
        let before = from;
        if entry(&mut from)? == EntryKind::Binary.code() {
            claimed.push(number);
        }
        let passed = before.0.len().saturating_sub(from.0.len());
        out.extend_from_slice(&before.0[..passed]);
        out.extend_from_slice(&NEVER_RESET);
    }
    let instruments = from.u64("instruments")?;
    out.extend_from_slice(&instruments.to_le_bytes());
    for number in 1..=instruments {
        let number = u32::try_from(number).map_err(|_| NotVersion1::new("instruments"))?;
        out.extend_from_slice(&number.to_le_bytes());
        let before = from;
        instrument(&mut from)?;
        let passed = before.0.len().saturating_sub(from.0.len());
        out.extend_from_slice(&before.0[..passed]);
    }
    claims(&claimed, owner, out)?;
    // No closed orders of FIX sessions.
    out.extend_from_slice(&0_u32.to_le_bytes());
    // Pairs of ids that were passed over.
    out.extend_from_slice(from.0);
    Ok(())
}

/// The incarnation of the gateway of the binary protocol, where there was one.
fn gateways(from: &mut Reader<'_>, out: &mut Vec<u8>) -> Read<Option<u32>> {
    let mut owner = None;
    let count = from.u64("gateways")?;
    out.extend_from_slice(&count.to_le_bytes());
    for _ in 0..count {
        let (gateway, incarnation) = (from.u16("gateway")?, from.u32("incarnation")?);
        if gateway == Gateway::Binary.code() {
            owner = Some(incarnation);
        }
        out.extend_from_slice(&gateway.to_le_bytes());
        out.extend_from_slice(&incarnation.to_le_bytes());
        out.push(0);
        // Batches and gaps.
        out.extend_from_slice(from.bytes(16, "gateway")?);
        out.extend_from_slice(&LEASE_CLOCK_NS.to_le_bytes());
        out.push(0);
    }
    Ok(owner)
}

/// These entries are owned by that incarnation.
fn claims(entries: &[u64], owner: Option<u32>, out: &mut Vec<u8>) -> Read<()> {
    let Some(incarnation) = owner else {
        out.extend_from_slice(&0_u64.to_le_bytes());
        return Ok(());
    };
    out.extend_from_slice(&(entries.len() as u64).to_le_bytes());
    for entry in entries {
        let entry = u32::try_from(*entry).map_err(|_| NotVersion1::new("entries"))?;
        out.extend_from_slice(&entry.to_le_bytes());
        out.extend_from_slice(&Gateway::Binary.code().to_le_bytes());
        out.extend_from_slice(&incarnation.to_le_bytes());
        out.extend_from_slice(&LEASE_CLOCK_NS.to_le_bytes());
        // Its owner lives, and has no time at which it ended.
        out.push(0);
        out.extend_from_slice(&[0; 8]);
    }
    Ok(())
}

/// The kind of an entry, which is passed over.
fn entry(from: &mut Reader<'_>) -> Read<u8> {
    from.text("entry")?;
    from.bytes(4, "entry's account")?;
    let kind = from.u8("entry's kind")?;
    // Cancel on disconnect, self-trade prevention, two numbers.
    from.bytes(2 + 16, "entry")?;
    for _ in 0..from.u32("client ids")? {
        from.text("client id")?;
        from.bytes(8 + 8 + 2, "client id")?;
    }
    Ok(kind)
}

fn instrument(from: &mut Reader<'_>) -> Read<()> {
    from.text("symbol")?;
    from.bytes(Instrument::SIZE, "filters")?;
    from.bytes(8, "last price")?;
    for _ in 0..2 {
        for _ in 0..from.u32("orders")? {
            // Five numbers, the executed sum, the entry, and three codes.
            from.bytes(5 * 8 + 16 + 4 + 3, "order")?;
            from.text("order's client id")?;
        }
    }
    Ok(())
}
