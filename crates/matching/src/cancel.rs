//! An order leaves the book because someone asks for it: who asks, which order is meant, who is told.

use super::emit::Emit;
use super::engine::Engine;
use super::order::Order;
use wire::record::command::{Cancel, NO_ENTRY, NO_INSTRUMENT, who};
use wire::record::event::{CancelRejected, Canceled};
use wire::record::{CancelReason, EntryKind, Event, OrdStatus, Reason, Stp, Who};

/// Who asks for a change of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requester {
    /// An entry; it speaks for its account.
    Entry(u32),
    /// Whoever owns the order.
    Any,
    /// Nobody that is known.
    Nobody,
}

impl Requester {
    /// The entry that is answered, or 0.
    pub(crate) const fn entry(self) -> u32 {
        match self {
            Self::Entry(entry) => entry,
            Self::Any | Self::Nobody => 0,
        }
    }
}

/// The order that a request means, as the request names it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) orig_num: u64,
    pub(crate) text: &'a str,
    pub(crate) order_id: u64,
    pub(crate) instrument: u32,
}

/// Why no order was found, and the one that was found where only its instrument is another.
pub(crate) type NotFound = (Reason, Option<u32>);

/// A request that is refused: its number, the answer's FIX 434, the order if one was found.
pub(crate) struct Refusal {
    pub(crate) num: u64,
    pub(crate) response_to: u8,
    pub(crate) slot: Option<u32>,
    pub(crate) reason: Reason,
}

impl Engine {
    /// Who asks; a user without a REST entry is nobody.
    #[inline(always)]
    pub(crate) fn requester(&self, entry: u32, user: &str) -> Requester {
        match who(entry, user) {
            Who::Entry(entry) if self.parties.knows(entry) => Requester::Entry(entry),
            Who::Entry(_) => Requester::Nobody,
            Who::User(user) => match self.parties.find(EntryKind::Rest, user) {
                Some(entry) => Requester::Entry(entry),
                None => Requester::Nobody,
            },
            Who::Any => Requester::Any,
        }
    }

    /// Who asks, and whether it is a binary entry that repeats a ClOrdID.
    ///
    /// The REST entry of an account that came another way is opened; one of an unknown account is not.
    #[inline(always)]
    pub(crate) fn requester_once(
        &mut self,
        (entry, user): (u32, &str),
        num: u64,
        out: &mut Emit<'_>,
    ) -> (Requester, bool) {
        let mut requester = self.requester(entry, user);
        if requester == Requester::Nobody
            && entry == NO_ENTRY
            && self.parties.account(user).is_some()
        {
            let opened = self.new_entry(EntryKind::Rest, user, user, (false, Stp::None), out);
            requester = opened.map_or(Requester::Nobody, Requester::Entry);
        }
        let repeats = match requester {
            Requester::Entry(entry) if self.parties.entry(entry).kind == EntryKind::Binary => {
                !self.parties.rises(entry, num)
            }
            _ => false,
        };
        (requester, repeats)
    }

    /// The open order that is meant.  All names that are given must name it.
    #[inline(always)]
    pub(crate) fn find(&self, requester: Requester, named: &Named<'_>) -> Result<u32, NotFound> {
        let by_name = self.find_by_name(requester, named);
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
        let instrument = self.books.line(slot).instrument;
        if named.instrument != NO_INSTRUMENT && named.instrument != instrument {
            return Err((Reason::OrderIdMismatch, Some(slot)));
        }
        Ok(slot)
    }

    /// By the client's own name for it, in the scope of its entry.
    #[inline(always)]
    fn find_by_name(&self, requester: Requester, named: &Named<'_>) -> Option<Result<u32, Reason>> {
        let Requester::Entry(entry) = requester else {
            return None;
        };
        if self.parties.entry(entry).kind == EntryKind::Binary {
            let found = || self.books.open().by_num(entry, named.orig_num);
            return (named.orig_num != 0).then(|| found().ok_or(Reason::UnknownOrder));
        }
        (!named.text.is_empty()).then(|| self.find_by_text(entry, named.text))
    }

