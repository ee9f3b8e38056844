//! What a transaction will write of one order, gathered in memory from all its events.

use projection::change::{self, Change, traded};
use wire::record::event::{Accepted, Canceled, Rejected, Replaced, StatusReport, Trade};
use wire::record::{OrdStatus, OrdType, Side, TimeInForce};
use wire::text::{Liquidity, Why};

/// The terms of an order, which no event changes.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Account.
    pub account: u32,
    /// Entry.
    pub entry: u32,
    /// Instrument.
    pub instrument: u32,
    /// Side.
    pub side: Side,
    /// Type.
    pub ord_type: OrdType,
    /// Time in force.
    pub tif: TimeInForce,
}

/// All changes of one order within a transaction.
#[derive(Debug)]
pub struct OrderRow {
    /// Order id.
    pub order_id: u64,
    /// The order began in this transaction; otherwise its row is there already, or its beginning is lost.
    pub begun: bool,
    /// Price, total quantity and `num` are new; otherwise they are guesses, for an order whose
    /// beginning is not known.
    pub amended: bool,
    /// Its terms; of an order that has not begun here, as far as its first event says them.
    pub terms: Terms,
    /// `ClOrdId::num`.
    pub num: u64,
    /// Client order id in text.
    pub text: String,
    /// User id, where the order has no account.
    pub user: String,
    /// Price in force, or `NO_PRICE`.
    pub price: i64,
    /// Total quantity in force.
    pub qty: i64,
    /// Status.
    pub status: OrdStatus,
    /// Executed quantity.
    pub cum: i64,
    /// Open quantity.
    pub leaves: i64,
    /// Average price of what was executed.
    pub avg_px: i64,
    /// Why it was refused or canceled; `None` leaves what the row has.
    pub why: Why,
    /// Time of the first event of the transaction.
    pub created_ns: u64,
    /// Time of the last.
    pub updated_ns: u64,
    /// Price and total quantity before the first of them.
    pub before: change::InForce,
    /// How many changes, and how many of them are fills.
    pub history: u64,
    pub fills: u64,
    /// The changes, packed.
    pub changes: Vec<u8>,
}

/// What an event says of an order when it is the first of the transaction.
#[derive(Debug, Clone, Copy)]
pub struct First<'a> {
    /// Order id.
    pub order_id: u64,
    /// Whether the event begins the order.
    pub begun: bool,
    /// Terms.
    pub terms: Terms,
    /// `ClOrdId::num`.
    pub num: u64,
    /// Client order id in text.
    pub text: &'a str,
    /// Price.
    pub price: i64,
    /// Total quantity.
    pub qty: i64,
}

impl OrderRow {
    /// A row for the order of `first`; the event itself is added after it.
    #[must_use]
    pub fn new(first: &First<'_>, time_ns: u64) -> Self {
        Self {
            order_id: first.order_id,
            begun: first.begun,
            amended: false,
            terms: first.terms,
            num: first.num,
            text: first.text.to_owned(),
            user: String::new(),
            price: first.price,
            qty: first.qty,
            status: OrdStatus::New,
            cum: 0,
            leaves: first.qty,
            avg_px: 0,
            why: Why::None,
            created_ns: time_ns,
            updated_ns: time_ns,
            before: change::InForce {
                price: first.price,
                qty: first.qty,
            },
            history: 0,
            fills: 0,
            changes: Vec::with_capacity(64),
        }
    }

