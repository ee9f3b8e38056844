//! A store whose events were brought over from an older version of the journal.

use std::path::Path;

use crate::error::StoreError;
use crate::position::{Origin, Position};
use crate::schema::open_for_writing;

/// Write another hash and chain of the last batch into a store that nobody else writes; the batch is the
/// same otherwise.
///
/// # Errors
/// `Sqlite` when it can't be written, `Schema` when it is of another version.
pub fn move_position(path: &Path, hash: u64, chain: u64) -> Result<(), StoreError> {
    let connection = open_for_writing(path)?;
    if let Some(at) = Position::load(&connection)? {
        let origin = Origin { chain, ..at.origin };
        Position { hash, origin, ..at }.save(&connection)?;
    }
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}
