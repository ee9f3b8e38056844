//! What the passing of time does: DAY orders expire when their instrument's session ends.
//!
//! An instrument's end is a time ahead of engine time, so one comparison a batch says whether any has
//! come, and then all DAY orders of that instrument go: they all came before it.

use super::emit::Emit;
use super::engine::Engine;
use wire::record::{CancelReason, Side};

impl Engine {
    /// Expire what engine time has passed: by instrument, bids before asks, in the order of the book.
    #[inline]
    pub(crate) fn expire(&mut self, out: &mut Emit<'_>) {
        if self.position.time_ns >= self.books.instruments().next_end_ns() {
            self.end_sessions(out);
        }
    }

    #[cold]
    fn end_sessions(&mut self, out: &mut Emit<'_>) {
        let now_ns = self.position.time_ns;
        let mut slots = std::mem::take(&mut self.slots);
        slots.clear();
        for (id, row) in self.books.instruments().rows() {
            if row.session_end_ns > now_ns || row.day_orders == 0 {
                continue;
            }
            for side in [Side::Buy, Side::Sell] {
                for level in self.books.levels(id, side) {
                    let queue = self.books.queue(&self.books.pools().levels[level]);
                    slots.extend(queue.filter(|slot| self.books.line(*slot).is_day()));
                }
            }
        }
        for slot in &slots {
            self.cancel_slot(*slot, CancelReason::SessionEnd, None, out);
        }
        self.slots = slots;
        self.books.plan_ended(now_ns);
    }
}