    fn find_by_text(&self, entry: u32, text: &str) -> Result<u32, Reason> {
        match self.client_ids.find(entry, text) {
            Some(known) => {
                let open = self.books.open();
                open.by_id(known.order_id).ok_or(Reason::OrderClosed)
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

    pub(crate) fn cancel(&mut self, cancel: &Cancel, user: &str, text: &str, out: &mut Emit<'_>) {
        let (requester, repeats) = self.requester_once((cancel.entry, user), cancel.num, out);
        let named = Named {
            orig_num: cancel.orig_num,
            text,
            order_id: cancel.order_id,
            instrument: cancel.instrument,
        };
        let found = if repeats {
            Err((Reason::DuplicateClientOrderId, None))
        } else {
            self.find(requester, &named)
        };
        match found {
            Ok(slot) => {
                let request = Some((requester, cancel.num));
                self.cancel_here(slot, CancelReason::Requested, request, out);
            }
            Err((reason, slot)) => {
                let refusal = Refusal {
                    num: cancel.num,
                    response_to: 1,
                    slot,
                    reason,
                };
                self.refuse_change(requester, &named, &refusal, out);
            }
        }
    }

    /// Answer a refused cancel or amendment.
    pub(crate) fn refuse_change(
        &mut self,
        requester: Requester,
        named: &Named<'_>,
        refusal: &Refusal,
        out: &mut Emit<'_>,
    ) {
        let (order_id, instrument, status) = match refusal.slot {
            Some(slot) => {
                let order = self.order_at(slot);
                (order.order_id, order.instrument, order.status())
            }
            None => (0, named.instrument, OrdStatus::Rejected),
        };
        out.event(&Event::CancelRejected(CancelRejected {
            entry: requester.entry(),
            entry_seq: self.parties.next_seq(requester.entry()),
            order_id,
            num: refusal.num,
            orig_num: named.orig_num,
            instrument,
            reason: refusal.reason,
            response_to: refusal.response_to,
            status,
        }));
    }

    /// Cancel an open order, and tell its entry and the one that asked (`request`: who, and its number).
    pub(crate) fn cancel_slot(
        &mut self,
        slot: u32,
        reason: CancelReason,
        request: Option<(Requester, u64)>,
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
        request: Option<(Requester, u64)>,
        out: &mut Emit<'_>,
    ) {
        let mut order = self.order_at(slot);
        let qty = std::mem::take(&mut order.leaves);
        let (num, copy) = match request {
            Some(request) => self.reported_as(&order, request),
            None => (order.num, None),
        };
        self.report_canceled_to((order.entry, false), &order, (qty, reason), num, out);
        if let Some((entry, num)) = copy {
            self.report_copy(entry, &order, (qty, reason), num, out);
        }
        self.close(slot);
    }

    /// How a change that was asked for is told: the number for the order's own entry; whom else, and the
    /// number for that one.
    ///
    /// A session hears its own numbers only.  REST has no numbers: who asks by order id alone asks for
    /// the order's entry.
    #[inline(always)]
    pub(crate) fn reported_as(
        &self,
        order: &Order,
        (requester, num): (Requester, u64),
    ) -> (u64, Option<(u32, u64)>) {
        match requester {
            Requester::Entry(entry) if entry == order.entry => (num, None),
            Requester::Any if self.parties.entry(order.entry).kind == EntryKind::Rest => {
                (num, None)
            }
            _ => (order.num, Some((requester.entry(), num))),
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
        self.report_canceled_to((order.entry, false), order, what, num, out);
    }

    /// Tell the entry that asked of what happened to another's order.
    #[cold]
    fn report_copy(
        &mut self,
        entry: u32,
        order: &Order,
        what: (i64, CancelReason),
        num: u64,
        out: &mut Emit<'_>,
    ) {
        self.report_canceled_to((entry, true), order, what, num, out);
    }

    #[inline(always)]
    fn report_canceled_to(
        &mut self,
        (entry, copy): (u32, bool),
        order: &Order,
        (qty, reason): (i64, CancelReason),
        num: u64,
        out: &mut Emit<'_>,
    ) {
        let status = match reason {
            CancelReason::Decremented => order.status(),
            CancelReason::SessionEnd => OrdStatus::Expired,
            _ => OrdStatus::Canceled,
        };
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
        out.event(&Event::Canceled(canceled, text));
    }
}
