//! The fields of a message, in order.

use super::frame::{Message, TRAILER};
use super::scan::{self, Word};
use super::{SOH, value};

/// No tag of three digits is as high.
pub(super) const SHORT_TAGS: u32 = 1_024;
/// Bytes of a tag of up to three digits, its `=`, and a word.
const HEAD: usize = 12;
const _: () = assert!(TRAILER < HEAD);

/// A field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its tag, above 0.
    pub tag: u32,
    /// What stands behind the `=`; not empty.
    pub value: &'a [u8],
}

/// What is no field; the tag as far as there is one, for RefTagID (371).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldError {
    /// The tag is no number, or 0 (373=0).
    Tag,
    /// There is no value (373=4).
    NoValue(u32),
    /// A SOH where a field would go on, or no `=` (373=17).
    Delimiter(u32),
    /// The length before a field of data is no number, or another than that of the data (373=6).
    Length(u32),
}

/// The fields that `bytes` hold, each up to its SOH.  After an error there are no more.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    /// What is not read yet, and spare bytes.
    rest: &'a [u8],
    /// How many bytes at the end are no fields: they may be looked at, so that the last field is one like others.
    spare: usize,
    /// The tag of data that may follow, where the last field told its length; 0 is none.
    data: u32,
    /// Its length.
    length: usize,
}

