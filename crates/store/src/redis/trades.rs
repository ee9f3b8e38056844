//! Trades and bars as values hold them.

use projection::{Bar, Quote, Sum};
use wire::record::Side;
use wire::text::TradeState;

use crate::error::StoreError;
use crate::pending::TradeRow;

use super::encode::{Put, Take, sealed};

/// Bytes of a trade: id, time, price, quantity, side of the taker, checksum.
pub const TRADE_BYTES: usize = 41;
/// Bytes of a bar: minute, times of first and last, open, high, low, close, quantity (16), quote (32),
/// count, checksum.  Zeros are none.
pub const BAR_BYTES: usize = 120;

/// Write a trade.
pub fn put_trade(row: &TradeRow, out: &mut Vec<u8>) {
    let (start, trade) = (out.len(), &row.trade);
    out.fixed(trade.trade_id);
    out.fixed(row.time_ns);
    out.fixed(trade.price as u64);
    out.fixed(trade.qty as u64);
    out.push(trade.taker_side.code());
    out.seal(start);
}

/// The trades of a block, the oldest first.
///
/// # Errors
/// `Checksum` or `Row` when it was not written so.
pub fn trades(block: &[u8]) -> Result<Vec<TradeState>, StoreError> {
    let (whole, rest) = block.as_chunks::<TRADE_BYTES>();
    if !rest.is_empty() {
        return Err(StoreError::Row("a trade is cut"));
    }
    let found: Vec<_> = whole
        .iter()
        .map(|value| trade(value))
        .collect::<Result<_, _>>()?;
    if found.is_sorted_by(|a, b| (a.time_ns, a.trade_id) < (b.time_ns, b.trade_id)) {
        return Ok(found);
    }
    Err(StoreError::Row("trades out of order"))
}

fn trade(value: &[u8]) -> Result<TradeState, StoreError> {
    let mut from = Take(value);
    let id = from.fixed().unwrap_or_default();
    let mut from = Take(sealed(value, "trade", id)?);
    let mut read = || {
        Some(TradeState {
            trade_id: from.fixed()?,
            time_ns: from.fixed()?,
            price: from.fixed()? as i64,
            qty: from.fixed()? as i64,
            taker_side: Side::from_code(from.byte()?)?,
        })
    };
    read().ok_or(StoreError::Row("taker_side"))
}

/// The sum of trades; `None` where there are none.
#[must_use]
pub fn sum_of<'t>(trades: impl IntoIterator<Item = &'t TradeState>) -> Option<Bar> {
    let mut sum: Option<Bar> = None;
    for trade in trades {
        match &mut sum {
            Some(sum) => sum.push(trade.time_ns, trade.price, trade.qty),
            None => sum = Some(Bar::of(trade.time_ns, trade.price, trade.qty)),
        }
    }
    sum
}

/// A bar as it is kept.
pub fn bar_bytes(minute: u64, bar: &Bar) -> Vec<u8> {
    let (mut out, sum) = (Vec::with_capacity(BAR_BYTES), &bar.sum);
    out.fixed(minute);
    out.fixed(bar.first_ns);
    out.fixed(bar.last_ns);
    for price in [sum.open, sum.high, sum.low, sum.close] {
        out.fixed(price as u64);
    }
    out.extend_from_slice(&sum.qty.to_le_bytes());
    out.extend_from_slice(&sum.quote.to_le_bytes());
    out.fixed(sum.count);
    out.seal(0);
    out
}

/// Minutes and bars in a value, one or many, the oldest first.
///
/// # Errors
/// `Checksum` or `Row` when it was not written so.
pub fn bars(value: &[u8]) -> Result<Vec<(u64, Bar)>, StoreError> {
    let (whole, rest) = value.as_chunks::<BAR_BYTES>();
    if !rest.is_empty() {
        return Err(StoreError::Row("a bar is cut"));
    }
    let there = whole.iter().filter(|bar| **bar != [0; BAR_BYTES]);
    there.map(|value| bar(value)).collect()
}

fn bar(value: &[u8]) -> Result<(u64, Bar), StoreError> {
    let minute = Take(value).fixed().unwrap_or_default();
    let mut from = Take(sealed(value, "bar", minute)?);
    let mut read = || {
        let (minute, first_ns, last_ns) = (from.fixed()?, from.fixed()?, from.fixed()?);
        let mut price = || Some(from.fixed()? as i64);
        let (open, high, low, close) = (price()?, price()?, price()?, price()?);
        let qty = i128::from_le_bytes(from.bytes(16)?.try_into().ok()?);
        let quote = Quote::from_le_bytes(from.bytes(32)?.try_into().ok()?);
        let count = from.fixed()?;
        let sum = Sum {
            open,
            high,
            low,
            close,
            qty,
            quote,
            count,
        };
        let bar = Bar {
            first_ns,
            last_ns,
            sum,
        };
        Some((minute, bar))
    };
    read().ok_or(StoreError::Row("a bar"))
}
