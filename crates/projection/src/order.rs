//! An order as its events tell it: its terms, its progress, its newest changes.
//!
//! # Contract
//! Fed with every event of the order, in order.  An order whose beginning was not seen is known from a
//! status report: its state is exact from then on, its earlier changes are others' to tell.

use wire::record::event::{Accepted, Canceled, Rejected, Replaced, StatusReport, Trade};
use wire::record::{OrdStatus, OrdType, Side, TimeInForce};
use wire::text::{ClientOrderId, Liquidity, OrderState, Part, Why};

use crate::change::{Change, InForce, traded};
use crate::recent::{Recent, SHOWN_MAX};

/// What happened to an order before it was known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// Nothing: it began here.
    Nothing,
    /// So many entries of its history, and fills.
    Counted {
        /// Entries of the history.
        history: u64,
        /// Fills.
        fills: u64,
    },
    /// Something, but how much is not known yet.
    Unknown {
        /// Sequence number of the first event that changed it since; 0 when none did.
        first_seq: u64,
    },
}

/// An order.
#[derive(Debug)]
pub struct Order {
    /// Order id.
    pub order_id: u64,
    /// Account.
    pub account: u32,
    /// Entry.
    pub entry: u32,
    /// Instrument.
    pub instrument: u32,
    /// Status.
    pub status: OrdStatus,
    /// Sequence number of the last event that changed it; 0 when none did.
    pub last_seq: u64,
    side: Side,
    ord_type: OrdType,
    tif: TimeInForce,
    why: Why,
    num: u64,
    price: i64,
    qty: i64,
    cum: i64,
    leaves: i64,
    avg_px: i64,
    created_ns: Option<u64>,
    updated_ns: Option<u64>,
    names: Option<Box<Names>>,
    earlier: Earlier,
    recent: Recent,
}

/// Texts that few orders have.
#[derive(Debug)]
struct Names {
    /// Client order id.
    text: Box<str>,
    /// The user, where there is no account.
    user: Box<str>,
}

/// How many changes an order had at some moment: what came after it is what a command did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Since {
    history: u64,
    fills: u64,
}

/// Whose order it is, as people call it.
#[derive(Debug, Clone, Copy)]
pub struct Called<'a> {
    /// Name of the account; empty for none.
    pub user: &'a str,
    /// Symbol of the instrument.
    pub symbol: &'a str,
    /// Whether `num` is a client's own: the entry is one of the binary protocol.
    pub numbered: bool,
}

impl Order {
    /// The order that an acceptance makes.
    #[must_use]
    pub fn accepted(x: &Accepted, text: &str, seq: u64, time_ns: u64) -> Self {
        let mut order = Self::new(x, (text, ""), Earlier::Nothing);
        order.begin(
            seq,
            time_ns,
            &Change::Accepted {
                price: x.price,
                qty: x.qty,
            },
        );
        order
    }

    /// The order that a refusal makes; `user` is who asked, where there is no account.
    #[must_use]
    pub fn rejected(x: &Rejected, (user, text): (&str, &str), seq: u64, time_ns: u64) -> Self {
        let accepted = Accepted {
            entry: x.entry,
            account: x.account,
            entry_seq: x.entry_seq,
            order_id: x.order_id,
            num: x.num,
            price: x.price,
            qty: x.qty,
            instrument: x.instrument,
            side: x.side,
            ord_type: x.ord_type,
            tif: x.tif,
            exec_inst: 0,
            stp: wire::record::Stp::None,
        };
        let mut order = Self::new(&accepted, (text, user), Earlier::Nothing);
        (order.status, order.leaves) = (OrdStatus::Rejected, 0);
        order.why = Why::Refused(x.reason);
        order.begin(
            seq,
            time_ns,
            &Change::Rejected {
                price: x.price,
                qty: x.qty,
                reason: x.reason,
            },
        );
        order
    }

    /// An open order that began before anything that is known here, and stands so.
    #[must_use]
    pub fn standing(x: &Accepted, text: &str, stands: &StatusReport) -> Self {
        let earlier = Earlier::Unknown { first_seq: 0 };
        let mut order = Self::new(x, (text, ""), earlier);
        (order.cum, order.leaves, order.avg_px) = (stands.cum, stands.leaves, stands.avg_px);
        order.status = stands.status;
        order
    }

    fn new(x: &Accepted, (text, user): (&str, &str), earlier: Earlier) -> Self {
        let named = !text.is_empty() || !user.is_empty();
        Self {
            order_id: x.order_id,
            account: x.account,
            entry: x.entry,
            instrument: x.instrument,
            status: OrdStatus::New,
            last_seq: 0,
            side: x.side,
            ord_type: x.ord_type,
            tif: x.tif,
            why: Why::None,
            num: x.num,
            price: x.price,
            qty: x.qty,
            cum: 0,
            leaves: x.qty,
            avg_px: 0,
            created_ns: None,
            updated_ns: None,
            names: named.then(|| {
                Box::new(Names {
                    text: text.into(),
                    user: user.into(),
                })
            }),
            earlier,
            recent: Recent::default(),
        }
    }

    fn begin(&mut self, seq: u64, time_ns: u64, change: &Change) {
        self.created_ns = Some(time_ns);
        let in_force = self.in_force();
        self.note(change, in_force, seq, time_ns);
    }

