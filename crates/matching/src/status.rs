//! The status of an order, and a gateway's own refusals: what is answered and changes nothing.

use super::cancel::Named;
use super::emit::Emit;
use super::engine::Engine;
use super::order::Order;
use super::requests::{Came, Met, Request, Requester};
use wire::record::command::{NO_ENTRY, NO_INSTRUMENT, NO_PRICE, Refuse, Status};
use wire::record::event::{Refused, StatusReport};
use wire::record::{EntryKind, Event, OrdStatus, OrdType, Reason};

impl Engine {
    pub(crate) fn status(
        &mut self,
        status: &Status,
        text: &str,
        request: &str,
        out: &mut Emit<'_>,
    ) {
        let requester = match status.entry {
            NO_ENTRY => Requester::Nobody,
            entry => self.requester(entry, ""),
        };
        if let Requester::Entry(entry) = requester
            && self.parties.entry(entry).kind == EntryKind::Fix
            && self.came_by_fix(entry, status.num, "") == Came::Late
        {
            return self.pass_by(status.num, out);
        }
        let named = Named {
            orig_num: status.num,
            text,
            order_id: status.order_id,
            instrument: status.instrument,
        };
        let entry = requester.entry();
        let found = self.find(requester, &named);
        if let Err((Reason::OrderClosed, Some(Met::Closed(slot)))) = found {
            let told = (status.req_id, status.num);
            return self.tell_closed(entry, told, slot, (text, request), out);
        }
        let told = (status.req_id, status.num, status.instrument);
        self.tell_status(entry, told, found.ok(), (text, request), out);
    }

    /// A request that its client may have sent before was sent before: the state of the order is told.
    pub(crate) fn confirm(&mut self, request: Request<'_>, out: &mut Emit<'_>) {
        let entry = request.by.entry();
        let known = self.client_ids.find(entry, request.text);
        let order_id = known.map_or(0, |known| known.order_id);
        if let Some(slot) = self.closed.find(order_id) {
            return self.tell_closed(entry, (0, request.num), slot, (request.text, ""), out);
        }
        let slot = self.books.open().by_id(order_id);
        let told = (0, request.num, NO_INSTRUMENT);
        self.tell_status(entry, told, slot, (request.text, ""), out);
    }

    /// Tell an entry the state of the order in a slot, if there is one: what was asked for is its id, the order's
    /// number and instrument, the order's client order id, and the request's own.
    fn tell_status(
        &mut self,
        entry: u32,
        (req_id, num, instrument): (u64, u64, u32),
        slot: Option<u32>,
        (text, request): (&str, &str),
        out: &mut Emit<'_>,
    ) {
        let mut report = StatusReport {
            entry,
            entry_seq: self.parties.next_seq(entry),
            req_id,
            order_id: 0,
            num,
            price: NO_PRICE,
            qty: 0,
            leaves: 0,
            cum: 0,
            avg_px: 0,
            instrument,
            side: 0,
            ord_type: 0,
            tif: 0,
            status: OrdStatus::Rejected,
        };
        let mut text = text;
        if let Some(slot) = slot {
            let order = self.order_at(slot);
            report.order_id = order.order_id;
            report.num = order.num;
            report.price = order.price;
            report.qty = order.total();
            report.leaves = order.leaves;
            report.cum = order.cum;
            report.avg_px = order.avg_px(order.price);
            report.instrument = order.instrument;
            report.side = order.side.code();
            report.ord_type = OrdType::Limit.code();
            report.tif = order.tif.code();
            report.status = self.status_for(entry, &order);
            if self.parties.entry(order.entry).kind == EntryKind::Fix && order.entry == entry {
                text = self.books.open().text(order.text);
            }
        }
        out.event(&Event::StatusReport(report, text, request));
    }

    /// The status of an open order, as an entry is told.
    pub(crate) fn status_for(&self, entry: u32, order: &Order) -> OrdStatus {
        if entry != 0 && self.parties.entry(entry).kind == EntryKind::Fix {
            order.fix_status()
        } else {
            order.status()
        }
    }

    pub(crate) fn refuse(&mut self, refuse: &Refuse, out: &mut Emit<'_>) {
        let entry = if self.parties.knows(refuse.entry) {
            refuse.entry
        } else {
            0
        };
        out.event(&Event::Refused(Refused {
            entry,
            entry_seq: self.parties.next_seq(entry),
            ref_id: refuse.ref_id,
            template: refuse.template,
            reason: refuse.reason,
        }));
    }
}
