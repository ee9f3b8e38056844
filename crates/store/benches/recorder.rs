//! How many orders a second the recorder writes, and what one costs in processor time.
//!
//! The mix is 45 % orders that rest, 45 % cancels, 10 % that cross, over four instruments and warm
//! books.  The engine's events stand in a log on disk; the time is that of the recorder's thread from
//! there to the store's last checkpoint, with the making of the events left out.
//!
//! `cargo bench -p store --bench recorder -- [runs] [orders]` prints one JSON line a figure.

#![allow(clippy::disallowed_methods, reason = "a benchmark")]
#![allow(clippy::expect_used)]

#[path = "../../journal/tests/common/mod.rs"]
mod log;
#[path = "../../matching/benches/mix.rs"]
mod mix;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use journal::Log;
use matching::Engine;
use store::{EventSource, LogSource, Runner, RunnerLimits};
use wire::record::{EntryKind, EventBatch};

/// As in the exchange.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RESTING: usize = 100_000;
const RUNS: usize = 5;
const ORDERS: usize = 500_000;

const LIMITS: RunnerLimits = RunnerLimits {
    transaction_events_max: 200_000,
    read_bytes_max: 1 << 20,
    interval: Duration::from_millis(100),
    interval_busy: Duration::from_secs(1),
    wal_bytes_max: 64 << 20,
    checkpoint_interval: Duration::from_secs(10),
    retry_interval_max: Duration::from_secs(5),
    nice: 10,
};

struct Run {
    orders_per_s: f64,
    cpu_ns_per_order: f64,
    bytes_per_order: f64,
}

/// A log of events, and which of its entries only fill the books.
struct Made {
    events: PathBuf,
    filled: u64,
    last: u64,
    orders: usize,
}

/// The log, up to an offset that rises when the books are filled.
struct Gate {
    log: LogSource,
    until: Arc<AtomicU64>,
}

impl EventSource for Gate {
    fn read(&mut self, from: u64, bytes_max: usize) -> Result<Vec<(u64, Vec<u8>)>, String> {
        let until = self.until.load(Ordering::Acquire);
        let mut entries = self.log.read(from, bytes_max)?;
        entries.retain(|(offset, _)| *offset <= until);
        Ok(entries)
    }

    fn last(&mut self) -> Result<Option<u64>, String> {
        self.log.last()
    }

    fn journal_id(&mut self) -> Result<u64, String> {
        self.log.journal_id()
    }

    fn chain(&mut self, offset: u64) -> Result<Option<u64>, String> {
        self.log.chain(offset)
    }
}

fn main() {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|text| text.parse().ok())
        .collect();
    let runs = numbers.first().copied().unwrap_or(RUNS);
    let orders = numbers.get(1).copied().unwrap_or(ORDERS);
    let directory = std::env::temp_dir().join(format!("store-bench-{}", std::process::id()));
    for (kind, name) in [
        (EntryKind::Binary, "recorder"),
        (EntryKind::Fix, "recorder, FIX"),
    ] {
        std::fs::create_dir_all(&directory).expect("a directory for the store");
        let made = make(&directory, kind, orders);
        let runs: Vec<Run> = (0..runs).map(|_| run(&directory, &made)).collect();
        std::fs::remove_dir_all(&directory).expect("the directory removed");
        print(name, "orders/s", &runs, |run| run.orders_per_s);
        let figure = format!("{name}, processor time");
        print(&figure, "ns/order", &runs, |run| run.cpu_ns_per_order);
        let figure = format!("{name}, size of the store");
        print(&figure, "bytes/order", &runs, |run| run.bytes_per_order);
    }
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

/// Let the engine make the events of the mix, and write them into a log.
fn make(directory: &Path, kind: EntryKind, orders: usize) -> Made {
    let mut flow = mix::Mix {
        resting: RESTING,
        adds: 45,
        cancels: 45,
        kind,
        ..mix::Mix::default()
    }
    .start();
    let events = directory.join("events.db");
    let log = Log::open(&events, log::ordinary()).expect("a log");
    let mut engine = Engine::new(0);
    let mut append = |commands: &[Vec<u8>]| {
        for batch in commands {
            let offset = engine.position().command_offset + 1;
            let mut out = Vec::new();
            engine
                .apply(offset, 0, batch, &mut out)
                .expect("a sound batch");
            log.append(0, &split(&out)).expect("room in the log");
        }
        log.sync().expect("a log that is written");
        log.next_offset() - 1
    };
    let filled = append(&flow.fill());
    let mut last = filled;
    while flow.sent() < orders {
        last = append(&flow.batches(20));
    }
    log.close();
    assert!(flow.rejects() * 100 <= flow.sent(), "at most 1 % rejects");
    Made {
        events,
        filled,
        last,
        orders: flow.sent(),
    }
}

fn split(mut rest: &[u8]) -> Vec<&[u8]> {
    let mut batches = Vec::new();
    while !rest.is_empty() {
        let whole = rest;
        EventBatch::take(&mut rest).expect("an event batch");
        batches.push(&whole[..whole.len() - rest.len()]);
    }
    batches
}

fn wait(runner: &Runner, offset: u64) {
    while runner
        .stats()
        .position
        .is_none_or(|position| position.offset < offset)
    {
        assert!(runner.stats().failure.is_none(), "{:?}", runner.stats());
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Record the mix into a fresh store.
fn run(directory: &Path, made: &Made) -> Run {
    let path = directory.join("store.db");
    let until = Arc::new(AtomicU64::new(made.filled));
    let gate = Gate {
        log: LogSource::open(&made.events).expect("the log"),
        until: Arc::clone(&until),
    };
    let limits = LIMITS;
    let runner = Runner::start(&path, Box::new(gate), b"", limits).expect("a store");
    wait(&runner, made.filled);
    let (begun, cpu_begun) = (Instant::now(), cpu());
    until.store(u64::MAX, Ordering::Release);
    runner.wake();
    wait(&runner, made.last);
    runner.stop();
    let (wall, busy) = (begun.elapsed(), cpu().saturating_sub(cpu_begun));
    let bytes = std::fs::metadata(&path).expect("the store's file").len();
    std::fs::remove_file(&path).expect("the store removed");
    let orders = made.orders as f64;
    Run {
        orders_per_s: orders / wall.as_secs_f64(),
        cpu_ns_per_order: busy.as_nanos() as f64 / orders,
        bytes_per_order: bytes as f64 / (orders + RESTING as f64),
    }
}