    /// It traded.
    pub fn traded(&mut self, x: &Trade, liquidity: Liquidity, seq: u64, time_ns: u64) {
        (self.cum, self.leaves, self.avg_px) = match liquidity {
            Liquidity::Taker => (x.taker_cum, x.taker_leaves, x.taker_avg_px),
            Liquidity::Maker => (x.maker_cum, x.maker_leaves, x.maker_avg_px),
        };
        self.status = traded(self.leaves);
        let change = Change::Traded {
            liquidity,
            trade_id: x.trade_id,
            price: x.price,
            qty: x.qty,
            cum: self.cum,
            leaves: self.leaves,
        };
        self.note(&change, self.in_force(), seq, time_ns);
    }

    /// It left the book, or lost a part.
    pub fn canceled(&mut self, x: &Canceled, seq: u64, time_ns: u64) {
        let in_force = self.in_force();
        (self.leaves, self.cum, self.avg_px, self.status) = (x.leaves, x.cum, x.avg_px, x.status);
        self.why = Why::closing(x.reason);
        if !x.reason.closes() {
            self.qty = x.cum.saturating_add(x.leaves);
        }
        let change = Change::Canceled {
            status: x.status,
            reason: x.reason,
            cum: x.cum,
            leaves: x.leaves,
        };
        self.note(&change, in_force, seq, time_ns);
    }

    /// It was amended.  In the binary protocol it has the request's ClOrdID from now on.
    pub fn replaced(&mut self, x: &Replaced, seq: u64, time_ns: u64) {
        let in_force = self.in_force();
        (self.leaves, self.cum, self.avg_px, self.status) = (x.leaves, x.cum, x.avg_px, x.status);
        (self.price, self.qty, self.num) = (x.price, x.qty, x.num);
        let change = Change::Replaced {
            status: x.status,
            price: x.price,
            qty: x.qty,
            cum: x.cum,
            leaves: x.leaves,
        };
        self.note(&change, in_force, seq, time_ns);
    }

    const fn in_force(&self) -> InForce {
        InForce {
            price: self.price,
            qty: self.qty,
        }
    }

    fn note(&mut self, change: &Change, in_force: InForce, seq: u64, time_ns: u64) {
        self.updated_ns = Some(time_ns);
        self.last_seq = seq;
        if let Earlier::Unknown {
            first_seq: first @ 0,
        } = &mut self.earlier
        {
            *first = seq;
        }
        self.recent.push(change, in_force, time_ns);
    }

    /// Take what others know of it who know every event up to `seq`: when it began, and how many
    /// entries its history has, and how many fills it.  False where that can't be told from what was
    /// seen here, for some changes lie before `seq` and some behind it.
    pub fn tell_earlier(
        &mut self,
        created_ns: u64,
        (history, fills): (u64, u64),
        seq: u64,
    ) -> bool {
        let Earlier::Unknown { first_seq } = self.earlier else {
            return true;
        };
        self.created_ns = Some(created_ns);
        let (mut before, mut fills_before) = (history, fills);
        if first_seq != 0 && self.last_seq <= seq {
            let (here, fills_here) = self.recent.counts();
            before = history.saturating_sub(here);
            fills_before = fills.saturating_sub(fills_here);
        } else if first_seq != 0 && first_seq <= seq {
            return false;
        }
        self.earlier = Earlier::Counted {
            history: before,
            fills: fills_before,
        };
        true
    }

    /// Whether it began before it was known here, and nobody has said yet what happened then.
    #[must_use]
    pub const fn lacks_earlier(&self) -> bool {
        matches!(self.earlier, Earlier::Unknown { .. })
    }

    /// Whether it may still trade.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.status, OrdStatus::New | OrdStatus::PartiallyFilled)
    }

    /// How many changes it has had here so far.
    #[must_use]
    pub const fn now(&self) -> Since {
        let (history, fills) = self.recent.counts();
        Since { history, fills }
    }

    /// Whether its newest changes are here as far back as they are shown.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let (history, fills) = self.recent.counts();
        match self.earlier {
            Earlier::Nothing => true,
            Earlier::Unknown { .. } => false,
            Earlier::Counted {
                history: before,
                fills: fills_before,
            } => {
                let most = SHOWN_MAX as u64;
                (before == 0 || history >= most) && (fills_before == 0 || fills >= most)
            }
        }
    }

    /// Append it as JSON, with its newest changes; `since` leaves out those before that moment.
    pub fn write(&self, called: &Called<'_>, since: Since, out: &mut Vec<u8>) {
        let (history, fills) = self.recent.counts();
        let (entries, trades) = self
            .recent
            .newest(history - since.history, fills - since.fills);
        let counts = match self.earlier {
            Earlier::Nothing => Some((history, fills)),
            Earlier::Counted {
                history: before,
                fills: fills_before,
            } => Some((before + history, fills_before + fills)),
            Earlier::Unknown { .. } => None,
        };
        let (text, user) = match &self.names {
            Some(names) => (&*names.text, &*names.user),
            None => ("", ""),
        };
        OrderState {
            order_id: self.order_id,
            client_order_id: ClientOrderId::of(text, called.numbered.then_some(self.num)),
            user_id: if user.is_empty() { called.user } else { user },
            symbol: called.symbol,
            side: self.side,
            ord_type: self.ord_type,
            tif: self.tif,
            price: self.price,
            qty: self.qty,
            status: self.status,
            cum: self.cum,
            leaves: self.leaves,
            avg_px: self.avg_px,
            created_ns: self.created_ns,
            updated_ns: self.updated_ns,
            why: self.why,
            fills: Part {
                shown: &trades,
                count: counts.map(|(_, fills)| fills),
            },
            history: Part {
                shown: &entries,
                count: counts.map(|(history, _)| history),
            },
        }
        .write(out);
    }
}
