//! Where an open order rests: one line of 64 bytes, and another one elsewhere if it needs it.
//!
//! The line holds what nearly every command needs.  Beside it stands what most orders never have,
//! fills and a client order id in text; the line says where.
//!
//! Only LIMIT orders that may rest stand here, so neither type nor every time in force needs room.  A
//! stop order that waits for its trigger and an iceberg's hidden rest are tables of their own.

use super::order::{Order, REPLACED};
use super::paged_list::CellId;
use super::pool::{NONE, Slot};
use super::texts::Text;
use wire::record::{Side, Stp, TimeInForce};

const DAY: u8 = 1;

/// The line of an open order.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(crate) struct Resting {
    pub(crate) order_id: u64,
    pub(crate) num: u64,
    pub(crate) price: i64,
    pub(crate) leaves: i64,
    pub(crate) entry: u32,
    pub(crate) instrument: u32,
    pub(crate) level: u32,
    /// Page of the level's queue where it stands; links free slots too.
    queue_page: u32,
    /// Page of its entry's open orders where it stands.
    list_page: u32,
    /// Slot of what stands beside the line, or `NONE`.
    pub(crate) beside: u32,
    queue_at: u8,
    list_at: u8,
    pub(crate) side: Side,
    marks: u8,
    exec_inst: u8,
    stp: Stp,
}

/// What stands beside the line.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(crate) struct Beside {
    pub(crate) cum: i64,
    /// `Order::quote`, in two halves, which need no alignment to 16.
    quote: (i64, u64),
    pub(crate) text: Text,
}

impl Slot for Beside {
    /// A free slot's link stands where an executed quantity would.
    fn link(&self) -> u32 {
        self.cum as u32
    }
    fn set_link(&mut self, next: u32) {
        self.cum = i64::from(next);
    }
}

impl Default for Resting {
    fn default() -> Self {
        Self {
            order_id: 0,
            num: 0,
            price: 0,
            leaves: 0,
            entry: 0,
            instrument: 0,
            level: NONE,
            queue_page: NONE,
            list_page: NONE,
            beside: NONE,
            queue_at: 0,
            list_at: 0,
            side: Side::Buy,
            marks: 0,
            exec_inst: 0,
            stp: Stp::None,
        }
    }
}

impl Default for Beside {
    fn default() -> Self {
        Self {
            cum: 0,
            quote: (0, 0),
            text: Text::EMPTY,
        }
    }
}

impl Slot for Resting {
    fn link(&self) -> u32 {
        self.queue_page
    }
    fn set_link(&mut self, next: u32) {
        self.queue_page = next;
    }
}

impl Resting {
    /// The line of an order that comes to rest.
    #[inline(always)]
    pub(crate) fn new(order: &Order) -> Self {
        Self {
            order_id: order.order_id,
            num: order.num,
            price: order.price,
            leaves: order.leaves,
            entry: order.entry,
            instrument: order.instrument,
            side: order.side,
            marks: if order.tif == TimeInForce::Day {
                DAY
            } else {
                0
            },
            exec_inst: order.exec_inst,
            stp: order.stp,
            ..Self::default()
        }
    }

    /// Where it stands in its level's queue.
    #[inline(always)]
    pub(crate) const fn queue_cell(&self) -> CellId {
        CellId {
            page: self.queue_page,
            at: self.queue_at,
        }
    }

    #[inline(always)]
    pub(crate) const fn set_queue_cell(&mut self, cell: CellId) {
        (self.queue_page, self.queue_at) = (cell.page, cell.at);
    }

    /// Where it stands among its entry's open orders.
    #[inline(always)]
    pub(crate) const fn list_cell(&self) -> CellId {
        CellId {
            page: self.list_page,
            at: self.list_at,
        }
    }

    #[inline(always)]
    pub(crate) const fn set_list_cell(&mut self, cell: CellId) {
        (self.list_page, self.list_at) = (cell.page, cell.at);
    }

    /// It was amended.
    pub(crate) const fn mark_replaced(&mut self) {
        self.exec_inst |= REPLACED;
    }

    pub(crate) const fn is_day(&self) -> bool {
        self.marks & DAY != 0
    }

    /// The order, as far as the line tells it; `account` is its entry's.
    #[inline(always)]
    pub(crate) const fn order(&self, account: u32) -> Order {
        Order {
            order_id: self.order_id,
            num: self.num,
            price: self.price,
            leaves: self.leaves,
            cum: 0,
            quote: 0,
            entry: self.entry,
            account,
            instrument: self.instrument,
            text: NONE,
            side: self.side,
            tif: if self.is_day() {
                TimeInForce::Day
            } else {
                TimeInForce::Gtc
            },
            exec_inst: self.exec_inst,
            stp: self.stp,
        }
    }
}

impl Beside {
    /// Of an order of which nothing is executed.
    pub(crate) fn named(text: Text) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }

    /// Take over what is executed of an order.
    #[inline(always)]
    pub(crate) const fn note(&mut self, order: &Order) {
        self.cum = order.cum;
        self.quote = ((order.quote >> 64) as i64, order.quote as u64);
    }

    /// What stands here of an order, whose own slot this is.
    #[inline(always)]
    pub(crate) fn fill_in(&self, slot: u32, order: &mut Order) {
        order.cum = self.cum;
        order.quote = i128::from(self.quote.0) << 64 | i128::from(self.quote.1);
        order.text = if self.text.is_empty() { NONE } else { slot };
    }
}

#[cfg(test)]
mod tests {
    use super::{Beside, Resting};
    use crate::order::Order;
    use crate::texts::Texts;
    use wire::record::{Side, Stp, TimeInForce};

    #[test]
    fn a_line_takes_64_bytes_and_what_stands_beside_it_as_many() {
        assert_eq!((size_of::<Resting>(), align_of::<Resting>()), (64, 64));
        assert_eq!((size_of::<Beside>(), align_of::<Beside>()), (64, 64));
    }

    #[test]
    fn an_order_comes_back_as_it_was_laid_down() {
        let mut order = Order {
            order_id: 1,
            num: 2,
            price: i64::MAX,
            leaves: i64::MAX,
            cum: 0,
            quote: 0,
            entry: 3,
            account: 4,
            instrument: 5,
            text: 6,
            side: Side::Sell,
            tif: TimeInForce::Day,
            exec_inst: 1,
            stp: Stp::Decrement,
        };
        order.fill(i64::MAX, i64::MAX);
        let mut back = Resting::new(&order).order(4);
        let mut beside = Beside::named(Texts::default().keep("name"));
        beside.note(&order);
        beside.fill_in(6, &mut back);
        assert_eq!(format!("{back:?}"), format!("{order:?}"));
        assert_eq!(back.quote, i128::from(i64::MAX) * i128::from(i64::MAX));
    }
}
