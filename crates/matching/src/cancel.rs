//! An order leaves the book because someone asks for it: who asks, which order is meant, who is told.

use super::emit::Emit;
use super::engine::Engine;
use super::order::Order;
use super::pool::NONE;
use super::requests::{Asked, Came, Met, NotFound, Request, Requester};
use wire::record::command::{Cancel, NO_INSTRUMENT};
use wire::record::event::{CancelRejected, Canceled};
use wire::record::{CancelReason, EntryKind, Event, OrdStatus, Reason};

/// The order that a request means, as the request names it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) orig_num: u64,
    pub(crate) text: &'a str,
    pub(crate) order_id: u64,
    pub(crate) instrument: u32,
}

/// Why a request is refused, the answer's FIX 434, the order if one was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal {
    pub(crate) response_to: u8,
    pub(crate) met: Option<Met>,
    pub(crate) reason: Reason,
}

/// The open order in a slot, and whether it was named by a request that was refused; or why there is none.
type ByName = Result<(u32, bool), Reason>;

impl Engine {
    /// The open order that is meant.  All names that are given must name it.
    #[inline(always)]
    pub(crate) fn find(&self, requester: Requester, named: &Named<'_>) -> Result<u32, NotFound> {
        let found = self.find_open(requester, named);
        found.map_err(|not_found| self.look_among_closed(requester, named, not_found))
    }

    #[inline(always)]
    fn find_open(&self, requester: Requester, named: &Named<'_>) -> Result<u32, NotFound> {
        let by_name = self.find_by_name(requester, named);
        let by_refused = matches!(by_name, Some(Ok((_, true))));
        let by_name = by_name.map(|found| found.map(|(slot, _)| slot));
        let by_id = (named.order_id != 0).then(|| self.find_by_id(requester, named.order_id));
        let slot = match (by_name, by_id) {
            (None, None) => Err(Reason::UnknownOrder),
            (Some(found), None) | (None, Some(found)) => found,
            (Some(Ok(one)), Some(Ok(other))) if one == other => Ok(one),
            // The id alone says that there was such an order.
            (Some(Err(_)), Some(Err(Reason::OrderClosed))) => Err(Reason::OrderClosed),
            (Some(Err(reason)), Some(Err(_))) => Err(reason),
            (Some(_), Some(_)) => Err(Reason::OrderIdMismatch),
        };
        let slot = slot.map_err(|reason| (reason, None))?;
        let others = [NO_INSTRUMENT, self.books.line(slot).instrument];
        if by_refused || !others.contains(&named.instrument) {
            return Err((Reason::OrderIdMismatch, Some(Met::Open(slot))));
        }
        Ok(slot)
    }

    /// A FIX session that names no open order may mean a closed one, which is remembered; where it is not, there
    /// never was such an order.
    #[cold]
    fn look_among_closed(
        &self,
        requester: Requester,
        named: &Named<'_>,
        not_found: NotFound,
    ) -> NotFound {
        let Requester::Entry(entry) = requester else {
            return not_found;
        };
        if self.parties.entry(entry).kind != EntryKind::Fix || not_found.1.is_some() {
            return not_found;
        }
        let known = self.client_ids.find(entry, named.text);
        let by_refused = known.is_some_and(|known| known.reason != Reason::None);
        let by_name = (!named.text.is_empty())
            .then(|| known.and_then(|known| self.closed_by_id(entry, known.order_id)));
        let by_id = (named.order_id != 0).then(|| self.closed_by_id(entry, named.order_id));
        match (by_name, by_id) {
            (Some(one), Some(other)) if one != other => (Reason::OrderIdMismatch, None),
            (Some(Some(slot)), _) | (_, Some(Some(slot))) => {
                let others = [NO_INSTRUMENT, self.closed.get(slot).instrument];
                let reason = if !by_refused && others.contains(&named.instrument) {
                    Reason::OrderClosed
                } else {
                    Reason::OrderIdMismatch
                };
                (reason, Some(Met::Closed(slot)))
            }
            _ if not_found.0 == Reason::OrderClosed => (Reason::UnknownOrder, None),
            _ => not_found,
        }
    }

