//! What is made of a write-ahead log that was cut or went bad.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Copy, TempDir, batch, flips, ordinary};
use journal::wal::{FRAME_HEADER, HEADER, State, inspect};
use journal::{Log, LogOptions, OnDamage, OpenError, Reader};

const PAGE: usize = 4096;
const FRAME: usize = FRAME_HEADER + PAGE;

/// Commits that are in the write-ahead log alone, and where each ends there.
struct Written {
    copy: Copy,
    /// End of the commit in the file, and the offset of its last record.
    commits: Vec<(usize, u64)>,
}

/// Records of one page and of several; the write-ahead log isn't filled up with zeros.
fn write() -> Written {
    let dir = TempDir::new();
    let path = dir.path().join("commands.db");
    let options = LogOptions {
        wal_bytes_max: 0,
        checkpoint_bytes: 1 << 30,
        ..ordinary()
    };
    // Made and closed first: what makes the tables is in the database when the commits begin.
    Log::open(&path, options).unwrap().close();
    std::fs::remove_file(dir.path().join("commands.db-wal")).unwrap();
    let options = LogOptions {
        wal_bytes_max: 1 << 20,
        ..options
    };
    let log = Log::open(&path, options).unwrap();
    for (number, len) in (0..).zip([60, 60, 9_000, 60, 5_000, 60, 60]) {
        log.append(number, &[&batch(number, len)]).unwrap();
        log.sync().unwrap();
    }
    let mut copy = Copy::of(&path);
    let marks = (HEADER..copy.wal.len() - FRAME)
        .step_by(FRAME)
        .filter(|at| copy.wal[at + 4..at + 8] != [0; 4]);
    let commits: Vec<_> = marks.map(|at| at + FRAME).zip(1..).collect();
    assert_eq!(commits.len(), 7);
    copy.wal.truncate(commits[6].0);
    Written { copy, commits }
}

fn end_of(state: &State) -> Option<u64> {
    match state {
        State::Whole { end } | State::Torn { end } => Some(*end),
        State::Empty => Some(0),
        State::Damaged { .. } => None,
    }
}

#[test]
fn a_whole_file_ends_with_its_last_commit() {
    let written = write();
    let end = written.copy.wal.len() as u64;
    assert_eq!(
        inspect(&written.copy.wal[..], PAGE).unwrap(),
        State::Whole { end }
    );
    let mut filled = written.copy.wal.clone();
    filled.resize(filled.len() + 3 * FRAME + 5, 0);
    assert_eq!(inspect(&filled[..], PAGE).unwrap(), State::Whole { end });
}

#[test]
fn a_cut_at_any_byte_leaves_the_commits_before_it() {
    let written = write();
    for cut in 0..=written.copy.wal.len() {
        let state = inspect(&written.copy.wal[..cut], PAGE).unwrap();
        let whole = written
            .commits
            .iter()
            .map(|&(end, _)| end)
            .filter(|&end| end <= cut)
            .max();
        let expected = match whole {
            Some(end) => end,
            None if cut < HEADER => 0,
            None => HEADER,
        };
        assert_eq!(
            end_of(&state),
            Some(expected as u64),
            "cut at {cut}: {state:?}"
        );
    }
}

#[test]
fn a_log_cut_at_any_byte_of_its_last_two_commits_opens_with_the_whole_ones() {
    let written = write();
    let dir = TempDir::in_memory();
    let from = written.commits[4].0;
    for cut in from..=written.copy.wal.len() {
        let path = written.copy.put(dir.path(), |_, wal| wal.truncate(cut));
        let log = Log::open(&path, plain()).unwrap();
        let last = written
            .commits
            .iter()
            .rfind(|&&(end, _)| end <= cut)
            .unwrap()
            .1;
        assert_eq!(log.next_offset(), last + 1, "cut at {cut}");
        if cut % 500 == 0 {
            goes_on(&path, log, last);
        }
    }
}

fn plain() -> LogOptions {
    LogOptions {
        wal_bytes_max: 0,
        ..ordinary()
    }
}

/// The log takes new records after its last, and is whole after another start.
fn goes_on(path: &std::path::Path, log: Log, last: u64) {
    for number in 0..3 {
        log.append(7, &[&batch(number, 3_000)]).unwrap();
        log.sync().unwrap();
    }
    let before = log.read(1, usize::MAX).unwrap();
    assert!(matches!(
        journal::inspect(path).unwrap(),
        State::Whole { .. }
    ));
    drop(log);
    assert_eq!(journal::inspect(path).unwrap(), State::Empty);
    let log = Log::open(path, plain()).unwrap();
    assert_eq!(log.next_offset(), last + 4);
    assert_eq!(log.read(1, usize::MAX).unwrap(), before);
}

#[test]
fn any_byte_that_went_bad_before_the_last_commit_is_found() {
    let written = write();
    let last = written.commits[5].0;
    for at in 0..last {
        for value in flips(written.copy.wal[at]) {
            let mut wal = written.copy.wal.clone();
            wal[at] = value;
            let frame = if at < HEADER {
                0
            } else {
                at - (at - HEADER) % FRAME
            };
            match inspect(&wal[..], PAGE).unwrap() {
                State::Damaged { at: found, .. } => assert_eq!(found, frame as u64),
                state => panic!("byte {at} became {value}: {state:?}"),
            }
        }
    }
}

