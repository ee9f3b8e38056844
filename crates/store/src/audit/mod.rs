//! The store held to what it must say: its file, each of its rows, and what the events tell.
//!
//! # Contract
//! Nothing in the store's folder is changed, and nobody may write the store meanwhile.
//!
//! * The file: SQLite's own check, and the tables and indexes that this program makes.
//! * Each row by itself: its checksum, that it can be decoded, and that an order's sums are those of its
//!   changes.
//! * Rows with one another: a trade is a fill of its two orders, a fill is a trade's, a bar is the sum
//!   of the minute's trades, no order id is missing.
//! * What the engine knows, where the store has come as far: names, and which orders are open, and how.
//! * What the events tell ([`Audit::take`]): the same recorder writes them into a scratch store, which
//!   is compared row by row.  So a row whose checksum was made to fit is found as well.
//!
//! # Limits
//! The events may begin later than the store, where the log has deleted what was before.  Then rows
//! of before are held to all of the above but the last.  Memory holds a transaction of the recorder,
//! the names, and the changes of one order at a time; the scratch store takes as much disk as the part of the
//! store that it is compared with.

mod file;
mod findings;
mod lifecycle;
mod names;
mod orders;
mod scratch;
mod tables;
mod trades;

use std::path::Path;
use std::sync::Arc;

use matching::Engine;
use rusqlite::Connection;

use crate::error::StoreError;
use crate::position::Position;
use crate::{late, schema};
use findings::Findings;
use scratch::{Replayed, Scratch};

/// Rows between two words about the progress.
const WORD_ROWS: u64 = 1_000;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// What is wrong: table, row, and what; at most [`findings::FINDINGS_MAX`].
    pub findings: Vec<String>,
    /// How many more there are.
    pub more: u64,
    /// Orders and trades that were read.
    pub orders: u64,
    pub trades: u64,
    /// First and last event that the store was compared with.
    pub events: Option<(u64, u64)>,
}

/// Told how many rows of how many are done; whether to go on.
pub type Watch = Arc<dyn Fn(u64, u64) -> bool + Send + Sync>;

/// A store that is looked at.
#[derive(Debug)]
pub struct Audit {
    connection: Connection,
    at: Option<Position>,
    /// It was made, and nothing was ever written into it.
    blank: bool,
    scratch: Scratch,
}

impl Audit {
    /// Of the store at `path`, which nobody writes; `scratch` is a file that is not there yet, in
    /// another folder.
    ///
    /// # Errors
    /// `Sqlite`, `Schema` or `Checksum` when it can't even be opened.
    pub fn open(path: &Path, scratch: &Path) -> Result<Self, StoreError> {
        let connection = journal::connect_at_rest(path)?;
        connection.pragma_update(None, "cache_size", -schema::RECORDER_CACHE_KIB)?;
        let blank = schema::is_blank(&connection)?;
        let at = if blank {
            None
        } else {
            schema::readable_version(&connection)?;
            Position::load(&connection)?
        };
        Ok(Self {
            connection,
            at,
            blank,
            scratch: Scratch::new(scratch, at),
        })
    }

    /// Events, in order and without a gap, as whole batches; those that are not the store's are passed over.
    ///
    /// # Errors
    /// As [`crate::Recorder::take`]; `Sqlite` when there is no room for the scratch store.
    pub fn take(&mut self, batches: &[u8]) -> Result<(), StoreError> {
        self.scratch.take(batches)
    }

    /// Compare everything; `engine` stands behind all events.  `None` when it was told to stop.
    ///
    /// # Errors
    /// `Sqlite` when the scratch store fails.
    pub fn look(mut self, engine: &Engine, watch: &Watch) -> Result<Option<Report>, StoreError> {
        if self.blank {
            return Ok(Some(Report::default()));
        }
        let mut findings = Findings::default();
        let total = file::look(&mut self.connection, watch, &mut findings);
        let replayed = self.scratch.finish()?;
        let look = Look {
            store: &self.connection,
            at: self.at,
            replayed: replayed.as_ref(),
            engine,
            total,
            watch,
        };
        look.position(&mut findings);
        names::look(&look, &mut findings)?;
        let Some(orders) = orders::look(&look, &mut findings)? else {
            return Ok(None);
        };
        let Some(trades) = trades::look(&look, &orders, &mut findings)? else {
            return Ok(None);
        };
        let (findings, more) = findings.into_lines();
        Ok(Some(Report {
            findings,
            more,
            orders: orders.rows,
            trades,
            events: replayed
                .as_ref()
                .map(|replayed| (replayed.first_seq, replayed.end.seq)),
        }))
    }
}

/// What is compared with what.
struct Look<'a> {
    store: &'a Connection,
    /// How far the store has come.
    at: Option<Position>,
    /// The same events in a scratch store; `None` where there are none of the store's.
    replayed: Option<&'a Replayed>,
    engine: &'a Engine,
    /// Rows of orders and trades.
    total: u64,
    watch: &'a Watch,
}

impl Look<'_> {
    /// Say how far it is, now and then; whether to go on.
    fn goes_on(&self, done: u64) -> bool {
        !done.is_multiple_of(WORD_ROWS) || (self.watch)(done, self.total)
    }

    /// Whether the store has come as far as the engine.
    fn is_current(&self) -> bool {
        let seq = self.at.map(|at| at.seq);
        seq == Some(self.engine.position().event_seq)
    }

    /// Whether the events reach back to where the store began.
    fn reaches_all(&self) -> bool {
        let first = self.at.map(|at| at.first_seq);
        self.replayed
            .is_some_and(|replayed| first == Some(replayed.first_seq))
    }

    /// Whether the store says since when it has everything; one of before there was that says nothing.
    fn late(&self) -> Result<bool, StoreError> {
        Ok(schema::version(self.store)? == schema::VERSION && late::load(self.store)?.is_some())
    }

    /// The store begins and ends with the events that it says.
    fn position(&self, findings: &mut Findings) {
        let Some(at) = self.at else {
            return;
        };
        match self.late() {
            Err(error) => findings.row("late", 0, tables::plain(&error)),
            Ok(true) if at.first_seq == 1 => {
                findings.row("late", 0, "it says that events are missing, and none is");
            }
            Ok(_) => {}
        }
        if at.first_seq == 0 {
            findings.row(
                "position",
                0,
                "it says that it begins with event 0, and there is none",
            );
        }
        let Some(replayed) = self.replayed else {
            return;
        };
        let ends = |at: &Position| (at.seq, at.command_offset, at.part, at.hash);
        if ends(&at) != ends(&replayed.end) {
            let what = format!(
                "it says that it ends with event {} of command batch {}, and the journal has event {} of \
                 command batch {} there, or another content",
                at.seq, at.command_offset, replayed.end.seq, replayed.end.command_offset
            );
            findings.row("position", 0, what);
        }
    }
}
