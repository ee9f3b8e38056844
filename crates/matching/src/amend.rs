//! An order is changed: price, quantity, or both.
//!
//! Less quantity at the same price keeps the order's priority; anything else loses it, and may
//! trade.  With a total quantity that is executed already the order ends: as filled, at its price, by rules of version
//! 2 and above; by those before, what is open of it is canceled.

use super::cancel::{Named, Refusal};
use super::checks;
use super::emit::Emit;
use super::engine::Engine;
use super::order::{Order, REPLACED};
use super::pool::NONE;
use super::requests::{Came, Met, Request, Requester};
use super::side::key;
use wire::record::command::{NO_PRICE, NO_QTY, Replace};
use wire::record::event::Replaced;
use wire::record::{CancelReason, EntryKind, Event, OrdStatus, Reason};

/// The rules by which an order is filled that is amended to what was executed of it.
const FILLED_SINCE: u32 = 2;

/// What an order is to be.
#[derive(Debug, Clone, Copy)]
struct Amendment {
    price: i64,
    /// Total quantity: executed plus open.
    qty: i64,
}

impl Engine {
    pub(crate) fn amend(
        &mut self,
        replace: &Replace,
        user: &str,
        text: &str,
        request: &str,
        out: &mut Emit<'_>,
    ) {
        let (entry, num) = (replace.entry, replace.num);
        let (request, came) = self.request(entry, user, (num, request), out);
        let named = Named {
            orig_num: replace.orig_num,
            text,
            order_id: replace.order_id,
            instrument: replace.instrument,
        };
        let found = match came {
            Came::First => self.find(request.by, &named),
            Came::Again if replace.poss_resend => return self.confirm(request, out),
            Came::Again => Err((Reason::DuplicateClientOrderId, None)),
            Came::Late => return self.pass_by(num, out),
        };
        let wanted = found.and_then(|slot| {
            let amendment = self.amendment(&self.order_at(slot), replace);
            Ok((
                slot,
                amendment.map_err(|reason| (reason, Some(Met::Open(slot))))?,
            ))
        });
        self.remember_request(request, came, wanted.map(|(slot, _)| slot));
        match wanted {
            Ok((slot, Some(amendment))) => self.change(slot, amendment, request, out),
            Ok((slot, None)) if self.rules >= FILLED_SINCE => self.end_filled(slot, request, out),
            Ok((slot, None)) => {
                self.cancel_slot(slot, CancelReason::Amended, Some(request), out);
            }
            Err((reason, met)) => {
                let refusal = Refusal {
                    response_to: 2,
                    met,
                    reason,
                };
                self.refuse_change(request, &named, &refusal, out);
            }
        }
    }

    /// What the order is to be, or `None` when nothing of it is to stay open.
    fn amendment(&self, order: &Order, replace: &Replace) -> Result<Option<Amendment>, Reason> {
        let amendment = Amendment {
            price: if replace.price == NO_PRICE {
                order.price
            } else {
                replace.price
            },
            qty: if replace.qty == NO_QTY {
                order.total()
            } else {
                replace.qty
            },
        };
        if amendment.price <= 0 {
            return Err(Reason::InvalidPrice);
        }
        if amendment.qty <= 0 {
            return Err(Reason::InvalidQuantity);
        }
        if amendment.price == order.price && amendment.qty == order.total() {
            return Err(Reason::NothingToAmend);
        }
        if amendment.qty <= order.cum {
            return Ok(None);
        }
        self.check_amendment(order, amendment)?;
        Ok(Some(amendment))
    }

