//! A segment: what one transaction brought of an order.
//!
//! # Layout
//! | at | what |
//! |---|---|
//! | 0 | its length, `u32`, with this and the checksum |
//! | 4 | order id, `u64` |
//! | 12 | flags: 1 the order begins here, 2 it is amended, 4 with terms |
//! | 13 | status |
//! | 14 | time of its last change, `u64` |
//! | 22 | of variable length: executed, open, average price, why, changes, fills |
//! | | when amended or with terms: price, quantity, `num`, client order id |
//! | | with terms: account, entry, instrument, side, type, time in force, time, price and quantity before, user |
//! | | the changes, packed (`projection::change`) |
//! | | checksum, `u64` |
//!
//! Terms stand in the segment with which an order begins; in a store whose log lacked its beginning, in each.

use projection::State;
use projection::change::InForce;
use wire::record::{OrdStatus, OrdType, Side, TimeInForce};
use wire::text::Why;

use crate::error::StoreError;
use crate::order_delta::{OrderDelta, Terms};

use super::encode::{CHECKSUM, Put, Take, sealed};

const BEGUN: u8 = 1;
const AMENDED: u8 = 2;
const TERMS: u8 = 4;
/// Where the order id begins, and the flags.
const LEN: usize = 4;

/// Write what a transaction brings of an order; with its terms where it `may_be_new`.
pub fn put(delta: &OrderDelta, may_be_new: bool, out: &mut Vec<u8>) {
    let start = out.len();
    let (state, with_terms) = (&delta.state, delta.begun || may_be_new);
    out.extend_from_slice(&[0; LEN]);
    out.fixed(delta.order_id);
    let flag = |on: bool, flag: u8| if on { flag } else { 0 };
    out.push(flag(delta.begun, BEGUN) | flag(delta.amended, AMENDED) | flag(with_terms, TERMS));
    out.push(state.status.code());
    out.fixed(delta.updated_ns);
    out.signed(state.cum);
    out.signed(state.leaves);
    out.signed(state.avg_px);
    out.number(state.why.code().into());
    out.number(delta.history);
    out.number(delta.fills);
    if delta.amended || with_terms {
        out.signed(state.price);
        out.signed(state.qty);
        out.number(state.num);
        out.text(&delta.text);
    }
    if with_terms {
        put_terms(delta, out);
    }
    out.extend_from_slice(&delta.changes);
    let len = out.len().saturating_sub(start).saturating_add(CHECKSUM);
    // A transaction's changes of one order are much less than 4 GiB.
    out[start..start.saturating_add(LEN)].copy_from_slice(&(len as u32).to_le_bytes());
    out.seal(start);
}

fn put_terms(delta: &OrderDelta, out: &mut Vec<u8>) {
    let terms = &delta.terms;
    out.number(terms.account.into());
    out.number(terms.entry.into());
    out.number(terms.instrument.into());
    out.push(terms.side.code());
    out.push(terms.ord_type.code());
    out.push(terms.tif.code());
    out.fixed(delta.created_ns);
    out.signed(delta.before.price);
    out.signed(delta.before.qty);
    out.text(&delta.user);
}

/// A segment as it stands in a chunk.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'b> {
    pub order_id: u64,
    /// All of it.
    pub bytes: &'b [u8],
}

/// The segments of a chunk, each held to its checksum.
pub fn segments(mut chunk: &[u8]) -> impl Iterator<Item = Result<Segment<'_>, StoreError>> {
    std::iter::from_fn(move || {
        if chunk.is_empty() {
            return None;
        }
        let taken = first(&mut chunk);
        if taken.is_err() {
            chunk = &[];
        }
        Some(taken)
    })
}

fn first<'b>(chunk: &mut &'b [u8]) -> Result<Segment<'b>, StoreError> {
    let cut = StoreError::Row("a segment of an order is cut");
    let Some(len) = chunk.first_chunk::<LEN>() else {
        return Err(cut);
    };
    let len = u32::from_le_bytes(*len) as usize;
    let Some((bytes, rest)) = chunk.split_at_checked(len) else {
        return Err(cut);
    };
    let id = bytes.get(LEN..).and_then(|rest| rest.first_chunk::<8>());
    let order_id = u64::from_le_bytes(*id.ok_or(cut)?);
    sealed(bytes, "orders", order_id)?;
    *chunk = rest;
    Ok(Segment { order_id, bytes })
}

impl Segment<'_> {
    /// What it says.
    pub fn delta(&self) -> Result<OrderDelta, StoreError> {
        self.read().ok_or(StoreError::Checksum {
            table: "orders",
            row: self.order_id,
        })
    }

    fn read(&self) -> Option<OrderDelta> {
        let end = self.bytes.len().checked_sub(CHECKSUM)?;
        let mut from = Take(self.bytes.get(LEN..end)?);
        let order_id = from.fixed()?;
        let flags = from.byte()?;
        let mut delta = vacant(order_id);
        delta.begun = flags & BEGUN != 0;
        delta.amended = flags & AMENDED != 0;
        delta.state.status = OrdStatus::from_code(from.byte()?)?;
        delta.updated_ns = from.fixed()?;
        delta.state.cum = from.signed()?;
        delta.state.leaves = from.signed()?;
        delta.state.avg_px = from.signed()?;
        delta.state.why = Why::from_code(u16::try_from(from.number()?).ok()?)?;
        delta.history = from.number()?;
        delta.fills = from.number()?;
        if flags & (AMENDED | TERMS) != 0 {
            delta.state.price = from.signed()?;
            delta.state.qty = from.signed()?;
            delta.state.num = from.number()?;
            from.text()?.clone_into(&mut delta.text);
        }
        if flags & TERMS != 0 {
            read_terms(&mut delta, &mut from)?;
        }
        delta.changes = from.0.to_vec();
        Some(delta)
    }

    /// Whether it says what an order is that nothing else is known of.
    pub fn has_terms(&self) -> bool {
        self.bytes.get(12).is_some_and(|flags| flags & TERMS != 0)
    }
}

fn read_terms(delta: &mut OrderDelta, from: &mut Take<'_>) -> Option<()> {
    delta.terms = Terms {
        account: from.small()?,
        entry: from.small()?,
        instrument: from.small()?,
        side: Side::from_code(from.byte()?)?,
        ord_type: OrdType::from_code(from.byte()?)?,
        tif: TimeInForce::from_code(from.byte()?)?,
    };
    delta.created_ns = from.fixed()?;
    delta.before.price = from.signed()?;
    delta.before.qty = from.signed()?;
    from.text()?.clone_into(&mut delta.user);
    Some(())
}

/// Of an order that nothing is known of.
fn vacant(order_id: u64) -> OrderDelta {
    let nothing = InForce { price: 0, qty: 0 };
    OrderDelta {
        order_id,
        begun: false,
        amended: false,
        terms: Terms {
            account: 0,
            entry: 0,
            instrument: 0,
            side: Side::Buy,
            ord_type: OrdType::Limit,
            tif: TimeInForce::Gtc,
        },
        text: String::new(),
        user: String::new(),
        state: State::new(0, nothing),
        created_ns: 0,
        updated_ns: 0,
        before: nothing,
        history: 0,
        fills: 0,
        changes: Vec::new(),
    }
}
