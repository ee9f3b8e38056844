//! What each event does to the view.

use wire::record::command::NO_PRICE;
use wire::record::event::{Accepted, Canceled, Rejected, Repeated, Replaced, Trade};
use wire::record::{CancelReason, Event, Reason};
use wire::text::Liquidity;

use crate::answers::{self, Open, Reply};
use crate::notice::Notice;
use crate::order::{Leg, Order};
use crate::tape::Print;
use crate::view::{At, View};

impl View {
    pub(crate) fn take_event(&mut self, event: &Event<'_>, at: At) {
        match event {
            Event::Accepted(x, text) => self.accepted(x, text, at),
            Event::Trade(x, taker, maker) => self.trade(x, taker, maker, at),
            Event::Canceled(x, text) => self.canceled(x, text, at),
            Event::Replaced(x, text) => self.replaced(x, text, at),
            Event::Rejected(x, _, text) => self.rejected(x, text, at),
            Event::Repeated(x, _) => self.repeated(x, at),
            Event::CancelRejected(x) => {
                if at.own {
                    self.refuse(x.num, x.reason, x.order_id, at);
                }
            }
            Event::MassCanceled(x) => {
                // Who is unknown has no orders.
                let refused = !matches!(x.reason, Reason::None | Reason::UnknownOrder);
                if at.own && refused {
                    self.refuse(x.num, x.reason, 0, at);
                } else if at.own {
                    self.answer(x.num, 200, answers::canceled(x.count), 0, at);
                }
            }
            Event::EntryOpened(x, _, account) => {
                self.names.open(x, account);
                self.listeners.opened(account, x.account);
            }
            Event::InstrumentSet(x, filters, symbol) => {
                self.set_instrument(x.instrument, *filters, symbol);
            }
            Event::GatewayOpened(_)
            | Event::StatusReport(_)
            | Event::Refused(_)
            | Event::SettingsSet(_) => {}
        }
    }

    fn accepted(&mut self, x: &Accepted, text: &str, at: At) {
        if let Some(market) = self.markets.get_mut(x.instrument)
            && x.price != NO_PRICE
        {
            market.book.add(x.side, x.price, x.qty);
            market.book.touch(at.seq, at.time_ns);
        }
        self.tell(x.account, text, |text| {
            Notice::accepted(x, text, at.seq, at.time_ns)
        });
        if self.names.is_rest(x.entry) {
            let order = Order::accepted(x, text, at.seq, at.time_ns);
            self.overlay.insert(x.order_id, order);
        }
        if at.own {
            self.open(x.num, 201, x.order_id, at);
        }
    }

