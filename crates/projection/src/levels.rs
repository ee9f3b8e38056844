//! What an event does to the levels of order books.
//!
//! # Contract
//! Fed with every event, in order; [`Levels::end`] after each whole command batch.  What an order brings
//! stands in no level until its command is over, for it may trade first, or not rest at all; a trade takes
//! off the maker's leg; what is canceled or replaced is taken off.  So after a whole command whoever keeps
//! the levels has those of the engine's books.

use wire::record::command::NO_PRICE;
use wire::record::event::Canceled;
use wire::record::{CancelReason, Event, Side};

/// Sequence number of an event, and its engine time.
pub type SeqTime = (u64, u64);

/// What becomes of one level of one book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelChange {
    /// Instrument.
    pub instrument: u32,
    /// Side.
    pub side: Side,
    /// The level's price.
    pub price: i64,
    /// What comes or goes.
    pub moved: Moved,
    /// The event that says so.
    pub at: SeqTime,
}

/// What comes to a level, or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// An order of this open quantity rests there now.
    Added(i64),
    /// An order there lost this quantity; `gone` when nothing of it is left.
    Taken {
        /// The quantity.
        qty: i64,
        /// Whether the order has left.
        gone: bool,
    },
}

/// What the command that is being told brings to a book: a new order, or one with a new price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Incoming {
    order_id: u64,
    instrument: u32,
    side: Side,
    price: i64,
    /// What is left of it so far.
    qty: i64,
    /// The last event that said so.
    at: SeqTime,
}

impl Incoming {
    fn lose(&mut self, qty: i64, at: SeqTime) {
        self.qty = self.qty.saturating_sub(qty);
        self.at = at;
    }
}

/// Turns events into changes of levels.
#[derive(Debug, Default)]
pub struct Levels {
    incoming: Option<Incoming>,
}

impl Levels {
    /// The changes of an event, in order.
    #[inline(always)]
    pub fn apply(&mut self, event: &Event<'_>, at: SeqTime, mut each: impl FnMut(&LevelChange)) {
        match event {
            Event::Accepted(x, _) => {
                self.end(&mut each);
                if x.price != NO_PRICE {
                    self.incoming = Some(Incoming {
                        order_id: x.order_id,
                        instrument: x.instrument,
                        side: x.side,
                        price: x.price,
                        qty: x.qty,
                        at,
                    });
                }
            }
            Event::Trade(x, ..) => {
                if let Some(taker) = &mut self.incoming {
                    taker.lose(x.qty, at);
                }
                each(&LevelChange {
                    instrument: x.instrument,
                    side: x.taker_side.opposite(),
                    price: x.price,
                    moved: Moved::Taken {
                        qty: x.qty,
                        gone: x.maker_leaves == 0,
                    },
                    at,
                });
            }
            Event::Canceled(x, ..) if !x.copy => self.left(x, at, each),
            Event::Replaced(x, ..) if !x.copy => {
                self.end(&mut each);
                each(&LevelChange {
                    instrument: x.instrument,
                    side: x.side,
                    price: x.old_price,
                    moved: Moved::Taken {
                        qty: x.old_leaves,
                        gone: true,
                    },
                    at,
                });
                self.incoming = Some(Incoming {
                    order_id: x.order_id,
                    instrument: x.instrument,
                    side: x.side,
                    price: x.price,
                    qty: x.leaves,
                    at,
                });
            }
            _ => {}
        }
    }

    #[inline(always)]
    fn left(&mut self, x: &Canceled, at: SeqTime, mut each: impl FnMut(&LevelChange)) {
        let requested = is_requested(x.reason);
        if let Some(incoming) = &mut self.incoming
            && incoming.order_id == x.order_id
            && !requested
        {
            // It leaves before it was in the book, unless it rested and is asked for now.
            incoming.lose(x.qty, at);
            return;
        }
        if requested {
            self.end(&mut each);
        }
        if x.price != NO_PRICE {
            each(&LevelChange {
                instrument: x.instrument,
                side: x.side,
                price: x.price,
                moved: Moved::Taken {
                    qty: x.qty,
                    gone: x.leaves == 0,
                },
                at,
            });
        }
    }

    /// The command is over that brought an order: what is left of it is in its book.
    #[inline(always)]
    pub fn end(&mut self, mut each: impl FnMut(&LevelChange)) {
        if let Some(order) = self.incoming.take()
            && order.qty > 0
        {
            each(&LevelChange {
                instrument: order.instrument,
                side: order.side,
                price: order.price,
                moved: Moved::Added(order.qty),
                at: order.at,
            });
        }
    }
}

/// Whether an order left because someone asked for it, or its time was over, and not by the command that
/// brought it.
const fn is_requested(reason: CancelReason) -> bool {
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
