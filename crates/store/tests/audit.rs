//! A store that is held to its events: a sound one is passed, and whatever is changed in one is found.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "audit/forge.rs"]
mod forge;
#[path = "audit/play.rs"]
mod play;

use std::path::Path;

use forge::{Table, tables};
use play::{Play, Scratch, audit, copy, record, seeded};
use store::{OrderQuery, Reader, history};

const SEED: u64 = 7;

/// All that a reader can see, and every error that it meets.
fn content(path: &Path, play: &Play) -> Vec<String> {
    let mut all = Vec::new();
    let reader = match Reader::open(path) {
        Ok(reader) => reader,
        Err(error) => return vec![error.to_string()],
    };
    all.push(format!("{:?}", reader.position()));
    all.push(format!("{:?}", reader.instruments()));
    let page = history::Page {
        after: 0,
        limit: 1_000,
        bytes_max: usize::MAX,
    };
    let last = play.engine.counts().orders | 1 << 56;
    let ids = (1 << 56 | 1..=1 << 56 | 600).chain(last - 600..=last + 1);
    for id in ids {
        all.push(format!("{:?}", reader.order(id)));
        all.push(format!("{:?}", reader.history(id, &page)));
        all.push(format!("{:?}", reader.fills(id, &page)));
    }
    for name in ["one", "two", "rest"] {
        all.push(format!("{:?}", reader.account(name)));
    }
    for account in 0..6 {
        let mut query = OrderQuery {
            account,
            status: None,
            instrument: None,
            before: None,
            limit: 100,
            bytes_max: usize::MAX,
        };
        loop {
            let page = reader.orders(&query);
            all.push(format!("{page:?}"));
            query.before = page.ok().and_then(|page| page.next);
            if query.before.is_none() {
                break;
            }
        }
    }
    for instrument in 0..4 {
        let (from, to) = (0, u64::MAX);
        all.push(format!("{:?}", reader.trades(instrument, None, 1_000)));
        let between = reader.trades_between(instrument, (from, to), 0, 1_000);
        all.push(format!("{between:?}"));
        all.push(format!("{:?}", reader.bars(instrument, 0)));
        all.push(format!("{:?}", reader.sum_between(instrument, from, to)));
    }
    all
}

#[test]
fn a_sound_store_is_passed_however_it_was_written() {
    let scratch = Scratch::new("sound");
    for seed in 1..6 {
        let play = Play::new(seed);
        let count = play.batches.len();
        for (case, (begin, events_max)) in [(0, 1), (0, 40), (0, usize::MAX), (count / 3, 90)]
            .into_iter()
            .enumerate()
        {
            let path = scratch.file(&format!("{seed}-{case}.db"));
            if begin == 0 {
                record(&path, &play.batches, events_max);
            } else {
                seeded(&path, &play, begin, events_max);
            }
            for from in [0, count / 3, count / 2, count - 2] {
                let report = audit(&path, &play.batches[from..], &play.engine);
                assert_eq!(
                    report.findings, [""; 0],
                    "{seed} {begin} {events_max} {from}"
                );
                assert!(report.events.is_some());
            }
            // The log was deleted up to the store's end, or there is none.
            assert_eq!(audit(&path, &[], &play.engine).findings, [""; 0]);
        }
    }
}

#[test]
fn a_store_that_is_behind_is_passed_and_one_that_is_ahead_is_not() {
    let scratch = Scratch::new("behind");
    let play = Play::new(SEED);
    let some = play.batches.len() / 2;
    let behind = scratch.file("behind.db");
    record(&behind, &play.batches[..some], 50);
    for from in [0, some / 2, some - 1, some, some + 1] {
        let report = audit(&behind, &play.batches[from..], &play.engine);
        assert_eq!(report.findings, [""; 0], "from {from}");
    }
    let ahead = audit(&behind, &play.batches[..some - 3], &play.engine);
    assert!(
        ahead
            .findings
            .iter()
            .any(|it| it.contains("it says that it ends with event"))
    );
}

