//! Where events come from: a trait, and the events log as one.

use std::path::Path;

use journal::{ReadError, Reader};

use crate::position::Origin;

/// Where event batches come from.  Offsets rise, and there may be some that hold no record.
pub trait EventSource: Send {
    /// Records from offset `from` on, or from the oldest that is kept where that is later: offsets
    /// and event batches in order, of about `bytes_max` bytes together, at least one where there is one.
    ///
    /// # Errors
    /// A sentence, when the log cannot be read.
    fn read(&mut self, from: u64, bytes_max: usize) -> Result<Vec<(u64, Vec<u8>)>, String>;

    /// Offset of the last record; `None` when the log never had one.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn last(&mut self) -> Result<Option<u64>, String>;

    /// Names the log.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn journal_id(&mut self) -> Result<u64, String>;

    /// The chain of the record at `offset`, also of the one before the first that is kept where it is known;
    /// `None` where the log has no such record.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn chain(&mut self, offset: u64) -> Result<Option<u64>, String>;
}

/// Where `offset` is in a log; the chain is 0 where the log has no such record.
///
/// # Errors
/// As [`EventSource::read`].
pub(crate) fn origin(source: &mut dyn EventSource, offset: u64) -> Result<Origin, String> {
    Ok(Origin {
        journal_id: source.journal_id()?,
        chain: source.chain(offset)?.unwrap_or_default(),
    })
}

/// An events log on disk, read by a connection of its own.
#[derive(Debug)]
pub struct LogSource {
    reader: Reader,
}

impl LogSource {
    /// Read the log at `path`, which exists; another thread or process writes it.
    ///
    /// # Errors
    /// A sentence, when there is none.
    pub fn open(path: &Path) -> Result<Self, String> {
        let reader = Reader::open(path).map_err(|error| error.to_string())?;
        Ok(Self { reader })
    }
}

impl EventSource for LogSource {
    fn read(&mut self, from: u64, bytes_max: usize) -> Result<Vec<(u64, Vec<u8>)>, String> {
        read_kept(from, |from| self.reader.read(from, bytes_max))
    }

    fn last(&mut self) -> Result<Option<u64>, String> {
        let ends = self.reader.ends().map_err(|error| error.to_string())?;
        Ok(ends.next.checked_sub(1).filter(|last| *last > 0))
    }

    fn journal_id(&mut self) -> Result<u64, String> {
        let ends = self.reader.ends().map_err(|error| error.to_string())?;
        Ok(ends.journal_id)
    }

    fn chain(&mut self, offset: u64) -> Result<Option<u64>, String> {
        match self.reader.chain_at(offset) {
            Ok(chain) => Ok(Some(chain)),
            Err(ReadError::Deleted { .. } | ReadError::Beyond { .. }) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Read from `from`, or from the oldest record where that is deleted; nothing behind the end.
///
/// # Errors
/// A sentence, when the log is damaged or cannot be read.
pub fn read_kept(
    from: u64,
    read: impl Fn(u64) -> Result<Vec<journal::Record>, ReadError>,
) -> Result<Vec<(u64, Vec<u8>)>, String> {
    let records = match read(from) {
        Err(ReadError::Deleted { first }) => read(first),
        other => other,
    };
    match records {
        Ok(records) => Ok(records
            .into_iter()
            .map(|record| (record.offset, record.batch))
            .collect()),
        Err(ReadError::Beyond { .. }) => Ok(Vec::new()),
        Err(error) => Err(error.to_string()),
    }
}
