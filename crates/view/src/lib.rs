//! What the facade keeps in memory, fed with event batches in order.
pub mod book;
pub mod tape;
