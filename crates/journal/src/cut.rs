//! The end of a log taken away.

use std::path::Path;

use rusqlite::params;

use crate::error::OpenError;
use crate::options::Synchronous;
use crate::schema::connect_writer;

/// Delete the records behind offset `last`, durably and all or none; how many there were.
///
/// The log must be closed, and have been opened before: what its files hold was judged then.
///
/// # Errors
/// `Damaged` and `Io` as when a log is opened.
pub fn delete_after(path: impl AsRef<Path>, last: u64) -> Result<u64, OpenError> {
    let path = path.as_ref();
    let (connection, _) = connect_writer(path, Synchronous::Full, None)?;
    connection
        .execute(
            "DELETE FROM entries WHERE offset > ?1",
            params![last as i64],
        )
        .map(|deleted| deleted as u64)
        .map_err(|error| OpenError::sqlite(path, "deleting", &error))
}
