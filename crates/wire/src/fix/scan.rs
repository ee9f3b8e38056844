//! Bytes looked at eight or more at a time, without a call.

/// The low bit of each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The high bit of each byte.
const HIGHS: u64 = 0x8080_8080_8080_8080;
/// The character 0 in each byte.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Bytes that are summed up as one.
const CHUNK: usize = 16;

/// Where the first SOH stands.
#[inline(always)]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "positions within the bytes that were given"
)]
pub(super) fn soh(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut rest) = (0, bytes);
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        if let Some(found) = soh_of(*word) {
            return Some(at + found);
        }
        (at, rest) = (at + 8, behind);
    }
    let last = rest.iter().position(|byte| *byte == super::SOH)?;
    Some(at + last)
}

/// Where the first SOH of eight bytes stands.
#[inline(always)]
pub(super) const fn soh_of(bytes: [u8; 8]) -> Option<usize> {
    let differing = u64::from_le_bytes(bytes) ^ ONES;
    // A byte of zeros borrows; what it borrows from stands behind it, so that the first is right.
    let found = differing.wrapping_sub(ONES) & !differing & HIGHS;
    match found {
        0 => None,
        _ => Some(found.trailing_zeros() as usize / 8),
    }
}

/// One to eight bytes as a word, the first of them lowest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    /// The bytes, and whatever stands above the last.
    bits: u64,
    /// How many bits they leave.
    missing: u32,
}

impl Word {
    /// The first so many bytes of a word, from one to eight.
    #[inline(always)]
    pub(super) const fn new(bits: u64, count: usize) -> Self {
        let missing = 8u32.wrapping_sub(count as u32).wrapping_mul(8) % u64::BITS;
        Self { bits, missing }
    }

    /// One to eight bytes.
    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "there are from four to eight bytes"
    )]
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        // Both halves are whole, and overlap where there are fewer bytes than they have together.
        let bits = match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(first), Some(last)) if bytes.len() <= 8 => {
                let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
                u64::from(first) | u64::from(last) << (8 * (bytes.len() as u32 - 4))
            }
            (Some(_), _) => return None,
            _ => match *bytes {
                [a] => u64::from(a),
                [a, b] => u64::from(u16::from_le_bytes([a, b])),
                [a, b, c] => u64::from(u32::from_le_bytes([a, b, c, 0])),
                _ => return None,
            },
        };
        Some(Self::new(bits, bytes.len()))
    }

    /// How many they are.
    #[inline(always)]
    pub(super) const fn count(self) -> u32 {
        8u32.wrapping_sub(self.missing / 8)
    }

    /// The bytes, with zeros above the last.
    #[inline(always)]
    const fn bytes(self) -> u64 {
        self.bits << self.missing >> self.missing
    }

    /// The digits that they are, the last of them highest and zeros below the first; and the high bit of each that is
    /// no digit.
    #[inline(always)]
    pub(super) const fn digits(self) -> (u64, u64) {
        let digits = (self.bits ^ ZEROS) << self.missing;
        (digits, not_digits(digits))
    }

    /// Whether all of them are printable ASCII.
    #[inline(always)]
    pub(super) const fn is_text(self) -> bool {
        let below = SPACES & !(u64::MAX << self.missing);
        not_text(self.bits << self.missing | below) == 0
    }
}

/// The high bit of each byte above 9.
#[inline(always)]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "the low bits of each byte leave room"
)]
pub(super) const fn not_digits(digits: u64) -> u64 {
    const TO_HIGH: u64 = (0x80 - 10) * ONES;
    (((digits & !HIGHS) + TO_HIGH) | digits) & HIGHS
}

/// The number of eight digits, the first of them lowest.
#[inline(always)]
pub(super) const fn number(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_FFFF_0000_FFFF;
    fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xFFFF_FFFF
}

