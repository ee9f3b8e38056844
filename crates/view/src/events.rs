//! What each event does to the view.

use projection::order::Since;
use wire::record::command::NO_PRICE;
use wire::record::event::{Accepted, Canceled, Rejected, Repeated, Replaced, Trade};
use wire::record::{CancelReason, Event, OrdStatus, Reason};
use wire::text::Liquidity;

use crate::answers::{self, Body, Open, Reply};
use crate::book::Incoming;
use crate::notice::Notice;
use crate::tape::Print;
use crate::view::{At, View, symbol_of};

impl View {
    pub(crate) fn take_event(&mut self, event: &Event<'_>, at: At) {
        match event {
            Event::Accepted(x, text) => self.accepted(x, text, at),
            Event::Trade(x, taker, maker) => self.trade(x, taker, maker, at),
            Event::Canceled(x, text) => self.canceled(x, text, at),
            Event::Replaced(x, text) => self.replaced(x, text, at),
            Event::Rejected(x, user, text) => self.rejected(x, (user, text), at),
            Event::Repeated(x, _) => self.repeated(x, at),
            Event::CancelRejected(x) => {
                if at.own {
                    let status = (x.order_id != 0).then_some(x.status);
                    self.refuse(x.num, x.reason, x.order_id, status);
                }
            }
            Event::MassCanceled(x) => {
                // Who is unknown has no orders.
                let refused = !matches!(x.reason, Reason::None | Reason::UnknownOrder);
                if at.own && refused {
                    self.refuse(x.num, x.reason, 0, None);
                } else if at.own {
                    self.answer(x.num, 200, answers::canceled(x.count));
                }
            }
            Event::EntryOpened(x, _, account) => {
                self.names.open(x, account);
                self.listeners.opened(account, x.account);
            }
            Event::InstrumentSet(x, filters, symbol) => {
                self.set_instrument(x.instrument, *filters, symbol);
            }
            Event::Raised(x) => self.orders.skip(x.orders_after.saturating_add(1), x.orders),
            Event::GatewayOpened(_)
            | Event::StatusReport(_)
            | Event::Refused(_)
            | Event::SettingsSet(_)
            | Event::EntryRaised(_) => {}
        }
    }

    fn accepted(&mut self, x: &Accepted, text: &str, at: At) {
        // A new command: the order of the answer before it may lose its place to this one.
        self.settle();
        self.rest();
        if x.price != NO_PRICE {
            self.incoming = Some(Incoming {
                order_id: x.order_id,
                instrument: x.instrument,
                side: x.side,
                price: x.price,
                qty: x.qty,
                at: at.number(),
            });
        }
        self.tell(x.account, text, |text| {
            Notice::accepted(x, text, at.seq, at.time_ns)
        });
        self.orders.insert(x.order_id, x.account, |order| {
            order.accepted(x, text, at.seq, at.time_ns);
        });
        if at.own {
            self.open(x.num, 201, x.order_id, Some(Since::default()));
        }
    }

    fn trade(&mut self, x: &Trade, taker: &str, maker: &str, at: At) {
        self.trade_id = x.trade_id;
        if let Some(market) = self.markets.get_mut(x.instrument) {
            let book = &mut market.book;
            if let Some(taker) = &mut self.incoming {
                taker.lose(x.qty, at.number());
            }
            book.take(x.taker_side.opposite(), x.price, x.qty, x.maker_leaves == 0);
            book.touch(at.number());
            market.tape.push(Print {
                trade_id: x.trade_id,
                sequence: at.seq,
                price: x.price,
                qty: x.qty,
                taker_side: x.taker_side,
                time_ns: at.time_ns,
            });
        }
        self.tell(x.taker_account, taker, |text| {
            Notice::taker(x, text, at.seq, at.time_ns)
        });
        self.tell(x.maker_account, maker, |text| {
            Notice::maker(x, text, at.seq, at.time_ns)
        });
        for (order_id, liquidity) in [
            (x.taker_order_id, Liquidity::Taker),
            (x.maker_order_id, Liquidity::Maker),
        ] {
            self.orders.change(order_id, at.seq, |order| {
                order.traded(x, liquidity, at.seq, at.time_ns);
            });
        }
    }

    fn canceled(&mut self, x: &Canceled, text: &str, at: At) {
        if !x.copy {
            self.left(x, text, at);
        }
        let asked = matches!(x.reason, CancelReason::Requested | CancelReason::Amended);
        // What a session is told carries that session's number; the copy stands right behind it.
        if at.own && asked && (x.copy || self.names.is_rest(x.entry)) {
            let (order_id, since) = self.changed;
            self.open(x.num, 200, order_id, Some(since));
        }
    }

