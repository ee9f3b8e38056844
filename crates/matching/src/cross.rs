//! Matching: an order takes what it reaches on the other side, best level first, oldest order first.
//!
//! # Self-trade prevention
//! The mode of the incoming order decides, where it meets an order of its own account.  Cancel both
//! tells of the resting order first.  Decrement takes the smaller open quantity off both, the resting
//! order first; an order that has nothing left by that is canceled for self-trade.
//!
//! # Fill or kill
//! What can be filled is counted before anything is taken.  With cancel oldest, orders of one's own
//! account do not count and are passed over; with the other modes that prevent self-trades the count
//! ends at the first of them in matching order.  Cost: the levels in reach, and where the mode asks
//! for it the account's own open orders and one level's queue.

use super::emit::Emit;
use super::engine::Engine;
use super::level::Level;
use super::order::Order;
use super::pool::NONE;
use super::side::key;
use wire::record::event::Trade;
use wire::record::{CancelReason, Event, OrdStatus, Stp};

impl Engine {
    /// Let an order that stands in no queue take what it reaches up to `limit`, a key of the other side.
    pub(crate) fn cross(&mut self, taker: &mut Order, limit: i64, out: &mut Emit<'_>) {
        let other = taker.side.opposite();
        while taker.leaves > 0 {
            let Some(maker) = self.books.first(taker.instrument, other, limit) else {
                return;
            };
            if taker.stp != Stp::None && self.account_at(maker) == taker.account {
                self.prevent(taker, maker, out);
            } else {
                self.trade(taker, maker, out);
            }
        }
    }

    fn trade(&mut self, taker: &mut Order, slot: u32, out: &mut Emit<'_>) {
        let mut maker = self.order_at(slot);
        let (price, qty) = (maker.price, maker.leaves.min(taker.leaves));
        maker.fill(price, qty);
        taker.fill(price, qty);
        self.books.trade(slot, qty);
        let trade = Trade {
            trade_id: self.numbers.next_trade(),
            price,
            qty,
            instrument: taker.instrument,
            taker_side: taker.side,
            taker_entry: taker.entry,
            taker_account: taker.account,
            taker_entry_seq: self.parties.next_seq(taker.entry),
            taker_order_id: taker.order_id,
            taker_num: taker.num,
            taker_price: taker.price,
            taker_leaves: taker.leaves,
            taker_cum: taker.cum,
            taker_avg_px: taker.avg_px(price),
            maker_entry: maker.entry,
            maker_account: maker.account,
            maker_entry_seq: self.parties.next_seq(maker.entry),
            maker_order_id: maker.order_id,
            maker_num: maker.num,
            maker_leaves: maker.leaves,
            maker_cum: maker.cum,
            maker_avg_px: maker.avg_px(price),
        };
        let open = self.books.open();
        let (taken, made) = (open.text(taker.text), open.text(maker.text));
        out.event(&Event::Trade(trade, taken, made));
        if taker.leaves == 0 && taker.text != NONE {
            self.remember_closed(taker, taker.cum, OrdStatus::Filled);
        }
        if maker.leaves == 0 {
            if maker.text != NONE {
                self.remember_closed(&maker, maker.cum, OrdStatus::Filled);
            }
            self.close(slot);
        } else {
            self.books.note(slot, &maker);
        }
    }

    /// Two orders of one account meet: what the taker's mode says.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "what is taken off an order was open in it"
    )]
    fn prevent(&mut self, taker: &mut Order, maker: u32, out: &mut Emit<'_>) {
        let (of_taker, of_maker) = match taker.stp {
            Stp::CancelOldest => (0, self.books.line(maker).leaves),
            Stp::CancelBoth => (taker.leaves, self.books.line(maker).leaves),
            Stp::Decrement => {
                let qty = taker.leaves.min(self.books.line(maker).leaves);
                (qty, qty)
            }
            Stp::CancelNewest | Stp::None | Stp::Default => (taker.leaves, 0),
        };
        if of_maker > 0 {
            self.take_from(maker, of_maker, out);
        }
        if of_taker > 0 {
            taker.leaves -= of_taker;
            let num = taker.num;
            self.report_canceled(taker, (of_taker, self_trade(taker.leaves)), num, out);
        }
    }

    /// Take a part of a resting order, or all that is left, out of the book for self-trade.
    fn take_from(&mut self, slot: u32, qty: i64, out: &mut Emit<'_>) {
        self.books.reduce(slot, qty);
        let order = self.order_at(slot);
        self.report_canceled(&order, (qty, self_trade(order.leaves)), order.num, out);
        if order.leaves == 0 {
            self.close(slot);
        }
    }

    /// Whether a fill-or-kill order can be filled whole within `limit`.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "sums of open quantities of one side, in 128 bits"
    )]
    pub(crate) fn can_fill(&self, order: &Order, limit: i64) -> bool {
        let own = self.own_in_reach(order, limit);
        let other = order.side.opposite();
        let side = self.books.listing(order.instrument).side(other);
        let pools = self.books.pools();
        let wanted = i128::from(order.leaves) + i128::from(own.qty);
        let mut found = 0_i128;
        let mut levels = side.walk();
        while let Some(at) = levels.next(pools) {
            let level = &pools.levels[at];
            let key = key(other, level.price);
            if key > limit || own.first.is_some_and(|first| key > first) {
                break;
            }
            found += if own.first == Some(key) {
                self.ahead_of_own(level, order.account)
            } else {
                i128::from(level.qty)
            };
            if found >= wanted {
                return true;
            }
        }
        false
    }

    /// Open quantity of a level, up to the first order of `account`.
    fn ahead_of_own(&self, level: &Level, account: u32) -> i128 {
        let ahead = self.books.queue(level);
        let ahead = ahead.take_while(|slot| self.account_at(*slot) != account);
        ahead
            .map(|slot| i128::from(self.books.line(slot).leaves))
            .sum()
    }

    #[allow(
        clippy::arithmetic_side_effects,
        reason = "orders of one side, whose open quantity fits together"
    )]
    fn own_in_reach(&self, order: &Order, limit: i64) -> Own {
        let mut own = Own {
            qty: 0,
            first: None,
        };
        if order.stp == Stp::None {
            return own;
        }
        let other = order.side.opposite();
        for entry in self.parties.entries_of(order.account) {
            for slot in self.parties.orders_of(entry) {
                let mine = self.books.line(slot);
                let key = key(other, mine.price);
                if mine.instrument != order.instrument || mine.side != other || key > limit {
                    continue;
                }
                if order.stp == Stp::CancelOldest {
                    own.qty += mine.leaves;
                } else {
                    own.first = Some(own.first.map_or(key, |first| first.min(key)));
                }
            }
        }
        own
    }
}

/// What stands in an order's reach that belongs to its own account.
struct Own {
    /// Open quantity that is passed over.
    qty: i64,
    /// Key of the level where the count ends, if it does.
    first: Option<i64>,
}

const fn self_trade(leaves: i64) -> CancelReason {
    if leaves == 0 {
        CancelReason::SelfTrade
    } else {
        CancelReason::Decremented
    }
}
