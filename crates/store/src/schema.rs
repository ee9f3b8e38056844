//! The file: tables, versions, and how a connection is opened.
//!
//! | table | key | holds |
//! |---|---|---|
//! | `position` | one row | what is recorded so far |
//! | `late` | one row, or none | from when on it has everything, where the log had lost its beginning |
//! | `account` | number | user ids |
//! | `entry` | number | ways in: account, protocol, name |
//! | `instrument` | number | symbols |
//! | `orders` | order id | the order as it stands, and its newest changes, packed |
//! | `older` | order id, number of its first change | earlier changes of orders that have many |
//! | `trade` | trade id | trades |
//! | `bar` | instrument, minute | sums of trades by minute |
//!
//! Order ids and trade ids rise, so that new rows are appended at the right edge of their tables.
//! Times are nanoseconds since the epoch, prices and quantities multiples of 10^-8, enumerations have
//! FIX's numbers.  Sums in `bar` are decimal text, because 64 bits may not hold them.  Every row ends with a
//! checksum of its values (`checksum`), which is looked at when the row is read.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::StoreError;
use crate::late;

use crate::BEFORE;
pub use crate::VERSION;
/// Page cache of the recorder's connection, in KiB.
pub const RECORDER_CACHE_KIB: i64 = 65_536;
/// Page cache of a reader's connection, in KiB.
pub const READER_CACHE_KIB: i64 = 8_192;
/// How long a connection waits for a lock that another holds, in milliseconds.
pub const BUSY_MS: u64 = 2_000;

/// What a new file is made with, and [`late::TABLE`].
const TABLES: &str = "
CREATE TABLE position (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    offset INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    hash INTEGER NOT NULL,
    command_offset INTEGER NOT NULL,
    part INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    journal_id INTEGER NOT NULL,
    chain INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;
CREATE TABLE account (
    account INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;
CREATE INDEX account_name ON account (name);
CREATE TABLE entry (
    entry INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;
CREATE TABLE instrument (
    instrument INTEGER PRIMARY KEY,
    symbol TEXT NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;
CREATE TABLE orders (
    order_id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    num INTEGER NOT NULL,
    client_text TEXT,
    user_text TEXT,
    instrument INTEGER NOT NULL,
    side INTEGER NOT NULL,
    ord_type INTEGER NOT NULL,
    tif INTEGER NOT NULL,
    price INTEGER,
    qty INTEGER NOT NULL,
    status INTEGER NOT NULL,
    cum INTEGER NOT NULL,
    leaves INTEGER NOT NULL,
    avg_px INTEGER NOT NULL,
    why INTEGER NOT NULL,
    created_ns INTEGER NOT NULL,
    updated_ns INTEGER NOT NULL,
    history INTEGER NOT NULL,
    fills INTEGER NOT NULL,
    older_history INTEGER NOT NULL,
    older_fills INTEGER NOT NULL,
    older_price INTEGER NOT NULL,
    older_qty INTEGER NOT NULL,
    begun INTEGER NOT NULL,
    changes BLOB NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;
CREATE INDEX orders_of_account ON orders (account, order_id);
CREATE TABLE older (
    order_id INTEGER NOT NULL,
    first_history INTEGER NOT NULL,
    history INTEGER NOT NULL,
    first_fill INTEGER NOT NULL,
    fills INTEGER NOT NULL,
    price INTEGER NOT NULL,
    qty INTEGER NOT NULL,
    changes BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (order_id, first_history)
) STRICT, WITHOUT ROWID;
CREATE INDEX older_fills ON older (order_id, first_fill) WHERE fills > 0;
CREATE TABLE trade (
    trade_id INTEGER PRIMARY KEY,
    instrument INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    price INTEGER NOT NULL,
    qty INTEGER NOT NULL,
    taker_side INTEGER NOT NULL,
    taker_order_id INTEGER NOT NULL,
    maker_order_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;
CREATE INDEX trade_time ON trade (instrument, time_ns);
CREATE TABLE bar (
    instrument INTEGER NOT NULL,
    minute INTEGER NOT NULL,
    first_ns INTEGER NOT NULL,
    last_ns INTEGER NOT NULL,
    open INTEGER NOT NULL,
    high INTEGER NOT NULL,
    low INTEGER NOT NULL,
    close INTEGER NOT NULL,
    qty TEXT NOT NULL,
    quote TEXT NOT NULL,
    count INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (instrument, minute)
) STRICT, WITHOUT ROWID;
";

/// Open the file for the recorder, and make it when it is not there.
///
/// # Errors
/// `Sqlite` when it cannot be opened, `Schema` when it is of another version.
pub fn open_for_writing(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_millis(BUSY_MS))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Whole but perhaps not the last after a power cut: the events log has the rest (see the crate).
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // Checkpoints are made by the recorder, between transactions and not within one.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "cache_size", -RECORDER_CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    let found = version(&connection)?;
    if found == 0 || found == BEFORE {
        let transaction = connection.transaction()?;
        match found {
            0 => make(&transaction, VERSION)?,
            _ => late::upgrade(&transaction, now_ns())?,
        }
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
    }
    check_version(&connection)?;
    Ok(connection)
}

/// Make the tables of a version.
pub(crate) fn make(connection: &Connection, version: i64) -> Result<(), StoreError> {
    connection.execute_batch(TABLES)?;
    if version > BEFORE {
        connection.execute_batch(late::TABLE)?;
    }
    Ok(())
}

/// Nothing that is recorded is later.
#[expect(
    clippy::disallowed_methods,
    reason = "asked once, of a store of an earlier version in which no order is left"
)]
fn now_ns() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| u64::try_from(now.as_nanos()).unwrap_or(u64::MAX))
}

/// Open the file for queries.
///
/// # Errors
/// As [`open_for_writing`]; a file that is not there is an error.
pub fn open_for_reading(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_millis(BUSY_MS))?;
    connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    check_version(&connection)?;
    Ok(connection)
}

pub(crate) fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Whether nothing was made in it yet.
pub(crate) fn is_blank(connection: &Connection) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM sqlite_schema";
    let made: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    Ok(made == 0 && version(connection)? == 0)
}

/// The version of a store that is only looked at: this one, or the one before, which has the same rows.
pub(crate) fn readable_version(connection: &Connection) -> Result<i64, StoreError> {
    match version(connection)? {
        found @ (BEFORE | VERSION) => Ok(found),
        found => Err(StoreError::Schema { found }),
    }
}

pub(crate) fn check_version(connection: &Connection) -> Result<(), StoreError> {
    match version(connection)? {
        VERSION => Ok(()),
        found => Err(StoreError::Schema { found }),
    }
}
