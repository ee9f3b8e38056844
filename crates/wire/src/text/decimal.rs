//! Exact decimals: signed multiples of 10^-8 as text and back, with no float in between.

use std::cmp::Ordering;
use std::fmt;

/// Units in 1.
pub const ONE: i64 = 100_000_000;
/// Digits after the point.
pub const SCALE: usize = 8;
/// Longest text that is read, in bytes; what is longer is `Syntax`.
pub const TEXT_BYTES_MAX: usize = 64;

/// Text that is no decimal of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalError {
    /// Not a number as JSON writes it.
    Syntax,
    /// Finer than 10^-8.
    Precision,
    /// Outside 64 bits.
    Range,
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "not a decimal number",
            Self::Precision => "more than 8 digits after the point",
            Self::Range => "out of range",
        })
    }
}

impl std::error::Error for DecimalError {}

/// Digits after the point of a product, as price times quantity is one.
pub const PRODUCT_SCALE: usize = 2 * SCALE;

/// Append `value` without zeros at its end: `1`, `0.5`, `-12.00000001`.
#[inline]
#[allow(clippy::arithmetic_side_effects, reason = "a place among eight digits")]
pub fn write(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    let magnitude = value.unsigned_abs();
    write_u64(magnitude / ONE as u64, out);
    let parts = magnitude % ONE as u64;
    if parts == 0 {
        return;
    }
    let digits = eight_digits(parts);
    // The last of them are the word's highest bytes.
    let zeros = (u64::from_le_bytes(digits) ^ ZEROS).leading_zeros() as usize / 8;
    let mut text = [b'.'; 1 + SCALE];
    text[1..].copy_from_slice(&digits);
    append(&text, text.len() - zeros, out);
}

/// As [`write`], a value that may need more than 64 bits, as a sum does.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "at most 39 digits in 40 bytes, and a digit is below 10"
)]
pub fn write_wide(value: i128, out: &mut Vec<u8>) {
    if let Ok(value) = i64::try_from(value) {
        return write(value, out);
    }
    if value < 0 {
        out.push(b'-');
    }
    // 39 digits are the most that 128 bits have.
    let mut digits = [b'0'; 40];
    let mut at = digits.len();
    let mut rest = value.unsigned_abs();
    while rest > 0 {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let point = digits.len() - SCALE;
    write_parts(&digits[at.min(point)..point], &digits[point..], out);
}

/// Append a multiple of 10^-`scale` of any width, which is given by its digits: `-12` is `-0.12` at 2.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "the text is padded to more digits than `scale`, which is ours"
)]
pub fn write_digits(number: &str, scale: usize, out: &mut Vec<u8>) {
    let digits = match number.strip_prefix('-') {
        Some(digits) => {
            out.push(b'-');
            digits
        }
        None => number,
    };
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    write_parts(whole.as_bytes(), fraction.as_bytes(), out);
}

#[allow(clippy::arithmetic_side_effects, reason = "a position in a text")]
fn write_parts(whole: &[u8], fraction: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(whole);
    let kept = fraction
        .iter()
        .rposition(|&d| d != b'0')
        .map_or(0, |i| i + 1);
    if kept > 0 {
        out.push(b'.');
        out.extend_from_slice(&fraction[..kept]);
    }
}

/// `value` as [`write`] writes it.
#[must_use]
pub fn to_string(value: i64) -> String {
    let mut out = Vec::with_capacity(24);
    write(value, &mut out);
    out.into_iter().map(char::from).collect()
}

/// The character 0 in each byte.
const ZEROS: u64 = 0x3030_3030_3030_3030;
/// Most digits of 64 bits.
const DIGITS_MAX: usize = 20;

