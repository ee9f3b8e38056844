//! What events mean to those who read them: executions and the state of an order, changes of levels,
//! sums of trades.
//!
//! Pure, and said once: the view in memory and the recorder of the store both keep what is made here,
//! so that they show the same.

// Clients choose numbers: each sum, product and quotient is exact, checked, or says what bounds it.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

pub mod change;
pub mod execution;
pub mod levels;
pub mod order;
pub mod recent;
pub mod state;
pub mod sum;

pub use execution::{Execution, executions};
pub use order::Order;
pub use recent::SHOWN_MAX;
pub use state::State;
pub use sum::{Bar, Quote, Sum};