#[test]
fn any_byte_that_went_bad_in_the_last_commit_drops_it_or_is_found() {
    let written = write();
    let last = written.commits[5].0;
    for at in last..written.copy.wal.len() {
        for value in flips(written.copy.wal[at]) {
            let mut wal = written.copy.wal.clone();
            wal[at] = value;
            let state = inspect(&wal[..], PAGE).unwrap();
            assert_eq!(end_of(&state), Some(last as u64), "byte {at}: {state:?}");
        }
    }
}

#[test]
fn a_damaged_log_is_refused_by_file_and_byte_and_nothing_is_changed() {
    let written = write();
    let dir = TempDir::in_memory();
    let last = written.commits[5].0;
    for at in (0..last).step_by(211) {
        let path = written.copy.put(dir.path(), |_, wal| wal[at] ^= 0x55);
        let Err(OpenError::Damaged(damage)) = Log::open(&path, plain()) else {
            panic!("byte {at} is not found");
        };
        assert!(damage.file.ends_with("commands.db-wal"));
        let byte = damage.byte.unwrap() as usize;
        assert!(byte <= at && at < byte + FRAME, "{damage}");
        assert_eq!(Copy::of(&path).db, written.copy.db);
        assert_eq!(Copy::of(&path).wal.len(), written.copy.wal.len());
    }
}

#[test]
fn a_log_at_rest_is_judged_and_read_and_nothing_is_changed() {
    let written = write();
    let dir = TempDir::in_memory();
    let path = written.copy.put(dir.path(), |_, _| ());
    let read = |on_damage| {
        let reader = Reader::at_rest(&path, on_damage)?;
        let records = reader.read(1, usize::MAX).unwrap();
        Ok::<_, OpenError>(records.last().map(|record| record.offset))
    };
    assert_eq!(read(OnDamage::Refuse).unwrap(), Some(7));
    let (end, last) = written.commits[2];
    written.copy.put(dir.path(), |_, wal| wal[end + 100] ^= 1);
    assert!(matches!(read(OnDamage::Refuse), Err(OpenError::Damaged(_))));
    assert_eq!(read(OnDamage::DropTail).unwrap(), Some(last));
    assert_eq!(Copy::of(&path).db, written.copy.db);
    assert_eq!(Copy::of(&path).wal.len(), written.copy.wal.len());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    std::fs::remove_file(&path).unwrap();
    assert!(read(OnDamage::DropTail).is_err());
}

#[test]
fn the_owner_of_a_log_that_can_be_made_again_may_drop_the_damaged_tail() {
    let written = write();
    let dir = TempDir::in_memory();
    let (end, last) = written.commits[2];
    let path = written.copy.put(dir.path(), |_, wal| wal[end + 100] ^= 1);
    let options = LogOptions {
        on_damage: OnDamage::DropTail,
        ..plain()
    };
    let log = Log::open(&path, options).unwrap();
    assert_eq!(log.next_offset(), last + 1);
    goes_on(&path, log, last);
}

#[test]
fn a_transaction_of_which_any_frames_are_lost_is_no_damage() {
    let written = write();
    let (before, (end, _)) = (written.commits[1].0, written.commits[2]);
    let frames = (end - before) / FRAME;
    assert!(frames > 2);
    for lost in 1..1u32 << frames {
        let mut wal = written.copy.wal[..end].to_vec();
        for frame in (0..frames).filter(|frame| lost & (1 << frame) != 0) {
            let at = before + frame * FRAME;
            wal[at..at + FRAME].fill(0);
        }
        let state = inspect(&wal[..], PAGE).unwrap();
        assert_eq!(end_of(&state), Some(before as u64), "{lost:b}: {state:?}");
    }
}

#[test]
fn frames_of_an_earlier_round_are_no_sign_of_a_later_commit() {
    let dir = TempDir::new();
    let path = dir.path().join("commands.db");
    let log = Log::open(&path, common::small()).unwrap();
    let mut number = 0;
    while log.stats().wal_restarts < 2 {
        number += 1;
        log.append(number, &[&batch(number, 5_000)]).unwrap();
        log.sync().unwrap();
    }
    let copy = Copy::of(&path);
    let next = log.next_offset();
    assert!(copy.wal.len() as u64 > log.stats().wal_bytes + 10 * FRAME as u64);
    let dir = TempDir::in_memory();
    let path = copy.put(dir.path(), |_, _| {});
    assert_eq!(Log::open(path, plain()).unwrap().next_offset(), next);
}

#[test]
fn a_database_that_is_gone_is_missed() {
    let written = write();
    let dir = TempDir::in_memory();
    let path = written.copy.put(dir.path(), |db, _| db.clear());
    assert!(matches!(
        Log::open(&path, plain()),
        Err(OpenError::Damaged(_))
    ));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(
        Log::open(&path, plain()),
        Err(OpenError::Damaged(_))
    ));
}

#[test]
fn any_bytes_are_inspected_without_a_panic() {
    let written = write();
    let mut random = 1u64;
    for _ in 0..2_000 {
        let mut wal = written.copy.wal.clone();
        for _ in 0..3 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let at = (random >> 33) as usize % wal.len();
            let len = (random >> 20) as usize % 6_000;
            let end = (at + len).min(wal.len());
            wal[at..end].fill(random as u8);
        }
        wal.truncate((random >> 30) as usize % (wal.len() + 1));
        inspect(&wal[..], PAGE).unwrap();
    }
}