    /// By the client's own name for it, in the scope of its entry; and whether that is of a request which was
    /// refused, and so never became the order's.
    #[inline(always)]
    fn find_by_name(&self, requester: Requester, named: &Named<'_>) -> Option<ByName> {
        let Requester::Entry(entry) = requester else {
            return None;
        };
        if self.parties.entry(entry).kind == EntryKind::Binary {
            let found = || self.books.open().by_num(entry, named.orig_num);
            let found = || found().map(|slot| (slot, false));
            return (named.orig_num != 0).then(|| found().ok_or(Reason::UnknownOrder));
        }
        (!named.text.is_empty()).then(|| self.find_by_text(entry, named.text))
    }

    fn find_by_text(&self, entry: u32, text: &str) -> ByName {
        match self.client_ids.find(entry, text) {
            // A request that has met no order.
            Some(known) if known.order_id == 0 => Err(Reason::UnknownOrder),
            Some(known) => {
                let slot = self.books.open().by_id(known.order_id);
                let slot = slot.ok_or(Reason::OrderClosed)?;
                Ok((slot, known.reason != Reason::None))
            }
            None => Err(Reason::UnknownOrder),
        }
    }

    /// Whose a closed order was is not known any more: whoever names one that was given its id is told
    /// that it is closed.
    fn find_by_id(&self, requester: Requester, order_id: u64) -> Result<u32, Reason> {
        let Some(slot) = self.books.open().by_id(order_id) else {
            let closed = requester != Requester::Nobody && self.was_given(order_id);
            return Err(if closed {
                Reason::OrderClosed
            } else {
                Reason::UnknownOrder
            });
        };
        match requester {
            Requester::Any => Ok(slot),
            Requester::Entry(entry)
                if self.parties.entry(entry).account == self.account_at(slot) =>
            {
                Ok(slot)
            }
            _ => Err(Reason::UnknownOrder),
        }
    }

    pub(crate) fn cancel(
        &mut self,
        cancel: &Cancel,
        user: &str,
        text: &str,
        request: &str,
        out: &mut Emit<'_>,
    ) {
        let (entry, num) = (cancel.entry, cancel.num);
        let (request, came) = self.request(entry, user, (num, request), out);
        let named = Named {
            orig_num: cancel.orig_num,
            text,
            order_id: cancel.order_id,
            instrument: cancel.instrument,
        };
        let found = match came {
            Came::First => self.find(request.by, &named),
            Came::Again if cancel.poss_resend => return self.confirm(request, out),
            Came::Again => Err((Reason::DuplicateClientOrderId, None)),
            Came::Late => return self.pass_by(num, out),
        };
        self.remember_request(request, came, found);
        match found {
            Ok(slot) => {
                self.cancel_here(slot, CancelReason::Requested, Some(request), out);
            }
            Err((reason, met)) => {
                let refusal = Refusal {
                    response_to: 1,
                    met,
                    reason,
                };
                self.refuse_change(request, &named, &refusal, out);
            }
        }
    }

    /// Answer a refused cancel or amendment.
    pub(crate) fn refuse_change(
        &mut self,
        request: Request<'_>,
        named: &Named<'_>,
        refusal: &Refusal,
        out: &mut Emit<'_>,
    ) {
        let entry = request.by.entry();
        let (order_id, instrument, status, own) = match refusal.met {
            Some(Met::Open(slot)) => {
                let order = self.order_at(slot);
                let status = self.status_for(entry, &order);
                let own = Some((order.entry, self.books.open().text(order.text)));
                (order.order_id, order.instrument, status, own)
            }
            Some(Met::Closed(slot)) => {
                let order = self.closed.get(slot);
                let own = Some((order.entry, self.closed.text(order)));
                (order.order_id, order.instrument, order.status, own)
            }
            None => (0, named.instrument, OrdStatus::Rejected, None),
        };
        let rejected = CancelRejected {
            entry,
            entry_seq: self.parties.next_seq(entry),
            order_id,
            num: request.num,
            orig_num: named.orig_num,
            instrument,
            reason: refusal.reason,
            response_to: refusal.response_to,
            status,
        };
        let text = match own {
            // What REST names its orders by is not told again.
            _ if request.text.is_empty() || named.text.is_empty() => "",
            // Whatever it was named by, the order is called what was accepted last (FIX 41).
            Some((whose, text)) if whose == entry => text,
            _ => named.text,
        };
        out.event(&Event::CancelRejected(rejected, text, request.text));
    }

