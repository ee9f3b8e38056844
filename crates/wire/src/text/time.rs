//! RFC 3339 in UTC with microseconds.

use super::decimal::pair;

/// Nanoseconds in a second.
pub const SECOND_NS: u64 = 1_000_000_000;
const DAY_S: u64 = 86_400;
/// Days in 400 years, after which the calendar repeats.
const ERA_DAYS: u64 = 146_097;

/// Append the time `ns` after the epoch: `2026-11-23T18:57:20.123456Z`; what is finer is cut off.
pub fn write(ns: u64, out: &mut Vec<u8>) {
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    let [century, years, month, day, hour, minute, second] = parts(ns / SECOND_NS);
    let micros = ns % SECOND_NS / 1_000;
    for (at, number) in [
        (0, century),
        (2, years),
        (5, month),
        (8, day),
        (11, hour),
        (14, minute),
        (17, second),
        (20, micros / 10_000),
        (22, micros / 100 % 100),
        (24, micros % 100),
    ] {
        put(&mut text, at, number);
    }
    out.extend_from_slice(&text);
}

/// Append the time `ns` after the epoch as FIX.4.2 and FIX.4.4 have it: `20261123-18:57:20.123`; what is finer is
/// cut off.
pub fn write_utc_timestamp(ns: u64, out: &mut Vec<u8>) {
    let mut text = *b"00000000-00:00:00.000";
    let [century, years, month, day, hour, minute, second] = parts(ns / SECOND_NS);
    // Of thousandths the last two digits come last, over the last of hundredths.
    let millis = ns % SECOND_NS / 1_000_000;
    for (at, number) in [
        (0, century),
        (2, years),
        (4, month),
        (6, day),
        (9, hour),
        (12, minute),
        (15, second),
        (18, millis / 10),
        (19, millis % 100),
    ] {
        put(&mut text, at, number);
    }
    out.extend_from_slice(&text);
}

/// Write two digits.
#[inline(always)]
fn put(text: &mut [u8], at: usize, number: u64) {
    if let Some(two) = text.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<2>) {
        *two = pair(number);
    }
}

/// Century, year in it, month, day, hour, minute and second of a time in seconds after the epoch.
#[inline(always)]
fn parts(seconds: u64) -> [u64; 7] {
    let (year, month, day) = civil(seconds / DAY_S);
    let second = seconds % DAY_S;
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    [
        year / 100,
        year % 100,
        month,
        day,
        hour,
        minute,
        second % 60,
    ]
}

/// Whether there is such a day of the Gregorian calendar.
#[must_use]
#[inline]
pub const fn is_day(year: u64, month: u64, day: u64) -> bool {
    if day.wrapping_sub(1) < 28 {
        return month.wrapping_sub(1) < 12;
    }
    let length = match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    day > 0 && day <= length
}

/// Days from 1970-01-01 to a day of the Gregorian calendar; `None` where there is no such day, or it is before.
#[must_use]
#[inline]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "years are below 10,000, and each part is taken of what holds it"
)]
pub fn days_from_civil(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1970..10_000).contains(&year) || !is_day(year, month, day) {
        return None;
    }
    // Years are counted from March, as in `civil`.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    Some(days - 719_468)
}

/// The time `ns` after the epoch as [`write`] writes it.
#[must_use]
pub fn to_string(ns: u64) -> String {
    let mut out = Vec::with_capacity(27);
    write(ns, &mut out);
    out.into_iter().map(char::from).collect()
}

/// Year, month and day of the day `days` after 1970-01-01, in the Gregorian calendar.
///
/// Years are counted from March, so that the leap day is the last of its year.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "days of 64 bits of nanoseconds are some 200,000, and each part is taken of what holds it"
)]
fn civil(days: u64) -> (u64, u64, u64) {
    // 1970-01-01 is day 719,468 from 0000-03-01.
    let days = days + 719_468;
    let (era, day) = (days / ERA_DAYS, days % ERA_DAYS);
    let year = (day - day / 1_460 + day / 36_524 - day / (ERA_DAYS - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + carry, month, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times() {
        for (ns, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_400 * SECOND_NS, "2000-02-29T00:00:00.000000Z"),
            (
                1_735_689_599 * SECOND_NS + 999_999_999,
                "2024-12-31T23:59:59.999999Z",
            ),
            (1_709_164_800 * SECOND_NS, "2024-02-29T00:00:00.000000Z"),
            (4_107_542_400 * SECOND_NS, "2100-03-01T00:00:00.000000Z"),
            (u64::MAX, "2554-07-21T23:34:33.709551Z"),
        ] {
            assert_eq!(to_string(ns), text);
        }
    }

    #[test]
    fn each_day_follows_the_one_before() {
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for n in 0..200_000 {
            assert_eq!(civil(n), (year, month, day));
            assert_eq!(days_from_civil(year, month, day), Some(n));
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = lengths[month as usize - 1] + u64::from(leap && month == 2);
            day += 1;
            if day > length {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
    }
}
