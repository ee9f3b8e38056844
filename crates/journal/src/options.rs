//! What a log may be told.

use std::time::Duration;

/// When a commit counts as durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synchronous {
    /// At its commit: each commit ends with one `fdatasync`.
    Full,
    /// At the next sync that is asked for; a commit itself waits for no disk.
    Normal,
}

/// What to do when the write-ahead log holds a bad frame with later transactions behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDamage {
    /// Refuse to open, and say where.
    Refuse,
    /// Go on from the last commit before the bad frame: only for a log whose content can be made again.
    DropTail,
}

/// How a log begins that is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beginning {
    /// Names the log.
    pub journal_id: u64,
    /// Its first offset, and the chain before it, where it goes on behind what is known otherwise; without,
    /// it begins with offset 1.
    pub behind: Option<(u64, u64)>,
}

/// The limits of a log.
#[derive(Debug, Clone, Copy)]
pub struct LogOptions {
    /// When a commit counts as durable.
    pub synchronous: Synchronous,
    /// What to do about a damaged write-ahead log.
    pub on_damage: OnDamage,
    /// Size of the write-ahead log, filled with zeros at the start; when it is full it is checkpointed
    /// and written again from its beginning.
    pub wal_bytes_max: u64,
    /// A checkpoint pass begins when so much has gathered in the write-ahead log.
    pub checkpoint_bytes: u64,
    /// What may wait for the writer thread: when more waits, an append is refused.
    pub queue_bytes_max: u64,
    /// How long after a commit the next begins at the earliest, so that it takes more at once and costs less.
    /// Only for a log whose commits nobody waits for: a sync and the end are not kept waiting.
    pub linger: Duration,
    /// When so much waits, it is committed at once.
    pub linger_bytes: u64,
    /// What one transaction takes of the queue; one batch is taken whatever its size.
    pub commit_bytes_max: u64,
    /// How much of the log's newest part is read and checked when it is opened; a database that is
    /// no longer than that has its pages checked as well.
    pub verify_bytes_max: u64,
    /// How many records a transaction deletes at most, when deleting is due.
    pub delete_records_max: u64,
    /// How it begins when it is made; by itself it takes a new name.
    pub beginning: Option<Beginning>,
    /// The files are what the disk holds of them: [`crate::settle`] has just been called.
    pub settled: bool,
}
