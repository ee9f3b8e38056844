//! One session's orders: what it sends next, and what its reports answer.

use wire::record::{OrdType, Side, TimeInForce};
use wire::sbe::{
    BusinessMessageReject, ExecutionReportCancel, ExecutionReportNew, ExecutionReportReject,
    ExecutionReportTrade, Header, NULL_I64, NULL_U8, NULL_U64, NewOrderSingle, OrderCancelReject,
    OrderCancelRequest, split,
};

use crate::error::LoadError;
use crate::mix::{CROSS_QTY, Mix, REST_QTY, Random, cross_price, rest_price};
use crate::report::Tally;

/// FIX 1057, `Y`: the order that came took liquidity.
const AGGRESSOR: u8 = b'Y';

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Answered,
    Rest,
    Cancel,
    Cross,
}

/// A request that was sent.
#[derive(Debug, Clone, Copy)]
struct Slot {
    due_ns: u64,
    kind: Kind,
}

/// An order that rests in the book.
#[derive(Debug, Clone, Copy)]
struct Resting {
    cl_ord_id: u64,
    instrument: u32,
}

/// What a trader trades.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The shares.
    pub mix: Mix,
    /// Instruments.
    pub instruments: Vec<u32>,
    /// Orders that rest once the books are warm.
    pub resting: usize,
    /// Most requests without an answer; a power of two.
    pub in_flight_max: usize,
}

/// One session's orders.
#[derive(Debug)]
pub struct Trader {
    plan: Plan,
    random: Random,
    next_cl_ord_id: u64,
    slots: Vec<Slot>,
    in_flight: usize,
    resting: Vec<Resting>,
    /// Send only orders that rest.
    pub filling: bool,
}

impl Trader {
    /// A trader whose first ClOrdID comes after `last_cl_ord_id`.
    #[must_use]
    pub fn new(plan: Plan, last_cl_ord_id: u64, seed: u64) -> Self {
        let free = Slot {
            due_ns: 0,
            kind: Kind::Answered,
        };
        Self {
            slots: vec![free; plan.in_flight_max.next_power_of_two()],
            random: Random::new(seed),
            next_cl_ord_id: last_cl_ord_id + 1,
            in_flight: 0,
            resting: Vec::new(),
            filling: false,
            plan,
        }
    }

