//! Numbers from a seed, mostly those that code trips over.

use ethnum::I256;

/// Bounds of types, of what floats hold exactly, and the least numbers.
const BOUNDS: [i64; 12] = [
    1,
    2,
    10,
    100_000_000,
    1 << 31,
    1 << 32,
    1 << 53,
    // Squared it is the highest that 63 bits hold.
    3_037_000_499,
    1 << 52,
    1 << 62,
    i64::MAX / 2,
    i64::MAX,
];

/// SplitMix64.
#[derive(Debug)]
pub struct Random {
    state: u64,
    /// Half of the bounds are the highest.
    large: bool,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        let large = seed.is_multiple_of(3);
        Self { state: seed, large }
    }

    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    /// A positive number at a bound or right beside it.
    pub fn edge(&mut self) -> i64 {
        let highest = self.large && self.one_in(2);
        let bound = if highest {
            i64::MAX
        } else {
            self.pick(&BOUNDS)
        };
        self.beside(bound)
    }

    /// This number, or one right beside it; any that a client may send.
    pub fn beside(&mut self, number: i64) -> i64 {
        match self.below(4) {
            0 => number.saturating_add(1),
            1 => number.saturating_sub(1),
            _ => number,
        }
    }
}

/// `sum / count`, rounded half to even, as wide as can be.
pub fn average(sum: I256, count: I256) -> I256 {
    let (whole, rest) = (sum.div_euclid(count), sum.rem_euclid(count));
    let (twice, odd) = (rest * 2, whole % 2 != 0);
    whole + I256::from(u8::from(twice > count || (twice == count && odd)))
}

/// A multiple of 10^-`scale` as text.
pub fn text(number: I256, scale: usize) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", number.abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

/// The same of a quantity or a price.
pub fn decimal(number: impl Into<I256>) -> String {
    text(number.into(), 8)
}
