//! Text for people and programs that read JSON: decimals, times, orders and trades.
//!
//! One writer for all who show an order: the view (what is recent, from memory) and the store (what
//! is older, from disk) give the same bytes for the same order.

pub mod decimal;
pub mod fields;
pub mod json;
pub mod order_json;
pub mod reasons;
pub mod time;

pub use order_json::{
    ClientOrderId, Fill, HistoryEntry, Liquidity, OrderState, Part, TradeState, Why,
};