    fn left(&mut self, x: &Canceled, text: &str, at: At) {
        match &mut self.incoming {
            // It leaves before it was in the book, unless it rested and is asked for now.
            Some(incoming) if incoming.order_id == x.order_id && !was_asked_for(x.reason) => {
                incoming.lose(x.qty, at.number());
            }
            _ => {
                if was_asked_for(x.reason) {
                    self.rest();
                }
                if let Some(market) = self.markets.get_mut(x.instrument)
                    && x.price != NO_PRICE
                {
                    market.book.take(x.side, x.price, x.qty, x.leaves == 0);
                    market.book.touch(at.number());
                }
            }
        }
        self.tell(x.account, text, |text| {
            Notice::canceled(x, text, at.seq, at.time_ns)
        });
        let since = self.orders.change(x.order_id, at.seq, |order| {
            order.canceled(x, at.seq, at.time_ns);
        });
        self.changed = (x.order_id, since);
    }

    fn replaced(&mut self, x: &Replaced, text: &str, at: At) {
        if !x.copy {
            self.rest();
            if let Some(market) = self.markets.get_mut(x.instrument) {
                market.book.take(x.side, x.old_price, x.old_leaves, true);
                market.book.touch(at.number());
            }
            self.incoming = Some(Incoming {
                order_id: x.order_id,
                instrument: x.instrument,
                side: x.side,
                price: x.price,
                qty: x.leaves,
                at: at.number(),
            });
            self.tell(x.account, text, |text| {
                Notice::replaced(x, text, at.seq, at.time_ns)
            });
            let since = self.orders.change(x.order_id, at.seq, |order| {
                order.replaced(x, at.seq, at.time_ns);
            });
            self.changed = (x.order_id, since);
        }
        // What a session is told carries that session's number; the copy stands right behind it.
        if at.own && (x.copy || self.names.is_rest(x.entry)) {
            let (order_id, since) = self.changed;
            self.open(x.num, 200, order_id, Some(since));
        }
    }

    fn rejected(&mut self, x: &Rejected, (user, text): (&str, &str), at: At) {
        if x.order_id != 0 {
            self.settle();
            self.tell(x.account, text, |text| {
                Notice::rejected(x, text, at.seq, at.time_ns)
            });
            self.orders.insert(x.order_id, x.account, |order| {
                order.rejected(x, (user, text), at.seq, at.time_ns);
            });
        }
        if at.own {
            self.refuse(x.num, x.reason, x.order_id, None);
        }
    }

    fn repeated(&mut self, x: &Repeated, at: At) {
        if !at.own {
            return;
        }
        match (x.same, x.reason) {
            (false, _) => self.refuse(x.num, Reason::DuplicateClientOrderId, x.order_id, None),
            (true, Reason::None) => self.open(x.num, 200, x.order_id, None),
            (true, reason) => self.refuse(x.num, reason, x.order_id, None),
        }
    }

    fn tell<'t>(
        &mut self,
        account: u32,
        text: &'t str,
        notice: impl FnOnce(&'t str) -> Notice<'t>,
    ) {
        if !self.listeners.hears(account) {
            return;
        }
        let (names, markets) = (&self.names, &self.markets);
        self.listeners.tell(account, |out| {
            let notice = notice(text);
            let symbol = symbol_of(markets, notice.instrument);
            let called = names.client_order_id(notice.entry, notice.num, text);
            notice.write(names.account(account), &symbol, called, out);
        });
    }

    /// The command is over that brought an order: what is left of it is in its book.
    #[inline]
    pub(crate) fn rest(&mut self) {
        if let Some(incoming) = self.incoming.take()
            && let Some(market) = self.markets.get_mut(incoming.instrument)
        {
            market.book.rest(&incoming);
        }
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

    fn refuse(&mut self, num: u64, reason: Reason, order_id: u64, status: Option<OrdStatus>) {
        let body = answers::refusal(reason, order_id, status);
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

/// Whether an order left because someone asked for it, or its time was over, and not by the command that
/// brought it.
const fn was_asked_for(reason: CancelReason) -> bool {
    match reason {
        CancelReason::Requested
        | CancelReason::Mass
        | CancelReason::Disconnect
        | CancelReason::SessionEnd
        | CancelReason::Amended => true,
        CancelReason::Unfilled
        | CancelReason::SelfTrade
        | CancelReason::Decremented
        | CancelReason::OrderLimit
        | CancelReason::OutOfRange => false,
    }
}
