//! What can go wrong, in words for the operator.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A file of the log that doesn't hold what was written to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// Byte offset in the file, where it is known.
    pub byte: Option<u64>,
    /// Offset of the record in the log, where it is known.
    pub offset: Option<u64>,
    /// What was found.
    pub what: String,
}

impl Damage {
    pub(crate) fn at_byte(file: &Path, byte: u64, what: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            byte: Some(byte),
            offset: None,
            what: what.into(),
        }
    }

    pub(crate) fn at_offset(file: &Path, offset: u64, what: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            byte: None,
            offset: Some(offset),
            what: what.into(),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is damaged", self.file.display())?;
        if let Some(byte) = self.byte {
            write!(f, " at byte {byte}")?;
        }
        if let Some(offset) = self.offset {
            write!(f, " at log offset {offset}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Why a log was not opened.
#[derive(Debug)]
pub enum OpenError {
    /// The files don't hold what was written to them.
    Damaged(Damage),
    /// There is no log, where one is only to be read: nothing was ever appended to it.
    Missing(PathBuf),
    /// The operating system or SQLite refused something.
    Io {
        /// The file.
        file: PathBuf,
        /// What was tried, and what came back.
        what: String,
    },
}

impl OpenError {
    pub(crate) fn io(file: &Path, doing: &str, error: &io::Error) -> Self {
        Self::Io {
            file: file.to_owned(),
            what: format!("{doing}: {error}"),
        }
    }

    /// Sort an error of SQLite: what speaks of the file's content is damage.
    pub(crate) fn sqlite(file: &Path, doing: &str, error: &rusqlite::Error) -> Self {
        if is_corruption(error) {
            return Self::Damaged(Damage {
                file: file.to_owned(),
                byte: None,
                offset: None,
                what: format!("{doing}: {error}"),
            });
        }
        Self::Io {
            file: file.to_owned(),
            what: format!("{doing}: {}", describe(error)),
        }
    }
}

impl OpenError {
    pub(crate) fn read(file: &Path, error: ReadError) -> Self {
        match error {
            ReadError::Damaged(damage) => Self::Damaged(damage),
            other => Self::Io {
                file: file.to_owned(),
                what: other.to_string(),
            },
        }
    }
}

impl From<Damage> for OpenError {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(damage) => damage.fmt(f),
            Self::Missing(file) => write!(f, "{}: it is missing or empty", file.display()),
            Self::Io { file, what } => write!(f, "{}: {what}", file.display()),
        }
    }
}

impl std::error::Error for OpenError {}

/// Why records were not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// A row is missing, or its checksum is wrong.
    Damaged(Damage),
    /// The records asked for were deleted; the log begins here.
    Deleted {
        /// First offset that is kept.
        first: u64,
    },
    /// The log isn't that long; this is the next offset.
    Beyond {
        /// One behind the last record.
        next: u64,
    },
    /// The operating system or SQLite refused something.
    Io(String),
}

impl ReadError {
    pub(crate) fn sqlite(file: &Path, error: &rusqlite::Error) -> Self {
        if is_corruption(error) {
            return Self::Damaged(Damage {
                file: file.to_owned(),
                byte: None,
                offset: None,
                what: error.to_string(),
            });
        }
        Self::Io(format!("{}: {}", file.display(), describe(error)))
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(damage) => damage.fmt(f),
            Self::Deleted { first } => write!(f, "deleted: the log begins at offset {first}"),
            Self::Beyond { next } => write!(f, "the log ends before offset {next}"),
            Self::Io(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for ReadError {}

/// Why an append was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppendError {
    /// The log was closed.
    Closed,
    /// The log has failed: open it afresh.
    Failed(String),
    /// What waits is over `queue_bytes_max` (or, in memory, what is kept over `bytes_max`).
    Full {
        /// Bytes that wait.
        bytes: u64,
    },
}

impl fmt::Display for AppendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the log is closed"),
            Self::Failed(what) => write!(f, "the log has failed: {what}"),
            Self::Full { bytes } => write!(f, "the log is full: {bytes} bytes wait"),
        }
    }
}

impl std::error::Error for AppendError {}

/// What speaks of the file's content.  The statements are fixed and the tables are this crate's, so an
/// error in a statement means that the tables are not what they were.
fn is_corruption(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, TypeMismatch, Unknown};
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            matches!(
                failure.code,
                DatabaseCorrupt | NotADatabase | TypeMismatch | Unknown
            )
        }
        rusqlite::Error::SqlInputError { .. }
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..) => true,
        _ => false,
    }
}

/// SQLite's words, and its extended code: that one tells a failed fsync from a failed write.
pub(crate) fn describe(error: &rusqlite::Error) -> String {
    match error.sqlite_error() {
        Some(failure) => format!("{error} ({})", failure_name(failure.extended_code)),
        None => error.to_string(),
    }
}

fn failure_name(extended_code: i32) -> String {
    use rusqlite::ffi;
    let name = match extended_code {
        ffi::SQLITE_FULL => "no space left",
        ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC => "fsync failed",
        ffi::SQLITE_IOERR_WRITE => "write failed",
        ffi::SQLITE_IOERR_READ | ffi::SQLITE_IOERR_SHORT_READ => "read failed",
        ffi::SQLITE_IOERR_TRUNCATE => "truncate failed",
        code => return format!("SQLite code {code}"),
    };
    name.to_owned()
}
