//! Fixed-width fields, and the macro that makes a packed structure of them.

use std::fmt;

/// A batch or record that does not have the layout it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordError {
    /// Fewer bytes than the layout needs, or a length that points outside.
    Short,
    /// The first bytes are not those of such a batch, or of a version that is not known.
    Header,
    /// An unknown kind of record.
    Kind(u8),
    /// A field holds a value outside its enumeration.
    Value(&'static str),
    /// A text is not UTF-8.
    Text,
    /// Newer rules decide, of this version: they are not known here.
    Rules(u32),
    /// The engine has dropped the batch of this number, which was to be answered.
    Dropped(u64),
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("record or batch is cut short"),
            Self::Header => f.write_str("not a batch of a known version"),
            Self::Kind(kind) => write!(f, "unknown kind of record: {kind}"),
            Self::Value(field) => write!(f, "value out of range in field {field}"),
            Self::Text => f.write_str("text is not UTF-8"),
            Self::Rules(version) => write!(
                f,
                "rules of version {version} decide, which are newer: start the version that knows them"
            ),
            Self::Dropped(number) => write!(f, "the engine has dropped batch {number}"),
        }
    }
}

impl std::error::Error for RecordError {}

/// A field's value as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A number, in the field's own unit.
    Number(i128),
    /// A name of an enumeration.
    Name(String),
    /// Yes or no.
    Bool(bool),
    /// Absent: the field holds its null value.
    Absent,
}

