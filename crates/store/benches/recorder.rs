//! How many orders a second the recorder writes, and what one costs in processor time.
//!
//! `cargo bench -p store --bench recorder -- [runs] [orders]` prints one JSON line a figure.
#![allow(clippy::expect_used)]

#[path = "../tests/market/mod.rs"]
mod market;

use std::time::{Duration, Instant};

use market::Market;
use store::Recorder;

const ACCOUNTS: u32 = 16;
const INSTRUMENTS: u32 = 4;
const RESTING: usize = 100_000;
const COMMANDS_PER_BATCH: usize = 200;
const EVENTS_PER_TRANSACTION: usize = 50_000;
const WAL_BYTES_MAX: u64 = 64 << 20;

struct Run {
    orders_per_s: f64,
    cpu_ns_per_order: f64,
    bytes_per_order: f64,
}

fn main() {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|text| text.parse().ok())
        .collect();
    let runs = numbers.first().copied().unwrap_or(5);
    let orders = numbers.get(1).copied().unwrap_or(1_000_000);
    let runs: Vec<Run> = (0..runs).map(|_| run(orders)).collect();
    print("recorder orders", "orders/s", &runs, |run| run.orders_per_s);
    print("recorder processor time", "ns/order", &runs, |run| {
        run.cpu_ns_per_order
    });
    print("store size", "bytes/order", &runs, |run| {
        run.bytes_per_order
    });
}

fn print(name: &str, unit: &str, runs: &[Run], figure: impl Fn(&Run) -> f64) {
    let samples: Vec<String> = runs
        .iter()
        .map(|run| format!("{:.1}", figure(run)))
        .collect();
    println!(
        "{{\"name\":\"{name}\",\"unit\":\"{unit}\",\"samples\":[{}]}}",
        samples.join(",")
    );
}

fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Write the mix into a fresh store; making the events is not part of the time.
fn run(orders: usize) -> Run {
    let directory = std::env::temp_dir().join(format!("store-bench-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory for the store");
    let path = directory.join("store.db");
    let mut recorder = Recorder::open(&path).expect("a store");
    let mut market = Market::new(ACCOUNTS, INSTRUMENTS);
    let mut offset = 0;
    let mut record = |recorder: &mut Recorder, batch: &[u8]| {
        recorder.take(offset, batch).expect("a batch that follows");
        offset += 1;
        if recorder.pending_events() >= EVENTS_PER_TRANSACTION {
            recorder.commit().expect("a transaction");
            if recorder.wal_bytes() > WAL_BYTES_MAX {
                recorder.checkpoint().expect("a checkpoint");
            }
        }
    };
    for _ in 0..RESTING {
        market.rest();
    }
    record(&mut recorder, &market.writer.batch());
    let (mut wall, mut busy) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..orders / COMMANDS_PER_BATCH / 100 {
        let batches: Vec<Vec<u8>> = (0..100)
            .map(|_| {
                (0..COMMANDS_PER_BATCH).for_each(|_| market.step());
                market.writer.batch()
            })
            .collect();
        let (begun, cpu_begun) = (Instant::now(), cpu());
        for batch in &batches {
            record(&mut recorder, batch);
        }
        wall += begun.elapsed();
        busy += cpu().saturating_sub(cpu_begun);
    }
    let (begun, cpu_begun) = (Instant::now(), cpu());
    recorder.commit().expect("the last transaction");
    recorder.checkpoint().expect("a checkpoint");
    wall += begun.elapsed();
    busy += cpu().saturating_sub(cpu_begun);
    let bytes = std::fs::metadata(&path).expect("the store's file").len();
    drop(recorder);
    std::fs::remove_dir_all(&directory).expect("the directory removed");
    Run {
        orders_per_s: orders as f64 / wall.as_secs_f64(),
        cpu_ns_per_order: busy.as_nanos() as f64 / orders as f64,
        bytes_per_order: bytes as f64 / orders as f64,
    }
}
