//! What a log promises while nothing goes wrong.

#![allow(clippy::disallowed_methods, reason = "waits for threads")]
#![allow(clippy::unwrap_used)]

mod common;

use std::time::{Duration, Instant};

use common::{TempDir, batch, small};
use journal::{AppendError, Beginning, Log, LogOptions, OnDamage, ReadError, Reader, Synchronous};

#[test]
fn what_was_appended_is_read_after_a_restart() {
    let dir = TempDir::new();
    let path = dir.path().join("commands.db");
    let log = Log::open(&path, small()).unwrap();
    let id = log.journal_id();
    for number in 0..100u64 {
        assert_eq!(
            log.append(number, &[&batch(number, 50)]).unwrap(),
            number + 1
        );
    }
    log.sync().unwrap();
    assert_eq!(log.durable_offset(), 100);
    let before = log.read(1, usize::MAX).unwrap();
    log.close();
    let log = Log::open(&path, small()).unwrap();
    assert_eq!(log.journal_id(), id);
    assert_eq!(log.next_offset(), 101);
    assert_eq!(log.durable_offset(), 100);
    let after = log.read(1, usize::MAX).unwrap();
    assert_eq!(before, after);
    assert_eq!(after.len(), 100);
    for (number, record) in (0..).zip(&after) {
        assert_eq!((record.offset, record.append_ns), (number + 1, number));
        assert_eq!(record.batch, batch(number, 50));
    }
}

#[test]
fn a_read_stops_at_its_limit_and_at_the_ends() {
    let dir = TempDir::new();
    let log = Log::open(dir.path().join("x.db"), small()).unwrap();
    assert_eq!(log.read(1, 10).unwrap(), vec![]);
    assert_eq!(log.read(2, 10), Err(ReadError::Beyond { next: 1 }));
    assert_eq!(log.read(0, 10), Err(ReadError::Deleted { first: 1 }));
    log.append(1, &[&[1; 10], &[2; 10], &[3; 10]]).unwrap();
    log.sync().unwrap();
    assert_eq!(log.read(1, 5).unwrap().len(), 1);
    assert_eq!(log.read(1, 20).unwrap().len(), 2);
    assert_eq!(log.read(4, 20).unwrap(), vec![]);
    assert_eq!(log.read(5, 20), Err(ReadError::Beyond { next: 4 }));
}

#[test]
fn all_that_waits_becomes_one_commit() {
    let dir = TempDir::new();
    let log = Log::open(dir.path().join("x.db"), small()).unwrap();
    for number in 0..2_000u64 {
        log.append(number, &[&batch(number, 40)]).unwrap();
    }
    log.sync().unwrap();
    let stats = log.stats();
    assert_eq!(stats.records, 2_000);
    assert!(stats.commits < 1_000, "{} commits", stats.commits);
    assert_eq!(stats.commit_buckets.iter().sum::<u64>(), stats.commits);
    assert_eq!(stats.records_buckets.iter().sum::<u64>(), stats.commits);
}

/// Commits that nobody waits for, an hour apart.
fn lingering() -> LogOptions {
    LogOptions {
        synchronous: Synchronous::Normal,
        linger: Duration::from_secs(3_600),
        linger_bytes: 5_000,
        ..small()
    }
}

