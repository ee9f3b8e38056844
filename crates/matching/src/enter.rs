//! A new order: who sends it, whether it came before, whether it is taken, and what becomes of it.

use super::checks;
use super::client_ids::content;
use super::emit::Emit;
use super::engine::Engine;
use super::order::Order;
use super::pool::NONE;
use super::requests::{Came, Request, Requester};
use super::side::key;
use wire::record::command::{NO_PRICE, NewOrder, who};
use wire::record::event::{Accepted, Rejected, Repeated};
use wire::record::{
    CancelReason, EntryKind, Event, ExecInst, OrdType, Reason, Stp, TimeInForce, Who,
};

impl Engine {
    pub(crate) fn enter(&mut self, new: &NewOrder, user: &str, text: &str, out: &mut Emit<'_>) {
        let entry = match self.sender(new.entry, user, out) {
            Ok(entry) => entry,
            Err(reason) => return self.reject(0, new, 0, reason, (user, text), out),
        };
        let kind = self.parties.entry(entry).kind;
        let came_before = match kind {
            EntryKind::Fix => self.came_before_by_fix(entry, new, text, out),
            EntryKind::Binary | EntryKind::Rest => self.came_before(entry, kind, new, text, out),
        };
        if came_before {
            return;
        }
        let new = &NewOrder {
            exec_inst: new.exec_inst & !ExecInst::POSS_RESEND,
            ..*new
        };
        let order_id = self.numbers.next_order();
        let checked = if self.books.instruments().knows(new.instrument) {
            checks::new_order(self.books.listing(new.instrument), new)
        } else {
            Err(Reason::UnknownSymbol)
        };
        if kind != EntryKind::Binary && !text.is_empty() {
            let reason = checked.err().unwrap_or(Reason::None);
            self.remember_order(entry, kind, text, (order_id, content(new), reason));
        }
        match checked {
            Ok(()) => self.accept(entry, new, order_id, text, out),
            Err(reason) => self.reject(entry, new, order_id, reason, ("", text), out),
        }
    }

    /// The entry that sends a new order; a user's REST entry is opened at first use.
    fn sender(&mut self, entry: u32, user: &str, out: &mut Emit<'_>) -> Result<u32, Reason> {
        match who(entry, user) {
            Who::Entry(entry) if self.parties.knows(entry) => Ok(entry),
            Who::Entry(_) | Who::Any => Err(Reason::OutOfRange),
            Who::User(user) => match self.parties.find(EntryKind::Rest, user) {
                Some(entry) => Ok(entry),
                None => self
                    .new_entry(EntryKind::Rest, user, user, (false, Stp::None), out)
                    .ok_or(Reason::AccountLimit),
            },
        }
    }

    /// Whether the client order id was used before or has to be; what is to be said then has been said.
    fn came_before(
        &mut self,
        entry: u32,
        kind: EntryKind,
        new: &NewOrder,
        text: &str,
        out: &mut Emit<'_>,
    ) -> bool {
        if kind == EntryKind::Binary {
            if self.parties.rises(entry, new.num) {
                return false;
            }
            self.reject(
                entry,
                new,
                0,
                Reason::DuplicateClientOrderId,
                ("", text),
                out,
            );
            return true;
        }
        if text.is_empty() {
            return false;
        }
        let Some(known) = self.client_ids.find(entry, text) else {
            let refused = new.exec_inst & ExecInst::REPEAT_ONLY != 0;
            if refused {
                self.reject(entry, new, 0, Reason::Busy, ("", text), out);
            }
            return refused;
        };
        let repeated = Repeated {
            entry,
            account: self.parties.entry(entry).account,
            entry_seq: self.parties.next_seq(entry),
            num: new.num,
            order_id: known.order_id,
            same: known.content == content(new),
            reason: known.reason,
        };
        out.event(&Event::Repeated(repeated, text));
        true
    }

    /// The same for a FIX session: a ClOrdID that came before is refused, whatever else the order says, or its
    /// order's state is told where the client may have sent it before.
    fn came_before_by_fix(
        &mut self,
        entry: u32,
        new: &NewOrder,
        text: &str,
        out: &mut Emit<'_>,
    ) -> bool {
        let busy = new.exec_inst & ExecInst::REPEAT_ONLY != 0;
        let may_be_sent_before = new.exec_inst & ExecInst::POSS_RESEND != 0;
        match self.came_by_fix(entry, new.num, text) {
            Came::First if !busy => return false,
            Came::First => self.reject(entry, new, 0, Reason::Busy, ("", text), out),
            Came::Late => self.pass_by(new.num, out),
            Came::Again if may_be_sent_before => self.confirm_order(entry, new, text, out),
            Came::Again => {
                let reason = Reason::DuplicateClientOrderId;
                self.reject(entry, new, 0, reason, ("", text), out);
            }
        }
        true
    }

