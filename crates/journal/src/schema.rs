//! The tables of a log, and how a connection to them is set up.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use xxhash_rust::xxh3::xxh3_64;

use crate::chain::chain_start;
use crate::error::{Damage, OpenError};
use crate::files::beside;
use crate::options::{Beginning, Synchronous};

/// The one page size of a log: what a commit writes at least.
pub(crate) const PAGE: usize = 4096;
/// Version of the log: its tables, and the layout of the batches in it.  Of version 1 the tables were the
/// same.
pub const VERSION: i64 = 2;
/// Nobody else writes, and readers don't block: a lock is held for moments only.
const BUSY: Duration = Duration::from_secs(5);

/// The one row that says where the log begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meta {
    pub journal_id: u64,
    /// First offset that is kept.
    pub first: u64,
    /// Chain of the record before it.
    pub chain_before: u64,
}

impl Meta {
    fn new(beginning: Beginning) -> Self {
        let journal_id = beginning.journal_id;
        let start = || (1, chain_start(journal_id));
        let (first, chain_before) = beginning.behind.unwrap_or_else(start);
        Self {
            journal_id,
            first,
            chain_before,
        }
    }

    fn checksum(&self) -> u64 {
        let mut bytes = [0u8; 24];
        bytes[..8].copy_from_slice(&self.journal_id.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.first.to_le_bytes());
        bytes[16..].copy_from_slice(&self.chain_before.to_le_bytes());
        xxh3_64(&bytes)
    }

    /// Read the row; `Ok(None)` when its checksum is wrong or there is none.
    pub fn read(connection: &Connection) -> rusqlite::Result<Option<Self>> {
        let row = connection
            .prepare_cached(
                "SELECT journal_id, first, chain_before, checksum FROM meta WHERE id = 0",
            )?
            .query_row([], |row| {
                let meta = Self {
                    journal_id: column(row, 0)?,
                    first: column(row, 1)?,
                    chain_before: column(row, 2)?,
                };
                Ok((meta, column(row, 3)?))
            })
            .optional()?;
        Ok(row.and_then(|(meta, sum)| (meta.checksum() == sum && meta.first > 0).then_some(meta)))
    }

    pub fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "INSERT INTO meta (id, journal_id, first, chain_before, checksum)
                 VALUES (0, ?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE SET
                 journal_id = ?1, first = ?2, chain_before = ?3, checksum = ?4",
            )?
            .execute(params![
                self.journal_id as i64,
                self.first as i64,
                self.chain_before as i64,
                self.checksum() as i64
            ])?;
        Ok(())
    }
}

/// SQLite has no unsigned integers: the same 64 bits.
pub(crate) fn column(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(index).map(|value| value as u64)
}

/// What stands in the way of using a connection's log.
pub(crate) enum SchemaError {
    Sqlite(rusqlite::Error),
    Damaged(Damage),
    Foreign(String),
}

impl From<rusqlite::Error> for SchemaError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// The connection that writes; makes the tables when they are not there.
pub(crate) fn connect_writer(
    path: &Path,
    synchronous: Synchronous,
    beginning: Option<Beginning>,
) -> Result<(Connection, Meta), OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let sqlite = |error| OpenError::sqlite(path, "opening", &error);
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    match set_up_writer(path, &connection, synchronous, beginning) {
        Ok(meta) => Ok((connection, meta)),
        Err(SchemaError::Sqlite(error)) => Err(sqlite(error)),
        Err(SchemaError::Damaged(damage)) => Err(damage.into()),
        Err(SchemaError::Foreign(what)) => Err(OpenError::Io {
            file: path.to_owned(),
            what,
        }),
    }
}

fn set_up_writer(
    path: &Path,
    connection: &Connection,
    synchronous: Synchronous,
    beginning: Option<Beginning>,
) -> Result<Meta, SchemaError> {
    set_up(connection)?;
    connection.pragma_update(None, "page_size", PAGE as i64)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(SchemaError::Foreign(format!("no write-ahead log: {mode}")));
    }
    let synchronous = match synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    // Frames reach the write-ahead log at a commit only, each page once: the inspection relies on it.
    connection.pragma_update(None, "cache_spill", false)?;
    connection.pragma_update(None, "cache_size", -8192)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match version {
        0 if is_empty(connection)? => create(connection, beginning)?,
        VERSION => {}
        other => {
            return Err(SchemaError::Foreign(format!(
                "version {other} of the log's tables, where {VERSION} is known"
            )));
        }
    }
    Meta::read(connection)?.ok_or_else(|| {
        SchemaError::Damaged(Damage {
            file: path.to_owned(),
            byte: None,
            offset: None,
            what: "the row that says where the log begins is missing or wrong".to_owned(),
        })
    })
}

/// What every connection has in common.
fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    // Checkpoints are this crate's own affair, and the write-ahead log is kept for the next start.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(())
}

pub(crate) fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| {
        row.get(0)
    })
}

fn create(connection: &Connection, beginning: Option<Beginning>) -> rusqlite::Result<()> {
    let mut id = [0u8; 8];
    rustix::rand::getrandom(&mut id, rustix::rand::GetRandomFlags::empty()).map_err(|errno| {
        rusqlite::Error::ToSqlConversionFailure(Box::new(std::io::Error::from(errno)))
    })?;
    let by_itself = Beginning {
        journal_id: u64::from_le_bytes(id),
        behind: None,
    };
    connection.execute_batch(
        "BEGIN IMMEDIATE;
         CREATE TABLE entries (
             offset INTEGER PRIMARY KEY, append_ns INTEGER NOT NULL, chain INTEGER NOT NULL,
             batch BLOB NOT NULL);
         CREATE TABLE meta (
             id INTEGER PRIMARY KEY, journal_id INTEGER NOT NULL, first INTEGER NOT NULL,
             chain_before INTEGER NOT NULL, checksum INTEGER NOT NULL);",
    )?;
    Meta::new(beginning.unwrap_or(by_itself)).write(connection)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    connection.execute_batch("COMMIT")
}

/// A connection beside the writer: it reads, or moves pages from the write-ahead log.
pub(crate) fn connect_beside(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    set_up(&connection)?;
    // As in the writer: the file is synced at the end of each checkpoint pass.
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

/// A connection to a database that nobody writes, which changes nothing in its folder: no lock is taken, and
/// what must be known of the write-ahead log is gathered in memory.
///
/// # Errors
/// Those of SQLite.
pub fn connect_at_rest(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = if beside(path, "-wal").exists() {
        Connection::open_with_flags_and_vfs(path, flags, "unix-none")?
    } else {
        // SQLite would make the write-ahead log, unless it is told that nothing is to change.
        Connection::open_with_flags(immutable(path), flags | OpenFlags::SQLITE_OPEN_URI)?
    };
    connection.query_row("PRAGMA locking_mode = EXCLUSIVE", [], |_| Ok(()))?;
    set_up(&connection)?;
    Ok(connection)
}

/// The address of a file that does not change.
fn immutable(path: &Path) -> OsString {
    let mut address = OsString::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'%' | b'?' | b'#' => address.push(format!("%{byte:02x}")),
            byte => address.push(OsStr::from_bytes(&[*byte])),
        }
    }
    address.push("?immutable=1");
    address
}
