//! Orders with many changes: what is shown of them, and all of it page by page.
#![allow(clippy::unwrap_used)]

mod market;

use market::{ONE, Rest, Scratch, Writer, accepted, canceled, trade};
use store::history::{Page, Stretch};
use store::{OrderQuery, Reader, Recorder};
use wire::record::event::Replaced;
use wire::record::{Event, OrdStatus, Side, TimeInForce};

const ALL: usize = usize::MAX;

fn rest(order_id: u64, side: Side) -> Rest {
    Rest {
        order_id,
        account: 1,
        instrument: 1,
        side,
        price: 50_000 * ONE,
    }
}

/// Order 1 is filled `fills` times, and amended between fills; each step is a batch.
fn busy(fills: i64, amended_every: i64) -> Vec<Vec<u8>> {
    let mut writer = Writer::default();
    writer.names(2, 1);
    let maker = rest(1, Side::Buy);
    let total = 1_000_000 * ONE;
    writer.add(&Event::Accepted(
        accepted(&maker, total, TimeInForce::Gtc),
        "",
    ));
    let mut batches = vec![writer.batch()];
    for n in 1..=fills {
        let taker = rest(1 + n as u64, Side::Sell);
        writer.add(&Event::Accepted(
            accepted(&taker, ONE, TimeInForce::Ioc),
            "",
        ));
        let mut leg = trade(&taker, &maker, n as u64, ONE);
        (leg.maker_cum, leg.maker_leaves) = (n * ONE, total - n * ONE);
        writer.add(&Event::Trade(leg, "", ""));
        if n % amended_every == 0 {
            for step in 0..3 {
                writer.add(&Event::Replaced(replaced(n, total - step, total), "", ""));
            }
        }
        batches.push(writer.batch());
    }
    let mut cancel = canceled(&maker, total - fills * ONE);
    cancel.cum = fills * ONE;
    writer.add(&Event::Canceled(cancel, "", ""));
    batches.push(writer.batch());
    batches
}

fn replaced(filled: i64, qty: i64, total: i64) -> Replaced {
    Replaced {
        entry: 1,
        account: 1,
        entry_seq: 9,
        order_id: 1,
        num: 1,
        orig_num: 1,
        old_price: 50_000 * ONE,
        old_leaves: total - filled * ONE,
        price: 50_000 * ONE,
        qty,
        leaves: qty - filled * ONE,
        cum: filled * ONE,
        avg_px: 50_000 * ONE,
        instrument: 1,
        side: Side::Buy,
        status: OrdStatus::PartiallyFilled,
        kept_priority: false,
        copy: false,
        tif: TimeInForce::Gtc,
        exec_inst: 0,
    }
}

fn record(scratch: &Scratch, batches: &[Vec<u8>], events_max: usize) -> Reader {
    let mut recorder = Recorder::open(&scratch.db()).unwrap();
    for (offset, batch) in batches.iter().enumerate() {
        recorder.take(offset as u64, batch).unwrap();
        if recorder.pending_events() >= events_max {
            recorder.commit().unwrap();
        }
    }
    recorder.commit().unwrap();
    recorder.finish().unwrap();
    Reader::open(&scratch.db()).unwrap()
}

fn pages(
    limit: u64,
    bytes_max: usize,
    ask: impl Fn(&Page) -> Stretch,
) -> (Vec<String>, Vec<u64>, u64) {
    let (mut items, mut sizes, mut after, mut of) = (Vec::new(), Vec::new(), 0, 0);
    loop {
        let page = Page {
            after,
            limit,
            bytes_max,
        };
        let stretch = ask(&page);
        let json = String::from_utf8(stretch.json).unwrap();
        let inside = &json[1..json.len() - 1];
        let split = inside
            .split_inclusive("},")
            .map(|x| x.trim_end_matches(','));
        let before = items.len();
        items.extend(split.filter(|x| !x.is_empty()).map(str::to_owned));
        assert_eq!((items.len() - before) as u64, stretch.count);
        sizes.push(stretch.count);
        of = of.max(stretch.of.unwrap());
        match stretch.next {
            Some(next) => after = next,
            None => return (items, sizes, of),
        }
    }
}

