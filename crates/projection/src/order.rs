//! An order as its events tell it: its terms, its progress, its newest changes.
//!
//! # Contract
//! Fed with every event of the order, in order.  An order whose beginning was not seen is known from a
//! status report: its state is exact from then on, its earlier changes are others' to tell.

use wire::record::event::{Accepted, StatusReport};
use wire::record::{OrdStatus, OrdType, Side, TimeInForce};
use wire::text::{ClientOrderId, OrderState, Part};

use crate::change::InForce;
use crate::execution::{Execution, accepted};
use crate::recent::{Recent, SHOWN_MAX};
use crate::state::State;

/// What happened to an order before it was known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Earlier {
    /// So many entries of its history, and fills.
    Counted { history: u64, fills: u64 },
    /// Something, but how much is not known yet; the first event that changed it since, or 0.
    Unknown { first_seq: u64 },
}

/// An order.
///
/// One that is [`Order::vacant`] has the id 0, and may become any other in its slot, so that nothing is
/// copied.  It takes three lines of memory with what a ring of them needs beside it.
#[derive(Debug)]
pub struct Order {
    /// Order id; 0 for none.
    pub order_id: u64,
    /// Sequence number of the last event that changed it; 0 when none did.
    pub last_seq: u64,
    state: State,
    /// Engine time of its first event; 0 where that is not known.
    created_ns: u64,
    /// Engine time of its last event; 0 when there was none.
    updated_ns: u64,
    /// Account.
    pub account: u32,
    /// Entry.
    pub entry: u32,
    /// Instrument.
    pub instrument: u32,
    side: Side,
    ord_type: OrdType,
    tif: TimeInForce,
    names: Option<Box<Names>>,
    /// What happened before it was known here; `None` for nothing.
    earlier: Option<Box<Earlier>>,
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
    /// Symbol of the instrument; empty where the order named none.
    pub symbol: &'a str,
    /// Whether `num` is a client's own: the entry is one of the binary protocol.
    pub numbered: bool,
}

impl Order {
    /// No order.
    #[must_use]
    pub fn vacant() -> Self {
        Self {
            order_id: 0,
            last_seq: 0,
            state: State {
                status: OrdStatus::Rejected,
                ..State::new(0, InForce { price: 0, qty: 0 })
            },
            created_ns: 0,
            updated_ns: 0,
            account: 0,
            entry: 0,
            instrument: 0,
            side: Side::Buy,
            ord_type: OrdType::Limit,
            tif: TimeInForce::Gtc,
            names: None,
            earlier: None,
            recent: Recent::default(),
        }
    }

    /// Become the order that an execution begins.
    #[inline]
    pub fn begin(&mut self, x: &Execution<'_>, seq: u64, time_ns: u64) {
        self.become_order(x);
        self.created_ns = time_ns;
        self.apply(x, seq, time_ns);
    }

    /// Go on by an execution.
    #[inline]
    pub fn apply(&mut self, x: &Execution<'_>, seq: u64, time_ns: u64) {
        let before = self.state.in_force();
        self.state.apply(x);
        self.updated_ns = time_ns;
        self.last_seq = seq;
        if let Some(earlier) = &mut self.earlier
            && let Earlier::Unknown {
                first_seq: first @ 0,
            } = &mut **earlier
        {
            *first = seq;
        }
        if x.change.amends() {
            self.rename(x.text);
        }
        self.recent.push(&x.change, before, time_ns);
    }

    /// Its client order id is this one from now on; one that has none gets none.
    fn rename(&mut self, text: &str) {
        if let Some(names) = &mut self.names
            && *names.text != *text
        {
            names.text = text.into();
        }
    }

    /// An open order that began before anything that is known here, and stands so.
    #[must_use]
    pub fn standing(x: &Accepted, text: &str, stands: &StatusReport) -> Self {
        let mut order = Self::vacant();
        order.become_order(&accepted(x, text));
        order.earlier = Some(Box::new(Earlier::Unknown { first_seq: 0 }));
        order.state.stand(stands);
        order
    }

