//! Commits beside a bare append and `fdatasync` of the same bytes, in turns, in one run.
//!
//! Prints one JSON object per line: name, unit, samples.  Arguments: a directory on the disk to be
//! measured (default: the current one), and how many commits a sample has (default 1000).

#![allow(clippy::disallowed_methods, reason = "a benchmark")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_debug_implementations
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use journal::Log;
use rustix::event::{PollFd, PollFlags, poll};

const ROUNDS: usize = 5;

/// Times of single commits, in ns.
type Times = Vec<u64>;

struct Series {
    name: String,
    samples: Vec<f64>,
}

fn main() {
    let mut args = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"));
    let parent = args
        .next()
        .map_or_else(|| PathBuf::from("."), PathBuf::from);
    let count = args.next().map_or(1_000, |count| count.parse().unwrap());
    let dir = parent.join(format!("commit-bench-{}", std::process::id()));
    std::fs::create_dir(&dir).unwrap();
    let mut all = Vec::new();
    for bytes in [60, 60_000] {
        pairs(&dir, bytes, count, &mut all);
    }
    sustained(&dir, &mut all);
    for series in &all {
        let samples: Vec<String> = series.samples.iter().map(ToString::to_string).collect();
        let (name, samples) = (&series.name, samples.join(", "));
        println!("{{\"name\": \"{name}\", \"unit\": \"us\", \"samples\": [{samples}]}}");
    }
    std::fs::remove_dir_all(&dir).unwrap();
}

/// One commit at a time, in rounds that take turns with the bare ones.
fn pairs(dir: &Path, bytes: usize, count: usize, all: &mut Vec<Series>) {
    let log = Log::open(dir.join(format!("{bytes}.db")), common::ordinary()).unwrap();
    let mut bare = Bare::new(&dir.join(format!("{bytes}.bare")), bytes);
    let rounds: Vec<_> = (0..ROUNDS)
        .map(|_| (commits(&log, bytes, count), bare.appends(count)))
        .collect();
    for (percent, name) in [(50, "p50"), (99, "p99")] {
        let mut add = |what: &str, samples| {
            let name = format!("journal.{what}.{bytes}.{name}");
            all.push(Series { name, samples });
        };
        add(
            "commit",
            rounds
                .iter()
                .map(|(log, _)| percentile(log, percent))
                .collect(),
        );
        add(
            "bare",
            rounds
                .iter()
                .map(|(_, bare)| percentile(bare, percent))
                .collect(),
        );
    }
}

fn commits(log: &Log, bytes: usize, count: usize) -> Times {
    let batch = vec![7u8; bytes];
    (0..count)
        .map(|_| {
            let start = Instant::now();
            let offset = log.append(1, &[&batch]).unwrap();
            wait_for(log, offset);
            nanos(start)
        })
        .collect()
}

fn wait_for(log: &Log, offset: u64) {
    while log.durable_offset() < offset {
        assert_eq!(log.failure(), None);
        let notify = log.notify();
        poll(&mut [PollFd::new(&notify, PollFlags::IN)], None).unwrap();
        log.clear_notify();
    }
}

struct Bare {
    file: File,
    bytes: Vec<u8>,
}

impl Bare {
    fn new(path: &Path, bytes: usize) -> Self {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        Self {
            file,
            bytes: vec![7; bytes],
        }
    }

    fn appends(&mut self, count: usize) -> Times {
        (0..count)
            .map(|_| {
                let start = Instant::now();
                self.file.write_all(&self.bytes).unwrap();
                self.file.sync_data().unwrap();
                nanos(start)
            })
            .collect()
    }
}

/// 40 MB/s in batches of 45 kB, one every 1.125 ms, for ten seconds: open loop.
fn sustained(dir: &Path, all: &mut Vec<Series>) {
    let interval = Duration::from_micros(1_125);
    let mut bare = Bare::new(&dir.join("sustained.bare"), 45_000);
    let start = Instant::now();
    let mut bare_times = Times::new();
    for number in 0..2_000 {
        let due = start + interval * number;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        bare.appends(1);
        bare_times.push(nanos(due));
    }
    let log = Log::open(dir.join("sustained.db"), common::ordinary()).unwrap();
    let batch = vec![7u8; 45_000];
    let (mut times, mut done, mut longest) = (Times::new(), 0, 0);
    let start = Instant::now();
    let total = 9_000;
    let mut sent = 0;
    while done < total {
        let now = start.elapsed();
        while sent < total && interval * u32::try_from(sent).unwrap() <= now {
            log.append(1, &[&batch]).unwrap();
            sent += 1;
        }
        while done < log.durable_offset() {
            times.push(nanos(start + interval * u32::try_from(done).unwrap()));
            done += 1;
        }
        longest = longest.max(log.stats().wal_bytes);
        let notify = log.notify();
        let wait = rustix::event::Timespec {
            tv_sec: 0,
            tv_nsec: 200_000,
        };
        poll(&mut [PollFd::new(&notify, PollFlags::IN)], Some(&wait)).unwrap();
        log.clear_notify();
    }
    let stats = log.stats();
    eprintln!("longest write-ahead log: {longest} bytes; {stats:?}");
    for (percent, name) in [(50, "p50"), (99, "p99")] {
        for (what, times) in [("commit", &times), ("bare", &bare_times)] {
            all.push(Series {
                name: format!("journal.{what}.sustained.{name}"),
                samples: vec![percentile(times, percent)],
            });
        }
    }
}

fn nanos(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap()
}

fn percentile(times: &Times, percent: usize) -> f64 {
    let mut sorted = times.clone();
    sorted.sort_unstable();
    sorted[(sorted.len() - 1) * percent / 100] as f64 / 1e3
}