    /// Cancel an open order, and tell its entry and the one that asked.
    pub(crate) fn cancel_slot(
        &mut self,
        slot: u32,
        reason: CancelReason,
        request: Option<Request<'_>>,
        out: &mut Emit<'_>,
    ) {
        self.cancel_here(slot, reason, request, out);
    }

    /// As [`Engine::cancel_slot`], without a call.
    #[inline(always)]
    fn cancel_here(
        &mut self,
        slot: u32,
        reason: CancelReason,
        request: Option<Request<'_>>,
        out: &mut Emit<'_>,
    ) {
        let mut order = self.order_at(slot);
        let qty = std::mem::take(&mut order.leaves);
        let (own, copy) = match request {
            Some(request) => self.reported_as(&order, request),
            None => ((order.num, ""), None),
        };
        self.report_ended(&order, (qty, reason), own, out);
        if let Some((entry, asked)) = copy {
            self.report_copy(entry, &order, (qty, reason), asked, out);
        }
        self.close(slot);
    }

    /// How a change that was asked for is told: the request's number and text for the order's own entry; whom
    /// else, and number and text for that one.
    ///
    /// A session hears its own numbers only.  REST has no numbers: who asks by order id alone asks for
    /// the order's entry.
    #[inline(always)]
    pub(crate) fn reported_as<'r>(
        &self,
        order: &Order,
        request: Request<'r>,
    ) -> (Asked<'r>, Option<(u32, Asked<'r>)>) {
        let asked = (request.num, request.text);
        match request.by {
            Requester::Entry(entry) if entry == order.entry => (asked, None),
            Requester::Any if self.parties.entry(order.entry).kind == EntryKind::Rest => {
                (asked, None)
            }
            by => ((order.num, ""), Some((by.entry(), asked))),
        }
    }

    /// Tell an order's entry that `what` of it, a quantity, has left the book for a reason.
    pub(crate) fn report_canceled(
        &mut self,
        order: &Order,
        what: (i64, CancelReason),
        num: u64,
        out: &mut Emit<'_>,
    ) {
        self.report_ended(order, what, (num, ""), out);
    }

    /// As [`Engine::report_canceled`]; one of a FIX session that has ended by it is remembered.
    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "what has left the book was a part of the order, as was what was executed"
    )]
    fn report_ended(
        &mut self,
        order: &Order,
        (qty, reason): (i64, CancelReason),
        asked: Asked<'_>,
        out: &mut Emit<'_>,
    ) {
        self.report_canceled_to((order.entry, false), order, (qty, reason), asked, out);
        if order.leaves == 0 && order.text != NONE {
            let status = status_after(order, reason);
            self.remember_closed(order, order.cum + qty, status);
        }
    }

    /// Tell the entry that asked of what happened to another's order.
    #[cold]
    fn report_copy(
        &mut self,
        entry: u32,
        order: &Order,
        what: (i64, CancelReason),
        asked: Asked<'_>,
        out: &mut Emit<'_>,
    ) {
        self.report_canceled_to((entry, true), order, what, asked, out);
    }

    #[inline(always)]
    fn report_canceled_to(
        &mut self,
        (entry, copy): (u32, bool),
        order: &Order,
        (qty, reason): (i64, CancelReason),
        (num, request): Asked<'_>,
        out: &mut Emit<'_>,
    ) {
        let status = status_after(order, reason);
        let canceled = Canceled {
            entry,
            account: order.account,
            entry_seq: self.parties.next_seq(entry),
            order_id: order.order_id,
            num,
            orig_num: order.num,
            price: order.price,
            qty,
            leaves: order.leaves,
            cum: order.cum,
            avg_px: order.avg_px(order.price),
            instrument: order.instrument,
            side: order.side,
            reason,
            status,
            copy,
        };
        let text = self.books.open().text(order.text);
        out.event(&Event::Canceled(canceled, text, request));
    }
}

/// The status of an order of which a part, or all that was open, has left the book for a reason.
const fn status_after(order: &Order, reason: CancelReason) -> OrdStatus {
    match reason {
        // Only an order of a FIX session is marked as amended.
        CancelReason::Decremented => order.fix_status(),
        CancelReason::SessionEnd => OrdStatus::Expired,
        _ => OrdStatus::Canceled,
    }
}
