//! Looking ahead over a decoded batch, so that waits for memory overlap.
//!
//! Commands name orders all over the arena.  Before a stretch of commands is applied, what they will
//! touch is read once, in passes: cells of the indexes, then the orders, then their neighbours.  Within
//! a pass no read depends on another, so the processor has many of them under way at a time.  Nothing is
//! decided here: a wrong guess costs a read.

use super::book::key;
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
                    self.open.touch_names(order_id, new.entry, new.num);
                    order_id += 1;
                }
                Command::Cancel(x, ..) => self.open.touch(x.entry, x.orig_num, x.order_id),
                Command::Replace(x, ..) => self.open.touch(x.entry, x.orig_num, x.order_id),
                _ => {}
            }
        }
        // What leaves the book, and beside what a new order comes to stand.
        let (mut leaving, mut beside) = ([NONE; STRETCH], [NONE; STRETCH]);
        for (at, command) in commands.iter().enumerate() {
            match command {
                Command::New(new, ..) => (leaving[at], beside[at]) = self.meets(new),
                Command::Cancel(x, ..) => {
                    leaving[at] = self.open.guess(x.entry, x.orig_num, x.order_id);
                }
                Command::Replace(x, ..) => {
                    leaving[at] = self.open.guess(x.entry, x.orig_num, x.order_id);
                }
                _ => {}
            }
        }
        for slot in leaving.into_iter().chain(beside) {
            if slot != NONE {
                black_box(self.open.pool[slot].order_id);
            }
        }
        for slot in leaving {
            if slot != NONE {
                self.touch_neighbours(slot);
            }
        }
    }

    /// The first order that a new one trades with, or the last of the level where it stays.
    fn meets(&self, new: &NewOrder) -> (u32, u32) {
        if !self.instruments.knows(new.instrument) || new.price <= 0 {
            return (NONE, NONE);
        }
        let (row, other) = (self.instruments.row(new.instrument), new.side.opposite());
        if let Some(level) = row.side(other).reach(key(other, new.price)) {
            return (self.shelf.levels[level].head, NONE);
        }
        let level = row
            .side(new.side)
            .level(&self.shelf, key(new.side, new.price));
        (
            NONE,
            level.map_or(NONE, |level| self.shelf.levels[level].tail),
        )
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
            black_box(side.level(&self.shelf, key(order.side, order.price)));
        }
        self.open
            .touch_names(order.order_id, order.entry, order.num);
    }
}