    /// An order was sent before: its state is told; or once more why it was refused, for then it has none.
    fn confirm_order(&mut self, entry: u32, new: &NewOrder, text: &str, out: &mut Emit<'_>) {
        match self.client_ids.find(entry, text) {
            // Of requests no content is remembered.
            Some(known) if known.content != 0 && known.reason != Reason::None => {
                let reason = known.reason;
                self.reject(entry, new, 0, reason, ("", text), out);
            }
            _ => {
                let (by, num) = (Requester::Entry(entry), new.num);
                self.confirm(Request { by, num, text }, out);
            }
        }
    }

    fn remember_order(
        &mut self,
        entry: u32,
        kind: EntryKind,
        text: &str,
        what: (u64, u64, Reason),
    ) {
        if kind == EntryKind::Fix {
            return self.remember_of_session(entry, text, what);
        }
        let most = self.settings.client_ids_per_account_max;
        let whose = (entry, self.parties.ids_mut(entry));
        self.client_ids
            .remember(whose, most, text, what, |_, _| false);
    }

    fn reject(
        &mut self,
        entry: u32,
        new: &NewOrder,
        order_id: u64,
        reason: Reason,
        (user, text): (&str, &str),
        out: &mut Emit<'_>,
    ) {
        let account = match entry {
            0 => 0,
            entry => self.parties.entry(entry).account,
        };
        let rejected = Rejected {
            entry,
            account,
            entry_seq: self.parties.next_seq(entry),
            order_id,
            num: new.num,
            price: new.price,
            qty: new.qty,
            instrument: new.instrument,
            side: new.side,
            ord_type: new.ord_type,
            tif: new.tif,
            reason,
        };
        out.event(&Event::Rejected(rejected, user, text));
    }

    fn accept(
        &mut self,
        entry: u32,
        new: &NewOrder,
        order_id: u64,
        text: &str,
        out: &mut Emit<'_>,
    ) {
        let row = self.parties.entry(entry);
        let tif = match (new.ord_type, new.tif) {
            (OrdType::Market, TimeInForce::Day | TimeInForce::Gtc) => TimeInForce::Ioc,
            (_, tif) => tif,
        };
        let stp = match new.stp {
            Stp::Default => row.stp,
            stp => stp,
        };
        let mut order = Order {
            order_id,
            num: new.num,
            price: new.price,
            leaves: new.qty,
            entry,
            account: row.account,
            instrument: new.instrument,
            side: new.side,
            tif,
            exec_inst: new.exec_inst,
            stp,
            cum: 0,
            quote: 0,
            text: NONE,
        };
        self.report_accepted(&order, new.ord_type, text, out);
        order.text = self.books.keep_text(text);
        let other = order.side.opposite();
        let limit = if order.price == NO_PRICE {
            i64::MAX
        } else {
            key(other, order.price)
        };
        let listing = self.books.listing(order.instrument);
        let meets = listing.side(other).reach(limit).is_some();
        if meets && (tif != TimeInForce::Fok || self.can_fill(&order, limit)) {
            self.cross(&mut order, limit, out);
        }
        if order.leaves > 0 {
            match self.may_not_rest(&order, new.ord_type, meets) {
                None => return self.rest(&order),
                Some(reason) => {
                    let num = order.num;
                    let qty = std::mem::take(&mut order.leaves);
                    self.report_canceled(&order, (qty, reason), num, out);
                }
            }
        }
        self.books.forget_text(order.text);
    }

    /// Why what is left of a new order does not stay in the book.  Whether there is room for one that
    /// `meets` nobody was asked before it was taken.
    #[inline(always)]
    fn may_not_rest(&self, order: &Order, ord_type: OrdType, meets: bool) -> Option<CancelReason> {
        if !checks::may_rest(ord_type, order.tif) {
            return Some(CancelReason::Unfilled);
        }
        if !meets {
            return None;
        }
        let listing = self.books.listing(order.instrument);
        let room = checks::room(listing, order.side, order.leaves);
        room.err().map(CancelReason::of_full_side)
    }

    fn report_accepted(
        &mut self,
        order: &Order,
        ord_type: OrdType,
        text: &str,
        out: &mut Emit<'_>,
    ) {
        let accepted = Accepted {
            entry: order.entry,
            account: order.account,
            entry_seq: self.parties.next_seq(order.entry),
            order_id: order.order_id,
            num: order.num,
            price: order.price,
            qty: order.leaves,
            instrument: order.instrument,
            side: order.side,
            ord_type,
            tif: order.tif,
            exec_inst: order.exec_inst,
            stp: order.stp,
        };
        out.event(&Event::Accepted(accepted, text));
    }

    /// Put a new order into the book, and on its entry's list.
    #[inline(always)]
    fn rest(&mut self, order: &Order) {
        let slot = self.add_to_book(order, true);
        self.list(order.entry, slot);
    }
}