    #[allow(
        clippy::arithmetic_side_effects,
        reason = "changes are counted one by one"
    )]
    fn add(&mut self, change: Change, time_ns: u64) {
        self.updated_ns = time_ns;
        self.history += 1;
        self.fills += u64::from(change.is_fill());
        self.changes
            .extend_from_slice(change.pack(time_ns).as_slice());
    }

    /// It was accepted.
    pub fn accepted(&mut self, time_ns: u64) {
        self.add(
            Change::Accepted {
                price: self.price,
                qty: self.qty,
            },
            time_ns,
        );
    }

    /// It was refused.
    pub fn rejected(&mut self, x: &Rejected, user: &str, time_ns: u64) {
        self.status = OrdStatus::Rejected;
        self.leaves = 0;
        self.why = Why::Refused(x.reason);
        user.clone_into(&mut self.user);
        self.add(
            Change::Rejected {
                price: x.price,
                qty: x.qty,
                reason: x.reason,
            },
            time_ns,
        );
    }

    /// It traded.
    pub fn traded(&mut self, x: &Trade, liquidity: Liquidity, time_ns: u64) {
        (self.cum, self.leaves, self.avg_px) = match liquidity {
            Liquidity::Taker => (x.taker_cum, x.taker_leaves, x.taker_avg_px),
            Liquidity::Maker => (x.maker_cum, x.maker_leaves, x.maker_avg_px),
        };
        self.status = traded(self.leaves);
        let (cum, leaves) = (self.cum, self.leaves);
        let (trade_id, price, qty) = (x.trade_id, x.price, x.qty);
        self.add(
            Change::Traded {
                liquidity,
                trade_id,
                price,
                qty,
                cum,
                leaves,
            },
            time_ns,
        );
    }

    /// It stands so, by what happened before anything that is recorded.
    pub fn stands(&mut self, x: &StatusReport) {
        (self.begun, self.history, self.fills) = (false, 0, 0);
        self.changes.clear();
        (self.cum, self.leaves, self.avg_px) = (x.cum, x.leaves, x.avg_px);
        self.status = x.status;
    }

    /// It left the book, or lost a part.
    pub fn canceled(&mut self, x: &Canceled, time_ns: u64) {
        (self.cum, self.leaves, self.avg_px) = (x.cum, x.leaves, x.avg_px);
        (self.status, self.why) = (x.status, Why::closing(x.reason));
        if !x.reason.closes() {
            (self.price, self.qty, self.num) = (x.price, x.total_qty(), x.orig_num);
            self.amended = true;
        }
        let (status, reason, cum, leaves) = (x.status, x.reason, x.cum, x.leaves);
        self.add(
            Change::Canceled {
                status,
                reason,
                cum,
                leaves,
            },
            time_ns,
        );
    }

    /// It was amended.  In the binary protocol it has the request's ClOrdID from now on; on REST
    /// `num` is the facade's own and nobody sees it.
    pub fn replaced(&mut self, x: &Replaced, time_ns: u64) {
        (self.cum, self.leaves, self.avg_px) = (x.cum, x.leaves, x.avg_px);
        (self.price, self.qty, self.num) = (x.price, x.qty, x.num);
        (self.status, self.amended) = (x.status, true);
        let (status, price, qty, cum, leaves) = (x.status, x.price, x.qty, x.cum, x.leaves);
        self.add(
            Change::Replaced {
                status,
                price,
                qty,
                cum,
                leaves,
            },
            time_ns,
        );
    }
}

impl<'a> First<'a> {
    /// From an acceptance.
    #[must_use]
    pub fn of_accepted(x: &Accepted, text: &'a str) -> Self {
        let (account, entry, instrument) = (x.account, x.entry, x.instrument);
        let (side, ord_type, tif) = (x.side, x.ord_type, x.tif);
        let terms = Terms {
            account,
            entry,
            instrument,
            side,
            ord_type,
            tif,
        };
        let (order_id, num, price, qty) = (x.order_id, x.num, x.price, x.qty);
        Self {
            order_id,
            begun: true,
            terms,
            num,
            text,
            price,
            qty,
        }
    }

    /// From a refusal.
    #[must_use]
    pub fn of_rejected(x: &Rejected, text: &'a str) -> Self {
        let (account, entry, instrument) = (x.account, x.entry, x.instrument);
        let (side, ord_type, tif) = (x.side, x.ord_type, x.tif);
        let terms = Terms {
            account,
            entry,
            instrument,
            side,
            ord_type,
            tif,
        };
        let (order_id, num, price, qty) = (x.order_id, x.num, x.price, x.qty);
        Self {
            order_id,
            begun: true,
            terms,
            num,
            text,
            price,
            qty,
        }
    }

    /// From the taker's leg of a trade.
    #[must_use]
    pub fn of_taker(x: &Trade, text: &'a str) -> Self {
        Self {
            order_id: x.taker_order_id,
            begun: false,
            terms: rested(x.taker_account, x.taker_entry, x.instrument, x.taker_side),
            num: x.taker_num,
            text,
            price: x.taker_price,
            qty: x.taker_qty(),
        }
    }

    /// From the maker's leg of a trade.
    #[must_use]
    pub fn of_maker(x: &Trade, text: &'a str) -> Self {
        let side = x.taker_side.opposite();
        Self {
            order_id: x.maker_order_id,
            begun: false,
            terms: rested(x.maker_account, x.maker_entry, x.instrument, side),
            num: x.maker_num,
            text,
            price: x.price,
            qty: x.maker_qty(),
        }
    }

    /// From a cancel or expiry.
    #[must_use]
    pub fn of_canceled(x: &Canceled, text: &'a str) -> Self {
        Self {
            order_id: x.order_id,
            begun: false,
            terms: rested(x.account, x.entry, x.instrument, x.side),
            num: x.orig_num,
            text,
            price: x.price,
            qty: x.former_qty(),
        }
    }

    /// From an amendment.
    #[must_use]
    pub fn of_replaced(x: &Replaced, text: &'a str) -> Self {
        Self {
            order_id: x.order_id,
            begun: false,
            terms: rested(x.account, x.entry, x.instrument, x.side),
            num: x.num,
            text,
            price: x.price,
            qty: x.qty,
        }
    }
}

/// Terms of an order whose beginning the log no longer has: type and time in force are the likely ones.
const fn rested(account: u32, entry: u32, instrument: u32, side: Side) -> Terms {
    let (ord_type, tif) = (OrdType::Limit, TimeInForce::Gtc);
    Terms {
        account,
        entry,
        instrument,
        side,
        ord_type,
        tif,
    }
}
