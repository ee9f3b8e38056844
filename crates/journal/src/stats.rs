//! What a log counts.

use std::time::Duration;

/// Upper bounds of the buckets of commit time; what is above them all has a bucket of its own.
pub const COMMIT_BOUNDS_NS: [u64; 14] = [
    50_000,
    100_000,
    200_000,
    300_000,
    500_000,
    750_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    200_000_000,
    1_000_000_000,
];

/// Upper bounds of the buckets of records in a commit.
pub const ENTRIES_BOUNDS: [u64; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 1024];

/// Counters since the log was opened, and gauges of now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Transactions committed.
    pub commits: u64,
    /// Records in them.
    pub records: u64,
    /// Bytes of batches in them.
    pub bytes: u64,
    /// Time spent in them.
    pub commit_ns: u64,
    /// How many took as long as `COMMIT_BOUNDS_NS` says; the last is above all bounds.
    pub commit_buckets: [u64; COMMIT_BOUNDS_NS.len() + 1],
    /// How many held as many records as `ENTRIES_BOUNDS` says; the last is above all bounds.
    pub records_buckets: [u64; ENTRIES_BOUNDS.len() + 1],
    /// Records deleted.
    pub deleted: u64,
    /// Checkpoint passes.
    pub checkpoints: u64,
    /// Time spent in them.
    pub checkpoint_ns: u64,
    /// Time spent in those of them for which the writer stood still.
    pub checkpoint_stall_ns: u64,
    /// How often the write-ahead log was begun again from its start.
    pub wal_restarts: u64,
    /// Bytes of frames in the write-ahead log now.
    pub wal_bytes: u64,
    /// Records that wait for the writer now.
    pub queue_records: u64,
    /// Bytes that wait for the writer now.
    pub queue_bytes: u64,
}

impl Stats {
    pub(crate) fn committed(&mut self, records: u64, bytes: u64, took: Duration) {
        let ns = nanos(took);
        self.commits += 1;
        self.records += records;
        self.bytes += bytes;
        self.commit_ns += ns;
        self.commit_buckets[COMMIT_BOUNDS_NS.partition_point(|&bound| bound < ns)] += 1;
        self.records_buckets[ENTRIES_BOUNDS.partition_point(|&bound| bound < records)] += 1;
    }

    pub(crate) fn stalled(&mut self, took: Duration) {
        self.checkpoint_stall_ns += nanos(took);
    }

    pub(crate) fn checkpointed(&mut self, took: Duration) {
        self.checkpoints += 1;
        self.checkpoint_ns += nanos(took);
    }
}

fn nanos(took: Duration) -> u64 {
    u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)
}
