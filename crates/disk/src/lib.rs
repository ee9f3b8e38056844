//! Bringing files to the disk without getting in the way of those who wait for it.
//!
//! One large flush makes every other `fdatasync` on the disk wait for its end.  [`write_back`] does the
//! same work a portion at a time, with a rest after each, so that another flush waits for one portion.
//!
//! It needs a descriptor of its own, and closing any descriptor of a file lets go of all locks that the
//! process has on it (POSIX, `fcntl`, "Advisory locks"): `SQLite`'s, too.  [`hold`] is for that.

mod descriptors;
mod write_back;

pub use descriptors::hold;
pub use write_back::write_back;
