//! How far a writer has come, and which writer that is: part of each transaction.

use crate::error::StoreError;
use crate::position::{Origin, Position};

use super::encode::{Put, Take, sealed};

/// The layout that is written here.
const LAYOUT: u64 = 2;

/// What `P position` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Everything up to there is recorded; `None` where nothing is yet.
    pub at: Option<Position>,
    /// How many writers have taken the store over, this one among them: the higher one is the later.
    pub life: u64,
    /// Which of them this is.
    pub nonce: u64,
    /// When the log's first event was, where the log lacks its beginning.
    pub late_ns: Option<u64>,
    /// Latest change of an order that was deleted, in ns; 0 for none.
    pub deleted_ns: u64,
    /// Orders below this one's chunk were deleted, but for open ones; `u64::MAX` until an order has begun.
    pub swept: u64,
    /// The last chunk in which an order has begun.
    pub last: u64,
}

impl Place {
    /// Of a store that is empty.
    #[must_use]
    pub const fn begin(life: u64, nonce: u64) -> Self {
        Self {
            at: None,
            life,
            nonce,
            late_ns: None,
            deleted_ns: 0,
            swept: u64::MAX,
            last: 0,
        }
    }

    /// As it is kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        let at = self.at.as_ref();
        for number in [
            LAYOUT,
            self.life,
            self.nonce,
            at.map_or(0, |at| at.offset),
            at.map_or(0, |at| at.seq),
            at.map_or(0, |at| at.hash),
            at.map_or(0, |at| at.command_offset),
            at.map_or(0, |at| at.part.into()),
            at.map_or(0, |at| at.first_seq),
            at.map_or(0, |at| at.origin.journal_id),
            at.map_or(0, |at| at.origin.chain),
            self.late_ns.unwrap_or_default(),
            self.deleted_ns,
            self.swept,
            self.last,
        ] {
            out.fixed(number);
        }
        out.seal(0);
        out
    }

    /// Read it back.
    ///
    /// # Errors
    /// `Checksum` when it was not written so, `Unfit` when another version wrote it.
    pub fn read(value: &[u8]) -> Result<Self, StoreError> {
        let mut from = Take(sealed(value, "position", 0)?);
        let mut number = || from.fixed().ok_or(StoreError::Row("position"));
        let layout = number()?;
        if layout != LAYOUT {
            return Err(StoreError::Unfit(format!(
                "Redis holds a store of layout {layout}, this program's is {LAYOUT}"
            )));
        }
        let (life, nonce) = (number()?, number()?);
        let (offset, seq, hash) = (number()?, number()?, number()?);
        let (command_offset, part, first_seq) = (number()?, number()?, number()?);
        let (journal_id, chain) = (number()?, number()?);
        let at = Position {
            offset,
            seq,
            hash,
            command_offset,
            part: u16::try_from(part).map_err(|_| StoreError::Row("position"))?,
            first_seq,
            origin: Origin { journal_id, chain },
        };
        let (late_ns, deleted_ns) = (number()?, number()?);
        let (swept, last) = (number()?, number()?);
        Ok(Self {
            at: (first_seq > 0).then_some(at),
            life,
            nonce,
            late_ns: (late_ns > 0).then_some(late_ns),
            deleted_ns,
            swept,
            last,
        })
    }

    /// From when on everything is kept, in ns and whole microseconds; `None` where all that ever was is.
    #[must_use]
    #[allow(clippy::arithmetic_side_effects, reason = "divided before")]
    pub fn complete_since(&self) -> Option<u64> {
        let first_ns = self.late_ns.unwrap_or_default().max(self.deleted_ns);
        // What was deleted may have been of that very moment.
        (first_ns > 0).then(|| (first_ns / 1_000 * 1_000).saturating_add(1_000))
    }
}
