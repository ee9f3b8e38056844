//! Figures of the core: `cargo bench -p matching [-- part of a row's name]`.
//!
//! Prints one JSON line a row: `{"name", "unit", "samples"}`.  Commands come as encoded batches of 1,000
//! and go through `Engine::apply`: decoding, matching, encoding of events and their hash are all in it.

#![allow(clippy::disallowed_methods, reason = "a benchmark")]
#![allow(clippy::unwrap_used)]

mod fixed;
mod heap;
mod mix;
mod shared;

use fixed::Fixed;
use heap::HeapBook;
use matching::{Book, Engine, Handle};
use mimalloc::MiMalloc;
use mix::{Mix, Random};
use shared::{apply, print};
use std::hint::black_box;
use std::time::Instant;
use wire::record::{EntryKind, Side};

/// The one that the exchange has.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const SAMPLES: usize = 7;
const BATCHES_PER_SAMPLE: usize = 60;

/// Nanoseconds a command in the steady state.
fn steady(name: &str, mix: Mix, fixed: &mut Fixed) {
    let mut flow = mix.start();
    let fill = flow.fill();
    let steady = flow.batches(SAMPLES * BATCHES_PER_SAMPLE);
    let mut engine = Engine::new(0);
    let mut out = Vec::with_capacity(4 << 20);
    apply(&mut engine, &fill, &mut out);
    let mut samples = Vec::with_capacity(SAMPLES);
    for part in steady.chunks(BATCHES_PER_SAMPLE) {
        fixed.run();
        let start = Instant::now();
        apply(&mut engine, part, &mut out);
        let commands = part.len() * mix::BATCH;
        samples.push(start.elapsed().as_nanos() as f64 / commands as f64);
    }
    print(name, "ns/command", &samples);
    assert!(flow.rejects() * 100 <= flow.sent(), "more than 1 % rejects");
}

/// Commands a second from an empty engine on: what a recovery does.
fn replay(mix: Mix) {
    let mut flow = mix.start();
    let mut batches = flow.fill();
    batches.extend(flow.batches(400));
    let commands = (batches.len() * mix::BATCH) as f64;
    let mut out = Vec::with_capacity(4 << 20);
    let samples: Vec<f64> = (0..SAMPLES)
        .map(|_| {
            let mut engine = Engine::new(0);
            let start = Instant::now();
            apply(&mut engine, &batches, &mut out);
            commands / start.elapsed().as_secs_f64()
        })
        .collect();
    print("replay", "commands/s", &samples);
}

fn snapshots(mix: Mix) {
    let mut engine = Engine::new(0);
    apply(&mut engine, &mix.start().fill(), &mut Vec::new());
    let (mut taken, mut restored) = (Vec::new(), Vec::new());
    for _ in 0..SAMPLES {
        let mut bytes = Vec::new();
        let start = Instant::now();
        engine.snapshot(&mut bytes);
        taken.push(start.elapsed().as_secs_f64() * 1e3);
        let start = Instant::now();
        black_box(Engine::restore(&bytes).unwrap());
        restored.push(start.elapsed().as_secs_f64() * 1e3);
    }
    print("snapshot of 100,000 orders", "ms", &taken);
    print("restore of 100,000 orders", "ms", &restored);
}

const STEPS: usize = 200_000;
const RESTING: usize = 100_000;

/// The same adds, cancels and takes for both structures: 48, 42 and 10 in a hundred.
fn structures(levels: u64, name: &str) {
    let (mut ours, mut heaps) = (Vec::new(), Vec::new());
    for seed in 0..SAMPLES as u64 {
        ours.push(run_bare(Random::new(seed), levels));
        heaps.push(run_heap(Random::new(seed), levels));
    }
    print(
        &format!("structure: levels in a tree, {name}"),
        "ns/operation",
        &ours,
    );
    print(
        &format!("structure: heap with lazy deletion, {name}"),
        "ns/operation",
        &heaps,
    );
}

fn run_bare(mut random: Random, levels: u64) -> f64 {
    let mut book = Book::default();
    let mut open: Vec<Handle> = Vec::with_capacity(2 * RESTING);
    let mut indexes = vec![0_usize; 2 * RESTING];
    let mut start = Instant::now();
    for step in 0..RESTING + STEPS {
        if step == RESTING {
            start = Instant::now();
        }
        let what = if step < RESTING { 0 } else { random.below(100) };
        if what < 48 {
            let price = 1 + random.below(levels) as i64;
            let order = book.add(Side::Sell, price, 1, &mut ()).unwrap();
            indexes[order.slot()] = open.len();
            open.push(order);
            continue;
        }
        let order = if what < 90 {
            open[random.below(open.len() as u64) as usize]
        } else {
            black_box(book.best(Side::Sell)).unwrap().0
        };
        book.cancel(order, &mut ());
        let at = indexes[order.slot()];
        open.swap_remove(at);
        if let Some(moved) = open.get(at) {
            indexes[moved.slot()] = at;
        }
    }
    start.elapsed().as_nanos() as f64 / STEPS as f64
}

fn run_heap(mut random: Random, levels: u64) -> f64 {
    let mut book = HeapBook::default();
    let mut open: Vec<u64> = Vec::with_capacity(2 * RESTING);
    let mut indexes = vec![0_usize; 2 * RESTING + STEPS];
    let mut start = Instant::now();
    for step in 0..RESTING + STEPS {
        if step == RESTING {
            start = Instant::now();
        }
        let what = if step < RESTING { 0 } else { random.below(100) };
        if what < 48 {
            let id = book.add(1 + random.below(levels) as i64, 1);
            indexes[id as usize] = open.len();
            open.push(id);
            continue;
        }
        let id = if what < 90 {
            open[random.below(open.len() as u64) as usize]
        } else {
            black_box(book.best()).unwrap().0
        };
        book.cancel(id);
        let at = indexes[id as usize];
        open.swap_remove(at);
        if let Some(moved) = open.get(at) {
            indexes[*moved as usize] = at;
        }
    }
    start.elapsed().as_nanos() as f64 / STEPS as f64
}

fn main() {
    let wanted = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    let run = |name: &str| {
        wanted
            .as_ref()
            .is_none_or(|part| name.contains(part.as_str()))
    };
    let base = Mix::default();
    let rows = [
        ("core, deep books", base),
        (
            "core, thin books",
            Mix {
                levels: 10_000,
                ..base
            },
        ),
        (
            "core, deep books, FIX",
            Mix {
                kind: EntryKind::Fix,
                ..base
            },
        ),
        (
            "core, 1000 resting",
            Mix {
                resting: 1_000,
                ..base
            },
        ),
        (
            "core, 1000 resting, FIX",
            Mix {
                resting: 1_000,
                kind: EntryKind::Fix,
                ..base
            },
        ),
        ("core, 100000 resting", base),
        (
            "core, 1000000 resting",
            Mix {
                resting: 1_000_000,
                ..base
            },
        ),
        ("core, 1 symbol", Mix { symbols: 1, ..base }),
        (
            "core, 1000 symbols",
            Mix {
                symbols: 1_000,
                ..base
            },
        ),
    ];
    let mut fixed = Fixed::new();
    for (name, mix) in rows.into_iter().filter(|row| run(row.0)) {
        steady(name, mix, &mut fixed);
    }
    if !fixed.samples.is_empty() {
        print("core, fixed work", "ns/step", &fixed.samples);
    }
    if run("replay") {
        replay(base);
    }
    if run("snapshot") {
        snapshots(base);
    }
    if run("structure") {
        structures(20, "20 levels");
        structures(50_000, "50000 levels");
    }
}
