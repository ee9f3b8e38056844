//! The newest orders by their id, whatever became of them: as many as there is room for.
//!
//! # Contract
//! Ids rise by one, so an id's low bits are its slot, and a new order takes the slot of the one that
//! is as many ids older as there are slots.  Each order knows the one before it of the same account.
//!
//! # Cost
//! Slots are written one after the other, which memory is quick at: this is what every order of the
//! exchange passes.

use projection::Order;

/// Orders in one piece of memory.
const CHUNK: usize = 1_024;
/// Slots that are looked at for an order of an account where the chain does not lead.
const SCAN_MAX: u64 = 16_384;

/// Three lines of memory, whole.
#[derive(Debug)]
#[repr(align(64))]
struct Slot {
    order: Order,
    /// Id of the order before it of the same account; 0 for none.
    previous: u64,
}

/// The order that had the slot of a new one.
#[derive(Debug)]
pub enum Evicted {
    /// There was none.
    Nothing,
    /// It is open: it has to be kept elsewhere.
    Open(Order),
    /// It was closed: its account, and the event that closed it.
    Closed(u32, u64),
}

/// Where a walk through the orders of an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// At the order of this id.
    At(u64),
    /// Nothing was found down to this id.
    Nothing(u64),
    /// There is none any more.
    End,
}

/// The newest orders.
#[derive(Debug)]
pub struct Ring {
    chunks: Vec<Vec<Slot>>,
    mask: u64,
    /// The highest id that was kept; 0 for none.
    newest: u64,
    /// The lowest id that may be here.
    oldest: u64,
    len: usize,
}

impl Ring {
    /// Room for so many orders, rounded up to a power of two.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "a power of two is 1 at least"
    )]
    pub fn new(orders_max: usize) -> Self {
        let slots = orders_max.max(1).next_power_of_two();
        let chunks = slots.div_ceil(CHUNK);
        Self {
            chunks: (0..chunks).map(|_| Vec::new()).collect(),
            mask: slots as u64 - 1,
            newest: 0,
            oldest: u64::MAX,
            len: 0,
        }
    }

    /// How many orders are here.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// The lowest id that may be here; all that is kept elsewhere is below it.
    pub const fn oldest(&self) -> u64 {
        self.oldest
    }

    const fn position(&self, order_id: u64) -> (usize, usize) {
        let slot = (order_id & self.mask) as usize;
        (slot / CHUNK, slot % CHUNK)
    }

    fn slot(&self, order_id: u64) -> Option<&Slot> {
        let (chunk, at) = self.position(order_id);
        let slot = self.chunks[chunk].get(at)?;
        (slot.order.order_id == order_id).then_some(slot)
    }

    /// An order of this id will be asked for, or kept, soon: prefetch its slot.
    pub fn prefetch(&self, order_id: u64) {
        let (chunk, at) = self.position(order_id);
        if let Some(slot) = self.chunks[chunk].get(at) {
            prefetch::value(slot);
        }
    }

    /// The order of this id, if it is here.
    pub fn get(&self, order_id: u64) -> Option<&Order> {
        Some(&self.slot(order_id)?.order)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, order_id: u64) -> Option<&mut Order> {
        let (chunk, at) = self.position(order_id);
        let slot = self.chunks[chunk].get_mut(at)?;
        (slot.order.order_id == order_id).then_some(&mut slot.order)
    }

    /// Keep an order of an id that is higher than all before, which `make` makes of one that is vacant
    /// or was another; what becomes of the one that had its slot.
    ///
    /// `previous` is the one before it of the same account, or 0.
    #[inline]
    #[allow(clippy::arithmetic_side_effects, reason = "slots in memory")]
    pub fn push(&mut self, order_id: u64, previous: u64, make: impl FnOnce(&mut Order)) -> Evicted {
        self.newest = order_id;
        if self.oldest == u64::MAX {
            self.oldest = order_id;
        }
        self.oldest = self.oldest.max(order_id.saturating_sub(self.mask));
        let slots = (self.mask as usize + 1).min(CHUNK);
        let (chunk, at) = self.position(order_id);
        let chunk = &mut self.chunks[chunk];
        if chunk.is_empty() {
            chunk.resize_with(slots, || Slot {
                order: Order::vacant(),
                previous: 0,
            });
        }
        let slot = &mut chunk[at];
        let evicted = if slot.order.order_id == 0 {
            self.len += 1;
            Evicted::Nothing
        } else if slot.order.is_open() {
            Evicted::Open(std::mem::replace(&mut slot.order, Order::vacant()))
        } else {
            Evicted::Closed(slot.order.account, slot.order.last_seq)
        };
        make(&mut slot.order);
        slot.previous = previous;
        evicted
    }

    /// The newest order of an account with an id below `before`; `newest` is the account's newest, or 0.
    pub fn first(&self, account: u32, newest: u64, before: u64) -> Step {
        if before > newest {
            return self.step(newest);
        }
        if let Some(slot) = self
            .slot(before)
            .filter(|slot| slot.order.account == account)
        {
            return self.step(slot.previous);
        }
        // Nobody's cursor, or one from before a restart: look for an order of the account.
        let end = self.oldest.max(before.saturating_sub(SCAN_MAX));
        let found = (end..before).rev().find(|&id| {
            self.slot(id)
                .is_some_and(|slot| slot.order.account == account)
        });
        match found {
            Some(id) => Step::At(id),
            None if end > self.oldest => Step::Nothing(end),
            None => Step::End,
        }
    }

    /// The order behind one of an account, on the way to older ones.
    pub fn next(&self, order_id: u64) -> Step {
        self.slot(order_id)
            .map_or(Step::End, |slot| self.step(slot.previous))
    }

    const fn step(&self, order_id: u64) -> Step {
        if order_id == 0 || order_id < self.oldest {
            return Step::End;
        }
        Step::At(order_id)
    }
}
