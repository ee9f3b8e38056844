//! What the exchange is compared with: a bare echo, and a bare append with fdatasync.

mod disk;
mod echo;

pub use disk::{Disk, append_and_sync};
pub use echo::Echo;