#[test]
fn an_order_shows_its_newest_changes_and_says_how_many_there_are() {
    for events_max in [1, 100, ALL] {
        let scratch = Scratch::new(&format!("newest-{events_max}"));
        let reader = record(&scratch, &busy(500, 100), events_max);
        let shown = reader.order(1).unwrap().unwrap();
        assert!(!shown.open);
        let shown = String::from_utf8(shown.json).unwrap();
        assert!(shown.contains(r#""fills_count":500,"fills_truncated":true"#));
        assert!(shown.contains(r#""status_history_count":517,"status_history_truncated":true"#));
        let ids: Vec<_> = shown
            .split(r#"{"trade_id":""#)
            .skip(1)
            .map(|part| part.split('"').next().unwrap().parse::<u64>().unwrap())
            .collect();
        assert_eq!(ids, (451..=500).collect::<Vec<u64>>());
        assert_eq!(shown.matches("\"PARTIALLY_FILLED\"").count(), 46);
        assert_eq!(shown.matches("\"REPLACED\"").count(), 3);
        assert!(shown.len() < 20_000);
    }
}

#[test]
fn pages_hold_every_change_once_whatever_transactions_wrote_them() {
    let batches = busy(700, 9);
    let mut all = Vec::new();
    for events_max in [1, 7, 100, ALL] {
        let scratch = Scratch::new(&format!("pages-{events_max}"));
        let reader = record(&scratch, &batches, events_max);
        for (limit, bytes_max) in [(1_000, ALL), (13, ALL), (1_000, 2_000)] {
            let (entries, sizes, of) = pages(limit, bytes_max, |page| {
                reader.history(1, page).unwrap().unwrap()
            });
            assert_eq!((entries.len() as u64, of), (2 + 700 + 3 * 77, of));
            assert!(sizes.iter().all(|size| *size <= limit));
            let (fills, _, of) = pages(limit, bytes_max, |page| {
                reader.fills(1, page).unwrap().unwrap()
            });
            assert_eq!((fills.len(), of), (700, 700));
            for (number, fill) in (1..).zip(&fills) {
                assert!(fill.starts_with(&format!("{{\"trade_id\":\"{number}\"")));
            }
            all.push((entries, fills));
        }
    }
    assert!(all.iter().all(|one| *one == all[0]));
    assert!(all[0].0[0].contains("\"NEW\"") && all[0].0.last().unwrap().contains("CANCELED"));
}

#[test]
fn a_page_behind_the_end_is_empty_and_an_order_that_is_not_kept_has_none() {
    let scratch = Scratch::new("behind");
    let reader = record(&scratch, &busy(3, 2), ALL);
    let page = Page {
        after: 99,
        limit: 10,
        bytes_max: ALL,
    };
    let fills = reader.fills(1, &page).unwrap().unwrap();
    assert_eq!(
        (&*fills.json, fills.count, fills.of, fills.next),
        (&b"[]"[..], 0, Some(3), None)
    );
    assert_eq!(reader.history(99, &page).unwrap(), None);
    let (beginnings, seq) = reader.beginnings(&[1, 2, 99]).unwrap();
    assert_eq!(
        (beginnings.len(), beginnings[0].fills, beginnings[0].history),
        (2, 3, 8)
    );
    assert_eq!(seq, reader.position().unwrap().unwrap().seq);
}

/// Everything that can be asked about the orders of [`busy`]: for each question the items of its answer.
fn ask_all(reader: &Reader) -> Result<Vec<Vec<String>>, store::StoreError> {
    fn items<T: std::fmt::Debug>(all: impl IntoIterator<Item = T>) -> Vec<String> {
        all.into_iter().map(|item| format!("{item:?}")).collect()
    }
    let all = Page {
        after: 0,
        limit: 1_000,
        bytes_max: ALL,
    };
    let query = |account| OrderQuery {
        account,
        status: None,
        instrument: None,
        before: None,
        limit: 1_000,
        bytes_max: ALL,
    };
    let mut said = vec![
        items([reader.position()?]),
        items(reader.instruments()?),
        items([reader.history(1, &all)?]),
        items([reader.fills(1, &all)?]),
    ];
    for number in [1, 2] {
        said.push(items(reader.orders(&query(number))?.orders));
        said.push(items(reader.trades(number, None, 1_000)?));
        said.push(items(reader.bars(number, 0)?));
    }
    said.push(items(reader.order(1)?));
    Ok(said)
}

const KEYS: [&str; 10] = [
    "orders.order_id",
    "orders.account",
    "trade.trade_id",
    "trade.instrument",
    "bar.instrument",
    "bar.minute",
    "account.account",
    "entry.entry",
    "instrument.instrument",
    "position.id",
];

#[test]
fn a_change_of_any_value_on_the_disk_is_found_when_the_row_is_read() {
    let scratch = Scratch::new("flips");
    let reader = record(&scratch, &busy(200, 9), 50);
    ask_all(&reader).unwrap();
    drop(reader);
    let changed = Scratch::new("flipped");
    for (table, row) in [
        ("orders", "order_id = 1"),
        (
            "older",
            "first_history = (SELECT MIN(first_history) FROM older)",
        ),
        ("trade", "trade_id = 1"),
        ("bar", "minute = (SELECT MIN(minute) FROM bar)"),
        ("account", "account = 1"),
        ("entry", "entry = 1"),
        ("instrument", "instrument = 1"),
        ("position", "id = 0"),
    ] {
        for (column, kind) in columns(&scratch, table) {
            // By these a row is looked for: what no longer is there, is not read.
            let key = format!("{table}.{column}");
            if KEYS.contains(&&*key) {
                continue;
            }
            let value = match &*kind {
                "INTEGER" => format!("COALESCE({column}, 0) + 1000000"),
                "TEXT" => format!("COALESCE({column}, '') || '1'"),
                _ => format!("CAST(x'01' || {column} AS BLOB)"),
            };
            std::fs::copy(scratch.db(), changed.db()).unwrap();
            let connection = rusqlite::Connection::open(changed.db()).unwrap();
            let sql = format!("UPDATE {table} SET {column} = {value} WHERE {row}");
            assert_eq!(connection.execute(&sql, []).unwrap(), 1);
            drop(connection);
            let read = ask_all(&Reader::open(&changed.db()).unwrap());
            assert!(
                read.is_err(),
                "{table}.{column} was changed, and nothing said so"
            );
        }
    }
}

fn columns(scratch: &Scratch, table: &str) -> Vec<(String, String)> {
    let connection = rusqlite::Connection::open(scratch.db()).unwrap();
    let sql = format!("SELECT name, type FROM pragma_table_info('{table}')");
    let mut select = connection.prepare(&sql).unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

const FLIPS: usize = 500;

/// A damaged index may hide a row, which `quantscope verify` finds; never is a row shown that is not one.
#[test]
fn one_flipped_bit_of_the_file_makes_no_answer_say_what_never_was() {
    let scratch = Scratch::new("bits");
    let reader = record(&scratch, &busy(200, 9), 50);
    let whole = ask_all(&reader).unwrap();
    drop(reader);
    let bytes = std::fs::read(scratch.db()).unwrap();
    let changed = Scratch::new("flipped-bits");
    let (mut refused, mut random) = (0, 88_172_645_463_325_252u64);
    for _ in 0..FLIPS {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let bit = random as usize % (bytes.len() * 8);
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(changed.db(), &flipped).unwrap();
        let Ok(said) = Reader::open(&changed.db()).and_then(|reader| ask_all(&reader)) else {
            refused += 1;
            continue;
        };
        for (said, whole) in said.iter().zip(&whole) {
            let mut rest = whole.iter();
            for item in said {
                assert!(rest.any(|one| one == item), "bit {bit}: {item}");
            }
        }
    }
    assert!(refused > FLIPS / 4, "{refused}");
}
