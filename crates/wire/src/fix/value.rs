//! What stands in a field, by its type (FIX 4.4 volume 1, "Field Data Types").

use super::scan::{self, Word};
use crate::text::decimal::{DecimalError, ONE, SCALE};
use crate::text::time::{SECOND_NS, days_from_civil, is_day};

/// Most digits that are read of a number, zeros in front among them.
const DIGITS_MAX: usize = 40;

/// Digits of which any number fits 64 bits, with its sign.
const SAFE_DIGITS: usize = 18;

/// The number of a sequence, a count or a length: digits alone.
#[must_use]
#[inline]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "a number of at most 18 digits"
)]
pub fn unsigned(value: &[u8]) -> Option<u64> {
    if let Some(number) = Word::of(value).and_then(short_unsigned) {
        return Some(number);
    }
    if !(1..=SAFE_DIGITS).contains(&value.len()) {
        return unsigned_of_many(value);
    }
    let mut sum = 0;
    for byte in value {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        sum = 10 * sum + u64::from(digit);
    }
    Some(sum)
}

/// As [`unsigned`], of at most eight digits.
#[inline(always)]
pub(super) fn short_unsigned(value: Word) -> Option<u64> {
    match value.digits() {
        (digits, 0) => Some(scan::number(digits)),
        _ => None,
    }
}

/// As [`unsigned`], of more digits than surely fit.
#[cold]
fn unsigned_of_many(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > DIGITS_MAX {
        return None;
    }
    value.iter().try_fold(0u64, |sum, digit| {
        let digit = digit.is_ascii_digit().then(|| digit.wrapping_sub(b'0'))?;
        sum.checked_mul(10)?.checked_add(digit.into())
    })
}

/// The length of data, in bytes.
#[must_use]
pub fn length(value: &[u8]) -> Option<usize> {
    usize::try_from(unsigned(value)?).ok()
}

/// A whole number, with or without a minus.
#[must_use]
pub fn int(value: &[u8]) -> Option<i64> {
    match value.strip_prefix(b"-") {
        Some(digits) => 0i64.checked_sub_unsigned(unsigned(digits)?),
        None => i64::try_from(unsigned(value)?).ok(),
    }
}

/// A price or a quantity, in units of 10^-8: digits with or without a point and a minus, no exponent.  Zeros in
/// front and at the end mean nothing.
///
/// # Errors
/// `Syntax` where it is no such number, `Precision` where it is finer than 10^-8, `Range` where it does not fit.
#[inline]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "a number of at most 18 digits, and places among them"
)]
pub fn decimal(value: &[u8]) -> Result<i64, DecimalError> {
    // Nearly all are short, and need no care for what does not fit.
    if let Some(units) = Word::of(value).and_then(short_decimal) {
        return Ok(units);
    }
    let (mut sum, mut point) = (0i64, None);
    if value.len() > SAFE_DIGITS {
        return decimal_of_many(value);
    }
    for (at, byte) in value.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            sum = 10 * sum + i64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return decimal_of_many(value);
        }
    }
    let fraction = point.map_or(0, |at| value.len() - at - 1);
    let scaled = UNITS
        .get(fraction)
        .and_then(|units| sum.checked_mul(*units));
    let digits = value.len() - usize::from(point.is_some());
    match scaled {
        Some(units) if digits > 0 => Ok(units),
        _ => decimal_of_many(value),
    }
}

/// As [`decimal`], of at most eight characters without a minus.
#[inline(always)]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "positions within eight bytes, and a number of eight digits"
)]
pub(super) fn short_decimal(value: Word) -> Option<i64> {
    const POINT: u64 = (b'.' ^ b'0') as u64;
    let (digits, other) = value.digits();
    if other == 0 {
        return Some(scan::number(digits) as i64 * ONE);
    }
    let bits = other.trailing_zeros() & 0x38;
    let point = digits >> bits & 0xFF == POINT && other & (other - 1) == 0;
    if !point || value.count() == 1 {
        return None;
    }
    // The digits in front of the point move into its place.
    let front = digits & ((1 << bits) - 1);
    let digits = (digits ^ front ^ POINT << bits) | front << 8;
    Some(scan::number(digits) as i64 * UNITS[7 - bits as usize / 8])
}