/// `PostOnlyWouldTrade` as `POST_ONLY_WOULD_TRADE`.
#[must_use]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "the length of a name of ours"
)]
pub fn screaming(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (at, letter) in name.char_indices() {
        if at > 0 && letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}

/// A value with one fixed width on the wire.
pub trait Field: Copy {
    /// Width in bytes.
    const SIZE: usize;
    /// Write to the first `SIZE` bytes of `to`.
    fn put(self, to: &mut [u8]);
    /// Read from the first `SIZE` bytes of `from`; `None` if the value is not allowed.
    fn get(from: &[u8]) -> Option<Self>;
    /// The value as people read it.
    fn show(self) -> Shown;
}

macro_rules! int_fields {
    ($($int:ty, $null:expr;)*) => {$(
        impl Field for $int {
            const SIZE: usize = size_of::<$int>();
            #[inline(always)]
            fn put(self, to: &mut [u8]) {
                to[..Self::SIZE].copy_from_slice(&self.to_le_bytes());
            }
            #[inline(always)]
            fn get(from: &[u8]) -> Option<Self> {
                Some(Self::from_le_bytes(from.get(..Self::SIZE)?.try_into().ok()?))
            }
            fn show(self) -> Shown {
                if Some(self) == $null { Shown::Absent } else { Shown::Number(self.into()) }
            }
        }
    )*};
}
int_fields!(u8, None; u16, None; u32, Some(u32::MAX); u64, None; i64, Some(i64::MIN););

impl Field for bool {
    const SIZE: usize = 1;
    #[inline(always)]
    fn put(self, to: &mut [u8]) {
        to[0] = u8::from(self);
    }
    #[inline(always)]
    fn get(from: &[u8]) -> Option<Self> {
        match from.first()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
    fn show(self) -> Shown {
        Shown::Bool(self)
    }
}

/// An enumeration that stands on the wire as one small integer.
macro_rules! wire_enum {
    ($(#[$meta:meta])* $name:ident: $int:ty { $($(#[$vmeta:meta])* $variant:ident = $value:expr,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr($int)]
        pub enum $name { $($(#[$vmeta])* $variant = $value,)* }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// The number on the wire.
            #[inline(always)]
            #[must_use]
            pub const fn code(self) -> $int { self as $int }
            /// The value that has this number, if any.
            #[inline(always)]
            #[must_use]
            pub const fn from_code(code: $int) -> Option<Self> {
                match code { $(x if x == $value => Some(Self::$variant),)* _ => None }
            }
        }

        impl $crate::record::field::Field for $name {
            const SIZE: usize = size_of::<$int>();
            #[inline(always)]
            fn put(self, to: &mut [u8]) { $crate::record::field::Field::put(self.code(), to); }
            #[inline(always)]
            fn get(from: &[u8]) -> Option<Self> {
                Self::from_code(<$int as $crate::record::field::Field>::get(from)?)
            }
            fn show(self) -> $crate::record::field::Shown {
                $crate::record::field::Shown::Name($crate::record::field::screaming(
                    match self { $(Self::$variant => stringify!($variant),)* },
                ))
            }
        }
    };
}
pub(crate) use wire_enum;

/// A packed structure: `read` and `write` take its fields in the order of declaration.
macro_rules! packed {
    ($(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name { $($(#[$fmeta])* pub $field: $ty,)* }

        #[allow(
            clippy::arithmetic_side_effects,
            reason = "positions in a structure whose width the compiler knows, and in a buffer"
        )]
        impl $name {
            /// Width of the packed fields in bytes.
            pub const SIZE: usize = 0 $(+ <$ty as $crate::record::field::Field>::SIZE)*;

            /// The packed fields.
            #[inline(always)]
            #[must_use]
            pub fn to_bytes(&self) -> [u8; Self::SIZE] {
                let mut bytes = [0u8; Self::SIZE];
                self.put(&mut bytes);
                bytes
            }

            #[inline(always)]
            fn put(&self, bytes: &mut [u8; Self::SIZE]) {
                let mut _at = 0;
                $(
                    $crate::record::field::Field::put(self.$field, &mut bytes[_at..]);
                    _at += <$ty as $crate::record::field::Field>::SIZE;
                )*
            }

            /// Append a record of these fields and of texts.
            ///
            /// The fields are written where they stay: a copy of bytes just written one by one waits
            /// until the processor has put them together.
            #[inline(always)]
            pub fn record<const TEXTS: usize>(
                &self, out: &mut Vec<u8>, kind: u8, texts: [&[u8]; TEXTS],
            ) {
                use $crate::record::field::{FRAME, TEXTS_MAX, end_record, push_texts};
                let at = out.len();
                out.extend_from_slice(&[0; FRAME + $name::SIZE + TEXTS_MAX]);
                out.truncate(at + FRAME + Self::SIZE + TEXTS);
                let record = &mut out[at..];
                record[2] = kind;
                if let Some(fields) = record[FRAME..].first_chunk_mut() {
                    self.put(fields);
                }
                if texts.iter().any(|text| !text.is_empty()) {
                    push_texts(out, at + FRAME + Self::SIZE, &texts);
                }
                end_record(out, at);
            }

            /// Every field with its name, for people.
            pub fn show(&self, to: &mut impl FnMut(&'static str, $crate::record::field::Shown)) {
                $(to(stringify!($field), $crate::record::field::Field::show(self.$field));)*
            }

            /// Read the packed fields from the front of `from`.
            ///
            /// # Errors
            /// `Short` when there are too few bytes, `Value` when a field holds a value it may not.
            #[inline(always)]
            pub fn from_bytes(from: &[u8]) -> Result<Self, $crate::record::field::RecordError> {
                let bytes: &[u8; Self::SIZE] = from
                    .get(..Self::SIZE)
                    .and_then(|b| b.try_into().ok())
                    .ok_or($crate::record::field::RecordError::Short)?;
                let mut _at = 0;
                $(
                    let $field = <$ty as $crate::record::field::Field>::get(&bytes[_at..])
                        .ok_or($crate::record::field::RecordError::Value(stringify!($field)))?;
                    _at += <$ty as $crate::record::field::Field>::SIZE;
                )*
                Ok(Self { $($field,)* })
            }
        }
    };
}
pub(crate) use packed;

/// Width of the frame of a record: `len u16, kind u8, flags u8`.
pub const FRAME: usize = 4;

/// Most texts of a record.
pub(crate) const TEXTS_MAX: usize = 3;

/// Append one record: frame, packed fields, texts.
#[allow(clippy::arithmetic_side_effects, reason = "a position in a buffer")]
pub(crate) fn push_record(out: &mut Vec<u8>, kind: u8, fixed: &[u8], texts: &[&[u8]]) {
    let at = out.len();
    out.extend_from_slice(&[0, 0, kind, 0]);
    out.extend_from_slice(fixed);
    push_texts(out, at + FRAME + fixed.len(), texts);
    end_record(out, at);
}

/// Let texts stand at `at` and nothing after them.  They are cut to 255 bytes.
pub(crate) fn push_texts(out: &mut Vec<u8>, at: usize, texts: &[&[u8]]) {
    out.truncate(at);
    for text in texts {
        let text = &text[..text.len().min(255)];
        out.push(text.len() as u8);
        out.extend_from_slice(text);
    }
}

/// Write the length of the record that begins at `at` and ends here.
#[inline(always)]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "a record begins at `at` and ends where the buffer does"
)]
pub(crate) fn end_record(out: &mut [u8], at: usize) {
    let len = (out.len() - at) as u16;
    out[at..at + 2].copy_from_slice(&len.to_le_bytes());
}

/// Take one text from the front of `from`, and leave the rest there.
#[inline(always)]
pub(crate) fn take_text<'a>(from: &mut &'a [u8]) -> Result<&'a str, RecordError> {
    let (&len, rest) = from.split_first().ok_or(RecordError::Short)?;
    let text = rest.get(..usize::from(len)).ok_or(RecordError::Short)?;
    *from = &rest[usize::from(len)..];
    if len == 0 {
        return Ok("");
    }
    std::str::from_utf8(text).map_err(|_| RecordError::Text)
}

/// Split the first record off `from`: kind, flags, body.
#[inline(always)]
pub(crate) fn take_record<'a>(from: &mut &'a [u8]) -> Result<(u8, u8, &'a [u8]), RecordError> {
    let frame = from.get(..FRAME).ok_or(RecordError::Short)?;
    let len = usize::from(u16::from_le_bytes([frame[0], frame[1]]));
    if len < FRAME {
        return Err(RecordError::Short);
    }
    let body = from.get(FRAME..len).ok_or(RecordError::Short)?;
    let (kind, flags) = (frame[2], frame[3]);
    *from = &from[len..];
    Ok((kind, flags, body))
}