    fn trade(&mut self, x: &Trade, taker: &str, maker: &str, at: At) {
        self.trade_id = x.trade_id;
        if let Some(market) = self.markets.get_mut(x.instrument) {
            let book = &mut market.book;
            if x.taker_price != NO_PRICE {
                book.take(x.taker_side, x.taker_price, x.qty, x.taker_leaves == 0);
            }
            book.take(x.taker_side.opposite(), x.price, x.qty, x.maker_leaves == 0);
            book.touch(at.seq, at.time_ns);
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
        if self.names.is_rest(x.taker_entry) {
            let leg = Leg {
                leaves: x.taker_leaves,
                cum: x.taker_cum,
                avg_px: x.taker_avg_px,
                liquidity: Liquidity::Taker,
            };
            let change = |order: &mut Order| order.trade(x, leg, at.time_ns);
            self.overlay
                .change(x.taker_order_id, x.taker_account, at.seq, change);
        }
        if self.names.is_rest(x.maker_entry) {
            let leg = Leg {
                leaves: x.maker_leaves,
                cum: x.maker_cum,
                avg_px: x.maker_avg_px,
                liquidity: Liquidity::Maker,
            };
            let change = |order: &mut Order| order.trade(x, leg, at.time_ns);
            self.overlay
                .change(x.maker_order_id, x.maker_account, at.seq, change);
        }
    }

    fn canceled(&mut self, x: &Canceled, text: &str, at: At) {
        if !x.copy {
            self.left(x, text, at);
        }
        let asked = matches!(x.reason, CancelReason::Requested | CancelReason::Amended);
        // What a session is told carries that session's number.
        if at.own && asked && (x.copy || self.names.is_rest(x.entry)) {
            self.open(x.num, 200, x.order_id, at);
        }
    }

    fn left(&mut self, x: &Canceled, text: &str, at: At) {
        if let Some(market) = self.markets.get_mut(x.instrument)
            && x.price != NO_PRICE
        {
            market.book.take(x.side, x.price, x.qty, x.leaves == 0);
            market.book.touch(at.seq, at.time_ns);
        }
        self.tell(x.account, text, |text| {
            Notice::canceled(x, text, at.seq, at.time_ns)
        });
        if self.names.is_rest(x.entry) {
            let change = |order: &mut Order| order.canceled(x, at.time_ns);
            self.overlay.change(x.order_id, x.account, at.seq, change);
        }
    }

    fn replaced(&mut self, x: &Replaced, text: &str, at: At) {
        if !x.copy {
            if let Some(market) = self.markets.get_mut(x.instrument) {
                market.book.take(x.side, x.old_price, x.old_leaves, true);
                market.book.add(x.side, x.price, x.leaves);
                market.book.touch(at.seq, at.time_ns);
            }
            self.tell(x.account, text, |text| {
                Notice::replaced(x, text, at.seq, at.time_ns)
            });
            if self.names.is_rest(x.entry) {
                let change = |order: &mut Order| order.replaced(x, at.time_ns);
                self.overlay.change(x.order_id, x.account, at.seq, change);
            }
        }
        if at.own && (x.copy || self.names.is_rest(x.entry)) {
            self.open(x.num, 200, x.order_id, at);
        }
    }

    fn rejected(&mut self, x: &Rejected, text: &str, at: At) {
        if x.order_id != 0 {
            self.tell(x.account, text, |text| {
                Notice::rejected(x, text, at.seq, at.time_ns)
            });
            if self.names.is_rest(x.entry) {
                let order = Order::rejected(x, text, at.seq, at.time_ns);
                self.overlay.insert(x.order_id, order);
            }
        }
        if at.own {
            self.refuse(x.num, x.reason, x.order_id, at);
        }
    }

    fn repeated(&mut self, x: &Repeated, at: At) {
        if !at.own {
            return;
        }
        match (x.same, x.reason) {
            (false, _) => self.refuse(x.num, Reason::DuplicateClientOrderId, x.order_id, at),
            (true, Reason::None) => self.open(x.num, 200, x.order_id, at),
            (true, reason) => self.refuse(x.num, reason, x.order_id, at),
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
            let symbol = markets
                .get(notice.instrument)
                .map_or("", |market| &*market.symbol);
            let called = names.client_order_id(notice.entry, notice.num, text);
            notice.write(names.account(account), symbol, called, out);
        });
    }

    fn open(&mut self, num: u64, status: u16, order_id: u64, at: At) {
        self.settle();
        self.open = Some(Open {
            num,
            status,
            order_id,
            sequence: at.seq,
        });
    }

    fn answer(&mut self, num: u64, status: u16, body: Vec<u8>, order_id: u64, at: At) {
        self.settle();
        self.replies.push(Reply {
            num,
            status,
            body,
            order_id,
            sequence: at.seq,
        });
    }

    fn refuse(&mut self, num: u64, reason: Reason, order_id: u64, at: At) {
        let body = answers::refusal(reason, order_id);
        self.answer(num, answers::refused_status(reason), body, order_id, at);
    }

    /// Render the answer that is open.
    pub(crate) fn settle(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        let body = self.order(open.order_id).unwrap_or_default();
        let sequence = open.sequence.max(self.overlay.wait_for(open.order_id));
        self.replies.push(Reply {
            num: open.num,
            status: open.status,
            body,
            order_id: open.order_id,
            sequence,
        });
    }
}
