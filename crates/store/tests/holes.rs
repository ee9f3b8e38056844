//! Logs of which some offsets hold no record, and one that is empty at first.

#![allow(clippy::disallowed_methods, reason = "waits for threads")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod market;
mod rows;

use market::{Market, Scratch, Writer};
use rows::{QUICK, Rows, batches, recorded};
use store::{EventSource, Reader, Runner};

/// A log in which transactions have ended: behind every third record there is an offset that holds none, and
/// the chain of a record is known as long as it is kept.
#[derive(Clone)]
struct Holes(Rows);

impl Holes {
    const fn shown(offset: u64) -> u64 {
        offset + (offset - 1) / 3
    }

    /// The record at an offset, or the next one where there is none.
    fn stored(offset: u64) -> u64 {
        (1..).find(|at| Self::shown(*at) >= offset).unwrap()
    }
}

impl EventSource for Holes {
    fn read(&mut self, from: u64, bytes_max: usize) -> Result<Vec<(u64, Vec<u8>)>, String> {
        let read = self.0.read(Self::stored(from), bytes_max)?;
        let shown = |(offset, batch)| (Self::shown(offset), batch);
        Ok(read.into_iter().map(shown).collect())
    }

    fn last(&mut self) -> Result<Option<u64>, String> {
        Ok(self.0.last()?.map(Self::shown))
    }

    fn journal_id(&mut self) -> Result<u64, String> {
        self.0.journal_id()
    }

    fn chain(&mut self, offset: u64) -> Result<Option<u64>, String> {
        let at = Self::stored(offset);
        let rows = self.0.read(at, 1)?;
        let found = rows.first().filter(|row| Self::shown(row.0) == offset);
        Ok(found.map(|row| journal::chain(0, 0, 0, &row.1)))
    }
}

#[test]
fn offsets_without_a_record_are_none_of_its_business() {
    let scratch = Scratch::new("holes");
    let mut market = Market::new(4, 2);
    let all = batches(&mut market, 60);
    let run = |rows: Rows| {
        let runner = Runner::start(&scratch.db(), Box::new(Holes(rows)), b"", QUICK).unwrap();
        runner.stop();
        runner.stats()
    };
    // Each ends beside an offset without a record, or before one.
    for end in [29, 30, 31] {
        let stats = run(Rows::of(all[..end].to_vec()));
        assert_eq!(recorded(&stats).0, Holes::shown(end as u64));
        assert_eq!((stats.failure, stats.notice), (None, None));
    }
    // What is recorded is deleted, and nothing else: it goes on where the log begins now.
    for (forgotten, end) in [(31, 31), (31, 36), (36, 40)] {
        let rows = Rows::of(all[..end].to_vec());
        rows.forget(forgotten);
        if forgotten == end {
            // Nothing is left, and nothing says that the log goes on from the store.
            assert!(Runner::start(&scratch.db(), Box::new(Holes(rows)), b"", QUICK).is_err());
            continue;
        }
        let stats = run(rows);
        assert_eq!(recorded(&stats).0, Holes::shown(end as u64));
        assert_eq!((stats.failure, stats.notice), (None, None));
    }
    // Begun anew, with what is recorded last at any place beside the offsets without a record.
    for (first, end) in [(30, 45), (31, 46), (32, 47), (33, 48), (48, 60)] {
        let stats = run(Rows::of(all[first..end].to_vec()));
        assert_eq!(recorded(&stats).0, Holes::shown((end - first) as u64));
        assert!(stats.notice.unwrap().contains("begun anew"));
    }
    assert_eq!(
        Reader::open(&scratch.db())
            .unwrap()
            .position()
            .unwrap()
            .unwrap()
            .seq,
        market.writer.seq
    );
    assert!(!scratch.0.join("store.db.aside-1").exists());
}

#[test]
fn a_log_that_is_empty_and_then_begins_late_has_the_seed_before_it() {
    let scratch = Scratch::new("late-late");
    let mut market = Market::new(4, 2);
    let all = batches(&mut market, 20);
    let rows = Rows::of(Vec::new());
    let mut names = Writer::default();
    names.names(4, 2);
    let seed = names.batch();
    let runner = Runner::start(&scratch.db(), Box::new(rows.clone()), &seed, QUICK).unwrap();
    all[5..].iter().for_each(|batch| rows.push(batch.clone()));
    runner.stop();
    let stats = runner.stats();
    assert_eq!(
        (recorded(&stats), stats.failure),
        ((15, market.writer.seq), None)
    );
    let reader = Reader::open(&scratch.db()).unwrap();
    assert_eq!(reader.instruments().unwrap().len(), 2);
    assert!(reader.complete_since().unwrap().is_some());
}
