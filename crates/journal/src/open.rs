//! What happens to the files before SQLite sees them.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use rustix::fs::{Advice, FlockOperation, fadvise, fcntl_lock};
use rustix::io::Errno;

use crate::error::{Damage, OpenError};
use crate::files::beside;
use crate::options::{LogOptions, OnDamage};
use crate::schema::{PAGE, connect_writer};
use crate::wal::{self, State};

/// How a database file of this crate begins: SQLite's name, the page size, write-ahead log twice.
const DB_HEADER: [u8; 20] = *b"SQLite format 3\0\x10\x00\x02\x02";

/// See what the write-ahead log of the log at `path` holds.  No connection to it may be open in this
/// process, and no other process may be writing it.
///
/// # Errors
/// Those of reading.
pub fn inspect(path: &Path) -> Result<State, OpenError> {
    inspect_pages(&beside(path, "-wal"), PAGE)
}

/// The same of a write-ahead log whose pages are of this size.
pub(crate) fn inspect_pages(wal: &Path, page: usize) -> Result<State, OpenError> {
    match File::open(wal) {
        Ok(file) => wal::inspect(BufReader::with_capacity(1 << 18, file), page)
            .map_err(|error| OpenError::io(wal, "reading", &error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(State::Empty),
        Err(error) => Err(OpenError::io(wal, "opening", &error)),
    }
}

/// Make a database and its write-ahead log what the disk holds of them: sync them, and forget what memory
/// holds of them.  No connection to them may be open in this process.
///
/// # Errors
/// `Io`; what is not there is passed over.
pub fn settle_both(path: &Path) -> Result<(), OpenError> {
    settle(path)?;
    settle(&beside(path, "-wal"))
}

/// Judge the files of a log that nobody writes, and leave them as they are.
pub(crate) fn look(path: &Path, on_damage: OnDamage) -> Result<(), OpenError> {
    let state = inspect(path)?;
    let wal = beside(path, "-wal");
    if !check_database(path, &wal, &state)? {
        return Err(OpenError::Missing(path.to_owned()));
    }
    match (state, on_damage) {
        (State::Damaged { at, what, .. }, OnDamage::Refuse) => {
            Err(Damage::at_byte(&wal, at, what).into())
        }
        _ => Ok(()),
    }
}

/// Make the files what the disk holds of them, judge them, and cut what was cut off from the write-ahead
/// log; the writer fills it up ([`fill`]).
pub(crate) fn prepare(path: &Path, options: &LogOptions) -> Result<(), OpenError> {
    let wal = beside(path, "-wal");
    check_alone(path)?;
    if !options.settled {
        settle_both(path)?;
    }
    let state = inspect(path)?;
    let made = check_database(path, &wal, &state)?;
    if !made {
        // SQLite deletes a write-ahead log beside an empty database: the tables come first.
        connect_writer(path, options.synchronous, options.beginning)?;
    }
    let end = match state {
        _ if !made => None,
        State::Empty => Some(0),
        State::Whole { .. } => None,
        State::Torn { end } => Some(end),
        State::Damaged { end, at, what } => match options.on_damage {
            OnDamage::Refuse => return Err(Damage::at_byte(&wal, at, what).into()),
            OnDamage::DropTail => Some(end),
        },
    };
    cut(&wal, end)
        .and_then(|()| sync_folder(path))
        .map_err(|error| OpenError::io(&wal, "preparing", &error))
}

/// Make the files' names durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// A process that reads holds a lock on the scratch file, and what it knows of the write-ahead log
/// would be taken for true.
fn check_alone(path: &Path) -> Result<(), OpenError> {
    let shm = beside(path, "-shm");
    let io = |error| OpenError::io(&shm, "opening", &error);
    let file = match OpenOptions::new().read(true).write(true).open(&shm) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io(error)),
    };
    match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(()),
        Err(Errno::WOULDBLOCK | Errno::ACCESS) => Err(OpenError::Io {
            file: path.to_owned(),
            what: "another process has it open".to_owned(),
        }),
        Err(errno) => Err(io(errno.into())),
    }
}

/// Sync the file and forget what memory holds of it: what is read next is what the disk has.
fn settle(path: &Path) -> Result<(), OpenError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(OpenError::io(path, "opening", &error)),
    };
    file.sync_data()
        .map_err(|error| OpenError::io(path, "syncing", &error))?;
    fadvise(&file, 0, None, Advice::DontNeed)
        .map_err(|errno| OpenError::io(path, "dropping its cache", &errno.into()))
}

/// A database that SQLite would take for an empty one, beside a write-ahead log that isn't: SQLite
/// would delete the latter.  Says whether there is a database.
fn check_database(path: &Path, wal: &Path, state: &State) -> Result<bool, OpenError> {
    let mut start = Vec::new();
    match File::open(path) {
        Ok(file) => {
            file.take(DB_HEADER.len() as u64)
                .read_to_end(&mut start)
                .map_err(|error| OpenError::io(path, "reading", &error))?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(OpenError::io(path, "opening", &error)),
    }
    if start.is_empty() {
        if *state == State::Empty {
            return Ok(false);
        }
        let what = format!("it is empty or missing, and {} is not", wal.display());
        return Err(Damage::at_byte(path, 0, what).into());
    }
    // The journal of a first transaction that was cut off: SQLite undoes it.
    if beside(path, "-journal").exists() && *state == State::Empty {
        return Ok(false);
    }
    let wrong = (0..DB_HEADER.len()).find(|&at| start.get(at) != Some(&DB_HEADER[at]));
    match wrong {
        Some(at) => Err(Damage::at_byte(path, at as u64, "its header is bad").into()),
        None => Ok(true),
    }
}

/// Cut the file at `end`, if there is one; make it where there is no file.
fn cut(wal: &Path, end: Option<u64>) -> io::Result<()> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(wal)?;
    if let Some(end) = end {
        file.set_len(end)?;
    }
    file.sync_data()
}

/// Fill the write-ahead log with zeros up to `bytes`, before the first commit of whoever has it open.
pub(crate) fn fill(wal: &Path, bytes: u64) -> io::Result<()> {
    static ZEROS: [u8; 1 << 16] = [0; 1 << 16];
    let mut file = OpenOptions::new().write(true).open(wal)?;
    let mut at = file.seek(SeekFrom::End(0))?;
    while at < bytes {
        let part = (bytes - at).min(ZEROS.len() as u64);
        file.write_all(&ZEROS[..part as usize])?;
        at += part;
    }
    file.sync_data()
}