impl<'a> Fields<'a> {
    /// Read `bytes`, whose last byte is SOH.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            spare: 0,
            data: 0,
            length: 0,
        }
    }

    /// Read the fields of a message behind MsgType, up to CheckSum.
    #[inline(always)]
    #[must_use]
    pub fn of(message: &Message<'a>) -> Self {
        let spare = TRAILER;
        let length = message.fields.len().saturating_add(spare);
        let at = message.bytes.len().checked_sub(length);
        match at.and_then(|at| message.bytes.get(at..)) {
            Some(rest) if message.fields.last() == Some(&SOH) => Self {
                spare,
                ..Self::new(rest)
            },
            _ => Self::new(message.fields),
        }
    }

    /// What is not read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        let length = self.rest.len().saturating_sub(self.spare);
        &self.rest[..length]
    }

    /// Whether all is read.
    #[inline(always)]
    pub(super) const fn is_empty(&self) -> bool {
        self.rest.len() <= self.spare
    }

    /// The tag of data that has to follow, where a field has told its length; else 0.
    #[inline(always)]
    pub(super) const fn data(&self) -> u32 {
        self.data
    }

    /// The field that stands here, where it is as most are: a tag of up to three digits, and a value that is not
    /// empty; the value as a word, where it is short; and what is behind it, for [`Fields::go_on`].  It must not be
    /// data.  Where none such stands here, [`Fields::uncommon`] knows more.
    #[inline(always)]
    #[allow(clippy::arithmetic_side_effects, reason = "numbers of three digits")]
    pub(super) fn common(&self) -> Option<(Field<'a>, Option<Word>, &'a [u8])> {
        let digit = |byte: u8| u32::from(byte & 0x0F);
        // So that the bounds are looked at once: a tag, and the first word of the value.
        let (tag, at, first) = match *self.rest.first_chunk::<HEAD>()? {
            [a @ b'1'..=b'9', b @ b'0'..=b'9', b'=', ref value @ ..] => {
                (10 * digit(a) + digit(b), 3, value.first_chunk::<8>()?)
            }
            [
                a @ b'1'..=b'9',
                b @ b'0'..=b'9',
                c @ b'0'..=b'9',
                b'=',
                ref value @ ..,
            ] => {
                let tag = 100 * digit(a) + 10 * digit(b) + digit(c);
                (tag, 4, value.first_chunk::<8>()?)
            }
            [a @ b'1'..=b'9', b'=', ref value @ ..] => (digit(a), 2, value.first_chunk::<8>()?),
            _ => return None,
        };
        let behind = self.rest.get(at..)?;
        let (length, word) = match scan::soh_of(*first) {
            Some(length) => (length, Some(Word::new(u64::from_le_bytes(*first), length))),
            None => (8 + scan::soh(behind.get(8..)?)?, None),
        };
        let (value, rest) = behind.split_at_checked(length)?;
        let (_, rest) = rest.split_first()?;
        // Spare bytes are fewer than the head: none of them begins a field, and each field ends before them.
        let fits = !value.is_empty();
        // It is below 1,000, which nobody need ask for again.
        let tag = tag % SHORT_TAGS;
        fits.then_some((Field { tag, value }, word, rest))
    }

    /// Read on behind a [`Fields::common`] field, which tells no length.
    #[inline(always)]
    pub(super) const fn go_on(&mut self, rest: &'a [u8]) {
        self.rest = rest;
    }

    /// Read any field, or what is none.
    #[inline(never)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "positions within the bytes that were given; a tag has at most nine digits"
    )]
    pub(super) fn uncommon(&mut self) -> Option<Result<Field<'a>, FieldError>> {
        let rest = self.rest();
        if rest.is_empty() {
            return None;
        }
        let (mut tag, mut at) = (0u32, 0);
        loop {
            match rest.get(at) {
                Some(digit @ b'0'..=b'9') if at < 9 && (at > 0 || *digit != b'0') => {
                    tag = 10 * tag + u32::from(digit - b'0');
                }
                Some(b'=') if at > 0 => break,
                Some(&SOH) if at > 0 => return self.fail(FieldError::Delimiter(tag)),
                _ => return self.fail(FieldError::Tag),
            }
            at += 1;
        }
        self.take(tag, &rest[at + 1..])
    }

    /// Read the value of a field, which stands at the front of `behind`.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "positions within the bytes that were given"
    )]
    fn take(&mut self, tag: u32, behind: &'a [u8]) -> Option<Result<Field<'a>, FieldError>> {
        let length = if self.data == tag {
            match behind.get(self.length) {
                Some(&SOH) => self.length,
                _ => return self.fail(FieldError::Length(tag)),
            }
        } else {
            match scan::soh(behind) {
                Some(length) => length,
                None => return self.fail(FieldError::Delimiter(tag)),
            }
        };
        if length == 0 {
            return self.fail(FieldError::NoValue(tag));
        }
        let value = &behind[..length];
        self.data = data_of(tag).unwrap_or(0);
        if self.data != 0 {
            match value::length(value) {
                Some(length) => self.length = length,
                None => return self.fail(FieldError::Length(tag)),
            }
        }
        let left = behind.len() - length - 1 + self.spare;
        self.rest = &self.rest[self.rest.len() - left..];
        Some(Ok(Field { tag, value }))
    }

    #[cold]
    fn fail(&mut self, error: FieldError) -> Option<Result<Field<'a>, FieldError>> {
        self.rest = &[];
        self.spare = 0;
        Some(Err(error))
    }
}

/// The tag of the data whose length stands in `tag` (FIX 4.4 volume 6, fields of type data).
#[inline(always)]
pub(super) const fn data_of(tag: u32) -> Option<u32> {
    Some(match tag {
        90 => 91,
        93 => 89,
        95 => 96,
        212 => 213,
        348 => 349,
        350 => 351,
        352 => 353,
        354 => 355,
        356 => 357,
        358 => 359,
        360 => 361,
        362 => 363,
        364 => 365,
        445 => 446,
        618 => 619,
        621 => 622,
        _ => return None,
    })
}

/// Whether a tag is of data.
pub(super) const fn is_data(tag: u32) -> bool {
    matches!(
        tag,
        89 | 91 | 96 | 213 | 349 | 351 | 353 | 355 | 357 | 359 | 361 | 363 | 365 | 446 | 619 | 622
    )
}