/// The two digits of each number below 100.
const PAIRS: [[u8; 2]; 100] = {
    let (mut pairs, mut number) = ([[0; 2]; 100], 0);
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

/// The two digits of a number, which is below 100.
#[inline(always)]
pub(crate) const fn pair(number: u64) -> [u8; 2] {
    PAIRS[(number % 100) as usize]
}

/// The last eight digits of a number.
#[inline(always)]
fn eight_digits(number: u64) -> [u8; 8] {
    let [a, b] = pair(number / 1_000_000);
    let [c, d] = pair(number / 10_000);
    let [e, f] = pair(number / 100);
    let [g, h] = pair(number);
    [a, b, c, d, e, f, g, h]
}

/// Append the first `count` bytes of a text: a copy of one size needs no call.
#[inline(always)]
fn append<const N: usize>(text: &[u8; N], count: usize, out: &mut Vec<u8>) {
    let before = out.len();
    out.extend_from_slice(text);
    out.truncate(before.saturating_add(count));
}

/// Append an integer.
#[inline]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "at most 20 digits in 20 bytes, and a digit is below 10"
)]
pub fn write_u64(value: u64, out: &mut Vec<u8>) {
    if value < 10 {
        return out.push(b'0' + value as u8);
    }
    // Behind the digits there is room, so that whatever their count a copy of one size begins with them.
    let mut text = [0; 2 * DIGITS_MAX];
    let mut at = DIGITS_MAX;
    let mut rest = value;
    while rest >= 10 {
        at -= 2;
        text[at..at + 2].copy_from_slice(&pair(rest));
        rest /= 100;
    }
    if rest > 0 {
        at -= 1;
        text[at] = b'0' + rest as u8;
    }
    if let Some(digits) = text[at..].first_chunk::<DIGITS_MAX>() {
        append(digits, DIGITS_MAX - at, out);
    }
}

/// Read a number as JSON writes it (`-`, digits, fraction, exponent), exactly.
///
/// # Errors
/// `Syntax` when it is no number, `Precision` when it is finer than 10^-8, `Range` when it does not
/// fit 64 bits.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "a magnitude is not negative, and so has its opposite"
)]
pub fn parse(text: &[u8]) -> Result<i64, DecimalError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(DecimalError::Syntax);
    }
    let (negative, rest) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, text),
    };
    let (whole, rest) = split_digits(rest);
    if whole.is_empty() || (whole.len() > 1 && whole[0] == b'0') {
        return Err(DecimalError::Syntax);
    }
    let (fraction, rest) = match rest.split_first() {
        Some((b'.', rest)) => match split_digits(rest) {
            ([], _) => return Err(DecimalError::Syntax),
            parts => parts,
        },
        _ => (&[][..], rest),
    };
    let exponent = parse_exponent(rest)?;
    let magnitude = scale_digits(whole, fraction, exponent)?;
    let value = if negative { -magnitude } else { magnitude };
    i64::try_from(value).map_err(|_| DecimalError::Range)
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text
        .iter()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

#[allow(
    clippy::arithmetic_side_effects,
    reason = "bounded by 1,000 digit by digit; a digit is below 10"
)]
fn parse_exponent(text: &[u8]) -> Result<i32, DecimalError> {
    let Some((&mark, rest)) = text.split_first() else {
        return Ok(0);
    };
    if !matches!(mark, b'e' | b'E') {
        return Err(DecimalError::Syntax);
    }
    let (sign, rest) = match rest.split_first() {
        Some((b'-', rest)) => (-1, rest),
        Some((b'+', rest)) => (1, rest),
        _ => (1, rest),
    };
    let (digits, after) = split_digits(rest);
    if digits.is_empty() || !after.is_empty() {
        return Err(DecimalError::Syntax);
    }
    // What is beyond any number that fits is only known to be so: the digits decide below.
    let size = digits
        .iter()
        .fold(0i32, |n, d| (n * 10 + i32::from(d - b'0')).min(1_000));
    Ok(sign * size)
}

/// The digits times 10^(8 + exponent - digits of the fraction), which must be whole.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "positions in a text of 64 bytes and an exponent of four digits"
)]
fn scale_digits(whole: &[u8], fraction: &[u8], exponent: i32) -> Result<i128, DecimalError> {
    let digits = || whole.iter().chain(fraction);
    let Some(last) = digits()
        .collect::<Vec<_>>()
        .iter()
        .rposition(|&&d| d != b'0')
    else {
        return Ok(0);
    };
    // First: of a number that is too fine, 64 digits need not fit anything.
    let shift = SCALE as i32 + exponent + whole.len() as i32 - (last as i32 + 1);
    if shift < 0 {
        return Err(DecimalError::Precision);
    }
    let mut value: i128 = 0;
    for d in digits().take(last + 1) {
        value = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(i128::from(d - b'0')))
            .ok_or(DecimalError::Range)?;
    }
    10i128
        .checked_pow(shift as u32)
        .and_then(|factor| value.checked_mul(factor))
        .ok_or(DecimalError::Range)
}

