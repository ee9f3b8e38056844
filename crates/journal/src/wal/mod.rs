//! The write-ahead log of SQLite, read before SQLite reads it.
//!
//! SQLite takes the file up to the first frame whose checksum is wrong and silently drops what
//! follows.  That is right for a commit that was cut off by a crash, and wrong for an older one that
//! went bad on the disk.  [`inspect`] tells the two apart.
//!
//! # How
//! A transaction is written only after the one before it was synced, each frame of the file has the
//! salts of this round of the file, and each page stands once in a transaction.  So, with the first
//! bad frame at `b`: the transaction that `b` belongs to ends at the first commit mark from `b` on.
//! Any frame of this round behind that mark belongs to a later transaction, and proves that `b` was
//! once whole.  The mark itself may be what went bad in `b`; then a value of it is found with which
//! `b`'s checksum is right, or the frames up to the next mark write one page twice.
//! A bad header is damage when any two frames in a row, or the first with the header, still fit.
//!
//! Whoever drops a tail must overwrite it ([`crate::inspect`] relies on it): frames that were left
//! there would look like a later transaction once new ones are written before them.

mod format;
mod inspect;

pub use format::{FRAME_HEADER, HEADER};
pub use inspect::{State, inspect};
