//! The books of all instruments, and the open orders in them.
//!
//! Others read what stands here; an order comes, changes and goes by what is said here only.  Whose it
//! is, and on whose list it stands, is not known here: see `parties`.

use super::instruments::{Instruments, Listing};
use super::level::Level;
use super::order::Order;
use super::orders::OpenOrders;
use super::paged_list::CellId;
use super::pools::{Hint, Pools};
use super::resting::Resting;
use wire::record::Side;
use wire::record::command::Instrument;

#[derive(Debug)]
pub(crate) struct Books {
    instruments: Instruments,
    pools: Pools,
    open: OpenOrders,
}

impl Books {
    pub(crate) fn new() -> Self {
        Self {
            instruments: Instruments::new(),
            pools: Pools::new(),
            open: OpenOrders::new(),
        }
    }

    #[inline(always)]
    pub(crate) const fn instruments(&self) -> &Instruments {
        &self.instruments
    }

    /// Levels and queues of all books.
    #[inline(always)]
    pub(crate) const fn pools(&self) -> &Pools {
        &self.pools
    }

    #[inline(always)]
    pub(crate) const fn open(&self) -> &OpenOrders {
        &self.open
    }

    /// The instrument of this number, which there is.
    #[inline(always)]
    pub(crate) fn listing(&self, instrument: u32) -> &Listing {
        self.instruments.row(instrument)
    }

    /// The line of the open order in a slot.
    #[inline(always)]
    pub(crate) fn line(&self, slot: u32) -> &Resting {
        self.open.line(slot)
    }

    /// The first order that one of the other side which goes as far as `limit` meets.
    #[inline(always)]
    pub(crate) fn first(&self, instrument: u32, side: Side, limit: i64) -> Option<u32> {
        let sides = self.listing(instrument).sides();
        sides.first(&self.pools, side, limit)
    }

    /// The levels of one side of a book, best first; none where there is no such instrument.
    pub(crate) fn levels(&self, instrument: u32, side: Side) -> impl Iterator<Item = u32> + '_ {
        let known = self.instruments.knows(instrument);
        let mut levels = known.then(|| self.listing(instrument).side(side).walk());
        std::iter::from_fn(move || levels.as_mut()?.next(&self.pools))
    }

    /// All open orders: by instrument, bids before asks, best level first, oldest first.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = u32> {
        let instruments = self.instruments.rows().map(|(instrument, _)| instrument);
        let sides = instruments.flat_map(|i| [(i, Side::Buy), (i, Side::Sell)]);
        let levels = sides.flat_map(|(i, side)| self.levels(i, side));
        levels.flat_map(|at| self.queue(&self.pools.levels[at]))
    }

    /// The orders of a level, oldest first.
    pub(crate) fn queue(&self, level: &Level) -> impl Iterator<Item = u32> + use<'_> {
        level.queue(&self.pools.pages).map(|(_, slot)| slot)
    }

    /// Where the next command probably works.
    #[inline(always)]
    pub(crate) const fn expect(&mut self, hint: Hint) {
        self.pools.hint = hint;
    }

    /// Keep the client order id of an order that may come to rest.
    #[inline(always)]
    pub(crate) fn keep_text(&mut self, text: &str) -> u32 {
        self.open.keep_text(text)
    }

    /// That order has not come to rest.
    #[inline(always)]
    pub(crate) fn forget_text(&mut self, text: u32) {
        self.open.forget_text(text);
    }

    /// Put an order into its book, at the end of its level; `numbered` for those of binary entries,
    /// `newest` for the highest id so far.
    #[inline(always)]
    pub(crate) fn add(&mut self, order: &Order, numbered: bool, newest: bool) -> u32 {
        let slot = self.open.add(order, numbered, newest);
        self.push(slot);
        slot
    }

    /// Note where an order stands on its entry's list.
    #[inline(always)]
    pub(crate) fn set_list_cell(&mut self, slot: u32, cell: CellId) {
        self.open.line_mut(slot).set_list_cell(cell);
    }

    /// Take a part of an order, or all that is open in it.
    #[inline(always)]
    pub(crate) fn reduce(&mut self, slot: u32, qty: i64) {
        let line = self.open.line_mut(slot);
        let listing = self.instruments.row_mut(line.instrument);
        listing.reduce(&mut self.pools, line, qty);
    }

    /// The same in a trade, which is at the order's price.
    #[inline(always)]
    pub(crate) fn trade(&mut self, slot: u32, qty: i64) {
        let line = self.open.line_mut(slot);
        let listing = self.instruments.row_mut(line.instrument);
        listing.trade(&mut self.pools, line, qty);
    }

    /// Keep what was executed of an order that stays.
    #[inline(always)]
    pub(crate) fn note(&mut self, slot: u32, order: &Order) {
        self.open.note(slot, order);
    }

    /// Take an order out of its queue; its entry, and where it stands on the list of that.
    #[inline(always)]
    pub(crate) fn unlink(&mut self, slot: u32) -> (u32, CellId) {
        let line = self.open.line(slot);
        let listing = self.instruments.row_mut(line.instrument);
        listing.unlink(&mut self.pools, line);
        (line.entry, line.list_cell())
    }

    /// Change price and open quantity of an order that stands in no queue.
    #[inline(always)]
    pub(crate) fn set(&mut self, slot: u32, price: i64, leaves: i64) {
        let line = self.open.line_mut(slot);
        (line.price, line.leaves) = (price, leaves);
    }

    /// Put an order that stands in no queue at the end of its level.
    #[inline(always)]
    pub(crate) fn push(&mut self, slot: u32) {
        let line = self.open.line_mut(slot);
        let listing = self.instruments.row_mut(line.instrument);
        listing.push(&mut self.pools, line, slot);
    }

    /// Give the order of a binary entry another ClOrdID.
    pub(crate) fn rename(&mut self, slot: u32, num: u64) {
        self.open.rename(slot, num);
    }

    /// Give the order of a FIX session another client order id.
    pub(crate) fn set_text(&mut self, slot: u32, text: &str) {
        self.open.set_text(slot, text);
    }

    /// The order of a FIX session was amended.
    pub(crate) fn mark_replaced(&mut self, slot: u32) {
        self.open.line_mut(slot).mark_replaced();
    }

    /// Forget an order that stands in no queue: its names, its text, its slot.
    #[inline(always)]
    pub(crate) fn remove(&mut self, slot: u32, numbered: bool) {
        self.open.remove(slot, numbered);
    }

    /// A new instrument, whose number no other has.
    pub(crate) fn add_instrument(
        &mut self,
        instrument: u32,
        symbol: &str,
        spec: Instrument,
        now_ns: u64,
    ) {
        self.instruments.add(instrument, symbol, spec, now_ns);
    }

    /// Other filters of an instrument.
    pub(crate) fn set_instrument(&mut self, instrument: u32, spec: Instrument, now_ns: u64) {
        self.instruments.set(instrument, spec, now_ns);
    }

    /// As a snapshot says it: the price of an instrument's last trade.
    pub(crate) fn restore_last_price(&mut self, instrument: u32, price: i64) {
        let listing = self.instruments.row_mut(instrument);
        listing.restore_last_price(price);
    }

    /// Set when the sessions that have ended end next.
    pub(crate) fn plan_ended(&mut self, now_ns: u64) {
        self.instruments.plan_ended(now_ns);
    }
}

#[cfg(test)]
impl Books {
    /// All of it, to be spoiled.
    pub(crate) const fn inside(&mut self) -> (&mut Instruments, &mut Pools, &mut OpenOrders) {
        (&mut self.instruments, &mut self.pools, &mut self.open)
    }
}
