//! Bytes looked at eight or more at a time, without a call.

/// The low bit of each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The high bit of each byte.
const HIGHS: u64 = 0x8080_8080_8080_8080;
/// The character 0 in each byte.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Bytes that are looked at as one.
const CHUNK: usize = 32;

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

/// One to eight bytes as a word, the first of them lowest, and zeros above the last.
#[inline(always)]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "what is left of eight bytes, in bits"
)]
fn word(bytes: &[u8]) -> Option<u64> {
    let high = |missing: usize| 8 * (missing as u32 & 7);
    // Both halves are whole, and overlap where there are fewer bytes than they have together.
    Some(match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) if bytes.len() <= 8 => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            u64::from(first) | u64::from(last) << high(bytes.len() - 4)
        }
        (Some(_), _) => return None,
        _ => match *bytes {
            [a] => u64::from(a),
            [a, b] => u64::from(u16::from_le_bytes([a, b])),
            [a, b, c] => u64::from(u32::from_le_bytes([a, b, c, 0])),
            _ => return None,
        },
    })
}

/// One to eight characters as the digits that they are, the last of them highest and zeros below the first; and
/// the high bit of each that is no digit.
#[inline(always)]
pub(super) fn digits(text: &[u8]) -> Option<(u64, u64)> {
    Some(digits_of(word(text)?, text.len()))
}

/// As [`digits`], of the first so many characters of a word.
#[inline(always)]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "what is left of eight bytes, in bits"
)]
pub(super) const fn digits_of(word: u64, count: usize) -> (u64, u64) {
    let missing = 8u32.wrapping_sub(count as u32) & 7;
    let digits = (word ^ ZEROS) << (8 * missing);
    (digits, not_digits(digits))
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
#[allow(
    clippy::arithmetic_side_effects,
    reason = "a chunk has fewer bytes left over than there are in it"
)]
pub(super) fn checksum(bytes: &[u8]) -> u8 {
    let (chunks, rest) = bytes.as_chunks::<CHUNK>();
    let mut sums = [0u8; CHUNK];
    for chunk in chunks {
        for (sum, byte) in sums.iter_mut().zip(chunk) {
            *sum = sum.wrapping_add(*byte);
        }
    }
    let (words, rest) = rest.as_chunks::<8>();
    // Lanes of sixteen bits for each pair of bytes: a few words never fill them.
    let pairs = |word: u64| (word & 0x00FF_00FF_00FF_00FF) + (word >> 8 & 0x00FF_00FF_00FF_00FF);
    let mut lanes = pairs(word(rest).unwrap_or(0));
    for word in words {
        lanes += pairs(u64::from_le_bytes(*word));
    }
    let last = (lanes.wrapping_mul(0x0001_0001_0001_0001) >> 48) as u8;
    sums.iter().fold(last, |sum, byte| sum.wrapping_add(*byte))
}

/// Whether all bytes are printable ASCII.
#[inline(always)]
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut found = match word(rest) {
        Some(word) => not_text(word | SPACES << (8 * rest.len())),
        None => 0,
    };
    for word in words {
        found |= not_text(u64::from_le_bytes(*word));
    }
    found == 0
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
    use super::{checksum, digits, is_text, number, soh};

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
            let found = digits(text).map(|(digits, other)| (number(digits), other));
            let fits = (1..=8).contains(&length);
            let said = fits.then(|| (std::str::from_utf8(text).unwrap().parse().unwrap(), 0));
            assert_eq!(found, said);
            for (at, byte) in (0..length.min(8)).flat_map(|at| (0..=255u8).map(move |x| (at, x))) {
                let mut text = text.to_vec();
                text[at] = byte;
                let other = digits(&text).map(|(_, other)| other);
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