    /// The instrument's filters, for what changes.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "an order is part of its side, and an amendment is more than what was executed"
    )]
    fn check_amendment(&self, order: &Order, amendment: Amendment) -> Result<(), Reason> {
        let listing = self.books.listing(order.instrument);
        let spec = &listing.spec;
        if !spec.open {
            return Err(Reason::ExchangeClosed);
        }
        if amendment.qty != order.total() {
            checks::quantity(spec, amendment.qty)?;
        }
        if amendment.price != order.price {
            checks::price(listing, amendment.price)?;
        }
        checks::notional(spec, amendment.price, amendment.qty)?;
        let others = listing.side(order.side).qty - order.leaves;
        let fits = others.checked_add(amendment.qty - order.cum).is_some();
        // As with a new order: what trades first may need no room any more.
        if !fits && !checks::meets(listing, order.side, amendment.price) {
            return Err(Reason::OutOfRange);
        }
        checks::post_only(listing, order.side, order.exec_inst, amendment.price)
    }

    #[allow(
        clippy::arithmetic_side_effects,
        reason = "an amendment is above what was executed; with its priority kept, below what is open"
    )]
    fn change(
        &mut self,
        slot: u32,
        amendment: Amendment,
        request: Request<'_>,
        out: &mut Emit<'_>,
    ) {
        let old = self.order_at(slot);
        let leaves = amendment.qty - old.cum;
        let kept = amendment.price == old.price && leaves < old.leaves;
        if kept {
            self.books.reduce(slot, old.leaves - leaves);
        } else {
            self.books.unlink(slot);
            self.books.set(slot, amendment.price, leaves);
        }
        self.report_replaced(slot, &old, kept, request, out);
        if !kept {
            self.enter_again(slot, out);
        }
    }

    /// What is open of an order is not wanted any more: it is filled by what was executed.
    fn end_filled(&mut self, slot: u32, request: Request<'_>, out: &mut Emit<'_>) {
        let old = self.order_at(slot);
        self.books.reduce(slot, old.leaves);
        self.report_replaced(slot, &old, true, request, out);
        let order = self.order_at(slot);
        if order.text != NONE {
            self.remember_closed(&order, order.cum, OrdStatus::Filled);
        }
        self.close(slot);
    }

    /// An order that has left its queue takes what it reaches, and goes to the end of its level.
    fn enter_again(&mut self, slot: u32, out: &mut Emit<'_>) {
        let mut order = self.order_at(slot);
        let limit = key(order.side.opposite(), order.price);
        self.cross(&mut order, limit, out);
        self.books.set(slot, order.price, order.leaves);
        self.books.note(slot, &order);
        // It stood in the book, so only the side's total can have no room for what is left.
        let side = self.books.listing(order.instrument).side(order.side);
        if side.qty.checked_add(order.leaves).is_none() {
            let num = order.num;
            let qty = std::mem::take(&mut order.leaves);
            self.report_canceled(&order, (qty, CancelReason::OutOfRange), num, out);
        }
        if order.leaves == 0 {
            return self.forget(slot);
        }
        self.books.push(slot);
    }

    fn report_replaced(
        &mut self,
        slot: u32,
        old: &Order,
        kept_priority: bool,
        request: Request<'_>,
        out: &mut Emit<'_>,
    ) {
        let ((own_num, own_text), copy) = self.reported_as(old, request);
        let own = request.by == Requester::Entry(old.entry);
        let kind = self.parties.entry(old.entry).kind;
        if own && kind == EntryKind::Binary {
            self.books.rename(slot, request.num);
        }
        let order = self.order_at(slot);
        let mut replaced = Replaced {
            entry: old.entry,
            account: old.account,
            entry_seq: self.parties.next_seq(old.entry),
            order_id: old.order_id,
            num: own_num,
            orig_num: old.num,
            old_price: old.price,
            old_leaves: old.leaves,
            price: order.price,
            qty: order.total(),
            leaves: order.leaves,
            cum: order.cum,
            avg_px: order.avg_px(old.price),
            instrument: order.instrument,
            side: order.side,
            status: order.status(),
            kept_priority,
            copy: false,
            tif: order.tif,
            exec_inst: order.exec_inst & !REPLACED,
        };
        let text = self.books.open().text(order.text);
        out.event(&Event::Replaced(replaced, text, own_text));
        if let Some((entry, (num, asked))) = copy {
            (replaced.entry, replaced.num, replaced.copy) = (entry, num, true);
            replaced.entry_seq = self.parties.next_seq(entry);
            out.event(&Event::Replaced(replaced, text, asked));
        }
        if own && !own_text.is_empty() {
            self.books.set_text(slot, own_text);
        }
        if kind == EntryKind::Fix {
            self.books.mark_replaced(slot);
        }
    }
}
