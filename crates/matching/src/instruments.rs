//! Instruments with their filters and their books.

use super::book::Sides;
use super::names::Names;
use super::pools::Pools;
use super::resting::Resting;
use super::side::BookSide;
use wire::record::Side;
use wire::record::command::Instrument;

const SECOND_NS: u64 = 1_000_000_000;
const DAY_S: u64 = 86_400;
/// Highest number of an instrument: the table has a row for each number below it.
pub(crate) const NUMBER_MAX: u32 = 1 << 20;
/// Instruments from which on they are worth prefetching.
const ROWS_MIN: usize = 128;

/// An instrument; its number is its index, from 1.  One without a symbol is a number that no instrument
/// of this partition has.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) symbol: Box<str>,
    pub(crate) spec: Instrument,
    /// Price of the last trade, or 0.
    pub(crate) last_price: i64,
    /// When its DAY orders expire next: the first session end after engine time.
    pub(crate) session_end_ns: u64,
    /// Open DAY orders.
    pub(crate) day_orders: u32,
    sides: Sides,
}

impl Listing {
    fn vacant(number: u32) -> Self {
        Self {
            symbol: "".into(),
            spec: Instrument::UNLIMITED,
            last_price: 0,
            session_end_ns: u64::MAX,
            day_orders: 0,
            sides: Sides::new(number),
        }
    }

    #[inline(always)]
    const fn is_listed(&self) -> bool {
        !self.symbol.is_empty()
    }

    /// Its book.
    #[inline(always)]
    pub(crate) const fn sides(&self) -> &Sides {
        &self.sides
    }

    #[inline(always)]
    pub(crate) const fn side(&self, side: Side) -> &BookSide {
        self.sides.side(side)
    }

    /// Put an order at the end of its level.
    #[inline(always)]
    #[allow(clippy::arithmetic_side_effects, reason = "orders in memory")]
    pub(crate) fn push(&mut self, pools: &mut Pools, order: &mut Resting, slot: u32) {
        self.day_orders += u32::from(order.is_day());
        self.sides.push(pools, order, slot, self.spec.tick);
    }

    /// Take an order out of its queue.
    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "an order that stands here was counted"
    )]
    pub(crate) fn unlink(&mut self, pools: &mut Pools, order: &Resting) {
        self.day_orders -= u32::from(order.is_day());
        self.sides.unlink(pools, order);
    }

    /// Take a part of an order, or all that is open in it.
    #[inline(always)]
    pub(crate) fn reduce(&mut self, pools: &mut Pools, order: &mut Resting, qty: i64) {
        self.sides.reduce(pools, order, qty);
    }

    /// An order trades at its price.
    #[inline(always)]
    pub(crate) fn trade(&mut self, pools: &mut Pools, order: &mut Resting, qty: i64) {
        self.last_price = order.price;
        self.sides.reduce(pools, order, qty);
    }

    /// As a snapshot says it.
    pub(crate) const fn restore_last_price(&mut self, price: i64) {
        self.last_price = price;
    }
}

#[derive(Debug, Default)]
pub(crate) struct Instruments {
    rows: Vec<Listing>,
    /// How many of them are instruments.
    listed: usize,
    names: Names,
    /// The earliest `session_end_ns` of all; `u64::MAX` without instruments.
    next_end_ns: u64,
}

impl Instruments {
    pub(crate) fn new() -> Self {
        Self {
            next_end_ns: u64::MAX,
            ..Self::default()
        }
    }

