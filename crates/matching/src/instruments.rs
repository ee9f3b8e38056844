//! Instruments with their filters, and the two sides of their books.

use super::book::BookSide;
use super::names::Names;
use wire::record::Side;
use wire::record::command::Instrument;

const SECOND_NS: u64 = 1_000_000_000;
const DAY_S: u64 = 86_400;
/// Instruments from which on they are worth looking ahead for.
const ROWS_MIN: usize = 128;

/// An instrument; its number is its place, from 1.
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
    /// Bids, asks.
    pub(crate) sides: [BookSide; 2],
}

/// Where a side stands among the two.
const fn place(side: Side) -> usize {
    (side.code() != Side::Buy.code()) as usize
}

impl Listing {
    #[inline(always)]
    pub(crate) const fn side(&self, side: Side) -> &BookSide {
        &self.sides[place(side)]
    }

    #[inline(always)]
    pub(crate) const fn side_mut(&mut self, side: Side) -> &mut BookSide {
        &mut self.sides[place(side)]
    }
}

#[derive(Debug, Default)]
pub(crate) struct Instruments {
    pub(crate) rows: Vec<Listing>,
    names: Names,
    /// The earliest `session_end_ns` of all; `u64::MAX` without instruments.
    pub(crate) next_end_ns: u64,
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

    pub(crate) const fn knows(&self, instrument: u32) -> bool {
        instrument != 0 && instrument as usize <= self.rows.len()
    }

    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "instruments are numbered from 1"
    )]
    pub(crate) fn row(&self, instrument: u32) -> &Listing {
        &self.rows[instrument as usize - 1]
    }

    /// Whether there are so many books that they do not stay near by themselves.
    #[inline(always)]
    pub(crate) const fn are_many(&self) -> bool {
        self.rows.len() >= ROWS_MIN
    }

    /// Bring near what an order on this side of a book reads, if there are many.
    #[inline(always)]
    pub(crate) fn touch(&self, instrument: u32, side: Side) {
        if self.are_many()
            && let Some(row) = self.rows.get((instrument as usize).wrapping_sub(1))
        {
            near::fetch(&row.spec);
            near::fetch(row.side(side));
            near::fetch(row.side(side.opposite()));
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

    #[allow(
        clippy::arithmetic_side_effects,
        reason = "instruments are numbered one by one: memory ends before 2^31 of them"
    )]
    pub(crate) fn add(&mut self, symbol: &str, spec: Instrument, now_ns: u64) -> u32 {
        let number = self.rows.len() as u32 + 1;
        self.rows.push(Listing {
            symbol: symbol.into(),
            spec,
            last_price: 0,
            session_end_ns: u64::MAX,
            day_orders: 0,
            sides: [BookSide::new(2 * number), BookSide::new(2 * number + 1)],
        });
        self.names.add(0, symbol, number);
        self.plan(number, now_ns);
        number
    }

    /// Set when an instrument's session ends next.
    pub(crate) fn plan(&mut self, instrument: u32, now_ns: u64) {
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