fn wait_until_written(log: &Log, offset: u64) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while log.written_offset() < offset {
        assert!(Instant::now() < deadline, "{offset} is not written");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn what_nobody_waits_for_lingers_until_somebody_does() {
    let dir = TempDir::new();
    let path = dir.path().join("x.db");
    let log = Log::open(&path, lingering()).unwrap();
    log.append(1, &[b"first"]).unwrap();
    wait_until_written(&log, 1);
    for number in 2..=100u64 {
        log.append(number, &[&number.to_le_bytes()]).unwrap();
    }
    assert_eq!(log.written_offset(), 1);
    log.sync().unwrap();
    assert_eq!((log.written_offset(), log.stats().commits), (100, 2));
    // So much is committed at once.
    log.append(101, &[&[7; 5_000]]).unwrap();
    wait_until_written(&log, 101);
    log.append(102, &[b"last"]).unwrap();
    assert_eq!(log.written_offset(), 101);
    log.close();
    let log = Log::open(&path, lingering()).unwrap();
    assert_eq!(log.read(102, 100).unwrap()[0].batch, b"last");
}

#[test]
fn what_waits_to_be_written_can_be_had() {
    let dir = TempDir::new();
    let log = Log::open(dir.path().join("x.db"), lingering()).unwrap();
    log.append(1, &[b"first"]).unwrap();
    wait_until_written(&log, 1);
    log.append(2, &[b"second", b"third", b"fourth"]).unwrap();
    let waiting = |from, bytes_max| -> Vec<Vec<u8>> {
        let waiting = log.waiting(from, bytes_max);
        waiting.iter().map(|batch| batch.to_vec()).collect()
    };
    assert!(log.read(2, 100).unwrap().is_empty());
    assert_eq!(waiting(2, 100), [&b"second"[..], b"third", b"fourth"]);
    assert_eq!(waiting(3, 100), [&b"third"[..], b"fourth"]);
    assert_eq!(waiting(2, 11), [&b"second"[..], b"third"]);
    assert_eq!(waiting(2, 0), [b"second"]);
    assert!(waiting(5, 100).is_empty() && waiting(u64::MAX, 100).is_empty());
    // What is written is read, and does not wait.
    assert!(waiting(1, 100).is_empty());
    log.sync().unwrap();
    assert!(waiting(2, 100).is_empty());
}

#[test]
fn an_append_over_the_queues_limit_is_refused_and_takes_no_offset() {
    let dir = TempDir::new();
    let options = LogOptions {
        queue_bytes_max: 1_000,
        ..small()
    };
    let log = Log::open(dir.path().join("x.db"), options).unwrap();
    let large = vec![0u8; 600];
    let mut refused = 0;
    let mut taken = 0;
    for _ in 0..2_000 {
        match log.append(1, &[&large]) {
            Ok(offset) => {
                taken += 1;
                assert_eq!(offset, taken);
            }
            Err(AppendError::Full { bytes }) => {
                assert!((1_001..=1_600).contains(&bytes));
                refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 0);
    log.sync().unwrap();
    assert_eq!(log.durable_offset(), taken);
}

#[test]
fn deleted_records_are_gone_and_their_space_is_used_again() {
    let dir = TempDir::new();
    let path = dir.path().join("x.db");
    let log = Log::open(&path, small()).unwrap();
    for round in 0..40u64 {
        for number in 0..50 {
            log.append(1, &[&batch(round * 50 + number, 2_000)])
                .unwrap();
        }
        log.sync().unwrap();
        log.delete_before((round * 50).saturating_sub(50));
    }
    log.delete_before(1_950);
    while log.first_offset() < 1_950 {
        std::thread::yield_now();
    }
    // 4 MB went in, and 0.3 MB was kept at a time.
    let size = std::fs::metadata(&path).unwrap().len();
    assert!(size < 1_500_000, "{size}");
    assert_eq!(log.read(1, 1), Err(ReadError::Deleted { first: 1_950 }));
    assert_eq!(log.read(1_950, usize::MAX).unwrap().len(), 51);
    log.close();
    let log = Log::open(&path, small()).unwrap();
    assert_eq!(log.first_offset(), 1_950);
    assert_eq!(log.read(1_950, usize::MAX).unwrap().len(), 51);
}

#[test]
fn the_write_ahead_log_stays_bounded_under_load() {
    let dir = TempDir::new();
    let log = Log::open(dir.path().join("x.db"), small()).unwrap();
    let record = vec![7u8; 60_000];
    let mut most = 0;
    for number in 0..1_000u64 {
        while log.append(number, &[&record]).is_err() {
            std::thread::yield_now();
        }
        most = most.max(log.stats().wal_bytes);
        if number % 8 == 0 {
            log.read(log.written_offset().max(1), 1 << 20).unwrap();
        }
    }
    log.sync().unwrap();
    assert!(log.stats().wal_restarts > 0);
    // Twice the limit and one commit, each page with its header.
    let bound = 2 * small().wal_bytes_max + small().commit_bytes_max * 11 / 10;
    assert!(most < bound, "{most}");
}

#[test]
fn the_write_ahead_log_has_its_size_from_the_start_and_is_empty_at_the_end() {
    let dir = TempDir::new();
    let path = dir.path().join("x.db");
    let wal = path.with_extension("db-wal");
    for _ in 0..3 {
        let log = Log::open(&path, small()).unwrap();
        log.sync().unwrap();
        assert_eq!(
            std::fs::metadata(&wal).unwrap().len(),
            small().wal_bytes_max
        );
        log.append(1, &[b"one"]).unwrap();
        log.sync().unwrap();
        assert_eq!(
            std::fs::metadata(&wal).unwrap().len(),
            small().wal_bytes_max
        );
        log.close();
        assert_eq!(std::fs::metadata(&wal).unwrap().len(), 0);
    }
}

#[test]
fn a_normal_log_is_durable_when_synced_only() {
    let dir = TempDir::new();
    let options = LogOptions {
        synchronous: Synchronous::Normal,
        ..small()
    };
    let log = Log::open(dir.path().join("events.db"), options).unwrap();
    log.append(1, &[b"one", b"two"]).unwrap();
    while log.written_offset() < 2 {
        std::thread::yield_now();
    }
    assert_eq!(log.durable_offset(), 0);
    assert_eq!(log.read(1, 100).unwrap().len(), 2);
    log.sync().unwrap();
    assert_eq!(log.durable_offset(), 2);
}

#[test]
fn nothing_is_taken_after_the_end() {
    let dir = TempDir::new();
    let log = Log::open(dir.path().join("x.db"), small()).unwrap();
    log.append(1, &[b"one"]).unwrap();
    log.close();
    assert_eq!(log.append(1, &[b"two"]), Err(AppendError::Closed));
    assert_eq!(log.durable_offset(), 1);
}

#[test]
fn a_log_is_open_once_in_a_process() {
    let dir = TempDir::new();
    let path = dir.path().join("x.db");
    let log = Log::open(&path, small()).unwrap();
    let again = Log::open(dir.path().join(".").join("x.db"), small());
    assert!(again.is_err_and(|error| error.to_string().contains("open in this process already")));
    log.close();
    Log::open(&path, small()).unwrap();
}

#[test]
fn a_reader_outlives_the_log_it_reads_and_reads_the_next() {
    let dir = TempDir::new();
    let path = dir.path().join("x.db");
    let log = Log::open(&path, small()).unwrap();
    log.append(1, &[b"one", b"two"]).unwrap();
    log.sync().unwrap();
    let reader = journal::Reader::open(&path).unwrap();
    assert_eq!(reader.read(1, 100).unwrap().len(), 2);
    let wal = path.with_extension("db-wal");
    let (database, bytes) = (std::fs::read(&path).unwrap(), std::fs::read(&wal).unwrap());
    drop(log);
    // What the reader's connection knew of the write-ahead log is true no more.
    std::fs::write(&path, database).unwrap();
    let last = bytes
        .chunks(4_120)
        .rposition(|frame| frame.iter().any(|&byte| byte != 0));
    let mut cut = bytes;
    cut.truncate(last.unwrap() * 4_120 - 100);
    std::fs::write(&wal, cut).unwrap();
    let log = Log::open(&path, small()).unwrap();
    for number in 0..50 {
        log.append(2, &[&batch(number, 3_000)]).unwrap();
    }
    log.sync().unwrap();
    let all = log.read(1, usize::MAX).unwrap();
    assert_eq!(reader.read(1, usize::MAX).unwrap(), all);
    assert_eq!(log.stats().queue_records, 0);
}

#[test]
fn a_log_may_go_on_behind_what_is_known_otherwise() {
    let dir = TempDir::new();
    let (old, new) = (dir.path().join("old.db"), dir.path().join("new.db"));
    let log = Log::open(&old, small()).unwrap();
    for number in 1..=9 {
        log.append(number, &[&batch(number, 90)]).unwrap();
    }
    log.sync().unwrap();
    let records = log.read(1, usize::MAX).unwrap();
    let options = LogOptions {
        beginning: Some(Beginning {
            journal_id: log.journal_id(),
            behind: Some((6, records[4].chain)),
        }),
        ..small()
    };
    log.close();
    let log = Log::open(&new, options).unwrap();
    assert_eq!((log.first_offset(), log.next_offset()), (6, 6));
    for record in &records[5..] {
        assert_eq!(
            log.append(record.append_ns, &[&record.batch]).unwrap(),
            record.offset
        );
    }
    log.close();
    // It is the same log: the same name, and the same chain up to the end.
    let (old, new) = (
        Reader::at_rest(&old, OnDamage::Refuse).unwrap(),
        Reader::settled(&new, OnDamage::Refuse).unwrap(),
    );
    let (whole, rest) = (old.ends().unwrap(), new.ends().unwrap());
    assert_eq!((whole.journal_id, whole.next), (rest.journal_id, rest.next));
    assert_eq!(whole.chain, rest.chain);
    for offset in 5..=9 {
        assert_eq!(new.chain_at(offset), old.chain_at(offset));
    }
    assert_eq!(new.chain_at(5).unwrap(), records[4].chain);
    assert_eq!(new.chain_at(4), Err(ReadError::Deleted { first: 6 }));
    assert_eq!(new.chain_at(10), Err(ReadError::Beyond { next: 10 }));
}

#[test]
fn nothing_in_the_write_ahead_log_matters_once_the_log_is_closed() {
    let dir = TempDir::new();
    let path = dir.path().join("x.db");
    let log = Log::open(&path, small()).unwrap();
    for number in 1..=40 {
        log.append(number, &[&batch(number, 900)]).unwrap();
        log.sync().unwrap();
    }
    log.close();
    for rest in [Vec::new(), vec![0; 5_000], vec![7; 90_000]] {
        std::fs::write(path.with_extension("db-wal"), rest).unwrap();
        let log = Log::open(&path, small()).unwrap();
        assert_eq!(log.next_offset(), 41);
        assert_eq!(log.read(1, usize::MAX).unwrap().len(), 40);
        log.close();
    }
}
