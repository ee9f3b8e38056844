//! Deleting closed orders: what of a chunk stays.

use std::collections::BTreeMap;

use crate::error::StoreError;
use crate::order_row::OrderRow;

use super::rows::grow;
use super::segment::segments;

/// What a chunk is without its closed orders.
#[derive(Debug, Default)]
pub struct Swept {
    /// The segments of its open orders; empty where there is none.
    pub left: Vec<u8>,
    /// Latest change of a closed one, in ns; 0 where there is none.
    pub deleted_ns: u64,
    /// How many are closed.
    pub deleted: u64,
    /// Whose orders there are.
    pub accounts: Vec<u32>,
}

/// Take the closed orders out of a chunk.
///
/// # Errors
/// `Checksum` or `Row` when it was not written so.
pub fn sweep(chunk: &[u8]) -> Result<Swept, StoreError> {
    let mut rows: BTreeMap<u64, OrderRow> = BTreeMap::new();
    for segment in segments(chunk) {
        let segment = segment?;
        let grown = grow(rows.remove(&segment.order_id), &segment)?;
        rows.insert(segment.order_id, grown);
    }
    let mut swept = Swept::default();
    for row in rows.values().filter(|row| !row.is_open()) {
        swept.deleted_ns = swept.deleted_ns.max(row.updated_ns);
        swept.deleted = swept.deleted.saturating_add(1);
    }
    for segment in segments(chunk) {
        let segment = segment?;
        if rows.get(&segment.order_id).is_some_and(OrderRow::is_open) {
            swept.left.extend_from_slice(segment.bytes);
        }
    }
    swept.accounts = rows.values().map(|row| row.account).collect();
    swept.accounts.sort_unstable();
    swept.accounts.dedup();
    Ok(swept)
}
