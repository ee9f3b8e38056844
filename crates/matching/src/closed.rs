//! Closed orders of FIX sessions: their last state, for who asks for it or wants to change them afterwards.
//!
//! Each session remembers at most `closed_orders_per_session_max`, all of them together at most
//! `closed_orders_bytes_max`, where each counts as [`BYTES`] and its client order id.  Beyond that the oldest is
//! forgotten first: of the session, of all.  What is lowered takes effect when the next order is remembered.  Orders
//! without a client order id are none of FIX, and are not remembered.
//!
//! # Layout
//! Orders have an age, which rises, and stand on the list of their session.  The oldest of all is the oldest of some
//! session: `heads` has at most one age a session, no higher than that of its oldest; it is put right when it is
//! looked at, so that who forgets the oldest of a session touches no other order.

use super::index::{Index, mix};
use super::pool::{NONE, Pool, Slot};
use super::texts::{Text, Texts};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
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
    /// How many were remembered before it.
    age: u64,
    pub(crate) entry: u32,
    pub(crate) instrument: u32,
    /// The next younger one of its session; links free slots too.
    younger: u32,
    /// Its client order id, the newest where it was amended.
    text: Text,
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
            age: 0,
            entry: 0,
            instrument: 0,
            younger: NONE,
            text: Text::EMPTY,
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
#[derive(Debug, Clone)]
struct Queue {
    oldest: u32,
    newest: u32,
    len: u32,
    /// Whether `heads` has an age of it.
    has_head: bool,
}

