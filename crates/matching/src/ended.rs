//! How orders of FIX sessions end: they are remembered, found, and told again.

use super::closed::{Most, State};
use super::emit::Emit;
use super::engine::Engine;
use super::order::Order;
use wire::record::command::NO_PRICE;
use wire::record::event::StatusReport;
use wire::record::{EntryKind, Event, OrdStatus, OrdType};

impl Engine {
    /// An order is closed, in this state and with this total quantity: one of a FIX session is remembered.  It has a
    /// client order id, as the caller knows.
    #[inline(never)]
    pub(crate) fn remember_closed(&mut self, order: &Order, qty: i64, status: OrdStatus) {
        if self.parties.entry(order.entry).kind != EntryKind::Fix {
            return;
        }
        let state = State {
            order_id: order.order_id,
            price: order.price,
            qty,
            cum: order.cum,
            avg_px: order.avg_px(order.price),
            entry: order.entry,
            instrument: order.instrument,
            side: order.side,
            tif: order.tif,
            status,
        };
        let most = Most {
            per_session: self.settings.closed_orders_per_session_max,
            bytes: self.settings.closed_orders_bytes_max,
        };
        let text = self.books.open().text(order.text);
        self.closed.remember(&state, text, most);
    }

    /// The closed order of this id, if it is remembered and of the account of the session that asks.
    pub(crate) fn closed_by_id(&self, entry: u32, order_id: u64) -> Option<u32> {
        let slot = self.closed.find(order_id)?;
        let owner = self.closed.get(slot).entry;
        let same = self.parties.entry(owner).account == self.parties.entry(entry).account;
        same.then_some(slot)
    }

    /// Tell an entry how an order has ended: what was asked for is its id and the order's number; the order's client
    /// order id as it was asked for, and the request's own.
    pub(crate) fn tell_closed(
        &mut self,
        entry: u32,
        (req_id, num): (u64, u64),
        slot: u32,
        (text, request): (&str, &str),
        out: &mut Emit<'_>,
    ) {
        let closed = self.closed.get(slot);
        let is_market = closed.price == NO_PRICE;
        let report = StatusReport {
            entry,
            entry_seq: self.parties.next_seq(entry),
            req_id,
            order_id: closed.order_id,
            num,
            price: closed.price,
            qty: closed.qty,
            leaves: 0,
            cum: closed.cum,
            avg_px: closed.avg_px,
            instrument: closed.instrument,
            side: closed.side.code(),
            ord_type: if is_market {
                OrdType::Market.code()
            } else {
                OrdType::Limit.code()
            },
            tif: closed.tif.code(),
            status: closed.status,
        };
        let own = closed.entry == entry;
        let text = if own { self.closed.text(closed) } else { text };
        out.event(&Event::StatusReport(report, text, request));
    }

    /// Every invariant of the closed orders.
    pub(crate) fn check_closed(&self) -> Result<(), String> {
        self.closed.check()?;
        for closed in self.closed.iter() {
            let id = closed.order_id;
            let of_fix = self.parties.knows(closed.entry)
                && self.parties.entry(closed.entry).kind == EntryKind::Fix;
            let sound = of_fix
                && self.was_given(id)
                && self.books.open().by_id(id).is_none()
                && self.books.instruments().knows(closed.instrument);
            if !sound
                || self.closed.text(closed).is_empty()
                || !(0..=closed.qty).contains(&closed.cum)
            {
                return Err(format!("closed order {id} is none"));
            }
        }
        Ok(())
    }
}