    #[inline]
    fn become_order(&mut self, x: &Execution<'_>) {
        self.order_id = x.order_id;
        self.state = State::new(x.num, x.before());
        (self.last_seq, self.created_ns, self.updated_ns) = (0, 0, 0);
        (self.account, self.entry, self.instrument) = (x.account, x.entry, x.instrument);
        self.side = x.side;
        (self.ord_type, self.tif) = x.terms();
        self.names = None;
        if !x.text.is_empty() || !x.user.is_empty() {
            let (text, user) = (x.text.into(), x.user.into());
            self.names = Some(Box::new(Names { text, user }));
        }
        self.earlier = None;
        self.recent.clear();
    }

    /// Take what others know of it who know every event up to `seq`: when it began, and how many
    /// entries its history has, and how many fills it.  False where that can't be told from what was
    /// seen here, for some changes lie before `seq` and some behind it.
    pub fn set_earlier(&mut self, created_ns: u64, (history, fills): (u64, u64), seq: u64) -> bool {
        let Some(Earlier::Unknown { first_seq }) = self.earlier.as_deref().copied() else {
            return true;
        };
        self.created_ns = created_ns;
        let (mut before, mut fills_before) = (history, fills);
        if first_seq != 0 && self.last_seq <= seq {
            let (here, fills_here) = self.recent.counts();
            let counted = (history.checked_sub(here), fills.checked_sub(fills_here));
            let (Some(history), Some(fills)) = counted else {
                // Who says that there are fewer than were seen here knows nothing: none are counted.
                return true;
            };
            (before, fills_before) = (history, fills);
        } else if first_seq != 0 && first_seq <= seq {
            return false;
        }
        self.earlier = Some(Box::new(Earlier::Counted {
            history: before,
            fills: fills_before,
        }));
        true
    }

    /// Whether it began before it was known here, and nobody has said yet what happened then.
    #[must_use]
    pub fn lacks_earlier(&self) -> bool {
        matches!(self.earlier.as_deref(), Some(Earlier::Unknown { .. }))
    }

    /// How far it is.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Whether it may still trade.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.state.is_open()
    }

    /// How many changes it has had here so far.
    #[must_use]
    pub fn now(&self) -> Since {
        let (history, fills) = self.recent.counts();
        Since { history, fills }
    }

    /// Whether its newest changes are here as far back as they are shown.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let (history, fills) = self.recent.counts();
        match self.earlier.as_deref() {
            None => true,
            Some(Earlier::Unknown { .. }) => false,
            Some(Earlier::Counted {
                history: before,
                fills: fills_before,
            }) => {
                let most = SHOWN_MAX as u64;
                (*before == 0 || history >= most) && (*fills_before == 0 || fills >= most)
            }
        }
    }

    /// Append it as JSON, with its newest changes; `since` leaves out those before that moment.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "changes are counted one by one, and no fewer than at an earlier moment of the same order"
    )]
    pub fn write(&self, called: &Called<'_>, since: Since, out: &mut Vec<u8>) {
        let (history, fills) = self.recent.counts();
        let (entries, trades) = self
            .recent
            .newest(history - since.history, fills - since.fills);
        let counts = match self.earlier.as_deref() {
            None => Some((history, fills)),
            Some(Earlier::Counted {
                history: before,
                fills: fills_before,
            }) => Some((before + history, fills_before + fills)),
            Some(Earlier::Unknown { .. }) => None,
        };
        let known = |ns: u64| (ns != 0).then_some(ns);
        let (text, user) = match &self.names {
            Some(names) => (&*names.text, &*names.user),
            None => ("", ""),
        };
        let state = &self.state;
        OrderState {
            order_id: self.order_id,
            client_order_id: ClientOrderId::of(text, called.numbered.then_some(state.num)),
            user_id: if user.is_empty() { called.user } else { user },
            symbol: called.symbol,
            side: self.side,
            ord_type: self.ord_type,
            tif: self.tif,
            price: state.price,
            qty: state.qty,
            status: state.status,
            cum: state.cum,
            leaves: state.leaves,
            avg_px: state.avg_px,
            created_ns: known(self.created_ns),
            updated_ns: known(self.updated_ns),
            why: state.why,
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
