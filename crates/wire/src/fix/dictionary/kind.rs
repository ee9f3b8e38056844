//! The types of fields (FIX 4.4 volume 1, "Field Data Types"), and the values that a field lists.

use crate::fix::value::Day;
use crate::fix::{scan, value};

/// Most characters of a number.
const NUMBER_BYTES_MAX: usize = 40;
/// Digits of which any number fits.
const SAFE_DIGITS: usize = 18;
/// Lengths of a currency: those of ISO 4217 have three letters, those of tokens up to eight.
const CURRENCY_BYTES: std::ops::RangeInclusive<usize> = 3..=8;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// A whole number, which may be negative.
    Int,
    /// A whole number from 0.
    Unsigned,
    /// A number of entries.
    NumInGroup,
    /// A tag.
    TagNum,
    /// 1 to 31.
    DayOfMonth,
    /// A number with or without a point.
    Float,
    /// One character.
    Char,
    /// Y or N.
    Boolean,
    /// Printable characters.
    String,
    /// Words, with one space between them.
    MultipleValueString,
    /// A currency.
    Currency,
    /// Two letters of ISO 3166.
    Country,
    /// A date and a time.
    UtcTimestamp,
    /// A time of day.
    UtcTimeOnly,
    /// A date.
    Date,
    /// A month, a date or a week.
    MonthYear,
    /// Any bytes.
    Data,
}

/// What was read of a field while it was looked whether it is of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Held {
    /// Nothing.
    Text,
    /// A decimal, in units of 10^-8, where it is one of the short ones that most are.
    Decimal(i64),
    /// A time, in ns since the epoch, where they can say it.
    Time(Option<u64>),
}

impl Kind {
    /// The type of this name.
    #[must_use]
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "INT" => Self::Int,
            "LENGTH" | "SEQNUM" => Self::Unsigned,
            "NUMINGROUP" => Self::NumInGroup,
            "TAGNUM" => Self::TagNum,
            "DAYOFMONTH" => Self::DayOfMonth,
            "FLOAT" | "QTY" | "PRICE" | "PRICEOFFSET" | "AMT" | "PERCENTAGE" => Self::Float,
            "CHAR" => Self::Char,
            "BOOLEAN" => Self::Boolean,
            "STRING" | "EXCHANGE" => Self::String,
            "MULTIPLEVALUESTRING" => Self::MultipleValueString,
            "CURRENCY" => Self::Currency,
            "COUNTRY" => Self::Country,
            "UTCTIMESTAMP" => Self::UtcTimestamp,
            "UTCTIMEONLY" => Self::UtcTimeOnly,
            "UTCDATEONLY" | "UTCDATE" | "LOCALMKTDATE" => Self::Date,
            "MONTHYEAR" => Self::MonthYear,
            "DATA" => Self::Data,
            _ => return None,
        })
    }

    /// Read a value, which is not empty, if it is of this type; `day` is that of the time before.
    #[inline(always)]
    pub(super) fn read(self, text: &[u8], day: &mut Day) -> Option<Held> {
        // Nearly all fields are of these.
        let fits = match self {
            Self::String => scan::is_text(text),
            Self::Char => matches!(text, [b' '..=b'~']),
            Self::Unsigned => is_number(text),
            Self::UtcTimestamp => return value::timestamp_since(text, day).map(Held::Time),
            Self::Float => match value::short_decimal(text) {
                Some(units) => return Some(Held::Decimal(units)),
                None => is_float(text),
            },
            _ => self.fits_rarely(text),
        };
        fits.then_some(Held::Text)
    }

    /// Whether a value, which is not empty, is of this type.
    #[must_use]
    pub(super) fn fits(self, text: &[u8]) -> bool {
        self.read(text, &mut Day::default()).is_some()
    }

    #[inline(never)]
    fn fits_rarely(self, text: &[u8]) -> bool {
        match self {
            Self::Int => is_number(text.strip_prefix(b"-").unwrap_or(text)),
            Self::Unsigned | Self::NumInGroup => is_number(text),
            Self::TagNum => text.first() != Some(&b'0') && is_number(text),
            Self::DayOfMonth => matches!(value::unsigned(text), Some(1..=31)),
            Self::Float => is_float(text),
            Self::Boolean => value::boolean(text).is_some(),
            Self::Char => matches!(text, [b' '..=b'~']),
            Self::String => scan::is_text(text),
            Self::MultipleValueString => scan::is_text(text) && is_words(text),
            Self::Currency => CURRENCY_BYTES.contains(&text.len()) && is_code(text),
            Self::Country => text.len() == 2 && is_code(text),
            Self::UtcTimestamp => value::is_timestamp(text),
            Self::UtcTimeOnly => value::is_time_of_day(text),
            Self::Date => value::is_date(text),
            Self::MonthYear => is_month(text),
            Self::Data => true,
        }
    }
}

/// Whether these are digits alone, of a number that fits 64 bits with its sign.
#[inline(always)]
fn is_number(text: &[u8]) -> bool {
    match text.len() {
        1..=8 => matches!(scan::digits(text), Some((_, 0))),
        9..=SAFE_DIGITS => text.iter().all(u8::is_ascii_digit),
        _ => value::int(text).is_some_and(|number| number >= 0),
    }
}

/// Whether these are digits with or without a point and a minus.  How fine it is, is not looked at.
fn is_float(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let mut point = false;
    for byte in digits {
        match byte {
            b'0'..=b'9' => {}
            b'.' if !point => point = true,
            _ => return false,
        }
    }
    digits.len() > usize::from(point) && text.len() <= NUMBER_BYTES_MAX
}

/// Whether there are words, and one space between each.
fn is_words(text: &[u8]) -> bool {
    text.split(|byte| *byte == b' ')
        .all(|word| !word.is_empty())
}

/// Whether these are capitals and digits.
fn is_code(text: &[u8]) -> bool {
    text.iter()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// `YYYYMM`, `YYYYMMDD` or `YYYYMMwN`.
fn is_month(text: &[u8]) -> bool {
    let Some((month, rest)) = text.split_at_checked(6) else {
        return false;
    };
    let exists =
        month.iter().all(u8::is_ascii_digit) && (*b"01"..=*b"12").contains(&[month[4], month[5]]);
    exists
        && match rest {
            [] | [b'w', b'1'..=b'5'] => true,
            _ => value::is_date(text),
        }
}

/// What a field may hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Values {
    /// Characters, by their code.
    single: [u64; 2],
    /// Longer ones.
    longer: Vec<Vec<u8>>,
}

impl Values {
    /// These values.
    pub(super) fn of(texts: &[String]) -> Self {
        let mut found = Self::default();
        for text in texts {
            match text.as_bytes() {
                [byte @ 0..=127] => found.single[usize::from(byte / 64)] |= 1 << (byte % 64),
                longer => found.longer.push(longer.to_vec()),
            }
        }
        found
    }

    /// Whether a value is one of them, or each of its words is.
    #[inline(always)]
    pub(super) fn have(&self, kind: Kind, text: &[u8]) -> bool {
        match kind {
            Kind::MultipleValueString => text.split(|byte| *byte == b' ').all(|x| self.has(x)),
            _ => self.has(text),
        }
    }

    #[inline(always)]
    fn has(&self, text: &[u8]) -> bool {
        match text {
            [byte @ 0..=127] => self.single[usize::from(byte / 64)] >> (byte % 64) & 1 != 0,
            _ => self.longer.iter().any(|longer| longer == text),
        }
    }
}

#[cfg(test)]
#[path = "kind_tests.rs"]
mod tests;
