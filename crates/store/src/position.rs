//! How far the recorder has come, and whether a batch is the one that follows.

use rusqlite::{Connection, OptionalExtension, params};
use wire::record::{EventBatch, RecordError};

use crate::checksum::Values;
use crate::error::StoreError;

/// What is recorded so far: everything up to and including this batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Offset of the batch in the events log.
    pub offset: u64,
    /// Sequence number of the last event.
    pub seq: u64,
    /// Hash of the batch.
    pub hash: u64,
    /// Offset of the command batch that it follows from.
    pub command_offset: u64,
    /// Its index among those of that command batch.
    pub part: u16,
    /// The first event that the store holds: 1, unless the log had lost its beginning.
    pub first_seq: u64,
    /// Where that batch stands: which log, and its chain there.
    pub origin: Origin,
}

/// A position in a log, which no other log has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    /// Names the log.
    pub journal_id: u64,
    /// Chain of the log's checksums at the batch's entry.
    pub chain: u64,
}

/// What to do with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is recorded already.
    Seen,
    /// It is the next; this is the position after it.
    Take(Position),
}

impl Position {
    /// Judge a batch at `offset`.  Without a position any batch is the first.
    ///
    /// # Errors
    /// `Gap` when events are missing before it, `Chain` when it follows from another past, `Record` when
    /// its numbers can't be.
    pub fn judge(
        at: Option<&Self>,
        offset: u64,
        batch: &EventBatch<'_>,
    ) -> Result<Next, StoreError> {
        let header = &batch.header;
        let end = header.first_seq.checked_add(u64::from(header.count));
        let Some(seq) = end.and_then(|end| end.checked_sub(1)) else {
            let error = RecordError::Value("first_seq");
            return Err(StoreError::Record { offset, error });
        };
        let next = Self {
            offset,
            seq,
            hash: batch.hash,
            command_offset: header.command_offset,
            part: header.part,
            first_seq: at.map_or(header.first_seq, |at| at.first_seq),
            origin: Origin::default(),
        };
        let Some(at) = at else {
            return Ok(Next::Take(next));
        };
        if (header.command_offset, header.part) <= (at.command_offset, at.part) {
            return Ok(Next::Seen);
        }
        // None comes after the last number that there is.
        let (expected_seq, first_seq) = (at.seq.saturating_add(1), header.first_seq);
        if first_seq != expected_seq && !batch.leaps_from(at.seq) {
            return Err(StoreError::Gap {
                offset,
                expected_seq,
                first_seq,
            });
        }
        if header.previous_hash != at.hash {
            return Err(StoreError::Chain { offset });
        }
        Ok(Next::Take(next))
    }

    /// Read it from the store; `None` when nothing is recorded.
    ///
    /// # Errors
    /// `Sqlite` when the store cannot be read.
    pub fn load(connection: &Connection) -> Result<Option<Self>, StoreError> {
        let sql = "SELECT offset, seq, hash, command_offset, part, first_seq, journal_id, chain, \
                   checksum FROM position";
        let row = connection.query_row(sql, [], |row| {
            let number = |at| row.get::<_, i64>(at).map(|n| n as u64);
            let position = Self {
                offset: number(0)?,
                seq: number(1)?,
                hash: number(2)?,
                command_offset: number(3)?,
                part: row.get(4)?,
                first_seq: number(5)?,
                origin: Origin {
                    journal_id: number(6)?,
                    chain: number(7)?,
                },
            };
            Ok((position, row.get::<_, i64>(8)?))
        });
        match row.optional()? {
            Some((position, checksum)) if position.checksum() != checksum => {
                Err(StoreError::Checksum {
                    table: "position",
                    row: 0,
                })
            }
            row => Ok(row.map(|(position, _)| position)),
        }
    }

    fn checksum(&self) -> i64 {
        Values::new().numbers(self.values()).checksum()
    }

    fn values(&self) -> [i64; 8] {
        [
            self.offset as i64,
            self.seq as i64,
            self.hash as i64,
            self.command_offset as i64,
            self.part.into(),
            self.first_seq as i64,
            self.origin.journal_id as i64,
            self.origin.chain as i64,
        ]
    }

    /// Write it, within the transaction that writes what it stands for.
    pub(crate) fn save(&self, connection: &Connection) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO position \
                   (id, offset, seq, hash, command_offset, part, first_seq, journal_id, chain, \
                   checksum) VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let [
            offset,
            seq,
            hash,
            command_offset,
            part,
            first_seq,
            id,
            chain,
        ] = self.values();
        let checksum = self.checksum();
        connection.prepare_cached(sql)?.execute(params![
            offset,
            seq,
            hash,
            command_offset,
            part,
            first_seq,
            id,
            chain,
            checksum
        ])?;
        Ok(())
    }
}
