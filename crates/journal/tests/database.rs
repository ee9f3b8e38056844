//! What is made of a database file that was cut or went bad.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Copy, TempDir, batch, flips, ordinary};
use journal::{Log, LogOptions, OpenError, Record};

fn plain() -> LogOptions {
    LogOptions {
        wal_bytes_max: 0,
        ..ordinary()
    }
}

/// A log whose records are all in the database file.
fn write() -> (Copy, Vec<Record>) {
    let dir = TempDir::new();
    let path = dir.path().join("commands.db");
    let log = Log::open(&path, plain()).unwrap();
    for number in 0..40 {
        let len = if number % 5 == 0 { 3_000 } else { 200 };
        log.append(number, &[&batch(number, len)]).unwrap();
    }
    log.sync().unwrap();
    let records = log.read(1, usize::MAX).unwrap();
    log.close();
    let mut copy = Copy::of(&path);
    copy.wal.clear();
    (copy, records)
}

#[test]
fn any_byte_that_went_bad_is_found_or_changes_no_record() {
    let (copy, records) = write();
    let dir = TempDir::in_memory();
    let mut found = 0;
    for at in (0..copy.db.len()).step_by(13).chain(0..100) {
        let value = flips(copy.db[at])[at % 3];
        let path = copy.put(dir.path(), |db, _| db[at] = value);
        match Log::open(&path, plain()) {
            Ok(log) => {
                let read = log.read(1, usize::MAX).unwrap();
                assert!(
                    read == records,
                    "byte {at} became {value}, and nobody said so"
                );
            }
            Err(OpenError::Damaged(damage)) => {
                assert!(damage.file.ends_with("commands.db"), "{damage}");
                found += 1;
            }
            Err(OpenError::Missing(file)) => panic!("{} is there", file.display()),
            Err(OpenError::Io { file, what }) => {
                assert!(file.ends_with("commands.db"), "{what}");
                found += 1;
            }
        }
    }
    assert!(found > copy.db.len() / 13 / 2, "{found}");
}

#[test]
fn a_record_that_went_bad_is_named() {
    let (copy, records) = write();
    let dir = TempDir::in_memory();
    let wanted = &records[17].batch;
    let at = copy
        .db
        .windows(wanted.len())
        .position(|bytes| bytes == wanted)
        .unwrap();
    let path = copy.put(dir.path(), |db, _| db[at + 20] ^= 1);
    let Err(OpenError::Damaged(damage)) = Log::open(&path, plain()) else {
        panic!("not found");
    };
    assert_eq!(damage.offset, Some(18));
    assert!(
        damage
            .to_string()
            .contains("at log offset 18: its checksum is wrong")
    );
}

#[test]
fn a_file_that_was_cut_is_refused() {
    let (copy, _) = write();
    let dir = TempDir::in_memory();
    for cut in (0..copy.db.len()).step_by(509) {
        let path = copy.put(dir.path(), |db, _| db.truncate(cut));
        match Log::open(&path, plain()) {
            // An empty file beside an empty write-ahead log is a new log.
            Ok(log) => assert_eq!((cut, log.next_offset()), (0, 1)),
            Err(error) => assert!(error.to_string().contains("commands.db"), "{error}"),
        }
    }
}

/// A log of which some pages are in the database file and all are in the write-ahead log too; nothing if a
/// pass caught up with the writer, for then SQLite begins the write-ahead log again.
fn write_both() -> Option<(Copy, Vec<Record>)> {
    let dir = TempDir::new();
    let path = dir.path().join("commands.db");
    let options = LogOptions {
        wal_bytes_max: 1 << 20,
        checkpoint_bytes: 1 << 16,
        ..plain()
    };
    let log = Log::open(&path, options).unwrap();
    // One pass may do the work of two, and bring few pages that are not there yet.
    let mut number = 0;
    while number < 40 || std::fs::metadata(&path).unwrap().len() <= 8 * 4_096 {
        log.append(number, &[&batch(number, 900)]).unwrap();
        log.sync().unwrap();
        number += 1;
    }
    let records = log.read(1, usize::MAX).unwrap();
    let copy = Copy::of(&path);
    let restarts = log.stats().wal_restarts;
    log.close();
    (restarts == 0).then_some((copy, records))
}

#[test]
fn a_file_cut_in_what_the_write_ahead_log_still_holds_is_whole_again() {
    let (copy, records) = (0..100).find_map(|_| write_both()).unwrap();
    assert!(copy.db.len() > 8 * 4_096);
    let dir = TempDir::in_memory();
    for cut in (4_096..copy.db.len()).step_by(401) {
        let path = copy.put(dir.path(), |db, _| db.truncate(cut));
        let log = Log::open(&path, plain()).unwrap();
        assert_eq!(log.read(1, usize::MAX).unwrap(), records, "cut at {cut}");
    }
}

#[test]
fn a_row_that_is_gone_or_that_was_changed_is_found() {
    let (copy, _) = write();
    let dir = TempDir::in_memory();
    for (sql, offset) in [
        ("DELETE FROM entries WHERE offset = 20", Some(20)),
        ("DELETE FROM entries WHERE offset = 1", Some(1)),
        (
            "UPDATE entries SET append_ns = 5 WHERE offset = 30",
            Some(30),
        ),
        (
            "UPDATE entries SET batch = 'text' WHERE offset = 30",
            Some(30),
        ),
        ("UPDATE entries SET offset = 99 WHERE offset = 40", Some(98)),
        ("UPDATE meta SET first = 2", None),
        ("UPDATE meta SET journal_id = 2", None),
        ("DELETE FROM meta", None),
    ] {
        let path = copy.put(dir.path(), |_, _| {});
        rusqlite::Connection::open(&path)
            .unwrap()
            .execute(sql, [])
            .unwrap();
        match Log::open(&path, plain()) {
            Err(OpenError::Damaged(damage)) => assert_eq!(damage.offset, offset, "{sql}: {damage}"),
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[test]
fn a_free_page_that_is_in_use_is_found() {
    let dir = TempDir::new();
    let path = dir.path().join("commands.db");
    let log = Log::open(&path, plain()).unwrap();
    for number in 0..40 {
        log.append(number, &[&batch(number, 3_000)]).unwrap();
    }
    log.sync().unwrap();
    log.delete_before(20);
    while log.first_offset() < 20 {
        std::thread::yield_now();
    }
    log.close();
    let mut copy = Copy::of(&path);
    copy.wal.clear();
    let dir = TempDir::in_memory();
    // The header names the first page of the free list, and that one the free pages from byte 8 on.
    let trunk = u32::from_be_bytes(copy.db[32..36].try_into().unwrap()) as usize;
    let at = (trunk - 1) * 4_096 + 8;
    let path = copy.put(dir.path(), |db, _| {
        db[at..at + 4].copy_from_slice(&2u32.to_be_bytes())
    });
    let Err(OpenError::Damaged(damage)) = Log::open(&path, plain()) else {
        panic!("not found");
    };
    assert!(damage.what.contains("reference to page 2"), "{damage}");
}

#[test]
fn tables_of_another_version_are_refused() {
    let (copy, _) = write();
    let dir = TempDir::in_memory();
    let path = copy.put(dir.path(), |_, _| {});
    let other = rusqlite::Connection::open(&path).unwrap();
    other.pragma_update(None, "user_version", 7).unwrap();
    drop(other);
    let error = Log::open(&path, plain())
        .err()
        .map(|error| error.to_string());
    assert!(error.is_some_and(|what| what.contains("version 7")));
}