/// What a number is to be multiplied with that has so many digits behind its point.
const UNITS: [i64; SCALE + 1] = {
    let (mut units, mut digits) = ([ONE; SCALE + 1], 1);
    while digits <= SCALE {
        units[digits] = units[digits - 1] / 10;
        digits += 1;
    }
    units
};

/// As [`decimal`], of any text.
#[cold]
fn decimal_of_many(value: &[u8]) -> Result<i64, DecimalError> {
    if value.len() > DIGITS_MAX {
        return Err(DecimalError::Syntax);
    }
    let (negative, digits) = match value.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, value),
    };
    let point = digits.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = digits.split_at(point.unwrap_or(digits.len()));
    let fraction = fraction.get(1..).unwrap_or_default();
    if whole.is_empty() && fraction.is_empty() {
        return Err(DecimalError::Syntax);
    }
    if !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
        return Err(DecimalError::Syntax);
    }
    let (kept, rest) = fraction.split_at(fraction.len().min(SCALE));
    if rest.iter().any(|digit| *digit != b'0') {
        return Err(DecimalError::Precision);
    }
    let units = number(whole)
        .and_then(|whole| whole.checked_mul(ONE))
        .ok_or(DecimalError::Range)?;
    let zeros = SCALE.saturating_sub(kept.len()) as u32;
    let parts = number(kept)
        .and_then(|parts| parts.checked_mul(10i64.checked_pow(zeros)?))
        .ok_or(DecimalError::Range)?;
    let sum = units.checked_add(parts).ok_or(DecimalError::Range)?;
    Ok(if negative { sum.wrapping_neg() } else { sum })
}

/// Digits, none of which are nothing else.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0i64, |sum, digit| {
        let digit = i64::from(digit.wrapping_sub(b'0'));
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// `Y` or `N`.
#[must_use]
pub const fn boolean(value: &[u8]) -> Option<bool> {
    match value {
        b"Y" => Some(true),
        b"N" => Some(false),
        _ => None,
    }
}

/// One character.
#[must_use]
pub const fn character(value: &[u8]) -> Option<u8> {
    match value {
        [one] => Some(*one),
        _ => None,
    }
}

/// A UTCTimestamp, `YYYYMMDD-HH:MM:SS` with up to nine digits behind a point, in ns since the epoch.
///
/// The second 60 is that of a leap second: it is the next one's first.
#[must_use]
#[inline]
pub fn timestamp(value: &[u8]) -> Option<u64> {
    timestamp_since(value, &mut Day::default())?
}

/// Whether this is a UTCTimestamp, of any year from 1 to 9999.
#[must_use]
#[inline]
pub fn is_timestamp(value: &[u8]) -> bool {
    timestamp_since(value, &mut Day::default()).is_some()
}

/// The day of a time that was read: the next one is of the same most often.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Day {
    /// Its characters; 0 is none.
    word: u64,
    /// When it begins, as [`date`] has it.
    begins_ns: Option<u64>,
}

impl Day {
    /// The day of these characters, if there is one.
    #[inline(never)]
    fn of(text: [u8; 8]) -> Option<Self> {
        let [year, month, day] = civil(&text)?;
        exists(year, month, day).then(|| Self {
            word: u64::from_le_bytes(text),
            begins_ns: begins(year, month, day),
        })
    }
}

/// A UTCTimestamp of any year from 1 to 9999, in ns since the epoch where they can say it; `day` is that of the time
/// before, and becomes this one's.
#[inline(always)]
pub(super) fn timestamp_since(value: &[u8], day: &mut Day) -> Option<Option<u64>> {
    let (here, [b'-', time @ ..]) = value.split_first_chunk::<8>()? else {
        return None;
    };
    let word = u64::from_le_bytes(*here);
    if day.word != word {
        *day = Day::of(*here)?;
    }
    let ns = time_of_day(time)?;
    Some(day.begins_ns.and_then(|begins| begins.checked_add(ns)))
}