const EMPTY: Queue = Queue {
    oldest: NONE,
    newest: NONE,
    len: 0,
    has_head: false,
};

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
    /// By the session's entry.
    sessions: Vec<Queue>,
    /// Ages and entries, the lowest first.
    heads: BinaryHeap<Reverse<(u64, u32)>>,
    next_age: u64,
    bytes: u64,
    texts: Texts,
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
            sessions: Vec::new(),
            heads: BinaryHeap::new(),
            next_age: 0,
            bytes: 0,
            texts: Texts::default(),
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

    /// The client order id of one.
    pub(crate) fn text<'s>(&'s self, closed: &'s Closed) -> &'s str {
        self.texts.get(&closed.text)
    }

    /// Prefetch the line where this order's id will stand.
    #[inline(always)]
    pub(crate) fn prefetch(&self, order_id: u64) {
        self.by_id.prefetch(hash(order_id));
    }

    /// All of them, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Closed> {
        let by_age = |slot: u32| (slot != NONE).then(|| Reverse((self.pool[slot].age, slot)));
        let oldest = self.sessions.iter().map(|queue| queue.oldest);
        let mut heads: BinaryHeap<_> = oldest.filter_map(by_age).collect();
        std::iter::from_fn(move || {
            let Reverse((_, slot)) = heads.pop()?;
            let closed = &self.pool[slot];
            heads.extend(by_age(closed.younger));
            Some(closed)
        })
    }

    /// Remember an order that has just closed, and forget the oldest of those that are too many by it.
    pub(crate) fn remember(&mut self, state: &State, text: &str, most: Most) {
        let bytes = BYTES + text.len() as u64;
        if most.per_session == 0 || bytes > most.bytes {
            return;
        }
        while let Some(queue) = self.sessions.get(state.entry as usize)
            && queue.len >= most.per_session
        {
            self.forget_oldest_of(state.entry);
        }
        while self.bytes + bytes > most.bytes {
            self.forget_oldest();
        }
        self.append(state, text);
    }

    /// Put an order behind all others.
    pub(crate) fn append(&mut self, state: &State, text: &str) {
        let slot = self.pool.take_kept();
        let age = self.next_age;
        self.next_age += 1;
        self.pool[slot] = Closed {
            order_id: state.order_id,
            price: state.price,
            qty: state.qty,
            cum: state.cum,
            avg_px: state.avg_px,
            age,
            entry: state.entry,
            instrument: state.instrument,
            younger: NONE,
            text: self.texts.keep(text),
            side: state.side,
            tif: state.tif,
            status: state.status,
        };
        let entry = state.entry as usize;
        if entry >= self.sessions.len() {
            self.sessions.resize(entry + 1, EMPTY);
        }
        let queue = &mut self.sessions[entry];
        queue.len += 1;
        let last = std::mem::replace(&mut queue.newest, slot);
        if last == NONE {
            queue.oldest = slot;
        } else {
            self.pool[last].younger = slot;
        }
        if !std::mem::replace(&mut queue.has_head, true) {
            self.heads.push(Reverse((age, state.entry)));
        }
        self.bytes += BYTES + text.len() as u64;
        self.by_id.insert(hash(state.order_id), slot);
    }

    /// Forget the oldest of all.
    fn forget_oldest(&mut self) {
        while let Some(Reverse((age, entry))) = self.heads.pop() {
            let queue = &mut self.sessions[entry as usize];
            if queue.len == 0 {
                queue.has_head = false;
                continue;
            }
            let oldest = self.pool[queue.oldest].age;
            self.heads.push(Reverse((oldest, entry)));
            if oldest == age {
                return self.forget_oldest_of(entry);
            }
        }
    }

    /// Forget the oldest of a session, which has one.
    fn forget_oldest_of(&mut self, entry: u32) {
        let queue = &mut self.sessions[entry as usize];
        let slot = queue.oldest;
        let closed = &self.pool[slot];
        self.bytes -= BYTES + self.texts.bytes(&closed.text).len() as u64;
        queue.oldest = closed.younger;
        queue.len -= 1;
        if let Some(next) = self.pool.get(queue.oldest) {
            // It goes next: while others come, memory answers.
            self.by_id.prefetch(hash(next.order_id));
            if let Some(after) = self.pool.get(next.younger) {
                prefetch::value(after);
            }
        } else {
            queue.newest = NONE;
        }
        self.by_id.remove(hash(closed.order_id), slot);
        self.texts.forget(&closed.text);
        self.pool.give(slot);
    }

    /// Check what stands here by itself: lists, index and sums.
    pub(crate) fn check(&self) -> Result<(), String> {
        let (mut seen, mut bytes) = (0, 0);
        for (entry, queue) in (0..).zip(&self.sessions) {
            let (count, sum) = self.walk(entry, queue)?;
            seen += count;
            bytes += sum;
        }
        let counts = (self.len(), self.by_id.len() as u32, self.bytes);
        if counts != (seen, seen, bytes) {
            return Err(format!(
                "closed orders are kept as {counts:?}, found {seen} of {bytes} bytes"
            ));
        }
        let has_heads = self.sessions.iter().filter(|queue| queue.has_head).count();
        let sound = |Reverse((age, entry)): &Reverse<(u64, u32)>| {
            let queue = &self.sessions[*entry as usize];
            let oldest = self.pool.get(queue.oldest);
            queue.has_head && oldest.is_none_or(|oldest| *age <= oldest.age)
        };
        if has_heads != self.heads.len() || !self.heads.iter().all(sound) {
            return Err("the oldest closed orders are not known".to_owned());
        }
        Ok(())
    }

    /// How many orders the list of a session has, and their bytes.
    fn walk(&self, entry: u32, queue: &Queue) -> Result<(u32, u64), String> {
        let (mut seen, mut bytes, mut last, mut at) = (0, 0, NONE, queue.oldest);
        let mut age_min = 0;
        while at != NONE && seen <= queue.len {
            let closed = &self.pool[at];
            let id = closed.order_id;
            let ages = age_min..self.next_age;
            if closed.entry != entry || !ages.contains(&closed.age) || self.find(id) != Some(at) {
                return Err(format!("closed order {id} stands in a wrong place"));
            }
            seen += 1;
            bytes += BYTES + self.texts.bytes(&closed.text).len() as u64;
            age_min = closed.age + 1;
            (last, at) = (at, closed.younger);
        }
        if (seen, last, at) == (queue.len, queue.newest, NONE) && queue.has_head >= (seen > 0) {
            Ok((seen, bytes))
        } else {
            Err(format!("entry {entry} lists its closed orders wrongly"))
        }
    }
}

#[cfg(test)]
#[path = "closed_tests.rs"]
mod tests;
