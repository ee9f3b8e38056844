//! Closed orders of FIX sessions: their last state, for who asks for it or wants to change them afterwards.
//!
//! Each session remembers at most `closed_orders_per_session_max`, all of them together at most
//! `closed_orders_bytes_max`, where each counts as [`BYTES`] and its client order id.  Beyond that the oldest is
//! forgotten first: of the session, of all.  What is lowered takes effect when the next order is remembered.  Orders
//! without a client order id are none of FIX, and are not remembered.

use super::index::{Index, mix};
use super::pool::{NONE, Pool, Slot};
use std::collections::BTreeMap;
use wire::record::{OrdStatus, Side, TimeInForce};

/// What a closed order counts for, beside its client order id: its slot and its share of the index, about.
pub(crate) const BYTES: u64 = 128;

/// The last state of an order.
#[derive(Debug, Clone)]
pub(crate) struct Closed {
    pub(crate) order_id: u64,
    /// `NO_PRICE` of a market order.
    pub(crate) price: i64,
    /// FIX 38: what was executed, and what left the book at last.
    pub(crate) qty: i64,
    pub(crate) cum: i64,
    pub(crate) avg_px: i64,
    /// Its client order id, the newest where it was amended.
    pub(crate) text: String,
    pub(crate) entry: u32,
    pub(crate) instrument: u32,
    /// The next younger one of its session; links free slots too.
    younger: u32,
    /// The next older and the next younger one of all.
    before: u32,
    after: u32,
    pub(crate) side: Side,
    pub(crate) tif: TimeInForce,
    pub(crate) status: OrdStatus,
}

const _: () = assert!(size_of::<Closed>() + 16 <= BYTES as usize);

impl Default for Closed {
    fn default() -> Self {
        Self {
            order_id: 0,
            price: 0,
            qty: 0,
            cum: 0,
            avg_px: 0,
            text: String::new(),
            entry: 0,
            instrument: 0,
            younger: NONE,
            before: NONE,
            after: NONE,
            side: Side::Buy,
            tif: TimeInForce::Gtc,
            status: OrdStatus::Canceled,
        }
    }
}

impl Slot for Closed {
    fn link(&self) -> u32 {
        self.younger
    }
    fn set_link(&mut self, next: u32) {
        self.younger = next;
    }
}

/// What a closed order is remembered by, its client order id apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct State {
    pub(crate) order_id: u64,
    pub(crate) price: i64,
    pub(crate) qty: i64,
    pub(crate) cum: i64,
    pub(crate) avg_px: i64,
    pub(crate) entry: u32,
    pub(crate) instrument: u32,
    pub(crate) side: Side,
    pub(crate) tif: TimeInForce,
    pub(crate) status: OrdStatus,
}

/// The closed orders of one session.
#[derive(Debug)]
struct Queue {
    oldest: u32,
    newest: u32,
    len: u32,
}

/// How many are remembered at most: of a session, and bytes of all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Most {
    pub(crate) per_session: u32,
    pub(crate) bytes: u64,
}

#[derive(Debug)]
pub(crate) struct ClosedOrders {
    pool: Pool<Closed, 256>,
    by_id: Index,
    sessions: BTreeMap<u32, Queue>,
    oldest: u32,
    newest: u32,
    bytes: u64,
}

#[inline(always)]
fn hash(order_id: u64) -> u64 {
    mix(order_id, 0)
}

#[allow(
    clippy::arithmetic_side_effects,
    reason = "orders in memory, counted one by one, and their bytes"
)]
impl ClosedOrders {
    pub(crate) fn new() -> Self {
        Self {
            pool: Pool::new(),
            by_id: Index::default(),
            sessions: BTreeMap::new(),
            oldest: NONE,
            newest: NONE,
            bytes: 0,
        }
    }

    pub(crate) const fn len(&self) -> u32 {
        self.pool.used()
    }

    pub(crate) fn find(&self, order_id: u64) -> Option<u32> {
        let is_it = |slot| self.pool[slot].order_id == order_id;
        self.by_id.find(hash(order_id), is_it)
    }

    pub(crate) fn get(&self, slot: u32) -> &Closed {
        &self.pool[slot]
    }

