//! How a recorder begins: whether the store at hand belongs to the log at hand.

use std::path::{Path, PathBuf};

use wire::record::search::first_batch_behind;

use crate::error::StoreError;
use crate::position::Position;
use crate::recorder::{Recorder, read_batch};
use crate::schema;
use crate::source::{EventSource, origin};

/// A recorder whose position lies in the log.
pub struct Begun {
    pub recorder: Recorder,
    /// What was remarkable about it.
    pub notice: Option<String>,
    /// Whether it still needs the seed: store and log are empty.
    pub unseeded: bool,
}

pub fn begin(path: &Path, source: &mut dyn EventSource, seed: &[u8]) -> Result<Begun, StoreError> {
    // A sync that has failed is not made up for by one that succeeds: what was read back counts.
    journal::settle(path)?;
    journal::check_length(path)?;
    let (mut recorder, mut notice) = open(path)?;
    match match_log(&recorder, source)? {
        LogMatch::Same => {}
        LogMatch::Moved(offset) => {
            let to = origin(source, offset).map_err(StoreError::Source)?;
            recorder.renumber(offset, to)?;
            let moved =
                format!("the events log was begun anew: the store is at its offset {offset}");
            notice = Some(moved);
        }
        LogMatch::Foreign => {
            drop(recorder);
            (recorder, notice) = anew(path, "the store is of another journal")?;
        }
        LogMatch::Unfit(why) => {
            return Err(StoreError::Unfit(format!(
                "{} can't be brought up: {why}. Put a newer copy of it back, or move it away, store.db-wal and \
                 store.db-shm with it: a new one then begins with what the engine knows and the \
                 events log keeps, and what ended before is in the one that was moved alone",
                path.display()
            )));
        }
    }
    let mut unseeded = false;
    if recorder.position().is_none() {
        let first = batch_from(source, 0)?;
        unseeded = first.is_none();
        if let Some((offset, first)) = first
            && let Some(first_seq) = seed_late(&mut recorder, seed, offset, &first)?
        {
            recorder.commit()?;
            let late = format!("the events log begins at event {first_seq}: so does the store");
            notice = Some(notice.map_or(late.clone(), |text| format!("{text}; {late}")));
        }
    }
    Ok(Begun {
        recorder,
        notice,
        unseeded,
    })
}

/// Give a store that is empty what was before the first batch; that batch's first event where it is not
/// the first of all.
pub fn seed_late(
    recorder: &mut Recorder,
    seed: &[u8],
    offset: u64,
    first: &[u8],
) -> Result<Option<u64>, StoreError> {
    let header = read_batch(offset, first)?.header;
    if header.first_seq <= 1 {
        return Ok(None);
    }
    recorder.seed(seed, header.time_ns)?;
    Ok(Some(header.first_seq))
}

/// A recorder; of an older version of the store nothing is read.
fn open(path: &Path) -> Result<(Recorder, Option<String>), StoreError> {
    match Recorder::open(path) {
        Err(StoreError::Schema { found }) if found < schema::VERSION => {
            anew(path, &format!("the store is of version {found}"))
        }
        recorder => Ok((recorder?, None)),
    }
}

/// A recorder of a new store; the one that was there is put aside.
fn anew(path: &Path, why: &str) -> Result<(Recorder, Option<String>), StoreError> {
    let aside = put_aside(path)?;
    let notice = format!("{why}; it was put aside as {}", aside.display());
    Ok((Recorder::open(path)?, Some(notice)))
}

/// Where the log has what the store has recorded last.
enum LogMatch {
    /// At the store's offset, or it begins right behind it.
    Same,
    /// At another one, for the log was begun anew with the same events; or it goes on right behind it.
    Moved(u64),
    /// Nowhere: it is a store of another journal.
    Foreign,
    /// Nowhere, though it is a store of this journal: events are missing, or are others.
    Unfit(String),
}

fn match_log(recorder: &Recorder, source: &mut dyn EventSource) -> Result<LogMatch, StoreError> {
    let Some(at) = recorder.position() else {
        return Ok(LogMatch::Same);
    };
    if at.origin.journal_id != source.journal_id().map_err(StoreError::Source)? {
        return Ok(LogMatch::Foreign);
    }
    let chain = source.chain(at.offset).map_err(StoreError::Source)?;
    if chain == Some(at.origin.chain) {
        return Ok(LogMatch::Same);
    }
    let last = source.last().map_err(StoreError::Source)?;
    let first = batch_from(source, 0)?;
    let (Some(last), Some((first, bytes))) = (last, first) else {
        return Ok(LogMatch::Unfit(format!(
            "it ends with event {}, and the events log is empty",
            at.seq
        )));
    };
    let found = find(&at, source, (first, last))?;
    if goes_on(&at, source, found)? {
        let deleted = chain.is_none() && found < first && at.offset <= found;
        return Ok(if deleted {
            LogMatch::Same
        } else {
            LogMatch::Moved(found)
        });
    }
    let begins = read_batch(first, &bytes)?.header.first_seq;
    Ok(LogMatch::Unfit(if begins > at.seq.saturating_add(1) {
        format!(
            "it ends with event {}, and the events log begins with event {begins}",
            at.seq
        )
    } else {
        format!(
            "its last event is {}, and the events log does not hold it as the store has it",
            at.seq
        )
    }))
}

/// The batch at `offset` or, where that is deleted, the one behind it.
fn batch_from(
    source: &mut dyn EventSource,
    offset: u64,
) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
    let entries = source.read(offset, 1).map_err(StoreError::Source)?;
    Ok(entries.into_iter().next())
}

/// Whether the log, read on behind `offset`, follows what the store has recorded last.  A record stands
/// at `offset`, or it is the one before the log begins.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "offsets of a log begin at 1 and stay below 2^63"
)]
fn goes_on(at: &Position, source: &mut dyn EventSource, offset: u64) -> Result<bool, StoreError> {
    Ok(match batch_from(source, offset)? {
        Some((found, bytes)) if found == offset => read_batch(found, &bytes)?.hash == at.hash,
        // The entry itself is deleted: the next one says what it followed from.
        Some((found, bytes)) if found == offset + 1 => {
            read_batch(found, &bytes)?.header.previous_hash == at.hash
        }
        _ => false,
    })
}

/// The last offset whose batch does not stand behind the store's position; the one before the log begins
/// where all do.  An offset without a record counts as the next one that has one, so that none of those
/// is found.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "offsets of a log begin at 1 and stay below 2^63"
)]
fn find(
    at: &Position,
    source: &mut dyn EventSource,
    (first, last): (u64, u64),
) -> Result<u64, StoreError> {
    let behind = (at.command_offset, at.part);
    let found = first_batch_behind(behind, first..last + 1, |offset| {
        let Some((found, bytes)) = batch_from(source, offset)? else {
            // The log ends before: what would come is later.
            return Ok((u64::MAX, u16::MAX));
        };
        Ok(read_batch(found, &bytes)?.header.key())
    });
    found.map(|offset| offset - 1)
}

/// Move the store's files out of the way, to the first name that is free.
fn put_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let named = |suffix: &str| {
        let mut name = path.to_owned().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    };
    let aside = (1u32..)
        .map(|n| named(&format!(".aside-{n}")))
        .find(|aside| !aside.exists())
        .ok_or(StoreError::Row("no name is free"))?;
    // The last connection took the write-ahead log with it, unless a reader is still there.
    for suffix in ["-wal", "-shm"] {
        let file = named(suffix);
        if file.exists() {
            std::fs::remove_file(file)?;
        }
    }
    std::fs::rename(path, &aside)?;
    Ok(aside)
}
