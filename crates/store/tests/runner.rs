//! The recorder's thread: its pace, its failures, and logs that are not its own.

#![allow(clippy::disallowed_methods, reason = "waits for threads")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../journal/tests/common/mod.rs"]
mod log;
mod market;
mod rows;

use std::time::{Duration, Instant};

use journal::Log;
use market::{Market, Scratch, Writer};
use rows::{QUICK, Rows, batches, recorded, wait_for};
use store::{EventSource, HighWater, LogSource, Reader, Runner, RunnerLimits};

#[test]
fn it_records_what_comes_and_what_is_left_at_the_end() {
    let scratch = Scratch::new("drain");
    let mut market = Market::new(4, 2);
    let rows = Rows::of(batches(&mut market, 50));
    let runner = Runner::start(&scratch.db(), Box::new(rows.clone()), b"", QUICK).unwrap();
    wait_for(&runner, "the first", |stats| recorded(stats).0 == 50);
    batches(&mut market, 400)
        .into_iter()
        .for_each(|batch| rows.push(batch));
    runner.stop();
    let stats = runner.stats();
    assert_eq!(recorded(&stats), (450, market.writer.seq));
    assert_eq!(stats.durable, stats.position);
    assert_eq!(
        (stats.failure, stats.halted, stats.notice),
        (None, false, None)
    );
    assert_eq!(stats.events, market.writer.seq);
    assert!(stats.transactions > 5 && stats.orders > 500 && stats.trades > 20);
    assert_eq!(
        Reader::open(&scratch.db()).unwrap().position().unwrap(),
        stats.position
    );
}

#[test]
fn what_is_recorded_becomes_durable_by_itself() {
    let scratch = Scratch::new("durable");
    let mut market = Market::new(4, 2);
    let rows = Rows::of(batches(&mut market, 5));
    let runner = Runner::start(&scratch.db(), Box::new(rows), b"", QUICK).unwrap();
    let stats = wait_for(&runner, "durable", |stats| stats.durable.is_some());
    assert_eq!(stats.durable, stats.position);
}

#[test]
fn waking_ends_the_pause() {
    let scratch = Scratch::new("wake");
    let mut market = Market::new(4, 2);
    let rows = Rows::of(batches(&mut market, 1));
    let slow = RunnerLimits {
        interval: Duration::from_millis(600_000),
        ..QUICK
    };
    let runner = Runner::start(&scratch.db(), Box::new(rows.clone()), b"", slow).unwrap();
    wait_for(&runner, "the first", |stats| recorded(stats).0 == 1);
    batches(&mut market, 1)
        .into_iter()
        .for_each(|batch| rows.push(batch));
    runner.wake();
    wait_for(&runner, "the second", |stats| recorded(stats).0 == 2);
}

#[test]
fn a_log_that_cannot_be_read_is_tried_again() {
    let scratch = Scratch::new("retry");
    let mut market = Market::new(4, 2);
    let rows = Rows::of(batches(&mut market, 10));
    let runner = Runner::start(&scratch.db(), Box::new(rows.clone()), b"", QUICK).unwrap();
    wait_for(&runner, "the first", |stats| recorded(stats).0 == 10);
    rows.fail(Some("no such device"));
    let stats = wait_for(&runner, "failures", |stats| stats.failures >= 3);
    assert_eq!(stats.failure.as_deref(), Some("events log: no such device"));
    assert!(!stats.halted);
    batches(&mut market, 10)
        .into_iter()
        .for_each(|batch| rows.push(batch));
    rows.fail(None);
    let stats = wait_for(&runner, "recovery", |stats| recorded(stats).0 == 20);
    assert_eq!(stats.events, market.writer.seq);
    wait_for(&runner, "no failure", |stats| stats.failure.is_none());
}

