//! How far an order is, and how an execution moves it on: the table stands in `execution`.

use wire::record::OrdStatus;
use wire::record::event::StatusReport;
use wire::text::Why;

use crate::change::{Change, InForce};
use crate::execution::Execution;

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// `ClOrdId::num`.
    pub num: u64,
    /// Price in force, or `NO_PRICE`.
    pub price: i64,
    /// Total quantity in force.
    pub qty: i64,
    /// Executed quantity.
    pub cum: i64,
    /// Open quantity.
    pub leaves: i64,
    /// Average price of what was executed; 0 for none.
    pub avg_px: i64,
    /// Why it was refused or closed.
    pub why: Why,
    /// Status.
    pub status: OrdStatus,
}

impl State {
    /// Of an order of this price and quantity that nothing has happened to.
    #[must_use]
    pub const fn new(num: u64, in_force: InForce) -> Self {
        Self {
            num,
            price: in_force.price,
            qty: in_force.qty,
            cum: 0,
            leaves: in_force.qty,
            avg_px: 0,
            why: Why::None,
            status: OrdStatus::New,
        }
    }

    /// Price and total quantity in force.
    #[must_use]
    pub const fn in_force(&self) -> InForce {
        InForce {
            price: self.price,
            qty: self.qty,
        }
    }

    /// Whether it may still trade.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.status, OrdStatus::New | OrdStatus::PartiallyFilled)
    }

    /// Go on by an execution.
    #[inline]
    pub const fn apply(&mut self, x: &Execution<'_>) {
        match x.change {
            Change::Accepted { .. } => *self = Self::new(x.num, x.before()),
            Change::Rejected { reason, .. } => {
                *self = Self::new(x.num, x.before());
                self.leaves = 0;
                self.status = OrdStatus::Rejected;
                self.why = Why::Refused(reason);
            }
            Change::Traded { cum, leaves, .. } => {
                self.progress(cum, leaves, x.avg_px);
                self.status = OrdStatus::after_fill(leaves);
            }
            Change::Canceled {
                status,
                reason,
                cum,
                leaves,
            } => {
                self.progress(cum, leaves, x.avg_px);
                self.status = status;
                self.why = Why::closing(reason);
                if !reason.closes() {
                    self.amend(x);
                }
            }
            Change::Replaced {
                status,
                cum,
                leaves,
                ..
            } => {
                self.progress(cum, leaves, x.avg_px);
                self.status = status;
                self.amend(x);
            }
        }
    }

    /// It stands so, by what happened before anything that is known here.
    pub const fn stand(&mut self, x: &StatusReport) {
        self.progress(x.cum, x.leaves, x.avg_px);
        self.status = x.status;
    }

    const fn progress(&mut self, cum: i64, leaves: i64, avg_px: i64) {
        self.cum = cum;
        self.leaves = leaves;
        self.avg_px = avg_px;
    }

    const fn amend(&mut self, x: &Execution<'_>) {
        self.num = x.num;
        self.price = x.price;
        self.qty = x.qty;
    }
}
