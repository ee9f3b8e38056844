//! What can go wrong in the store.

use std::fmt;

use rusqlite::ErrorCode;
use wire::record::RecordError;

/// Why the recorder or a query stopped.
#[derive(Debug)]
pub enum StoreError {
    /// SQLite refused: disk full, an I/O error, a damaged file.
    Sqlite(rusqlite::Error),
    /// A file could not be moved or looked at.
    Io(std::io::Error),
    /// A sync failed: what was written may be lost, though a second one may succeed.
    Sync(std::io::Error),
    /// The events log could not be read.
    Source(String),
    /// A batch that is no event batch.
    Record {
        /// Offset of its log entry.
        offset: u64,
        /// What does not fit.
        error: RecordError,
    },
    /// The hash at the end of a batch is not that of its bytes.
    Damaged {
        /// Offset of its log entry.
        offset: u64,
    },
    /// Events are missing between what is recorded and this batch.
    Gap {
        /// Offset of its log entry.
        offset: u64,
        /// The sequence number that should come.
        expected_seq: u64,
        /// The one that came.
        first_seq: u64,
    },
    /// The batch does not follow from the one before it: its `previous_hash` is another.
    Chain {
        /// Offset of its log entry.
        offset: u64,
    },
    /// The store can't be brought up from this log: why.
    Unfit(String),
    /// A part of the file is missing: what, and where.
    Cut(String),
    /// The file is of another version of the store.
    Schema {
        /// Version of the file.
        found: i64,
    },
    /// A row holds what no recorder writes.
    Row(&'static str),
    /// An index leads to rows that are not where it says.
    Index(&'static str),
    /// The checksum of a row is not that of its values: the disk changed it.
    Checksum {
        /// The table.
        table: &'static str,
        /// The row's key, or the first number of it.
        row: u64,
    },
}

impl StoreError {
    /// Whether trying again may help: the disk may have room again, the log may be readable again.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Sqlite(_) | Self::Io(_) | Self::Source(_)) && !self.is_damage()
    }

    /// Whether the store holds what no recorder has written: trying again does not help.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Row(_) | Self::Index(_) | Self::Checksum { .. } | Self::Cut(_) => true,
            Self::Sqlite(error) => is_damage(error),
            _ => false,
        }
    }

    /// The same, with the name of the row in which it was met.
    pub(crate) fn of_row(self, table: &'static str, row: u64) -> Self {
        if self.is_damage() {
            return Self::Checksum { table, row };
        }
        self
    }
}

/// Whether SQLite finds its file damaged, or a value is not of its column's kind.
fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error;
    let codes = [ErrorCode::DatabaseCorrupt, ErrorCode::NotADatabase];
    match error {
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => true,
        error => error
            .sqlite_error_code()
            .is_some_and(|code| codes.contains(&code)),
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => write!(f, "store: {error}"),
            Self::Io(error) => write!(f, "store: {error}"),
            Self::Sync(error) => write!(
                f,
                "store: sync failed: {error}; what was written may be lost: the store is opened afresh, \
                 from what the disk holds"
            ),
            Self::Source(error) => write!(f, "events log: {error}"),
            Self::Record { offset, error } => write!(f, "events log, offset {offset}: {error}"),
            Self::Damaged { offset } => {
                write!(
                    f,
                    "events log, offset {offset}: the batch's hash is not that of its bytes"
                )
            }
            Self::Gap {
                offset,
                expected_seq,
                first_seq,
            } => write!(
                f,
                "events log, offset {offset}: event {expected_seq} should come, {first_seq} came; \
                 what lies between is lost to the store"
            ),
            Self::Chain { offset } => write!(
                f,
                "events log, offset {offset}: the batch does not follow from what is recorded"
            ),
            Self::Unfit(what) | Self::Cut(what) => f.write_str(what),
            Self::Schema { found } => write!(
                f,
                "the store's file is of version {found}, this program's of {}",
                crate::VERSION
            ),
            Self::Row(what) => write!(f, "the store holds a row that cannot be read: {what}"),
            Self::Index(name) => write!(
                f,
                "the store is damaged: index {name} is not that of its table"
            ),
            Self::Checksum { table, row } => write!(
                f,
                "the store is damaged: row {row} of table {table} does not match its checksum"
            ),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<projection::change::Malformed> for StoreError {
    fn from(_: projection::change::Malformed) -> Self {
        Self::Row("changes")
    }
}

impl From<journal::OpenError> for StoreError {
    fn from(error: journal::OpenError) -> Self {
        match error {
            journal::OpenError::Damaged(damage) => Self::Cut(damage.to_string()),
            other => Self::Io(std::io::Error::other(other)),
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}
