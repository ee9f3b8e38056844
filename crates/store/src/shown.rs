//! An order as it is shown.

use wire::text::{ClientOrderId, OrderState, Part};

use crate::error::StoreError;
use crate::history::{self, Parts};
use crate::order_row::OrderRow;

/// An order as JSON, with its newest changes; `numbered`: see [`crate::names::Names::numbered`].
pub fn show(
    row: &OrderRow,
    parts: &impl Parts,
    (account, symbol, numbered): (&str, &str, bool),
) -> Result<Vec<u8>, StoreError> {
    let (history, fills) = history::newest(parts, row)?;
    let number = numbered.then_some(row.num);
    let order = OrderState {
        order_id: row.order_id,
        client_order_id: ClientOrderId::of(row.text.as_deref().unwrap_or_default(), number),
        user_id: row.user.as_deref().unwrap_or(account),
        symbol,
        side: row.side,
        ord_type: row.ord_type,
        tif: row.tif,
        price: row.price,
        qty: row.qty,
        status: row.status,
        cum: row.cum,
        leaves: row.leaves,
        avg_px: row.avg_px,
        why: row.why,
        created_ns: row.begun.then_some(row.created_ns),
        updated_ns: Some(row.updated_ns),
        fills: Part {
            shown: &fills,
            count: row.begun.then_some(row.fills),
        },
        history: Part {
            shown: &history,
            count: row.begun.then_some(row.history),
        },
    };
    let mut json = Vec::with_capacity(1_024);
    order.write(&mut json);
    Ok(json)
}