#[test]
fn a_store_that_another_writer_holds_is_tried_again() {
    let scratch = Scratch::new("held");
    let mut market = Market::new(4, 2);
    let rows = Rows::of(batches(&mut market, 10));
    let runner = Runner::start(&scratch.db(), Box::new(rows.clone()), b"", QUICK).unwrap();
    wait_for(&runner, "the first", |stats| recorded(stats).0 == 10);
    let other = rusqlite::Connection::open(scratch.db()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    batches(&mut market, 10)
        .into_iter()
        .for_each(|batch| rows.push(batch));
    let stats = wait_for(&runner, "a failure", |stats| stats.failures > 0);
    assert!(stats.failure.unwrap().contains("locked"));
    other.execute_batch("ROLLBACK").unwrap();
    let stats = wait_for(&runner, "recovery", |stats| recorded(stats).0 == 20);
    assert_eq!(stats.events, market.writer.seq);
}

#[test]
fn a_gap_halts_and_says_where() {
    let scratch = Scratch::new("gap");
    let mut market = Market::new(4, 2);
    let mut all = batches(&mut market, 10);
    all.remove(6);
    let runner = Runner::start(&scratch.db(), Box::new(Rows::of(all)), b"", QUICK).unwrap();
    let stats = wait_for(&runner, "the halt", |stats| stats.halted);
    assert!(
        stats
            .failure
            .unwrap()
            .starts_with("events log, offset 7: event ")
    );
    let before = recorded(&runner.stats());
    runner.stop();
    assert_eq!(recorded(&runner.stats()), before);
}

struct Broken;

impl EventSource for Broken {
    fn read(&mut self, _from: u64, _bytes_max: usize) -> Result<Vec<(u64, Vec<u8>)>, String> {
        Ok(Vec::new())
    }

    fn last(&mut self) -> Result<Option<u64>, String> {
        panic!("as a defect would")
    }

    fn journal_id(&mut self) -> Result<u64, String> {
        Ok(7)
    }

    fn chain(&mut self, _offset: u64) -> Result<Option<u64>, String> {
        Ok(None)
    }
}

#[test]
fn a_panic_of_the_thread_is_told() {
    let scratch = Scratch::new("panic");
    let runner = Runner::start(&scratch.db(), Box::new(Broken), b"", QUICK).unwrap();
    let stats = wait_for(&runner, "the halt", |stats| stats.halted);
    assert_eq!(
        stats.failure.as_deref(),
        Some("the recorder's thread panicked")
    );
    runner.stop();
}

#[test]
fn another_journal_puts_the_store_aside() {
    let scratch = Scratch::new("aside");
    let mut market = Market::new(4, 2);
    let first = Rows::of(batches(&mut market, 10));
    Runner::start(&scratch.db(), Box::new(first), b"", QUICK)
        .unwrap()
        .stop();

    for (id, name, instruments) in [(8, "same", 2), (9, "other", 1)] {
        let mut market = Market::new(4, instruments);
        let count = if name == "same" { 10 } else { 15 };
        let rows = Rows::named(id, batches(&mut market, count));
        let runner = Runner::start(&scratch.db(), Box::new(rows), b"", QUICK).unwrap();
        runner.stop();
        let stats = runner.stats();
        assert_eq!(
            recorded(&stats),
            (count as u64, market.writer.seq),
            "{name}"
        );
        assert!(stats.notice.unwrap().contains("put aside"), "{name}");
    }
    for n in [1, 2] {
        assert!(scratch.0.join(format!("store.db.aside-{n}")).exists());
    }
}

#[test]
fn a_store_of_this_journal_that_the_log_does_not_go_on_from_is_left_as_it_is() {
    let scratch = Scratch::new("unfit");
    let mut market = Market::new(4, 2);
    let all = batches(&mut market, 30);
    Runner::start(
        &scratch.db(),
        Box::new(Rows::of(all[..10].to_vec())),
        b"",
        QUICK,
    )
    .unwrap()
    .stop();
    let trimmed = Rows::of(all.clone());
    trimmed.forget(12);
    let cases = [
        ("trimmed", trimmed, "the events log begins with event"),
        (
            "shorter",
            Rows::of(all[..5].to_vec()),
            "does not hold it as the store has it",
        ),
        (
            "other",
            Rows::of(batches(&mut Market::new(4, 1), 15)),
            "does not hold it as the store has it",
        ),
        ("empty", Rows::of(Vec::new()), "the events log is empty"),
    ];
    for (name, rows, why) in cases {
        let refused = Runner::start(&scratch.db(), Box::new(rows), b"", QUICK).unwrap_err();
        let said = refused.to_string();
        assert!(said.contains(why), "{name}: {said}");
        assert!(
            said.contains("store.db") && said.contains("move it away"),
            "{said}"
        );
        assert!(!refused.is_transient(), "{name}");
    }
    let rows = Rows::of(all);
    let runner = Runner::start(&scratch.db(), Box::new(rows), b"", QUICK).unwrap();
    runner.stop();
    assert_eq!(recorded(&runner.stats()), (30, market.writer.seq));
}

#[test]
fn a_store_whose_files_are_gone_or_others_halts_and_makes_no_other() {
    for name in ["store.db", "store.db-wal"] {
        for other in [false, true] {
            let scratch = Scratch::new("gone");
            let mut market = Market::new(4, 2);
            let rows = Rows::of(batches(&mut market, 10));
            let runner = Runner::start(&scratch.db(), Box::new(rows.clone()), b"", QUICK).unwrap();
            wait_for(&runner, "the first", |stats| recorded(stats).0 == 10);
            let file = scratch.0.join(name);
            std::fs::rename(&file, scratch.0.join("moved")).unwrap();
            if other {
                std::fs::write(&file, b"").unwrap();
            }
            let stats = wait_for(&runner, "the halt", |stats| stats.halted);
            let said = stats.failure.unwrap();
            assert!(
                said.contains(if other { "another file" } else { "gone" }),
                "{said}"
            );
            runner.stop();
            assert_eq!(file.exists(), other);
        }
    }
}

#[test]
fn what_a_store_at_rest_has_is_read_without_a_change() {
    let scratch = Scratch::new("rest");
    let mut market = Market::new(4, 2);
    let mut rows = Rows::of(batches(&mut market, 10));
    let runner = Runner::start(&scratch.db(), Box::new(rows.clone()), b"", QUICK).unwrap();
    runner.stop();
    drop(runner);
    let before = std::fs::read_dir(&scratch.0).unwrap().count();
    let mark = HighWater::at_rest(&scratch.db()).unwrap().unwrap();
    assert_eq!(
        (mark.position.offset, mark.position.seq),
        (10, market.writer.seq)
    );
    assert_eq!(mark.position.origin.journal_id, 7);
    assert_eq!(Some(mark.position.origin.chain), rows.chain(10).unwrap());
    assert!(mark.order_id > 10 && mark.trade_id > 0);
    assert_eq!(std::fs::read_dir(&scratch.0).unwrap().count(), before);
    assert!(HighWater::at_rest(&scratch.0.join("none.db")).is_err());
}

#[test]
fn a_log_that_was_begun_anew_with_the_same_events_keeps_its_store() {
    let scratch = Scratch::new("anew");
    let mut market = Market::new(4, 2);
    let mut all = batches(&mut market, 20);
    Runner::start(&scratch.db(), Box::new(Rows::of(all.clone())), b"", QUICK)
        .unwrap()
        .stop();
    all.extend(batches(&mut market, 10));
    // It holds what the store has recorded last, or goes on right behind it.
    for first in [12, 20] {
        let rows = Rows::of(all[first..].to_vec());
        let runner = Runner::start(&scratch.db(), Box::new(rows), b"", QUICK).unwrap();
        let begun = runner.stats();
        assert_eq!(begun.durable.unwrap().offset, 20 - first as u64);
        runner.stop();
        let stats = runner.stats();
        assert_eq!(recorded(&stats), (30 - first as u64, market.writer.seq));
        assert!(stats.notice.unwrap().contains("begun anew"));
        if first == 12 {
            std::fs::remove_file(scratch.db()).unwrap();
            let before = Rows::of(all[..20].to_vec());
            Runner::start(&scratch.db(), Box::new(before), b"", QUICK)
                .unwrap()
                .stop();
        }
    }
    assert!(!scratch.0.join("store.db.aside-1").exists());
    // Events between the store and the log are missing: neither can do without the other.
    all.extend(batches(&mut market, 10));
    let rows = Rows::of(all[33..].to_vec());
    let refused = Runner::start(&scratch.db(), Box::new(rows), b"", QUICK).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("the events log begins with event")
    );
}