/// A UTCTimeOnly, `HH:MM:SS` with up to nine digits behind a point, in ns.
#[must_use]
#[inline(always)]
pub fn time_of_day(value: &[u8]) -> Option<u64> {
    let (time, fraction) = value.split_first_chunk::<8>()?;
    let parts = match *fraction {
        [] => 0,
        [b'.', a, b, c] => {
            let thousandths = u32::from_le_bytes([a, b, c, 0]);
            let (digits, 0) = Word::new(thousandths.into(), 3).digits() else {
                return None;
            };
            scan::number(digits).wrapping_mul(1_000_000)
        }
        _ => fraction_of_many(fraction)?,
    };
    let seconds = clock(*time)?;
    Some(seconds.wrapping_mul(SECOND_NS).wrapping_add(parts))
}

/// A point and one to nine digits, in ns.
#[inline(never)]
fn fraction_of_many(text: &[u8]) -> Option<u64> {
    let digits = text.strip_prefix(b".")?;
    let zeros = 9u32.checked_sub(digits.len() as u32)?;
    unsigned(digits)?.checked_mul(10u64.checked_pow(zeros)?)
}

/// Whether this is a UTCTimeOnly.
#[must_use]
#[inline]
pub fn is_time_of_day(value: &[u8]) -> bool {
    time_of_day(value).is_some()
}

/// A UTCDate, `YYYYMMDD`: where it begins, in ns since the epoch.
#[must_use]
#[inline]
pub fn date(value: &[u8]) -> Option<u64> {
    let [year, month, day] = civil(value)?;
    begins(year, month, day)
}

/// Whether this is a UTCDate, of any year from 1 to 9999.
#[must_use]
#[inline]
pub fn is_date(value: &[u8]) -> bool {
    civil(value).is_some_and(|[year, month, day]| exists(year, month, day))
}

/// Whether there is such a day, in a year from 1 on.
#[inline(always)]
const fn exists(year: u64, month: u64, day: u64) -> bool {
    year > 0 && is_day(year, month, day)
}

/// When a day begins, in ns since the epoch.
#[inline(always)]
fn begins(year: u64, month: u64, day: u64) -> Option<u64> {
    let days = days_from_civil(year, month, day)?;
    days.checked_mul(86_400 * SECOND_NS)
}

/// Year, month and day of eight digits.
#[inline(always)]
fn civil(value: &[u8]) -> Option<[u64; 3]> {
    let value: &[u8; 8] = value.try_into().ok()?;
    let (digits, 0) = Word::new(u64::from_le_bytes(*value), 8).digits() else {
        return None;
    };
    let [century, _, year, _, month, _, day, _] = pairs(digits).to_le_bytes();
    let year = u64::from(century)
        .wrapping_mul(100)
        .wrapping_add(year.into());
    Some([year, month.into(), day.into()])
}

/// The seconds of `HH:MM:SS`.
#[inline(always)]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "hours, minutes and seconds are below 100"
)]
fn clock(time: [u8; 8]) -> Option<u64> {
    const MIDNIGHT: u64 = u64::from_le_bytes(*b"00:00:00");
    const COLONS: u64 = 0x0000_FF00_00FF_0000;
    // What takes the high bit from 24 hours, 60 minutes and 61 seconds on.
    const LIMITS: u64 = (0x80 - 24) | (0x80 - 60) << 24 | (0x80 - 61) << 48;
    const NUMBERS: u64 = 0x007F_0000_7F00_007F;
    const HIGHS: u64 = 0x0080_0000_8000_0080;
    let digits = u64::from_le_bytes(time) ^ MIDNIGHT;
    if scan::not_digits(digits) | digits & COLONS != 0 {
        return None;
    }
    let numbers = pairs(digits) & NUMBERS;
    if (numbers + LIMITS) & HIGHS != 0 {
        return None;
    }
    Some(3_600 * (numbers & 0x7F) + 60 * (numbers >> 24 & 0x7F) + (numbers >> 48))
}