/// The sum of all bytes, modulo 256.
#[inline(always)]
pub(super) fn checksum(bytes: &[u8]) -> u8 {
    let (chunks, rest) = bytes.as_chunks::<CHUNK>();
    let mut sums = [0u8; CHUNK];
    for chunk in chunks {
        for (sum, byte) in sums.iter_mut().zip(chunk) {
            *sum = sum.wrapping_add(*byte);
        }
    }
    let whole = sums.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
    let (words, rest) = rest.as_chunks::<8>();
    let first = words.first().map_or(0, |word| u64::from_le_bytes(*word));
    // Lanes of sixteen bits, for a pair of bytes each; then all of them in the highest.
    let pairs = |word: u64| (word & LANES).wrapping_add(word >> 8 & LANES);
    let lanes = pairs(first).wrapping_add(pairs(Word::of(rest).map_or(0, Word::bytes)));
    whole.wrapping_add((lanes.wrapping_mul(0x0001_0001_0001_0001) >> 48) as u8)
}

/// The low byte of each two.
const LANES: u64 = 0x00FF_00FF_00FF_00FF;

/// Whether all bytes are printable ASCII.
#[inline(always)]
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    let text = |word: &[u8; 8]| not_text(u64::from_le_bytes(*word)) == 0;
    words.iter().all(text) && Word::of(rest).is_none_or(Word::is_text)
}

/// A space in each byte.
const SPACES: u64 = 0x2020_2020_2020_2020;

/// Whether any byte is no printable ASCII; 0 where none is.
#[inline(always)]
const fn not_text(word: u64) -> u64 {
    // From 0x7F on one more has the high bit; what has none is below a space where the two bits below are missing.
    let high = (word | word.wrapping_add(ONES)) & HIGHS;
    let low = !(word | word >> 1) & SPACES;
    high | low
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Word, checksum, is_text, number, soh};

    #[test]
    fn the_first_soh_is_found_wherever_it_stands() {
        for length in 0..40usize {
            for filling in [0u8, 2, 0x80, 0x81, 0xFF, b'5'] {
                let mut bytes = vec![filling; length];
                assert_eq!(soh(&bytes), None);
                for at in (0..length).rev() {
                    bytes[at] = 1;
                    assert_eq!(soh(&bytes), Some(at), "{filling} {length}");
                }
            }
        }
    }

    #[test]
    fn digits_are_told_from_what_is_none() {
        for length in 0..10usize {
            let text = &b"9876543210"[..length];
            let found = Word::of(text).map(|word| (number(word.digits().0), word.digits().1));
            let fits = (1..=8).contains(&length);
            let said = fits.then(|| (std::str::from_utf8(text).unwrap().parse().unwrap(), 0));
            assert_eq!(found, said);
            for (at, byte) in (0..length.min(8)).flat_map(|at| (0..=255u8).map(move |x| (at, x))) {
                let mut text = text.to_vec();
                text[at] = byte;
                let other = Word::of(&text).map(|word| word.digits().1);
                let high = 0x80u64 << (8 * (8usize.saturating_sub(length) + at) % 64);
                let said = if byte.is_ascii_digit() { 0 } else { high };
                assert_eq!(other, fits.then_some(said), "{text:?}");
            }
        }
    }

    #[test]
    fn sums_are_those_of_all_bytes() {
        let bytes: Vec<u8> = (0..300u32)
            .map(|at| (at * 167 % 256) as u8 | 0xC0)
            .collect();
        for length in 0..bytes.len() {
            let each = bytes[..length]
                .iter()
                .map(|byte| u32::from(*byte))
                .sum::<u32>();
            assert_eq!(checksum(&bytes[..length]), each as u8, "{length}");
        }
    }

    #[test]
    fn text_is_what_a_terminal_shows() {
        for length in 0..40usize {
            let mut text = vec![b'a'; length];
            assert!(is_text(&text));
            for (at, byte) in (0..length).flat_map(|at| (0..=255u8).map(move |x| (at, x))) {
                text[at] = byte;
                assert_eq!(
                    is_text(&text),
                    (0x20..=0x7E).contains(&byte),
                    "{length} {byte}"
                );
                text[at] = b'a';
            }
        }
    }
}