#[test]
fn a_log_without_its_beginning_is_recorded_from_where_it_begins() {
    let scratch = Scratch::new("late");
    let mut market = Market::new(4, 2);
    let rows = Rows::of(batches(&mut market, 20));
    rows.forget(5);
    let mut names = Writer::default();
    names.names(4, 2);
    let seed = names.batch();
    let runner = Runner::start(&scratch.db(), Box::new(rows.clone()), &seed, QUICK).unwrap();
    runner.stop();
    let stats = runner.stats();
    assert_eq!(recorded(&stats), (20, market.writer.seq));
    assert!(stats.notice.unwrap().contains("begins at event"));
    let reader = Reader::open(&scratch.db()).unwrap();
    assert_eq!(reader.instruments().unwrap().len(), 2);
    assert!(reader.complete_since().unwrap().is_some());
    drop(reader);

    // The log goes on: what is recorded may be deleted from it, and nothing else.
    rows.forget(15);
    batches(&mut market, 3)
        .into_iter()
        .for_each(|batch| rows.push(batch));
    let runner = Runner::start(&scratch.db(), Box::new(rows.clone()), b"", QUICK).unwrap();
    runner.stop();
    assert_eq!(recorded(&runner.stats()), (23, market.writer.seq));
    batches(&mut market, 3)
        .into_iter()
        .for_each(|batch| rows.push(batch));
    rows.forget(5);
    let refused = Runner::start(&scratch.db(), Box::new(rows), b"", QUICK).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("the events log begins with event")
    );
}

