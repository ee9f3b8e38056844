//! What an event does to each order that it names: an execution, as FIX calls it (ExecutionReport, 35=8).
//!
//! # Contract
//! [`executions`] is the only place where the fields of an event become changes of orders, and
//! [`crate::State::apply`] the only one where a change moves an order on:
//!
//! | event | executions | the order afterwards |
//! |---|---|---|
//! | `Accepted` | one that begins an order | NEW, all of it open |
//! | `Rejected` with an id | one that begins an order | REJECTED, nothing open |
//! | `Trade` | the taker's, then the maker's | as the event says; FILLED where nothing is open |
//! | `Canceled` | one | closed, as the event says; open with less where only a part went |
//! | `Replaced` | one | price, quantity and ClOrdID of the request |
//! | copies for who asked, and all others | none | |
//!
//! Who keeps orders, tells of them or writes them down takes executions and need not know events.

use wire::record::event::{Accepted, Canceled, Rejected, Replaced, Trade};
use wire::record::{Event, OrdType, Side, TimeInForce};
use wire::text::{Fill, HistoryEntry, Liquidity};

use crate::change::{Change, InForce};

/// One change of one order, and whose order it is.
#[derive(Debug, Clone, Copy)]
pub struct Execution<'a> {
    /// Order id.
    pub order_id: u64,
    /// Account.
    pub account: u32,
    /// Entry.
    pub entry: u32,
    /// Instrument.
    pub instrument: u32,
    /// Side.
    pub side: Side,
    /// Type and time in force, where the event says them: those that begin an order do.
    pub terms: Option<(OrdType, TimeInForce)>,
    /// `ClOrdId::num` of the order after it.
    pub num: u64,
    /// Its client order id in text after it.
    pub text: &'a str,
    /// Who asked, where there is no account.
    pub user: &'a str,
    /// Price in force after it, or `NO_PRICE`.
    pub price: i64,
    /// Total quantity in force after it.
    pub qty: i64,
    /// Total quantity before it, as far as the event says.
    pub former_qty: i64,
    /// Average price of what was executed.
    pub avg_px: i64,
    /// What happened.
    pub change: Change,
}

/// The executions of an event, in the order in which they are told.
#[inline(always)]
pub fn executions<'a>(event: &Event<'a>, mut each: impl FnMut(&Execution<'a>)) {
    match event {
        Event::Accepted(x, text) => each(&accepted(x, text)),
        Event::Rejected(x, user, text) if x.order_id != 0 => each(&rejected(x, (user, text))),
        Event::Trade(x, taker_text, maker_text) => {
            each(&taker(x, taker_text));
            each(&maker(x, maker_text));
        }
        Event::Canceled(x, text, _) if !x.copy => each(&canceled(x, text)),
        Event::Replaced(x, text, request) if !x.copy => each(&replaced(x, (text, request))),
        _ => {}
    }
}

/// Of an acceptance.
#[inline(always)]
#[must_use]
pub const fn accepted<'a>(x: &Accepted, text: &'a str) -> Execution<'a> {
    Execution {
        order_id: x.order_id,
        account: x.account,
        entry: x.entry,
        instrument: x.instrument,
        side: x.side,
        terms: Some((x.ord_type, x.tif)),
        num: x.num,
        text,
        user: "",
        price: x.price,
        qty: x.qty,
        former_qty: x.qty,
        avg_px: 0,
        change: Change::Accepted {
            price: x.price,
            qty: x.qty,
        },
    }
}

#[inline(always)]
const fn rejected<'a>(x: &Rejected, (user, text): (&'a str, &'a str)) -> Execution<'a> {
    Execution {
        order_id: x.order_id,
        account: x.account,
        entry: x.entry,
        instrument: x.instrument,
        side: x.side,
        terms: Some((x.ord_type, x.tif)),
        num: x.num,
        text,
        user,
        price: x.price,
        qty: x.qty,
        former_qty: x.qty,
        avg_px: 0,
        change: Change::Rejected {
            price: x.price,
            qty: x.qty,
            reason: x.reason,
        },
    }
}

