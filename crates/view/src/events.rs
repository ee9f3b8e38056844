//! What each event does to the view.

use projection::order::Since;
use projection::{Execution, executions};
use wire::record::event::Repeated;
use wire::record::{CancelReason, Event, Reason};

use crate::answers::{self, Body, Open, Reply, Stands};
use crate::notice::{self, Owner};
use crate::view::{At, View};

impl View {
    pub(crate) fn take_event(&mut self, event: &Event<'_>, at: At) {
        self.markets.take(event, at.number());
        executions(event, |x| self.take_execution(x, at));
        if at.own {
            self.take_answer(event);
        }
        match event {
            Event::EntryOpened(x, _, account) => {
                self.names.open(x, account);
                self.listeners.opened(account, x.account);
            }
            Event::Raised(x) => self.orders.skip(x.orders_after.saturating_add(1), x.orders),
            _ => {}
        }
    }

    /// What happened to an order is told to its owner, and kept.
    #[inline(always)]
    fn take_execution(&mut self, x: &Execution<'_>, at: At) {
        let begins = x.change.begins();
        if begins {
            // A new command: the order of the answer before it may lose its place to this one.
            self.settle();
        }
        if self.listeners.hears(x.account) {
            self.tell(x, at);
        }
        if begins {
            self.orders.insert(x.order_id, x.account, |order| {
                order.begin(x, at.seq, at.time_ns);
            });
            self.changed = (x.order_id, Since::default());
        } else {
            let since = self.orders.change(x.order_id, at.seq, |order| {
                order.apply(x, at.seq, at.time_ns);
            });
            self.changed = (x.order_id, since);
        }
    }

    fn tell(&mut self, x: &Execution<'_>, at: At) {
        let (names, markets) = (&self.names, &self.markets);
        self.listeners.tell(x.account, |out| {
            let owner = Owner {
                user: names.account(x.account),
                symbol: &markets.symbol_of(x.instrument),
                called: names.client_order_id(x.entry, x.num, x.text),
            };
            notice::write(x, at.number(), &owner, out);
        });
    }

    /// The answer to a request of this facade.
    fn take_answer(&mut self, event: &Event<'_>) {
        match event {
            Event::Accepted(x, _) => self.open_changed(x.num, 201),
            Event::Rejected(x, ..) => self.refuse(x.num, x.reason, x.order_id, None),
            // What a session is told carries that session's number; the copy stands right behind it.
            Event::Canceled(x, _) if x.copy || self.names.is_rest(x.entry) => {
                if matches!(x.reason, CancelReason::Requested | CancelReason::Amended) {
                    self.open_changed(x.num, 200);
                }
            }
            Event::Replaced(x, _) if x.copy || self.names.is_rest(x.entry) => {
                self.open_changed(x.num, 200);
            }
            Event::Repeated(x, _) => self.repeated(x),
            Event::CancelRejected(x) => {
                let cum = self.orders.get(x.order_id).map(|order| order.state().cum);
                let status = x.status;
                let stands = (x.order_id != 0).then_some(Stands { status, cum });
                self.refuse(x.num, x.reason, x.order_id, stands);
            }
            Event::MassCanceled(x) => {
                // Who is unknown has no orders.
                if matches!(x.reason, Reason::None | Reason::UnknownOrder) {
                    self.answer(x.num, 200, answers::canceled(x.count));
                } else {
                    self.refuse(x.num, x.reason, 0, None);
                }
            }
            _ => {}
        }
    }

    fn repeated(&mut self, x: &Repeated) {
        match (x.same, x.reason) {
            (false, _) => self.refuse(x.num, Reason::DuplicateClientOrderId, x.order_id, None),
            (true, Reason::None) => self.open(x.num, 200, x.order_id, None),
            (true, reason) => self.refuse(x.num, reason, x.order_id, None),
        }
    }

    /// The order that the command changed last is its answer, with what the command did.
    fn open_changed(&mut self, num: u64, status: u16) {
        let (order_id, since) = self.changed;
        self.open(num, status, order_id, Some(since));
    }

    fn open(&mut self, num: u64, status: u16, order_id: u64, since: Option<Since>) {
        self.settle();
        self.open = Some(Open {
            num,
            status,
            order_id,
            since,
        });
    }

    fn answer(&mut self, num: u64, status: u16, body: Vec<u8>) {
        self.settle();
        self.replies.push(Reply {
            num,
            status,
            body: Body::Json(body),
        });
    }

    fn refuse(&mut self, num: u64, reason: Reason, order_id: u64, stands: Option<Stands>) {
        let body = answers::refusal(reason, order_id, stands);
        self.answer(num, answers::refused_status(reason), body);
    }

    /// Render the answer that is open.
    pub(crate) fn settle(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        let body = match self.orders.get(open.order_id) {
            // What happened is not denied because somebody else knows more of it.
            Some(order) => Body::Json(self.order_json(order, open.since.unwrap_or_default())),
            None => Body::Order(open.order_id),
        };
        self.replies.push(Reply {
            num: open.num,
            status: open.status,
            body,
        });
    }
}