/// `total / parts`, rounded half to even; 0 when there are no parts.
#[must_use]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "a rest is below `parts`; a quotient that is rounded up is at most half of what fits"
)]
pub fn ratio(total: i128, parts: i128) -> i128 {
    if parts <= 0 {
        return 0;
    }
    let (quotient, rest) = (total.div_euclid(parts), total.rem_euclid(parts));
    // Against what is missing to the next, because twice the rest may not fit.
    let up = match rest.cmp(&(parts - rest)) {
        Ordering::Less => false,
        Ordering::Equal => quotient % 2 != 0,
        Ordering::Greater => true,
    };
    quotient + i128::from(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_without_zeros_at_the_end() {
        for (value, text) in [
            (0, "0"),
            (1, "0.00000001"),
            (ONE, "1"),
            (-ONE / 2, "-0.5"),
            (12 * ONE + 1, "12.00000001"),
            (50_000 * ONE, "50000"),
            (i64::MAX, "92233720368.54775807"),
            (i64::MIN, "-92233720368.54775808"),
        ] {
            assert_eq!(to_string(value), text);
            assert_eq!(parse(text.as_bytes()), Ok(value));
        }
    }

    #[test]
    fn prints_numbers_of_any_width_exactly() {
        for (number, scale, text) in [
            ("0", 16, "0"),
            ("-12", 2, "-0.12"),
            ("100", 2, "1"),
            (
                "85070591730234615847396907784232501249",
                PRODUCT_SCALE,
                "8507059173023461584739.6907784232501249",
            ),
        ] {
            let mut out = Vec::new();
            write_digits(number, scale, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), text);
        }
        let mut out = Vec::new();
        write_wide(i128::from(i64::MAX) * 10, &mut out);
        assert_eq!(out, b"922337203685.4775807");
    }

    #[test]
    fn reads_numbers_as_json_writes_them() {
        for (text, value) in [
            ("-0", 0),
            ("0.000", 0),
            ("1e-8", 1),
            ("1.5E+3", 1_500 * ONE),
            ("100.10", 10_010_000_000),
            ("0.000000010000", 1),
            ("0e999999999999", 0),
            ("1000000000000000e-10", 100_000 * ONE),
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(value), "{text}");
        }
    }

    #[test]
    fn refuses_what_it_cannot_hold_exactly() {
        for text in [
            "", "-", "+1", "01", ".5", "5.", "1e", "1e+", "1 ", " 1", "1.2.3", "0x1", "NaN", "1_0",
            "--1",
        ] {
            assert_eq!(parse(text.as_bytes()), Err(DecimalError::Syntax), "{text}");
        }
        for text in [
            "0.000000001",
            "1e-9",
            "1.123456789",
            "1e-999999999999",
            "0.33333333333333333333333333333333333333333333333333",
            "99999999999999999999999999999999999999999999999999e-50",
        ] {
            assert_eq!(
                parse(text.as_bytes()),
                Err(DecimalError::Precision),
                "{text}"
            );
        }
        for text in [
            "92233720368.54775808",
            "1e11",
            "1e999999999999",
            "-92233720368.54775809",
        ] {
            assert_eq!(parse(text.as_bytes()), Err(DecimalError::Range), "{text}");
        }
        assert_eq!(
            parse(&[b'1'; TEXT_BYTES_MAX + 1]),
            Err(DecimalError::Syntax)
        );
        assert_eq!(parse(&[b'9'; TEXT_BYTES_MAX]), Err(DecimalError::Range));
    }

    #[test]
    fn ratios_round_half_to_even() {
        for (total, parts, expected) in [
            (5, 2, 2),
            (7, 2, 4),
            (3, 3, 1),
            (10, 3, 3),
            (11, 3, 4),
            (0, 0, 0),
            (-5, 2, -2),
            (i128::MAX, 1, i128::MAX),
            (i128::MIN, 1, i128::MIN),
            (i128::MAX, i128::MAX, 1),
            (i128::MAX, 2, i128::MAX / 2 + 1),
            (i128::MAX - 1, i128::MAX, 1),
            (1, i128::MAX, 0),
        ] {
            assert_eq!(ratio(total, parts), expected, "{total}/{parts}");
        }
    }
}
