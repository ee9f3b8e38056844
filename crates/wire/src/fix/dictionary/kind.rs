//! The types of fields (FIX 4.4 volume 1, "Field Data Types"), and the values that a field lists.

use crate::fix::scan::{self, Word};
use crate::fix::value;
use crate::fix::value::Day;

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

/// What was read of a field while it was looked whether it is of its type: a number in one place, whatever it means,
/// so that it stays in a register.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    form: Form,
    bits: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Nothing,
    Number,
    Decimal,
    Time,
}

impl Held {
    /// Nothing, or nothing that is not read again as easily.
    pub const NOTHING: Self = Self {
        form: Form::Nothing,
        bits: 0,
    };

    #[inline(always)]
    const fn number(number: u64) -> Self {
        let form = Form::Number;
        Self { form, bits: number }
    }

    #[inline(always)]
    const fn decimal(units: i64) -> Self {
        let form = Form::Decimal;
        let bits = units.cast_unsigned();
        Self { form, bits }
    }

    #[inline(always)]
    const fn time(ns: u64) -> Self {
        let form = Form::Time;
        Self { form, bits: ns }
    }

    /// Whether it is nothing.
    #[inline(always)]
    pub(in crate::fix) fn is_nothing(self) -> bool {
        self.form == Form::Nothing
    }

    /// A number from 0.
    #[inline(always)]
    pub(in crate::fix) fn as_number(self) -> Option<u64> {
        (self.form == Form::Number).then_some(self.bits)
    }

    /// A decimal, in units of 10^-8.
    #[inline(always)]
    pub(in crate::fix) fn as_decimal(self) -> Option<i64> {
        (self.form == Form::Decimal).then_some(self.bits.cast_signed())
    }

    /// A time, in ns since the epoch.
    #[inline(always)]
    pub(in crate::fix) fn as_time(self) -> Option<u64> {
        (self.form == Form::Time).then_some(self.bits)
    }
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

    /// Read a value, which is not empty, if it is of this type; `word` is all of it where it is short, `day` is that
    /// of the time before.
    #[inline(always)]
    pub(super) fn read(self, text: &[u8], word: Option<Word>, day: &mut Day) -> Option<Held> {
        // Nearly all fields are of these.
        let fits = match self {
            Self::String => match word {
                Some(word) => word.is_text(),
                None => is_long_text(text),
            },
            Self::Char => matches!(text, [b' '..=b'~']),
            Self::Unsigned => match word.and_then(value::short_unsigned) {
                Some(number) => return Some(Held::number(number)),
                None => is_number(text),
            },
            Self::UtcTimestamp => match value::timestamp_since(text, day)? {
                Some(ns) => return Some(Held::time(ns)),
                None => true,
            },
            Self::Float => match word.and_then(value::short_decimal) {
                Some(units) => return Some(Held::decimal(units)),
                None => is_float(text),
            },
            Self::Int
            | Self::NumInGroup
            | Self::TagNum
            | Self::DayOfMonth
            | Self::Boolean
            | Self::MultipleValueString
            | Self::Currency
            | Self::Country
            | Self::UtcTimeOnly
            | Self::Date
            | Self::MonthYear
            | Self::Data => self.fits_rarely(text),
        };
        fits.then_some(Held::NOTHING)
    }

    /// Whether a value, which is not empty, is of this type.
    #[must_use]
    pub(super) fn fits(self, text: &[u8]) -> bool {
        self.read(text, Word::of(text), &mut Day::default())
            .is_some()
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

/// Whether these are printable ASCII; apart, so that what is short has the registers.
#[inline(never)]
fn is_long_text(text: &[u8]) -> bool {
    scan::is_text(text)
}

/// Whether these are digits alone, of a number that fits 64 bits with its sign.
fn is_number(text: &[u8]) -> bool {
    match text.len() {
        1..=SAFE_DIGITS => text.iter().all(u8::is_ascii_digit),
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
        match text {
            [byte @ 0..=127] => self.has_single(*byte),
            _ => self.have_longer(kind, text),
        }
    }

    #[inline(never)]
    fn have_longer(&self, kind: Kind, text: &[u8]) -> bool {
        match kind {
            Kind::MultipleValueString => text.split(|byte| *byte == b' ').all(|x| self.has(x)),
            _ => self.has(text),
        }
    }

    /// Whether a character is one of them; its code is below 128.
    #[inline(always)]
    const fn has_single(&self, byte: u8) -> bool {
        self.single[(byte / 64) as usize % 2] >> (byte % 64) & 1 != 0
    }

    fn has(&self, text: &[u8]) -> bool {
        match text {
            [byte @ 0..=127] => self.has_single(*byte),
            _ => self.longer.iter().any(|longer| longer == text),
        }
    }
}

#[cfg(test)]
#[path = "kind_tests.rs"]
mod tests;
