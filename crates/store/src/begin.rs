//! How a recorder begins: whether the store at hand belongs to the log at hand.

use std::path::{Path, PathBuf};

use wire::record::EventBatch;

use crate::error::StoreError;
use crate::recorder::{Recorder, read_batch};
use crate::runner::RunnerLimits;
use crate::source::EventSource;

/// A recorder whose position lies in the log, and what was remarkable about it.
pub fn begin(
    path: &Path,
    source: &mut dyn EventSource,
    seed: &[u8],
    limits: &RunnerLimits,
) -> Result<(Recorder, Option<String>), StoreError> {
    let mut recorder = Recorder::open(path)?;
    let mut notice = None;
    if let Some(why) = foreign(&recorder, source, limits)? {
        drop(recorder);
        let aside = put_aside(path)?;
        notice = Some(format!("{why}; it was put aside as {}", aside.display()));
        recorder = Recorder::open(path)?;
    }
    if recorder.position().is_none()
        && let Some((offset, first)) = source.read(0, 1).map_err(StoreError::Source)?.first()
    {
        let header = read_batch(*offset, first)?.header;
        let first_seq = header.first_seq;
        if first_seq > 1 {
            recorder.seed(seed, header.time_ns)?;
            recorder.commit()?;
            let late = format!("the events log begins at event {first_seq}: so does the store");
            notice = Some(notice.map_or(late.clone(), |text| format!("{text}; {late}")));
        }
    }
    Ok((recorder, notice))
}

/// Why the store is of another log, if it is.
fn foreign(
    recorder: &Recorder,
    source: &mut dyn EventSource,
    limits: &RunnerLimits,
) -> Result<Option<String>, StoreError> {
    let Some(at) = recorder.position() else {
        return Ok(None);
    };
    let last = source.last().map_err(StoreError::Source)?;
    if last.is_none_or(|last| last < at.offset) {
        let end = last.map_or("is empty".to_owned(), |last| {
            format!("ends at offset {last}")
        });
        return Ok(Some(format!(
            "the store is at offset {}, the events log {end}",
            at.offset
        )));
    }
    let entries = source
        .read(at.offset, limits.read_bytes_max)
        .map_err(StoreError::Source)?;
    let other = match entries.first() {
        Some((offset, bytes)) if *offset == at.offset => {
            read_batch(*offset, bytes)?.hash != at.hash
        }
        // The entry itself is deleted: the next one says what it followed from.
        Some((offset, bytes)) if *offset == at.offset + 1 => {
            let batch = EventBatch::read(bytes);
            let batch = batch.map_err(|error| StoreError::Record {
                offset: *offset,
                error,
            })?;
            batch.header.previous_hash != at.hash
        }
        // A gap is not another log: the first batch that is taken will say so.
        _ => false,
    };
    Ok(other.then(|| {
        format!(
            "at offset {} the events log is not what the store has",
            at.offset
        )
    }))
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