    #[allow(
        clippy::arithmetic_side_effects,
        reason = "instruments are numbered from 1"
    )]
    pub(crate) fn find(&self, symbol: &str) -> Option<u32> {
        self.names.find(0, symbol, |number| {
            (0, &self.rows[number as usize - 1].symbol)
        })
    }

    /// The instruments with their numbers, which rise.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u32, &Listing)> {
        (1..).zip(&self.rows).filter(|(_, row)| row.is_listed())
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.listed
    }

    /// When the first session ends; `u64::MAX` without instruments.
    #[inline(always)]
    pub(crate) const fn next_end_ns(&self) -> u64 {
        self.next_end_ns
    }

    #[inline(always)]
    pub(crate) fn knows(&self, instrument: u32) -> bool {
        let row = self.rows.get((instrument as usize).wrapping_sub(1));
        row.is_some_and(Listing::is_listed)
    }

    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "instruments are numbered from 1"
    )]
    pub(crate) fn row(&self, instrument: u32) -> &Listing {
        &self.rows[instrument as usize - 1]
    }

    /// Whether there are so many books that they do not stay in the caches by themselves.
    #[inline(always)]
    pub(crate) const fn are_many(&self) -> bool {
        self.rows.len() >= ROWS_MIN
    }

    /// Prefetch what an order on this side of a book reads, if there are many.
    #[inline(always)]
    pub(crate) fn prefetch(&self, instrument: u32, side: Side) {
        if self.are_many()
            && let Some(row) = self.rows.get((instrument as usize).wrapping_sub(1))
        {
            prefetch::line(&row.spec);
            prefetch::line(row.side(side));
            prefetch::line(row.side(side.opposite()));
        }
    }

    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "instruments are numbered from 1"
    )]
    pub(crate) fn row_mut(&mut self, instrument: u32) -> &mut Listing {
        &mut self.rows[instrument as usize - 1]
    }

    /// Add an instrument under a number that no other has.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "the number is `instruments_max` at most, and instruments are counted one by one"
    )]
    pub(crate) fn add(&mut self, number: u32, symbol: &str, spec: Instrument, now_ns: u64) {
        while self.rows.len() < number as usize {
            self.rows.push(Listing::vacant(self.rows.len() as u32 + 1));
        }
        let row = self.row_mut(number);
        (row.symbol, row.spec) = (symbol.into(), spec);
        self.listed += 1;
        self.names.add(0, symbol, number);
        self.plan(number, now_ns);
    }

    /// Other filters of an instrument.
    pub(crate) fn set(&mut self, instrument: u32, spec: Instrument, now_ns: u64) {
        self.row_mut(instrument).spec = spec;
        self.plan(instrument, now_ns);
    }

    /// Set when an instrument's session ends next.
    fn plan(&mut self, instrument: u32, now_ns: u64) {
        let row = self.row_mut(instrument);
        row.session_end_ns = session_end_after(row.spec.session_end_s, now_ns);
        self.next_end_ns = self.earliest_end();
    }

    /// Set when the sessions that have ended end next.
    pub(crate) fn plan_ended(&mut self, now_ns: u64) {
        for row in self
            .rows
            .iter_mut()
            .filter(|row| row.session_end_ns <= now_ns)
        {
            row.session_end_ns = session_end_after(row.spec.session_end_s, now_ns);
        }
        self.next_end_ns = self.earliest_end();
    }

    pub(crate) fn earliest_end(&self) -> u64 {
        let ends = self.rows.iter().map(|row| row.session_end_ns);
        ends.min().unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
impl Instruments {
    /// When the first session ends, and an instrument, to be spoiled.
    pub(crate) fn inside(&mut self, instrument: u32) -> (&mut u64, &mut Listing) {
        let row = &mut self.rows[instrument as usize - 1];
        (&mut self.next_end_ns, row)
    }
}

/// The first session end after `now_ns`: every day, `end_s` (taken modulo a day) after 00:00 UTC.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "seconds and days of 64 bits of nanoseconds"
)]
pub(crate) fn session_end_after(end_s: u32, now_ns: u64) -> u64 {
    let (end, now) = (u64::from(end_s) % DAY_S, now_ns / SECOND_NS);
    let today = now - now % DAY_S + end;
    let next = if today > now { today } else { today + DAY_S };
    // An end that no time reaches, behind the year 2554, is the last time there is.
    next.saturating_mul(SECOND_NS)
}

#[cfg(test)]
mod tests {
    use super::session_end_after;

    #[test]
    fn a_session_ends_once_a_day() {
        const DAY: u64 = 86_400_000_000_000;
        for (end_s, now, end) in [
            (0, 0, DAY),
            (0, DAY - 1, DAY),
            (0, DAY, 2 * DAY),
            (60, 0, 60_000_000_000),
            (60, 59_999_999_999, 60_000_000_000),
            (60, 60_000_000_000, DAY + 60_000_000_000),
            (86_400, 5, DAY),
            (0, u64::MAX, u64::MAX),
        ] {
            assert_eq!(session_end_after(end_s, now), end, "{end_s} {now}");
        }
    }
}
