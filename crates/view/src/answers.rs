//! The outcome of each request of this facade, as HTTP says it.
//!
//! # Contract
//! Events of one command stand together.  The event that settles a request opens its answer; the answer
//! is rendered when the next command's events begin or the command batch ends, so that it shows
//! the order as the engine left it after the whole command and not after a later one.
//!
//! The orders that are shown are kept elsewhere.  So [`Answers::before`] looks at an event before they
//! take it, and [`Answers::take`] behind them, where the request was this facade's.

use projection::executions;
use projection::order::Since;
use wire::record::event::Repeated;
use wire::record::{CancelReason, Event, Reason};

use crate::names::Names;
use crate::orders::Orders;
use crate::refusals::{self, Stands};
use crate::show;

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// This.
    Json(Vec<u8>),
    /// This, for the engine has no such order that is open; it may be one that was closed.
    NotOpen(Vec<u8>),
    /// An order, which the command did not change and memory does not hold.
    Order(u64),
}

/// The answer to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Number of the request.
    pub num: u64,
    /// HTTP status.
    pub status: u16,
    /// What it says.
    pub body: Body,
}

/// An answer that is not rendered yet.
#[derive(Debug, Clone, Copy)]
struct Open {
    /// Number of the request.
    num: u64,
    /// HTTP status.
    status: u16,
    /// The order to show.
    order_id: u64,
    /// How far it was before the command, for what the command did is shown.
    since: Since,
}

/// Answers that are on their way.
#[derive(Debug, Default)]
pub struct Answers {
    open: Option<Open>,
    replies: Vec<Reply>,
}

impl Answers {
    /// An event comes that the orders have not taken yet: where another command begins with it, the answer
    /// shows the order as it is now.  (A new order may get the slot of the one that is to be shown, too.)
    #[inline(always)]
    pub fn before(&mut self, event: &Event<'_>, orders: &Orders, names: &Names) {
        if self.open.is_some() && begins_command(event) {
            self.settle(orders, names);
        }
    }

    /// Take an event of a command of this facade, which the orders have taken.
    #[inline(always)]
    pub fn take(&mut self, event: &Event<'_>, orders: &Orders, names: &Names) {
        let about = (orders, names);
        match event {
            Event::Accepted(x, _) => self.open_changed(x.num, 201, about),
            Event::Rejected(x, ..) => self.refuse(x.num, (x.reason, x.order_id, None), about),
            // What a session is told carries that session's number; the copy stands right behind it.
            Event::Canceled(x, ..) if x.copy || names.is_rest(x.entry) => {
                if matches!(x.reason, CancelReason::Requested | CancelReason::Amended) {
                    self.open_changed(x.num, 200, about);
                }
            }
            Event::Replaced(x, ..) if x.copy || names.is_rest(x.entry) => {
                self.open_changed(x.num, 200, about);
            }
            Event::Repeated(x, _) => self.repeated(x, about),
            Event::CancelRejected(x, ..) => {
                let cum = orders.get(x.order_id).map(|order| order.state().cum);
                let status = x.status;
                let stands = (x.order_id != 0).then_some(Stands { status, cum });
                self.refuse(x.num, (x.reason, x.order_id, stands), about);
            }
            Event::MassCanceled(x, _) => {
                // Who is unknown has no orders.
                if matches!(x.reason, Reason::None | Reason::UnknownOrder) {
                    self.answer(x.num, 200, Body::Json(refusals::canceled(x.count)), about);
                } else {
                    self.refuse(x.num, (x.reason, 0, None), about);
                }
            }
            _ => {}
        }
    }

    /// The command batch is over.
    pub fn end(&mut self, orders: &Orders, names: &Names) {
        self.settle(orders, names);
    }

    /// Take those that are ready.
    pub fn ready(&mut self) -> Vec<Reply> {
        std::mem::take(&mut self.replies)
    }

    fn repeated(&mut self, x: &Repeated, about: (&Orders, &Names)) {
        match (x.same, x.reason) {
            (false, _) => {
                let refusal = (Reason::DuplicateClientOrderId, x.order_id, None);
                self.refuse(x.num, refusal, about);
            }
            (true, Reason::None) => self.open(x.num, 200, (x.order_id, Since::default()), about),
            (true, reason) => self.refuse(x.num, (reason, x.order_id, None), about),
        }
    }

    /// The order that the command changed last is its answer, with what the command did.
    #[inline(always)]
    fn open_changed(&mut self, num: u64, status: u16, about: (&Orders, &Names)) {
        self.open(num, status, about.0.changed(), about);
    }

    fn open(
        &mut self,
        num: u64,
        status: u16,
        (order_id, since): (u64, Since),
        (orders, names): (&Orders, &Names),
    ) {
        self.settle(orders, names);
        self.open = Some(Open {
            num,
            status,
            order_id,
            since,
        });
    }

    fn answer(&mut self, num: u64, status: u16, body: Body, (orders, names): (&Orders, &Names)) {
        self.settle(orders, names);
        self.replies.push(Reply { num, status, body });
    }

    fn refuse(
        &mut self,
        num: u64,
        (reason, order_id, stands): (Reason, u64, Option<Stands>),
        about: (&Orders, &Names),
    ) {
        let refusal = refusals::body(reason, order_id, stands);
        let body = match reason {
            Reason::UnknownOrder | Reason::OrderClosed => Body::NotOpen(refusal),
            _ => Body::Json(refusal),
        };
        self.answer(num, refusals::status(reason), body, about);
    }

    /// Render the answer that is open.
    fn settle(&mut self, orders: &Orders, names: &Names) {
        let Some(open) = self.open.take() else {
            return;
        };
        let body = match orders.get(open.order_id) {
            // What happened is not denied because somebody else knows more of it.
            Some(order) => Body::Json(show::order(order, open.since, names)),
            None => Body::Order(open.order_id),
        };
        self.replies.push(Reply {
            num: open.num,
            status: open.status,
            body,
        });
    }
}

/// Whether an event is the first one of a command that has an answer.  What is closed or amended because it
/// was asked for is; its copy for who asked comes second.
fn begins_command(event: &Event<'_>) -> bool {
    match event {
        Event::Canceled(x, ..) => {
            let asked = [
                CancelReason::Requested,
                CancelReason::Amended,
                CancelReason::Mass,
            ];
            !x.copy && asked.contains(&x.reason)
        }
        Event::Replaced(x, ..) => !x.copy,
        _ => {
            let mut begins = false;
            executions(event, |x| begins |= x.change.begins());
            begins
        }
    }
}
