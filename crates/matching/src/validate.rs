//! Every invariant of the whole state, checked the slow way.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts of what is in memory, and a product of two numbers of 64 bits in 128"
)]

use super::claims::Held;
use super::engine::Engine;
use super::instruments::Listing;
use super::level::Level;
use super::order::Order;
use super::pool::NONE;
use super::side::key;
use super::texts::BYTES_MAX;
use wire::record::numbers::COUNTER;
use wire::record::{EntryKind, Side, TimeInForce};

type Checked<T = ()> = Result<T, String>;

fn must(condition: bool, what: impl FnOnce() -> String) -> Checked {
    if condition { Ok(()) } else { Err(what()) }
}

/// What was counted while the books were walked.
#[derive(Default)]
struct Seen {
    orders: u32,
    levels: u32,
    nodes: u32,
    buckets: u32,
    known: u32,
    queue_pages: u32,
    list_pages: u32,
    numbered: usize,
    long_texts: usize,
    day_orders: u32,
    with_more: u32,
}

impl Engine {
    /// Check every invariant of the whole state; costs as much as reading all of it a few times.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub fn validate(&self) -> Result<(), String> {
        let mut seen = Seen::default();
        for (id, row) in self.books.instruments().rows() {
            let symbol = &row.symbol;
            let found = self.books.instruments().find(symbol) == Some(id);
            must(found, || {
                format!("instrument {id} is not found by {symbol}")
            })?;
            self.check_book(id, row, &mut seen)
                .map_err(|what| format!("instrument {id}: {what}"))?;
        }
        self.check_totals(&seen)?;
        self.numbers.check()?;
        self.check_sessions()?;
        self.check_claims()?;
        self.check_closed()?;
        self.check_parties(&mut seen)
    }

    fn check_book(&self, id: u32, row: &Listing, seen: &mut Seen) -> Checked {
        seen.day_orders = 0;
        for side in [Side::Buy, Side::Sell] {
            self.check_side(id, side, seen)
                .map_err(|what| format!("{side:?}: {what}"))?;
        }
        must(seen.day_orders == row.day_orders, || {
            format!("{} DAY orders, {} counted", row.day_orders, seen.day_orders)
        })?;
        let best = |side| self.levels(id, side).next().map(|level| level.price);
        match (best(Side::Buy), best(Side::Sell)) {
            (Some(bid), Some(ask)) if bid >= ask => Err(format!("crossed: {bid} over {ask}")),
            _ => Ok(()),
        }
    }

    fn check_side(&self, id: u32, side: Side, seen: &mut Seen) -> Checked {
        let book = self.books.listing(id).side(side);
        let (nodes, buckets, known) = book.check_ladder(self.books.pools(), side)?;
        seen.nodes += nodes;
        seen.buckets += buckets;
        seen.known += known;
        let (mut orders, mut qty) = (0, 0_i64);
        let mut before = i64::MIN;
        for at in self.books.levels(id, side) {
            let level = &self.books.pools().levels[at];
            let key = key(side, level.price);
            must(key > before, || {
                format!("level {} out of order", level.price)
            })?;
            must(book.level(self.books.pools(), key) == Some(at), || {
                format!("level {} is not found", level.price)
            })?;
            before = key;
            self.check_queue((id, side), at, level, seen)?;
            orders += level.count;
            qty = qty.checked_add(level.qty).ok_or("quantity overflows")?;
            seen.levels += 1;
        }
        must((orders, qty) == (book.orders, book.qty), || {
            format!("totals {} {}, found {orders} {qty}", book.orders, book.qty)
        })
    }

    fn check_queue(
        &self,
        (id, side): (u32, Side),
        at: u32,
        level: &Level,
        seen: &mut Seen,
    ) -> Checked {
        seen.queue_pages += level.check(&self.books.pools().pages)?;
        let (mut count, mut qty) = (0, 0_i64);
        for (cell, slot) in level.queue(&self.books.pools().pages) {
            let order = self.books.line(slot);
            let stands = (order.instrument, order.side, order.price, order.level);
            must(
                stands == (id, side, level.price, at) && order.queue_cell() == cell,
                || format!("order {} stands in the wrong queue", order.order_id),
            )?;
            self.check_order(slot, &self.order_at(slot), seen)
                .map_err(|what| format!("order {}: {what}", order.order_id))?;
            count += 1;
            qty = qty.checked_add(order.leaves).ok_or("quantity overflows")?;
        }
        must(count > 0, || format!("level {} is empty", level.price))?;
        must((count, qty) == (level.count, level.qty), || {
            format!(
                "level {}: totals {} {}, found {count} {qty}",
                level.price, level.count, level.qty
            )
        })
    }

    fn check_order(&self, slot: u32, order: &Order, seen: &mut Seen) -> Checked {
        must(
            order.price > 0 && order.leaves > 0 && order.cum >= 0,
            || "price or quantity is not positive".to_owned(),
        )?;
        must(order.cum.checked_add(order.leaves).is_some(), || {
            "quantity overflows".to_owned()
        })?;
        let cum = i128::from(order.cum);
        let quotes = cum..=cum * i128::from(i64::MAX);
        must(quotes.contains(&order.quote), || "executed sum".to_owned())?;
        must(
            matches!(order.tif, TimeInForce::Day | TimeInForce::Gtc),
            || "its time in force may not rest".to_owned(),
        )?;
        let counter = order.order_id & COUNTER;
        must(self.numbers.has_reached(counter), || {
            "an id not given yet".to_owned()
        })?;
        must(!self.numbers.passed_over(counter), || {
            "an id that was passed over".to_owned()
        })?;
        must(
            self.books.open().by_id(order.order_id) == Some(slot),
            || "not found by id".to_owned(),
        )?;
        must(self.parties.knows(order.entry), || {
            "unknown entry".to_owned()
        })?;
        let entry = self.parties.entry(order.entry);
        must(entry.account == order.account, || {
            "another account than its entry".to_owned()
        })?;
        if entry.kind == EntryKind::Binary {
            seen.numbered += 1;
            must(
                self.books.open().by_num(order.entry, order.num) == Some(slot),
                || "not found by ClOrdID".to_owned(),
            )?;
            must(order.num <= entry.last_num, || {
                "a ClOrdID above the highest".to_owned()
            })?;
        }
        seen.orders += 1;
        seen.with_more += u32::from(self.books.line(slot).beside != NONE);
        seen.day_orders += u32::from(order.tif == TimeInForce::Day);
        let text = self.books.open().text(order.text);
        seen.long_texts += usize::from(text.len() > BYTES_MAX);
        Ok(())
    }

    fn check_totals(&self, seen: &Seen) -> Checked {
        let (by_id, by_num) = self.books.open().indexed();
        let orders = seen.orders as usize;
        must((orders, seen.numbered) == (by_id, by_num), || {
            format!(
                "{orders} orders, {} numbered; indexed {by_id}, {by_num}",
                seen.numbered
            )
        })?;
        let pools = (
            self.books.open().len(),
            self.books.pools().levels.used(),
            self.books.pools().nodes.used(),
            self.books.pools().buckets.used(),
            self.books.pools().windows.known(),
            self.books.pools().pages.used(),
        );
        let Seen {
            orders,
            levels,
            nodes,
            buckets,
            known,
            queue_pages,
            ..
        } = *seen;
        let found = (orders, levels, nodes, buckets, known, queue_pages);
        must(pools == found, || {
            format!("slots taken {pools:?}, found {found:?}")
        })?;
        must(seen.with_more == self.books.open().with_more(), || {
            format!(
                "{} orders with more, kept {}",
                seen.with_more,
                self.books.open().with_more()
            )
        })?;
        let long = self.books.open().long_texts();
        must(long == seen.long_texts, || {
            format!("{long} long texts kept for {} orders", seen.long_texts)
        })
    }

    fn check_sessions(&self) -> Checked {
        let ends = self.books.instruments();
        must(ends.next_end_ns() == ends.earliest_end(), || {
            "the next session end is not the earliest".to_owned()
        })?;
        let now_ns = self.position.time_ns;
        let ahead = ends.next_end_ns() > now_ns || ends.next_end_ns() == u64::MAX;
        must(ahead, || "a session end has passed".to_owned())
    }

    /// A live owner is the incarnation that its gateway has now; and no time is ahead of the clock.
    fn check_claims(&self) -> Checked {
        let now_ns = self.gateways.now_ns();
        for (gateway, state) in self.gateways.iter() {
            must(state.heard_ns <= now_ns, || {
                format!("gateway {gateway} was heard later than now")
            })?;
        }
        for (entry, claim) in self.claims.iter() {
            must(claim.at_ns <= now_ns, || {
                format!("entry {entry} was claimed later than now")
            })?;
            must(
                !matches!(claim.held, Held::Released(at) if at > now_ns),
                || format!("entry {entry} was released later than now"),
            )?;
            let mut live = self.gateways.iter().filter(|(_, state)| !state.ended);
            let owner = claim.owner;
            let lives = live.any(|(gateway, state)| {
                (gateway, state.incarnation) == (owner.gateway(), owner.incarnation())
            });
            must(lives == (claim.held == Held::Live), || {
                format!("entry {entry} has an owner that has ended, or had one that has not")
            })?;
        }
        Ok(())
    }

    fn check_parties(&self, seen: &mut Seen) -> Checked {
        let mut listed = 0;
        let mut remembered = 0;
        for (id, account) in (1..).zip(self.parties.accounts()) {
            let found = self.parties.account(&account.name) == Some(id);
            must(found, || format!("account {id} is not found by name"))?;
            let mut open = 0;
            for entry in self.parties.entries_of(id) {
                open += self.check_entry(entry, id, seen)?;
                remembered += self.parties.entry(entry).ids.len();
            }
            must(open == account.open, || {
                format!("account {id}: {} open orders, {open} listed", account.open)
            })?;
            listed += open;
        }
        let pages = (seen.list_pages, self.parties.pages());
        must(
            listed == self.books.open().len() && pages.0 == pages.1,
            || format!("{listed} orders listed, pages {pages:?}"),
        )?;
        must(remembered == self.client_ids.len(), || {
            format!(
                "{remembered} client ids listed of {}",
                self.client_ids.len()
            )
        })
    }

    /// How many open orders an entry of `account` lists.
    fn check_entry(&self, number: u32, account: u32, seen: &mut Seen) -> Checked<u32> {
        let entry = self.parties.entry(number);
        let found = self.parties.find(entry.kind, &entry.name) == Some(number);
        must(found && entry.account == account, || {
            format!("entry {number} is not found by name")
        })?;
        seen.list_pages += self.parties.check_list(number)?;
        let (mut open, mut before) = (0, 0);
        for (cell, slot) in self.parties.list_of(number) {
            let order = self.books.line(slot);
            let sound = order.entry == number && order.list_cell() == cell;
            must(sound && order.order_id > before, || {
                format!("entry {number} lists order {} wrongly", order.order_id)
            })?;
            before = order.order_id;
            open += 1;
        }
        let mut ids = 0;
        for known in self.client_ids.of(&entry.ids) {
            let text = self.client_ids.text(known);
            let found = self.client_ids.find(number, text);
            must(found.is_some_and(|it| std::ptr::eq(it, known)), || {
                format!("entry {number}: client id {text} is not found")
            })?;
            ids += 1;
        }
        must(ids == entry.ids.len(), || {
            format!(
                "entry {number}: {} client ids, {ids} found",
                entry.ids.len()
            )
        })?;
        Ok(open)
    }
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
