//! Reading a log, with its chain checked row by row.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use crate::Record;
use crate::chain::chain;
use crate::error::{Damage, OpenError, ReadError};
use crate::gate::{Gate, Slot};
use crate::open::{look, settle_both};
use crate::options::OnDamage;
use crate::schema::{Meta, PAGE, column, connect_at_rest, connect_beside, is_empty};
use crate::shared::lock;

/// What reads a log: each call is one short read transaction.
///
/// Whoever opens the log in this process takes the connection away; it comes back by itself.
#[derive(Debug)]
pub struct Reader {
    slot: Arc<Slot>,
    gate: Arc<Gate>,
    path: PathBuf,
    connect: fn(&Path) -> rusqlite::Result<Connection>,
    /// Kept while there may be a connection, or its locks would go.
    held: Option<Arc<File>>,
}

/// The ends of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    /// Names the log; a new one for each log that is made.
    pub journal_id: u64,
    /// First offset that is kept.
    pub first: u64,
    /// One behind the last record.
    pub next: u64,
    /// Chain of the last record.
    pub chain: u64,
}

impl Reader {
    /// Read the log at `path`, which exists; another process may be writing it, but may not open it
    /// while this one reads.
    ///
    /// # Errors
    /// `Io` when there is none.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let mut reader = Self::new(path, connect_beside);
        reader.with(|_| Ok(()))?;
        let held = disk::hold(path);
        reader.held =
            Some(held.map_err(|error| ReadError::Io(format!("{}: {error}", path.display())))?);
        Ok(reader)
    }

    /// Read the log at `path`, which exists and which nobody writes or opens meanwhile: nothing in its
    /// folder is changed or made, so it may be one that can't be written.
    ///
    /// The write-ahead log is inspected as when the log is opened; of a damaged one only what stands
    /// before the damage is read, where `on_damage` says so.
    ///
    /// # Errors
    /// `Damaged` and `Io` as when a log is opened, `Missing` when there is none.
    pub fn at_rest(path: &Path, on_damage: OnDamage) -> Result<Self, OpenError> {
        look(path, on_damage)?;
        let reader = Self::new(path, connect_at_rest);
        let read = |error| OpenError::read(path, error);
        // Whoever made the file died before it made the tables.
        if reader
            .with(|session| session.sqlite(is_empty))
            .map_err(read)?
        {
            return Err(OpenError::Missing(path.to_owned()));
        }
        reader
            .ends()
            .map_err(|error| OpenError::read(path, error))?;
        Ok(reader)
    }

    /// The same of what the disk holds, not of what memory does: for whoever will open the log next.  No
    /// connection to it may be open in this process.
    ///
    /// # Errors
    /// As [`Reader::at_rest`].
    pub fn settled(path: &Path, on_damage: OnDamage) -> Result<Self, OpenError> {
        settle_both(path)?;
        Self::at_rest(path, on_damage)
    }

    fn new(path: &Path, connect: fn(&Path) -> rusqlite::Result<Connection>) -> Self {
        let gate = Gate::of(path);
        Self {
            slot: gate.slot(),
            gate,
            path: path.to_owned(),
            connect,
            held: None,
        }
    }

    /// The version of the log, which a reader at rest does not hold to the one that is written now.
    ///
    /// # Errors
    /// Those of reading.
    pub fn version(&self) -> Result<i64, ReadError> {
        let ask = |connection: &Connection| {
            connection.query_row("PRAGMA user_version", [], |row| row.get(0))
        };
        self.with(|session| session.sqlite(ask))
    }

    /// The ends of the log; the last row's checksum is verified.
    ///
    /// # Errors
    /// `Damaged` when a row at an end is missing or wrong.
    pub fn ends(&self) -> Result<Ends, ReadError> {
        self.with(|session| session.ends())
    }

    /// Records from `from` on, at least one if there is one, up to `bytes_max` of batches.
    ///
    /// # Errors
    /// `Damaged` where the chain breaks or a row is missing, `Deleted` before the log's beginning,
    /// `Beyond` behind its end.
    pub fn read(&self, from: u64, bytes_max: usize) -> Result<Vec<Record>, ReadError> {
        self.with(|session| session.read(from, bytes_max))
    }

    /// The chain of the record at `offset`; that before the first one too.
    ///
    /// # Errors
    /// As [`Reader::read`]; `Beyond` where there is no such record.
    pub fn chain_at(&self, offset: u64) -> Result<u64, ReadError> {
        self.with(|session| {
            session.in_transaction(|| session.chain_before(&session.meta()?, offset + 1))
        })
    }

    /// Check the chain of the newest records, up to `bytes_max` of batches; and if the database is no
    /// longer than that, check each of its pages.
    ///
    /// # Errors
    /// As [`Reader::read`], and `Damaged` with SQLite's own words.
    pub fn verify(&self, bytes_max: u64) -> Result<(), ReadError> {
        self.with(|session| {
            if session.bytes_used()? <= bytes_max {
                session.check_pages()?;
            }
            session.verify(bytes_max)
        })
    }

    /// Bytes of the database that hold something.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn bytes_used(&self) -> Result<u64, ReadError> {
        self.with(|session| session.bytes_used())
    }

    fn with<T>(
        &self,
        ask: impl FnOnce(&Session<'_>) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let _turn = self.gate.read();
        let mut slot = lock(&self.slot);
        let connection = match slot.take() {
            Some(connection) => connection,
            None => {
                (self.connect)(&self.path).map_err(|error| ReadError::sqlite(&self.path, &error))?
            }
        };
        let connection = slot.insert(connection);
        ask(&Session {
            connection,
            path: &self.path,
        })
    }
}

