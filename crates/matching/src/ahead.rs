//! Looking ahead over a decoded batch, so that waits for memory overlap.
//!
//! Commands name orders all over the arena.  Before a stretch of commands is applied, what they will
//! touch is read once, in passes: cells of the indexes, then the orders, then their neighbours.  Within
//! a pass no read depends on another, so the processor has many of them under way at a time.  Nothing is
//! decided here: a wrong guess costs a read.

use super::engine::Engine;
use super::pool::NONE;
use std::hint::black_box;
use wire::record::Command;
use wire::record::command::NewOrder;

/// Commands of a stretch.
pub(crate) const STRETCH: usize = 24;
/// Open orders from which on this is worth it: fewer stay in the processor's caches anyway.
const ORDERS_MIN: u32 = 4_096;

impl Engine {
    /// Bring near what the commands of a stretch will touch.
    pub(crate) fn look_ahead(&self, commands: &[Command<'_>]) {
        if self.open.pool.used() < ORDERS_MIN {
            return;
        }
        let mut order_id = self.next_order_id();
        for command in commands {
            match command {
                Command::New(new, ..) => {
                    self.open.touch_new(order_id, new.entry, new.num);
                    order_id += 1;
                }
                Command::Cancel(x, ..) => self.open.touch(x.entry, x.orig_num, x.order_id),
                Command::Replace(x, ..) => self.open.touch(x.entry, x.orig_num, x.order_id),
                _ => {}
            }
        }
        let mut slots = [NONE; STRETCH];
        for (slot, command) in slots.iter_mut().zip(commands) {
            *slot = match command {
                Command::New(new, ..) => self.queue_end(new),
                Command::Cancel(x, ..) => self.open.guess(x.entry, x.orig_num, x.order_id),
                Command::Replace(x, ..) => self.open.guess(x.entry, x.orig_num, x.order_id),
                _ => NONE,
            };
        }
        for slot in slots {
            if slot != NONE {
                black_box(self.open.pool[slot].order_id);
            }
        }
        for slot in slots {
            if slot != NONE {
                self.touch_neighbours(slot);
            }
        }
    }

    /// The last order of the level that a new order will join, if it stays.
    fn queue_end(&self, new: &NewOrder) -> u32 {
        if !self.instruments.knows(new.instrument) || new.price <= 0 {
            return NONE;
        }
        let side = self.instruments.row(new.instrument).side(new.side);
        let key = super::book::key(new.side, new.price);
        let level = side.level(&self.shelf, key);
        level.map_or(NONE, |level| self.shelf.levels[level].tail)
    }

    fn touch_neighbours(&self, slot: u32) {
        let order = &self.open.pool[slot];
        for other in [order.prev, order.next, order.entry_prev, order.entry_next] {
            if other != NONE {
                black_box(self.open.pool[other].entry_prev);
            }
        }
        if self.shelf.levels[order.level].count == 1 {
            // The level may close: the way to it in the tree.
            let side = self.instruments.row(order.instrument).side(order.side);
            let key = super::book::key(order.side, order.price);
            black_box(side.level(&self.shelf, key));
        }
        self.open.touch(0, 0, order.order_id);
    }
}