    /// Requests without an answer.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Whether as many orders rest as the plan wants.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.resting.len() >= self.plan.resting
    }

    fn slot(&mut self, cl_ord_id: u64) -> &mut Slot {
        let mask = self.slots.len() - 1;
        &mut self.slots[cl_ord_id as usize & mask]
    }

    /// Whether one more request may be sent.
    #[inline]
    pub fn has_room(&mut self) -> bool {
        self.slot(self.next_cl_ord_id).kind == Kind::Answered
    }

    fn choose(&mut self) -> Kind {
        if self.filling || self.resting.is_empty() {
            return Kind::Rest;
        }
        let share = self.random.below(100) as u8;
        if share < self.plan.mix.cross {
            return Kind::Cross;
        }
        // Between nine and eleven tenths of the plan the shares decide; outside it the book is mended.
        let (live, wanted) = (self.resting.len(), self.plan.resting);
        let rest = if live * 10 < wanted * 9 {
            self.plan.mix.rest > 0
        } else if live * 10 > wanted * 11 {
            self.plan.mix.cancel == 0
        } else {
            share < self.plan.mix.cross + self.plan.mix.rest
        };
        if rest { Kind::Rest } else { Kind::Cancel }
    }

    /// Append the next request, which was to be sent at `due_ns`.
    #[inline]
    pub fn push_request(&mut self, due_ns: u64, out: &mut Vec<u8>) {
        let kind = self.choose();
        let cl_ord_id = self.next_cl_ord_id;
        self.next_cl_ord_id += 1;
        *self.slot(cl_ord_id) = Slot { due_ns, kind };
        self.in_flight += 1;
        if kind == Kind::Cancel {
            let index = self.random.below(self.resting.len() as u64) as usize;
            let order = self.resting.swap_remove(index);
            OrderCancelRequest {
                cl_ord_id,
                orig_cl_ord_id: order.cl_ord_id,
                order_id: NULL_U64,
                security_id: order.instrument,
            }
            .push(out);
        } else {
            self.new_order(cl_ord_id, kind == Kind::Cross).push(out);
        }
    }

    fn new_order(&mut self, cl_ord_id: u64, cross: bool) -> NewOrderSingle {
        let index = self.random.below(self.plan.instruments.len() as u64) as usize;
        let buy = self.random.below(2) == 0;
        let (price, order_qty, time_in_force) = if cross {
            (cross_price(buy), CROSS_QTY, TimeInForce::Ioc)
        } else {
            (
                rest_price(buy, &mut self.random),
                REST_QTY,
                TimeInForce::Gtc,
            )
        };
        NewOrderSingle {
            cl_ord_id,
            price,
            order_qty,
            stop_px: NULL_I64,
            security_id: self.plan.instruments[index],
            side: if buy {
                Side::Buy.code()
            } else {
                Side::Sell.code()
            },
            ord_type: OrdType::Limit.code(),
            time_in_force: time_in_force.code(),
            exec_inst: 0,
            self_match_prevention_instruction: NULL_U8,
        }
    }

    /// Mark the request as answered; `None` if it was before, or is not ours.
    #[inline]
    fn settle(&mut self, cl_ord_id: u64) -> Option<Slot> {
        let oldest = self.next_cl_ord_id.saturating_sub(self.slots.len() as u64);
        if cl_ord_id < oldest || cl_ord_id >= self.next_cl_ord_id {
            return None;
        }
        let slot = self.slot(cl_ord_id);
        if slot.kind == Kind::Answered {
            return None;
        }
        let sent = *slot;
        slot.kind = Kind::Answered;
        self.in_flight -= 1;
        Some(sent)
    }

    #[inline]
    fn answered(&mut self, cl_ord_id: u64, now_ns: u64, tally: &mut Tally) -> Option<Kind> {
        let sent = self.settle(cl_ord_id)?;
        tally.latency.record(now_ns.saturating_sub(sent.due_ns));
        match sent.kind {
            Kind::Rest => tally.rests += 1,
            Kind::Cancel => tally.cancels += 1,
            Kind::Cross => tally.crosses += 1,
            Kind::Answered => {}
        }
        Some(sent.kind)
    }

    fn refused(&mut self, cl_ord_id: u64, tally: &mut Tally) {
        if self.settle(cl_ord_id).is_some() {
            tally.rejects += 1;
        }
    }

    fn traded(&mut self, trade: ExecutionReportTrade, tally: &mut Tally) {
        tally.fills += 1;
        if trade.leaves_qty == 0 && trade.aggressor_indicator != AGGRESSOR {
            self.resting
                .retain(|order| order.cl_ord_id != trade.cl_ord_id);
        }
    }

    /// Take one message of the session.
    ///
    /// # Errors
    /// `Protocol` when it can't be read.
    #[inline]
    pub fn take(
        &mut self,
        message: &[u8],
        now_ns: u64,
        tally: &mut Tally,
    ) -> Result<(), LoadError> {
        let (header, block) = split(message).map_err(protocol)?;
        match header.template_id {
            ExecutionReportNew::TEMPLATE => {
                let report = ExecutionReportNew::read(header, block).map_err(protocol)?;
                if self.answered(report.cl_ord_id, now_ns, tally) == Some(Kind::Rest) {
                    self.resting.push(Resting {
                        cl_ord_id: report.cl_ord_id,
                        instrument: report.security_id,
                    });
                }
            }
            ExecutionReportCancel::TEMPLATE => {
                let report = ExecutionReportCancel::read(header, block).map_err(protocol)?;
                self.answered(report.cl_ord_id, now_ns, tally);
            }
            ExecutionReportTrade::TEMPLATE => {
                let report = ExecutionReportTrade::read(header, block).map_err(protocol)?;
                self.traded(report, tally);
            }
            // What a bare echo sends back.
            NewOrderSingle::TEMPLATE => {
                let request = NewOrderSingle::read(header, block).map_err(protocol)?;
                self.answered(request.cl_ord_id, now_ns, tally);
            }
            _ => self.take_refusal(header, block, tally)?,
        }
        Ok(())
    }

    fn take_refusal(
        &mut self,
        header: Header,
        block: &[u8],
        tally: &mut Tally,
    ) -> Result<(), LoadError> {
        let cl_ord_id = match header.template_id {
            ExecutionReportReject::TEMPLATE => {
                ExecutionReportReject::read(header, block)
                    .map_err(protocol)?
                    .cl_ord_id
            }
            OrderCancelReject::TEMPLATE => {
                OrderCancelReject::read(header, block)
                    .map_err(protocol)?
                    .cl_ord_id
            }
            BusinessMessageReject::TEMPLATE => {
                BusinessMessageReject::read(header, block)
                    .map_err(protocol)?
                    .business_reject_ref_id
            }
            other => return Err(LoadError::Protocol(format!("unexpected template {other}"))),
        };
        self.refused(cl_ord_id, tally);
        Ok(())
    }
}

fn protocol(fault: wire::sbe::Fault) -> LoadError {
    LoadError::Protocol(format!("{fault:?}"))
}

#[cfg(test)]
#[path = "trader_tests.rs"]
mod tests;