/// The number that each two digits in a row are, where the first of them stands.
#[inline(always)]
const fn pairs(digits: u64) -> u64 {
    digits.wrapping_mul(10).wrapping_add(digits >> 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_digits_alone() {
        for (text, found) in [
            ("0", Some(0)),
            ("007", Some(7)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("", None),
            ("+1", None),
            ("-1", None),
            ("1e3", None),
            ("1.0", None),
            (" 1", None),
        ] {
            assert_eq!(unsigned(text.as_bytes()), found, "{text}");
        }
        assert_eq!(unsigned(&[b'0'; 41]), None);
        assert_eq!(int(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(int(b"9223372036854775808"), None);
        assert_eq!(
            (int(b"-"), int(b"--1"), int(b"-05")),
            (None, None, Some(-5))
        );
    }

    #[test]
    fn decimals_are_exact() {
        for (text, found) in [
            ("1", Ok(ONE)),
            ("00023.23", Ok(2_323_000_000)),
            ("23.0000", Ok(23 * ONE)),
            ("23.", Ok(23 * ONE)),
            (".5", Ok(ONE / 2)),
            ("-0.00000001", Ok(-1)),
            ("0.000000010", Ok(1)),
            ("0.000000001", Err(DecimalError::Precision)),
            ("92233720368.54775807", Ok(i64::MAX)),
            ("92233720368.54775808", Err(DecimalError::Range)),
            ("99999999999999999999999999", Err(DecimalError::Range)),
            ("", Err(DecimalError::Syntax)),
            (".", Err(DecimalError::Syntax)),
            ("-", Err(DecimalError::Syntax)),
            ("+1", Err(DecimalError::Syntax)),
            ("1e5", Err(DecimalError::Syntax)),
            ("1.2.3", Err(DecimalError::Syntax)),
            ("0x1", Err(DecimalError::Syntax)),
            ("1,5", Err(DecimalError::Syntax)),
        ] {
            assert_eq!(decimal(text.as_bytes()), found, "{text}");
        }
    }

    #[test]
    fn times_exist_or_are_none() {
        let second = 1_732_388_240 * SECOND_NS;
        for (text, found) in [
            ("20241123-18:57:20", Some(second)),
            ("20241123-18:57:20.123", Some(second + 123_000_000)),
            ("20241123-18:57:20.123456789", Some(second + 123_456_789)),
            ("20161231-23:59:60", Some(1_483_228_800 * SECOND_NS)),
            ("19700101-00:00:00", Some(0)),
            ("20240229-00:00:00", Some(1_709_164_800 * SECOND_NS)),
            ("20230229-00:00:00", None),
            ("20241301-00:00:00", None),
            ("20240100-00:00:00", None),
            ("20240101-24:00:00", None),
            ("20240101-00:60:00", None),
            ("20240101-00:00:61", None),
            ("20240101 00:00:00", None),
            ("20240101-00:00", None),
            ("20240101-00:00:00.", None),
            ("20240101-00:00:00.1234567890", None),
            ("20240101-0a:00:00", None),
            ("", None),
        ] {
            assert_eq!(timestamp(text.as_bytes()), found, "{text}");
        }
        assert_eq!(date(b"20240229"), Some(1_709_164_800 * SECOND_NS));
        assert_eq!((date(b"2024022"), date(b"19691231")), (None, None));
        assert_eq!(time_of_day(b"00:01:00.5"), Some(60_500_000_000));
        assert_eq!(
            (time_of_day(b"24:00:00"), time_of_day(b"00:01")),
            (None, None)
        );
        assert_eq!(
            (boolean(b"Y"), boolean(b"N"), boolean(b"y")),
            (Some(true), Some(false), None)
        );
        assert_eq!(
            (character(b"1"), character(b""), character(b"12")),
            (Some(b'1'), None, None)
        );
    }
}