#[test]
fn the_log_on_disk_is_a_source() {
    let scratch = Scratch::new("log");
    let path = scratch.0.join("events.db");
    let log = Log::open(&path, log::ordinary()).unwrap();
    let mut source = LogSource::open(&path).unwrap();
    assert_eq!(source.last().unwrap(), None);
    let mut market = Market::new(4, 2);
    let all = batches(&mut market, 30);
    let slices: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
    log.append(1, &slices).unwrap();
    log.sync().unwrap();
    assert_eq!(source.last().unwrap(), Some(30));
    assert_eq!(source.read(31, 100).unwrap(), Vec::new());
    assert_eq!(source.read(99, 100).unwrap(), Vec::new());
    assert_eq!(source.read(7, 1).unwrap(), vec![(7, all[6].clone())]);
    let runner = Runner::start(&scratch.db(), Box::new(source), b"", QUICK).unwrap();
    runner.stop();
    assert_eq!(recorded(&runner.stats()), (30, market.writer.seq));
    log.delete_before(20);
    log.append(2, &[&batches(&mut market, 1)[0]]).unwrap();
    log.sync().unwrap();
    let mut source = LogSource::open(&path).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while log.first_offset() < 20 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(source.read(3, 1).unwrap()[0].0, 20);
    assert!(LogSource::open(&scratch.0.join("none.db")).is_err());
    log.close();
}

/// Make a store what the version before wrote.
fn of_before(scratch: &Scratch) {
    let connection = rusqlite::Connection::open(scratch.db()).unwrap();
    connection
        .execute_batch("DROP TABLE late; PRAGMA user_version = 3")
        .unwrap();
}

#[test]
fn a_store_of_the_version_before_is_kept_and_says_since_when_it_has_everything() {
    for forgotten in [0, 5] {
        let scratch = Scratch::new(&format!("before-{forgotten}"));
        let mut market = Market::new(4, 2);
        let rows = Rows::of(batches(&mut market, 20));
        rows.forget(forgotten);
        let start = || Runner::start(&scratch.db(), Box::new(rows.clone()), b"", QUICK).unwrap();
        start().stop();
        let since = |mark: HighWater| mark.late_ns;
        let said = since(HighWater::at_rest(&scratch.db()).unwrap().unwrap());
        assert_eq!(said.is_some(), forgotten > 0);
        of_before(&scratch);
        let old = HighWater::at_rest(&scratch.db()).unwrap().unwrap();
        assert_eq!(since(old), (forgotten > 0).then_some(0));
        assert!(Reader::open(&scratch.db()).is_err());
        batches(&mut market, 3)
            .into_iter()
            .for_each(|batch| rows.push(batch));
        let runner = start();
        runner.stop();
        assert_eq!(runner.stats().notice, None);
        assert_eq!(recorded(&runner.stats()), (23, market.writer.seq));
        let now = since(HighWater::at_rest(&scratch.db()).unwrap().unwrap());
        // Of an order of before the first event is known.
        assert!(now >= said && now.is_some() == (forgotten > 0));
        let reader = Reader::open(&scratch.db()).unwrap();
        assert_eq!(reader.complete_since().unwrap().is_some(), forgotten > 0);
    }
}

#[test]
fn a_store_that_does_not_say_since_when_it_has_everything_is_damaged() {
    let scratch = Scratch::new("unsaid");
    let rows = Rows::of(batches(&mut Market::new(4, 2), 20));
    rows.forget(5);
    Runner::start(&scratch.db(), Box::new(rows), b"", QUICK)
        .unwrap()
        .stop();
    let connection = rusqlite::Connection::open(scratch.db()).unwrap();
    let reader = Reader::open(&scratch.db()).unwrap();
    for spoil in ["UPDATE late SET first_ns = 1", "DELETE FROM late"] {
        connection.execute_batch(spoil).unwrap();
        assert!(reader.complete_since().unwrap_err().is_damage());
    }
}
