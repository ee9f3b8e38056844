//! What is sent: the shares of each kind of request, and the market they make.

use std::str::FromStr;

/// One unit of price or quantity on the wire.
const UNIT: i64 = 100_000_000;
/// The middle of every book.
const MIDDLE: i64 = 50_000;
/// Prices on each side of the middle at which orders rest.
const LEVELS: u64 = 500;
/// Quantity of an order that rests.
pub const REST_QTY: i64 = UNIT;
/// Quantity of an order that crosses: a hundredth, so that most of them only nibble at the best order.
pub const CROSS_QTY: i64 = UNIT / 100;

/// Shares in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mix {
    /// New orders that rest.
    pub rest: u8,
    /// Cancels of one's own.
    pub cancel: u8,
    /// Orders that cross.
    pub cross: u8,
}

impl Default for Mix {
    fn default() -> Self {
        Self {
            rest: 45,
            cancel: 45,
            cross: 10,
        }
    }
}

impl FromStr for Mix {
    type Err = String;

    /// Three shares, as in `45/45/10`.
    fn from_str(text: &str) -> Result<Self, String> {
        let shares: Vec<u8> = text
            .split('/')
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(|_| "three whole numbers are wanted, as in 45/45/10".to_owned())?;
        match shares[..] {
            [rest, cancel, cross]
                if u16::from(rest) + u16::from(cancel) + u16::from(cross) == 100 =>
            {
                Ok(Self {
                    rest,
                    cancel,
                    cross,
                })
            }
            _ => Err("three shares that make 100 are wanted, as in 45/45/10".to_owned()),
        }
    }
}

/// A small generator of random numbers (xorshift64*): the same seed gives the same orders.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A generator; any seed will do.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `bound`.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }
}

/// A price at which an order of this side rests.
#[inline]
pub fn rest_price(buy: bool, random: &mut Random) -> i64 {
    let away = 1 + random.below(LEVELS) as i64;
    (if buy { MIDDLE - away } else { MIDDLE + away }) * UNIT
}

/// A price that reaches every resting order of the other side.
#[inline]
#[must_use]
pub const fn cross_price(buy: bool) -> i64 {
    let away = 2 * LEVELS as i64;
    (if buy { MIDDLE + away } else { MIDDLE - away }) * UNIT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_make_a_hundred() {
        assert_eq!("45/45/10".parse(), Ok(Mix::default()));
        assert!("45/45/11".parse::<Mix>().is_err());
        assert!("100".parse::<Mix>().is_err());
        assert!("a/b/c".parse::<Mix>().is_err());
    }

    #[test]
    fn resting_orders_never_cross_and_crossing_ones_always_do() {
        let mut random = Random::new(1);
        for _ in 0..10_000 {
            let (bid, ask) = (
                rest_price(true, &mut random),
                rest_price(false, &mut random),
            );
            assert!(bid < ask && cross_price(false) < bid && ask < cross_price(true));
        }
    }

    #[test]
    fn random_numbers_cover_their_range() {
        let mut random = Random::new(7);
        let mut seen = [0u32; 10];
        for _ in 0..10_000 {
            seen[random.below(10) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| (800..1200).contains(&count)));
    }
}
