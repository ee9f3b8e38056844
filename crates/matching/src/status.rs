//! The status of an order, and a gateway's own refusals: what is answered and changes nothing.

use super::cancel::{Named, Requester};
use super::emit::Emit;
use super::engine::Engine;
use wire::record::command::{NO_ENTRY, NO_PRICE, Refuse, Status};
use wire::record::event::{Refused, StatusReport};
use wire::record::{Event, OrdStatus, OrdType};

impl Engine {
    pub(crate) fn status(&mut self, status: &Status, out: &mut Emit<'_>) {
        let requester = match status.entry {
            NO_ENTRY => Requester::Nobody,
            entry => self.requester(entry, ""),
        };
        let named = Named {
            orig_num: status.num,
            text: "",
            order_id: status.order_id,
            instrument: status.instrument,
        };
        let mut report = StatusReport {
            entry: requester.entry(),
            entry_seq: self.parties.next_seq(requester.entry()),
            req_id: status.req_id,
            order_id: 0,
            num: status.num,
            price: NO_PRICE,
            qty: 0,
            leaves: 0,
            cum: 0,
            avg_px: 0,
            instrument: status.instrument,
            side: 0,
            ord_type: 0,
            tif: 0,
            status: OrdStatus::Rejected,
        };
        if let Ok(slot) = self.find(requester, &named) {
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
            report.status = order.status();
        }
        out.event(&Event::StatusReport(report));
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