#[test]
fn a_store_of_other_events_is_found() {
    let scratch = Scratch::new("other");
    let path = scratch.file("store.db");
    record(&path, &Play::new(SEED).batches, 50);
    let other = Play::new(SEED + 1);
    assert_ne!(
        audit(&path, &other.batches, &other.engine).findings,
        [""; 0]
    );
}

#[test]
fn an_empty_store_is_passed() {
    let scratch = Scratch::new("empty");
    let play = Play::new(SEED);
    let (blank, made) = (scratch.file("blank.db"), scratch.file("made.db"));
    std::fs::write(&blank, b"").unwrap();
    record(&made, &[], 1);
    for path in [blank, made] {
        let report = audit(&path, &play.batches, &play.engine);
        assert_eq!((report.findings, report.orders), (Vec::new(), 0));
    }
}

/// Change rows of each table as `change` says, one at a time; each must be found.  `everywhere`: also
/// where only the second half of the events is left.
fn each_is_found(
    name: &str,
    everywhere: bool,
    change: impl Fn(&Table, &rusqlite::Connection, i64) -> Vec<String>,
) {
    let scratch = Scratch::new(name);
    let play = Play::new(SEED);
    let (sound, victim) = (scratch.file("sound.db"), scratch.file("victim.db"));
    record(&sound, &play.batches, 60);
    let half = play.batches.len() / 2;
    for table in tables() {
        let rows = table.rows(&sound);
        let connection = rusqlite::Connection::open(&sound).unwrap();
        let mut found = 0;
        // Each of a small table, and some of a large one.
        for row in rows.iter().step_by((rows.len() / 5).max(1)) {
            for statement in change(&table, &connection, *row) {
                copy(&sound, &victim);
                let changed = rusqlite::Connection::open(&victim).unwrap();
                assert_eq!(changed.execute(&statement, []), Ok(1), "{statement}");
                drop(changed);
                let report = audit(&victim, &play.batches, &play.engine);
                assert_ne!(report.findings, [""; 0], "{statement}");
                if everywhere {
                    let report = audit(&victim, &play.batches[half..], &play.engine);
                    assert_ne!(
                        report.findings, [""; 0],
                        "with half of the events: {statement}"
                    );
                }
                found += 1;
            }
        }
        assert!(found > 0 || table.name == "position", "{}", table.name);
    }
}

#[test]
fn a_row_that_is_missing_is_found_wherever_the_events_begin() {
    each_is_found("missing", true, |table, connection, row| {
        vec![table.delete(connection, row)]
    });
}

#[test]
fn a_row_too_many_is_found_wherever_the_events_begin() {
    each_is_found("extra", true, |table, connection, row| {
        table.insert(connection, row)
    });
}

#[test]
fn a_forged_row_is_found_though_its_checksum_fits() {
    each_is_found("forged", false, |table, connection, row| {
        table.forge(connection, row)
    });
}

#[test]
fn a_flipped_bit_is_found_or_changes_nothing_that_is_read() {
    let scratch = Scratch::new("flips");
    let play = Play::new(SEED);
    let (sound, victim) = (scratch.file("sound.db"), scratch.file("victim.db"));
    record(&sound, &play.batches, 60);
    let expected = content(&sound, &play);
    let bytes = std::fs::read(&sound).unwrap();
    let mut random = play::Random::new(u64::from(std::process::id()));
    let mut found = 0;
    for _ in 0..play::setting("FLIPS", 150) {
        let bit = random.below(bytes.len() as u64 * 8) as usize;
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        play::forget(&victim);
        std::fs::write(&victim, damaged).unwrap();
        let Some(report) = play::try_audit(&victim, &play.batches, &play.engine) else {
            found += 1;
            continue;
        };
        if report.findings.is_empty() {
            assert_eq!(content(&victim, &play), expected, "bit {bit}");
        } else {
            found += 1;
        }
    }
    assert!(found > 30, "{found}");
}