/// The lengths of data, by their tag.
const LENGTHS: [u64; 10] = {
    let (mut bits, mut tag) = ([0; 10], 0);
    while tag < 640 {
        if data_of(tag).is_some() {
            bits[(tag / 64) as usize] |= 1 << (tag % 64);
        }
        tag += 1;
    }
    bits
};

/// Whether a tag of up to three digits is that of a length.
#[inline(always)]
fn is_length(tag: u32) -> bool {
    let bits = LENGTHS.get((tag / 64) as usize);
    bits.is_some_and(|bits| bits & (1 << (tag % 64)) != 0)
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, FieldError>;

    #[inline(always)]
    fn next(&mut self) -> Option<Result<Field<'a>, FieldError>> {
        match self.common() {
            Some((field, _, rest)) if self.data == 0 && !is_length(field.tag) => {
                self.go_on(rest);
                Some(Ok(field))
            }
            _ => self.uncommon(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<(u32, String), FieldError>> {
        let bytes = text.replace('|', "\x01").into_bytes();
        let text = |value: &[u8]| String::from_utf8_lossy(value).replace('\x01', "|");
        Fields::new(&bytes)
            .map(|found| found.map(|field| (field.tag, text(field.value))))
            .collect()
    }

    #[test]
    fn fields_come_in_order() {
        assert_eq!(
            read("34=2|58=a=b|99999=1|"),
            [
                Ok((34, "2".into())),
                Ok((58, "a=b".into())),
                Ok((99_999, "1".into()))
            ]
        );
        assert_eq!(read(""), []);
    }

    #[test]
    fn data_may_hold_what_ends_a_field() {
        assert_eq!(
            read("95=5|96=a|10=|34=1|"),
            [
                Ok((95, "5".into())),
                Ok((96, "a|10=".into())),
                Ok((34, "1".into()))
            ]
        );
        // Only right behind its length.
        assert_eq!(read("95=5|34=1|96=ab|").len(), 3);
    }

    #[test]
    fn fields_of_a_message_end_before_its_checksum() {
        for fields in [
            "",
            "1=a|",
            "34=2|58=a=b|",
            "95=5|96=a|10=|",
            "59=1|95=3|96=10=|",
            "34=|",
            "5|",
        ] {
            let fields = fields.replace('|', "\x01").into_bytes();
            let bytes = [b"35=D\x01", &*fields, b"10=000\x01"].concat();
            let message = Message {
                begin_string: b"FIX.4.4",
                msg_type: b"D",
                fields: &bytes[5..bytes.len() - TRAILER],
                bytes: &bytes,
            };
            let (mut of, mut alone) = (Fields::of(&message), Fields::new(&fields));
            for field in alone.by_ref() {
                assert_eq!(of.next(), Some(field));
            }
            assert_eq!((of.next(), of.rest()), (None, alone.rest()));
        }
    }

    #[test]
    fn data_is_what_has_a_length() {
        let of_lengths: Vec<u32> = (0..2_000).filter_map(data_of).collect();
        assert_eq!(of_lengths.len(), 16);
        assert!((0..2_000).all(|tag| is_data(tag) == of_lengths.contains(&tag)));
    }

    #[test]
    fn what_is_no_field_is_named() {
        for (text, error) in [
            ("=1|", FieldError::Tag),
            ("a=1|", FieldError::Tag),
            ("0=1|", FieldError::Tag),
            ("05=1|", FieldError::Tag),
            ("-5=1|", FieldError::Tag),
            ("1234567890=1|", FieldError::Tag),
            ("|", FieldError::Tag),
            ("34|", FieldError::Delimiter(34)),
            ("34=1", FieldError::Delimiter(34)),
            ("34=|", FieldError::NoValue(34)),
            ("95=x|96=a|", FieldError::Length(95)),
            ("95=3|96=a|", FieldError::Length(96)),
            ("95=1|96=abc|", FieldError::Length(96)),
            ("95=99999999999999999999|96=abc|", FieldError::Length(95)),
        ] {
            assert_eq!(read(text).pop(), Some(Err(error)), "{text}");
        }
    }
}
