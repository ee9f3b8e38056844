//! One session's orders: what it sends next, and what its reports answer.

use wire::record::{Side, TimeInForce};

use crate::codec::{Answer, Cancel, Codec, Order};
use crate::mix::{CROSS_QTY, Mix, REST_QTY, Random, cross_price, rest_price};
use crate::report::Tally;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rest,
    Cancel,
    Cross,
}

/// A request that was sent.
#[derive(Debug, Clone, Copy)]
struct Slot {
    due_ns: u64,
    kind: Kind,
    order: Resting,
    answered: bool,
}

/// An order that rests in the book.
#[derive(Debug, Clone, Copy)]
struct Resting {
    cl_ord_id: u64,
    instrument: u32,
    side: Side,
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
            kind: Kind::Rest,
            order: Resting {
                cl_ord_id: 0,
                instrument: 0,
                side: Side::Buy,
            },
            answered: true,
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
        self.slot(self.next_cl_ord_id).answered
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
    pub fn push_request(&mut self, due_ns: u64, codec: &mut dyn Codec, out: &mut Vec<u8>) {
        let kind = self.choose();
        let cl_ord_id = self.next_cl_ord_id;
        self.next_cl_ord_id += 1;
        self.in_flight += 1;
        let order = if kind == Kind::Cancel {
            let index = self.random.below(self.resting.len() as u64) as usize;
            let order = self.resting.swap_remove(index);
            let cancel = Cancel {
                cl_ord_id,
                orig_cl_ord_id: order.cl_ord_id,
                instrument: order.instrument,
                side: order.side,
            };
            codec.cancel(&cancel, out);
            order
        } else {
            let new = self.new_order(cl_ord_id, kind == Kind::Cross);
            codec.order(&new, out);
            Resting {
                cl_ord_id,
                instrument: new.instrument,
                side: new.side,
            }
        };
        *self.slot(cl_ord_id) = Slot {
            due_ns,
            kind,
            order,
            answered: false,
        };
    }

    fn new_order(&mut self, cl_ord_id: u64, cross: bool) -> Order {
        let index = self.random.below(self.plan.instruments.len() as u64) as usize;
        let buy = self.random.below(2) == 0;
        let (price, qty, time_in_force) = if cross {
            (cross_price(buy), CROSS_QTY, TimeInForce::Ioc)
        } else {
            (
                rest_price(buy, &mut self.random),
                REST_QTY,
                TimeInForce::Gtc,
            )
        };
        Order {
            cl_ord_id,
            instrument: self.plan.instruments[index],
            side: if buy { Side::Buy } else { Side::Sell },
            price,
            qty,
            time_in_force,
        }
    }

    /// What was sent with this ClOrdID, as long as it is remembered.
    #[inline]
    fn sent(&mut self, cl_ord_id: u64) -> Option<&mut Slot> {
        let oldest = self.next_cl_ord_id.saturating_sub(self.slots.len() as u64);
        let known = (oldest..self.next_cl_ord_id).contains(&cl_ord_id);
        known.then(|| self.slot(cl_ord_id))
    }

    /// Mark the request as answered; `None` if it was before, or is not ours.
    #[inline]
    fn settle(&mut self, cl_ord_id: u64) -> Option<Slot> {
        let slot = self.sent(cl_ord_id).filter(|slot| !slot.answered)?;
        slot.answered = true;
        let sent = *slot;
        self.in_flight -= 1;
        Some(sent)
    }

    #[inline]
    fn answered(&mut self, cl_ord_id: u64, now_ns: u64, tally: &mut Tally) -> Option<Slot> {
        let sent = self.settle(cl_ord_id)?;
        tally.latency.record(now_ns.saturating_sub(sent.due_ns));
        match sent.kind {
            Kind::Rest => tally.rests += 1,
            Kind::Cancel => tally.cancels += 1,
            Kind::Cross => tally.crosses += 1,
        }
        Some(sent)
    }

    fn filled(&mut self, cl_ord_id: u64) {
        // One that crosses never rests, and nobody has to look for it.
        if self
            .sent(cl_ord_id)
            .is_none_or(|sent| sent.kind != Kind::Cross)
        {
            self.resting.retain(|order| order.cl_ord_id != cl_ord_id);
        }
    }

    /// Take what a message of the session says.
    #[inline]
    pub fn take(&mut self, answer: Answer, now_ns: u64, tally: &mut Tally) {
        match answer {
            Answer::Done(cl_ord_id) => {
                if let Some(sent) = self.answered(cl_ord_id, now_ns, tally)
                    && sent.kind == Kind::Rest
                {
                    self.resting.push(sent.order);
                }
            }
            Answer::Echoed(cl_ord_id) => {
                self.answered(cl_ord_id, now_ns, tally);
            }
            Answer::Traded(_) => tally.fills += 1,
            Answer::Filled(cl_ord_id) => {
                tally.fills += 1;
                self.filled(cl_ord_id);
            }
            Answer::Refused(cl_ord_id) => {
                if self.settle(cl_ord_id).is_some() {
                    tally.rejects += 1;
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "trader_tests.rs"]
mod tests;
