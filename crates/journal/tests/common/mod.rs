//! A vocabulary for the tests of the journal.
#![allow(clippy::unwrap_used, dead_code)]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use journal::LogOptions;

static COUNT: AtomicU64 = AtomicU64::new(0);

/// A directory that goes with its owner.
#[derive(Debug)]
pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new() -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("quantscope-journal-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A small write-ahead log, so that it goes round often.
pub fn small() -> LogOptions {
    LogOptions {
        wal_bytes_max: 1 << 20,
        checkpoint_bytes: 1 << 18,
        ..LogOptions::default()
    }
}

/// A batch that differs from all others.
pub fn batch(number: u64, len: usize) -> Vec<u8> {
    let mut batch = vec![number as u8; len];
    batch[..8].copy_from_slice(&number.to_le_bytes());
    batch
}
