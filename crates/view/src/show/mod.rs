//! What the parts hold, as JSON.

mod market;
mod orders;

pub use market::Trades;
pub use orders::{EXAMINED_MAX, Filter, Recent, order};