#[inline(always)]
const fn taker<'a>(x: &Trade, text: &'a str) -> Execution<'a> {
    Execution {
        order_id: x.taker_order_id,
        account: x.taker_account,
        entry: x.taker_entry,
        instrument: x.instrument,
        side: x.taker_side,
        terms: None,
        num: x.taker_num,
        text,
        user: "",
        price: x.taker_price,
        qty: x.taker_qty(),
        former_qty: x.taker_qty(),
        avg_px: x.taker_avg_px,
        change: Change::Traded {
            liquidity: Liquidity::Taker,
            trade_id: x.trade_id,
            price: x.price,
            qty: x.qty,
            cum: x.taker_cum,
            leaves: x.taker_leaves,
        },
    }
}

/// A trade is at the maker's price.
#[inline(always)]
const fn maker<'a>(x: &Trade, text: &'a str) -> Execution<'a> {
    Execution {
        order_id: x.maker_order_id,
        account: x.maker_account,
        entry: x.maker_entry,
        instrument: x.instrument,
        side: x.taker_side.opposite(),
        terms: None,
        num: x.maker_num,
        text,
        user: "",
        price: x.price,
        qty: x.maker_qty(),
        former_qty: x.maker_qty(),
        avg_px: x.maker_avg_px,
        change: Change::Traded {
            liquidity: Liquidity::Maker,
            trade_id: x.trade_id,
            price: x.price,
            qty: x.qty,
            cum: x.maker_cum,
            leaves: x.maker_leaves,
        },
    }
}

/// Of a cancel, an expiry, or a part that was taken.
#[inline(always)]
#[must_use]
pub const fn canceled<'a>(x: &Canceled, text: &'a str) -> Execution<'a> {
    Execution {
        order_id: x.order_id,
        account: x.account,
        entry: x.entry,
        instrument: x.instrument,
        side: x.side,
        terms: None,
        num: x.orig_num,
        text,
        user: "",
        price: x.price,
        // What is closed keeps the quantity that it had.
        qty: if x.reason.closes() {
            x.former_qty()
        } else {
            x.total_qty()
        },
        former_qty: x.former_qty(),
        avg_px: x.avg_px,
        change: Change::Canceled {
            status: x.status.plain(),
            reason: x.reason,
            cum: x.cum,
            leaves: x.leaves,
        },
    }
}

/// Of an amendment.  In the binary protocol and in FIX the order has the request's ClOrdID from now on; on REST
/// `num` is the facade's own and nobody sees it, and the text stays.
#[inline(always)]
#[must_use]
pub const fn replaced<'a>(x: &Replaced, (text, request): (&'a str, &'a str)) -> Execution<'a> {
    Execution {
        order_id: x.order_id,
        account: x.account,
        entry: x.entry,
        instrument: x.instrument,
        side: x.side,
        terms: None,
        num: x.num,
        text: if request.is_empty() { text } else { request },
        user: "",
        price: x.price,
        qty: x.qty,
        former_qty: x.qty,
        avg_px: x.avg_px,
        change: Change::Replaced {
            status: x.status,
            price: x.price,
            qty: x.qty,
            cum: x.cum,
            leaves: x.leaves,
        },
    }
}

impl Execution<'_> {
    /// Type and time in force; the likely ones, where the event does not say them.
    #[must_use]
    pub fn terms(&self) -> (OrdType, TimeInForce) {
        self.terms.unwrap_or((OrdType::Limit, TimeInForce::Gtc))
    }

    /// What it looks like: an entry of the order's history, and a fill where it traded.
    #[must_use]
    pub fn shown(&self, time_ns: u64) -> (HistoryEntry, Option<Fill>) {
        let in_force = InForce {
            price: self.price,
            qty: self.qty,
        };
        self.change.shown(in_force, time_ns)
    }

    /// Price and total quantity before it, as far as the event says.
    #[must_use]
    pub const fn before(&self) -> InForce {
        InForce {
            price: self.price,
            qty: self.former_qty,
        }
    }
}
