//! A database file that was cut: SQLite reads zeros where its pages are missing, and goes on.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use rusqlite::Connection;

use crate::error::{Damage, OpenError};
use crate::files::beside;
use crate::open::inspect_pages;
use crate::schema::{PAGE, connect_at_rest};
use crate::wal::{FRAME_HEADER, HEADER, State};

/// Whether a database that nobody writes has all its pages, in the file or in the write-ahead log; nothing
/// in its folder is changed.  What the pages hold is not looked at, and one that is not there lacks nothing.
///
/// # Errors
/// `Damaged` when pages are missing, `Io` when it can't be told.
#[allow(clippy::arithmetic_side_effects, reason = "pages of a file")]
pub fn check_length(path: &Path) -> Result<(), OpenError> {
    let wal = beside(path, "-wal");
    let length = match path.metadata() {
        Ok(found) => found.len(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(OpenError::io(path, "looking", &error)),
    };
    // SQLite takes one of a single byte for an empty one, too, and would delete the write-ahead log.
    if length <= 1 {
        return match inspect_pages(&wal, PAGE)? {
            State::Empty => Ok(()),
            _ => {
                let what = format!("it is empty, and {} is not", wal.display());
                Err(Damage::at_byte(path, 0, what).into())
            }
        };
    }
    let sqlite = |error| OpenError::sqlite(path, "opening", &error);
    let connection = connect_at_rest(path).map_err(sqlite)?;
    let (page, pages) = sizes(&connection).map_err(sqlite)?;
    let there = length / page.max(1);
    if there >= pages {
        return Ok(());
    }
    let logged = logged(&wal, page)?;
    match (there + 1..=pages).find(|page| !logged.contains(page)) {
        None => Ok(()),
        Some(missing) => {
            let what = format!("it was cut: page {missing} of {pages} is missing");
            Err(Damage::at_byte(path, length, what).into())
        }
    }
}

/// Bytes of a page, and how many there are.
fn sizes(connection: &Connection) -> rusqlite::Result<(u64, u64)> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, u32>(0));
    let (page, pages) = (number("PRAGMA page_size")?, number("PRAGMA page_count")?);
    Ok((page.into(), pages.into()))
}

/// The pages that the whole transactions of a write-ahead log hold.
fn logged(wal: &Path, page: u64) -> Result<HashSet<u64>, OpenError> {
    let end = match inspect_pages(wal, page as usize)? {
        State::Empty => return Ok(HashSet::new()),
        State::Whole { end } | State::Torn { end } | State::Damaged { end, .. } => end,
    };
    pages_of(wal, page, end).map_err(|error| OpenError::io(wal, "reading", &error))
}

#[allow(clippy::arithmetic_side_effects, reason = "positions in a file")]
fn pages_of(wal: &Path, page: u64, end: u64) -> io::Result<HashSet<u64>> {
    let mut file = File::open(wal)?;
    let frame = FRAME_HEADER as u64 + page;
    let mut pages = HashSet::new();
    let mut at = HEADER as u64;
    while at + frame <= end {
        let mut number = [0; 4];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut number)?;
        pages.insert(u32::from_be_bytes(number).into());
        at += frame;
    }
    Ok(pages)
}
