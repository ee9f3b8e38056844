//! A vocabulary for the tests of the journal.
#![allow(clippy::unwrap_used, dead_code)]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use journal::{LogOptions, OnDamage, Synchronous};

static COUNT: AtomicU64 = AtomicU64::new(0);

/// A directory that goes with its owner.
#[derive(Debug)]
pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new() -> Self {
        Self::under(&std::env::temp_dir()).unwrap()
    }

    /// On a file system that syncs nothing, where one may be written: for thousands of starts.
    pub fn in_memory() -> Self {
        Self::under(Path::new("/dev/shm")).unwrap_or_else(|_| Self::new())
    }

    fn under(parent: &Path) -> std::io::Result<Self> {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("quantscope-journal-{}-{number}", std::process::id());
        let path = parent.join(name);
        std::fs::create_dir(&path)?;
        Ok(Self(path))
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

/// A log of ordinary size.
pub fn ordinary() -> LogOptions {
    LogOptions {
        synchronous: Synchronous::Full,
        on_damage: OnDamage::Refuse,
        wal_bytes_max: 16 << 20,
        checkpoint_bytes: 2 << 20,
        queue_bytes_max: 64 << 20,
        linger: Duration::ZERO,
        linger_bytes: 256 << 10,
        commit_bytes_max: 4 << 20,
        verify_bytes_max: 256 << 20,
        delete_records_max: 64,
        beginning: None,
        settled: false,
    }
}

/// A small write-ahead log, so that it goes round often.
pub fn small() -> LogOptions {
    LogOptions {
        wal_bytes_max: 1 << 20,
        checkpoint_bytes: 1 << 18,
        ..ordinary()
    }
}

/// A batch that differs from all others.
pub fn batch(number: u64, len: usize) -> Vec<u8> {
    let mut batch = vec![number as u8; len];
    batch[..8].copy_from_slice(&number.to_le_bytes());
    batch
}

/// The files of a log, as bytes.
#[derive(Debug)]
pub struct Copy {
    pub db: Vec<u8>,
    pub wal: Vec<u8>,
}

impl Copy {
    pub fn of(path: &Path) -> Self {
        Self {
            db: std::fs::read(path).unwrap(),
            wal: std::fs::read(path.with_extension("db-wal")).unwrap(),
        }
    }

    /// Write the files, changed, into a directory that may hold older ones.
    pub fn put(&self, dir: &Path, change: impl FnOnce(&mut Vec<u8>, &mut Vec<u8>)) -> PathBuf {
        let (mut db, mut wal) = (self.db.clone(), self.wal.clone());
        change(&mut db, &mut wal);
        let path = dir.join("commands.db");
        let _ = std::fs::remove_file(path.with_extension("db-shm"));
        std::fs::write(&path, db).unwrap();
        std::fs::write(path.with_extension("db-wal"), wal).unwrap();
        path
    }
}

/// Three other values of a byte.
pub fn flips(byte: u8) -> [u8; 3] {
    [byte ^ 1, byte ^ 0xff, if byte == 0 { 0x37 } else { 0 }]
}