/// A connection, for the time of a call.
struct Session<'a> {
    connection: &'a Connection,
    path: &'a Path,
}

impl Session<'_> {
    /// The ends of the log; the last row's checksum is verified.
    fn ends(&self) -> Result<Ends, ReadError> {
        self.in_transaction(|| {
            let meta = self.meta()?;
            let last = self.sqlite(|connection| {
                connection
                    .prepare_cached("SELECT max(offset) FROM entries")?
                    .query_row([], |row| row.get::<_, Option<i64>>(0))
            })?;
            let next = last.map_or(meta.first, |last| last as u64 + 1);
            let mut ends = Ends {
                journal_id: meta.journal_id,
                first: meta.first,
                next,
                chain: meta.chain_before,
            };
            if next > meta.first {
                self.rows(&meta, next - 1, usize::MAX, |record| {
                    ends.chain = record.chain
                })?;
            }
            Ok(ends)
        })
    }

    /// Records from `from` on, at least one if there is one, up to `bytes_max` of batches.
    fn read(&self, from: u64, bytes_max: usize) -> Result<Vec<Record>, ReadError> {
        let mut records = Vec::new();
        self.in_transaction(|| {
            let meta = self.meta()?;
            self.rows(&meta, from, bytes_max, |record| records.push(record))
        })?;
        Ok(records)
    }

    /// Check the chain of the newest records, up to `bytes_max` of batches.
    fn verify(&self, bytes_max: u64) -> Result<(), ReadError> {
        self.in_transaction(|| {
            let meta = self.meta()?;
            let from = self.sqlite(|connection| {
                let mut statement = connection
                    .prepare("SELECT offset, length(batch) FROM entries ORDER BY offset DESC")?;
                let mut rows = statement.query([])?;
                let (mut from, mut bytes) = (None, 0);
                while let Some(row) = rows.next()? {
                    bytes += column(row, 1)?;
                    if bytes > bytes_max && from.is_some() {
                        break;
                    }
                    from = Some(column(row, 0)?);
                }
                Ok(from)
            })?;
            let from = from.unwrap_or(meta.first);
            if from < meta.first {
                return Err(self.damage(from, "a row before the log's beginning"));
            }
            self.rows(&meta, from, usize::MAX, drop)
        })
    }

    /// Check the pages of the database: that each is used once, and that free ones are free.
    fn check_pages(&self) -> Result<(), ReadError> {
        let found: String = self.sqlite(|connection| {
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        })?;
        if found == "ok" {
            return Ok(());
        }
        Err(ReadError::Damaged(Damage {
            file: self.path.to_owned(),
            byte: None,
            offset: None,
            what: found.replace('\n', " "),
        }))
    }

    /// Bytes of the database that hold something.
    fn bytes_used(&self) -> Result<u64, ReadError> {
        self.sqlite(|connection| {
            let ask = |what: &str| {
                connection
                    .prepare_cached(what)?
                    .query_row([], |row| column(row, 0))
            };
            let pages = ask("PRAGMA page_count")?.saturating_sub(ask("PRAGMA freelist_count")?);
            Ok(pages * PAGE as u64)
        })
    }

    /// Hand on rows from `from`, each checked against the one before.
    fn rows(
        &self,
        meta: &Meta,
        from: u64,
        bytes_max: usize,
        mut hand_on: impl FnMut(Record),
    ) -> Result<(), ReadError> {
        let mut before = self.chain_before(meta, from)?;
        let mut offset = from;
        let mut bytes = 0;
        let wrong = self.sqlite(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT offset, append_ns, chain, batch FROM entries
                 WHERE offset >= ?1 ORDER BY offset",
            )?;
            let mut rows = statement.query(params![from as i64])?;
            while let Some(row) = rows.next()? {
                let batch: &[u8] = row.get_ref(3)?.as_blob()?;
                bytes += batch.len();
                if bytes > bytes_max && offset > from {
                    break;
                }
                let record = Record {
                    offset: column(row, 0)?,
                    append_ns: column(row, 1)?,
                    chain: column(row, 2)?,
                    batch: batch.to_vec(),
                };
                if record.offset != offset {
                    return Ok(Some(format!("missing: the next row is {}", record.offset)));
                }
                if chain(before, record.offset, record.append_ns, &record.batch) != record.chain {
                    return Ok(Some("its checksum is wrong".to_owned()));
                }
                before = record.chain;
                offset += 1;
                hand_on(record);
            }
            Ok(None)
        });
        match wrong {
            Ok(None) => Ok(()),
            Ok(Some(what)) => Err(self.damage(offset, what)),
            Err(ReadError::Damaged(damage)) => Err(self.damage(offset, damage.what)),
            Err(other) => Err(other),
        }
    }

    /// The chain of the record before `from`.
    fn chain_before(&self, meta: &Meta, from: u64) -> Result<u64, ReadError> {
        if from < meta.first {
            return Err(ReadError::Deleted { first: meta.first });
        }
        if from == meta.first {
            return Ok(meta.chain_before);
        }
        let found = self.sqlite(|connection| {
            connection
                .prepare_cached("SELECT chain FROM entries WHERE offset = ?1")?
                .query_row(params![(from - 1) as i64], |row| column(row, 0))
                .optional()
        })?;
        if let Some(chain) = found {
            return Ok(chain);
        }
        let last = self.sqlite(|connection| {
            connection.query_row("SELECT max(offset) FROM entries", [], |row| {
                row.get::<_, Option<i64>>(0)
            })
        })?;
        match last.map(|last| last as u64) {
            Some(last) if last >= from => Err(self.damage(from - 1, "missing")),
            Some(last) => Err(ReadError::Beyond { next: last + 1 }),
            None => Err(ReadError::Beyond { next: meta.first }),
        }
    }

    fn meta(&self) -> Result<Meta, ReadError> {
        self.sqlite(Meta::read)?.ok_or_else(|| {
            ReadError::Damaged(Damage {
                file: self.path.to_owned(),
                byte: None,
                offset: None,
                what: "the row that says where the log begins is missing or wrong".to_owned(),
            })
        })
    }

    /// One read transaction, so that all that is read is of one moment.
    fn in_transaction<T>(
        &self,
        read: impl FnOnce() -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        self.sqlite(|connection| connection.prepare_cached("BEGIN")?.execute([]))?;
        let result = read();
        let end = self.sqlite(|connection| connection.prepare_cached("ROLLBACK")?.execute([]));
        let value = result?;
        end?;
        Ok(value)
    }

    fn sqlite<T>(
        &self,
        ask: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ReadError> {
        ask(self.connection).map_err(|error| ReadError::sqlite(self.path, &error))
    }

    fn damage(&self, offset: u64, what: impl Into<String>) -> ReadError {
        ReadError::Damaged(Damage::at_offset(self.path, offset, what))
    }
}