    /// All of them, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Closed> {
        let at = |slot: u32| (slot != NONE).then(|| &self.pool[slot]);
        std::iter::successors(at(self.oldest), move |closed| at(closed.after))
    }

    /// Remember an order that has just closed, and forget the oldest of those that are too many by it.
    pub(crate) fn remember(&mut self, state: &State, text: &str, most: Most) {
        let bytes = BYTES + text.len() as u64;
        if most.per_session == 0 || bytes > most.bytes {
            return;
        }
        while let Some(queue) = self.sessions.get(&state.entry)
            && queue.len >= most.per_session
        {
            self.forget(queue.oldest);
        }
        while self.bytes + bytes > most.bytes {
            self.forget(self.oldest);
        }
        self.append(state, text);
    }

    /// Put an order behind all others.
    pub(crate) fn append(&mut self, state: &State, text: &str) {
        let slot = self.pool.take_kept();
        let closed = &mut self.pool[slot];
        let mut kept = std::mem::take(&mut closed.text);
        kept.clear();
        kept.push_str(text);
        *closed = Closed {
            order_id: state.order_id,
            price: state.price,
            qty: state.qty,
            cum: state.cum,
            avg_px: state.avg_px,
            text: kept,
            entry: state.entry,
            instrument: state.instrument,
            younger: NONE,
            before: std::mem::replace(&mut self.newest, slot),
            after: NONE,
            side: state.side,
            tif: state.tif,
            status: state.status,
        };
        match closed.before {
            NONE => self.oldest = slot,
            before => self.pool[before].after = slot,
        }
        let queue = self.sessions.entry(state.entry).or_insert(Queue {
            oldest: slot,
            newest: NONE,
            len: 0,
        });
        let last = std::mem::replace(&mut queue.newest, slot);
        queue.len += 1;
        if last != NONE {
            self.pool[last].younger = slot;
        }
        self.bytes += BYTES + text.len() as u64;
        self.by_id.insert(hash(state.order_id), slot);
    }

    /// Forget the oldest of a session.
    fn forget(&mut self, slot: u32) {
        let closed = &self.pool[slot];
        let (entry, younger) = (closed.entry, closed.younger);
        let (before, after) = (closed.before, closed.after);
        self.bytes -= BYTES + closed.text.len() as u64;
        self.by_id.remove(hash(closed.order_id), slot);
        match before {
            NONE => self.oldest = after,
            before => self.pool[before].after = after,
        }
        match after {
            NONE => self.newest = before,
            after => self.pool[after].before = before,
        }
        if younger == NONE {
            self.sessions.remove(&entry);
        } else if let Some(queue) = self.sessions.get_mut(&entry) {
            queue.oldest = younger;
            queue.len -= 1;
        }
        self.pool.give(slot);
    }

    /// Check what stands here by itself: lists, index and sums.
    pub(crate) fn check(&self) -> Result<(), String> {
        let (mut seen, mut bytes, mut before) = (0, 0, NONE);
        let mut at = self.oldest;
        while at != NONE {
            let closed = &self.pool[at];
            let id = closed.order_id;
            if closed.before != before || self.find(id) != Some(at) || seen >= self.len() {
                return Err(format!("closed order {id} stands in a wrong place"));
            }
            seen += 1;
            bytes += BYTES + closed.text.len() as u64;
            (before, at) = (at, closed.after);
        }
        let listed: Result<Vec<u32>, String> =
            self.sessions.iter().map(|it| self.walk(it)).collect();
        let listed: u32 = listed?.iter().sum();
        let counts = (
            self.len(),
            self.by_id.len() as u32,
            listed,
            self.newest,
            self.bytes,
        );
        let found = (seen, seen, seen, before, bytes);
        if counts != found {
            return Err(format!(
                "closed orders are kept as {counts:?}, found {found:?}"
            ));
        }
        Ok(())
    }

    /// How many orders the list of a session has.
    fn walk(&self, (entry, queue): (&u32, &Queue)) -> Result<u32, String> {
        let (mut seen, mut last, mut at) = (0, NONE, queue.oldest);
        while at != NONE && seen <= queue.len {
            if self.pool[at].entry != *entry {
                break;
            }
            seen += 1;
            (last, at) = (at, self.pool[at].younger);
        }
        if (seen, last, at) == (queue.len, queue.newest, NONE) && seen > 0 {
            Ok(seen)
        } else {
            Err(format!("entry {entry} lists its closed orders wrongly"))
        }
    }
}

#[cfg(test)]
#[path = "closed_tests.rs"]
mod tests;
