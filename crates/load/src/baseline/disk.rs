//! What the disk itself takes: append, fdatasync, and again.

use std::fs::{File, remove_file};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::error::LoadError;
use crate::latency::Latency;
use crate::time::now_ns;

/// Arrivals a second with which a commit's time is weighted; only their ratio matters.
const ARRIVALS_PER_S: u64 = 1_000_000;

/// Times of an append with its fdatasync.
#[derive(Debug, Default)]
pub struct Disk {
    /// As they were measured.
    pub plain: Latency,
    /// As orders see them that come at a steady rate: a longer commit is met by more of them.
    pub by_arrivals: Latency,
}

impl Disk {
    /// The figures of appends of `bytes` bytes.
    #[must_use]
    pub fn to_json(&self, bytes: usize) -> Value {
        json!({
            "bytes": bytes,
            "latency_us": self.plain.to_json(),
            "latency_by_arrivals_us": self.by_arrivals.to_json(),
        })
    }
}

/// Append `bytes` bytes to a new file in `directory` and wait until they are on disk, over and over
/// for `duration`.  The file is removed at the end.
///
/// # Errors
/// When the file can't be written.
pub fn append_and_sync(
    directory: &Path,
    bytes: usize,
    duration: Duration,
) -> Result<Disk, LoadError> {
    let path = directory.join(format!("fdatasync-{}.bin", std::process::id()));
    let mut file = File::create(&path)?;
    let result = measure(&mut file, bytes, duration);
    remove_file(&path)?;
    result
}

fn measure(file: &mut File, bytes: usize, duration: Duration) -> Result<Disk, LoadError> {
    let block = vec![0x5a; bytes];
    let mut disk = Disk::default();
    let end = now_ns() + duration.as_nanos() as u64;
    loop {
        let start = now_ns();
        if start >= end {
            return Ok(disk);
        }
        file.write_all(&block)?;
        file.sync_data()?;
        let took = now_ns() - start;
        disk.plain.record(took);
        let arrivals = took.saturating_mul(ARRIVALS_PER_S) / 1_000_000_000;
        disk.by_arrivals.record_weighted(took, arrivals.max(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weighted_median_is_never_below_the_plain_one() -> Result<(), LoadError> {
        let directory = std::env::temp_dir();
        let disk = append_and_sync(&directory, 100, Duration::from_millis(50))?;
        assert!(disk.plain.count() > 0);
        assert!(disk.by_arrivals.quantile_us(0.5) >= disk.plain.quantile_us(0.5));
        Ok(())
    }
}
