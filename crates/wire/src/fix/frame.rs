//! Where messages begin and end: BeginString, BodyLength and CheckSum.

use std::fmt;

use super::SOH;
use super::scan::{self, Word};

/// Bytes of `10=ddd` and its SOH.
pub(super) const TRAILER: usize = 7;
/// Longest BeginString that is looked for, with its tag and SOH.
const BEGIN_BYTES_MAX: usize = 18;
/// Most digits of a BodyLength.
const LENGTH_DIGITS_MAX: usize = 7;
/// How a message begins.
const BEGIN: &[u8] = b"8=FIX";

/// What stands at the front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A whole message.
    Message(Message<'a>),
    /// Bytes that are none, up to where one may begin.
    Garbled(Garbled),
}

/// A message whose length and checksum are right, and whose third field is MsgType.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// BeginString (8).
    pub begin_string: &'a [u8],
    /// MsgType (35).
    pub msg_type: &'a [u8],
    /// The fields behind MsgType, up to CheckSum, which is left out.
    pub fields: &'a [u8],
    /// All of it.
    pub bytes: &'a [u8],
}

/// Why bytes are no message (FIX 4.4 volume 2, "Garbled message").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Garbled {
    /// BeginString (8) is not the first field.
    BeginString,
    /// BodyLength (9) is not the second field, no number, or not where CheckSum begins.
    BodyLength,
    /// More bytes than a message may have.
    TooLong,
    /// MsgType (35) is not the third field.
    MsgType,
    /// CheckSum (10) is another than the bytes'.
    CheckSum,
}

impl fmt::Display for Garbled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BeginString => "BeginString (8) is not the first field",
            Self::BodyLength => "BodyLength (9) is wrong",
            Self::TooLong => "the message is too long",
            Self::MsgType => "MsgType (35) is not the third field",
            Self::CheckSum => "CheckSum (10) is wrong",
        })
    }
}

impl std::error::Error for Garbled {}

/// The whole messages at the front of `bytes`, and what stands between them.
#[derive(Debug, Clone)]
pub struct Frames<'a> {
    bytes: &'a [u8],
    at: usize,
    message_bytes_max: usize,
}

impl<'a> Frames<'a> {
    /// Read `bytes`; a whole message has at most `message_bytes_max` bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8], message_bytes_max: usize) -> Self {
        Self {
            bytes,
            at: 0,
            message_bytes_max,
        }
    }

    /// Bytes that were given: what is behind them is no whole message yet.
    #[must_use]
    pub const fn consumed(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    #[inline]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "positions within the bytes that were given"
    )]
    fn next(&mut self) -> Option<Frame<'a>> {
        let rest = &self.bytes[self.at..];
        let (frame, used) = match framed(rest, self.message_bytes_max) {
            Framed::Partial => return None,
            Framed::Whole(message) => (Frame::Message(message), message.bytes.len()),
            Framed::Skipped(why, used) => (Frame::Garbled(why), used),
            Framed::Broken(why) => (Frame::Garbled(why), next_begin(rest)),
        };
        self.at += used;
        Some(frame)
    }
}

/// What stands at the front of some bytes.
enum Framed<'a> {
    /// What may become a message, or nothing.
    Partial,
    /// A message.
    Whole(Message<'a>),
    /// So many bytes are garbled.
    Skipped(Garbled, usize),
    /// Garbled up to wherever the next message begins.
    Broken(Garbled),
}

/// BeginString and BodyLength.
struct Head {
    /// Where the SOH of BeginString stands.
    begin_end: usize,
    /// Where the body begins.
    body: usize,
    /// Its length.
    length: usize,
}

/// The head of nearly all messages: a BeginString as long as `FIX.4.4`.  Where none such stands here,
/// [`any_head`] knows more.
#[inline(always)]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "positions within the bytes that were given"
)]
fn common_head(bytes: &[u8]) -> Option<Head> {
    let (begin, rest) = bytes.split_first_chunk::<10>()?;
    let (b"8=", begin) = begin.split_first_chunk::<2>()? else {
        return None;
    };
    let begin_end = scan::soh_of(*begin.first_chunk()?).filter(|at| *at == 7)? + 2;
    let length = rest.strip_prefix(b"9=")?.first_chunk::<8>()?;
    let count = scan::soh_of(*length).filter(|count| *count > 0)?;
    let (digits, 0) = Word::new(u64::from_le_bytes(*length), count).digits() else {
        return None;
    };
    Some(Head {
        begin_end,
        body: begin_end + 1 + 2 + count + 1,
        length: scan::number(digits) as usize,
    })
}

/// Any head, or what stands here instead of one.
#[inline(never)]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "positions within the bytes that were given"
)]
fn any_head(bytes: &[u8]) -> Result<Head, Framed<'_>> {
    if !starts(bytes, b"8=") {
        return Err(Framed::Broken(Garbled::BeginString));
    }
    let head = &bytes[..bytes.len().min(BEGIN_BYTES_MAX)];
    let Some(begin_end) = scan::soh(head) else {
        return Err(match bytes.len() < BEGIN_BYTES_MAX {
            true => Framed::Partial,
            false => Framed::Broken(Garbled::BeginString),
        });
    };
    if begin_end < 3 {
        return Err(Framed::Broken(Garbled::BeginString));
    }
    let rest = &bytes[begin_end + 1..];
    if !starts(rest, b"9=") {
        return Err(Framed::Broken(Garbled::BodyLength));
    }
    let digits = rest.get(2..).unwrap_or_default();
    let digits = &digits[..digits.len().min(LENGTH_DIGITS_MAX + 1)];
    let Some(count) = scan::soh(digits) else {
        let partial = digits.len() <= LENGTH_DIGITS_MAX && digits.iter().all(u8::is_ascii_digit);
        return Err(match partial {
            true => Framed::Partial,
            false => Framed::Broken(Garbled::BodyLength),
        });
    };
    let Some(length) = number(&digits[..count]) else {
        return Err(Framed::Broken(Garbled::BodyLength));
    };
    Ok(Head {
        begin_end,
        body: begin_end + 1 + 2 + count + 1,
        length,
    })
}

#[inline]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "positions within the bytes that were given, and a length of seven digits"
)]
fn framed(bytes: &[u8], message_bytes_max: usize) -> Framed<'_> {
    let head = match common_head(bytes) {
        Some(head) => head,
        None => match any_head(bytes) {
            Ok(head) => head,
            Err(framed) => return framed,
        },
    };
    let Head {
        begin_end,
        body,
        length,
    } = head;
    let (end, total) = (body + length, body + length + TRAILER);
    if total > message_bytes_max {
        return Framed::Broken(Garbled::TooLong);
    }
    let Some(message) = bytes.get(..total) else {
        return Framed::Partial;
    };
    // From the SOH before it to its own.
    let Some(&[SOH, b'1', b'0', b'=', a, b, c, SOH]) = message.last_chunk::<{ TRAILER + 1 }>()
    else {
        return Framed::Broken(Garbled::BodyLength);
    };
    let (digits, 0) = Word::new(u32::from_le_bytes([a, b, c, 0]).into(), 3).digits() else {
        return Framed::Broken(Garbled::BodyLength);
    };
    let said = scan::number(digits) as usize;
    if said != usize::from(scan::checksum(&message[..end])) {
        return Framed::Skipped(Garbled::CheckSum, total);
    }
    let [b'3', b'5', b'=', ref typed @ ..] = message[body..end] else {
        return Framed::Skipped(Garbled::MsgType, total);
    };
    let Some((msg_type, [SOH, fields @ ..])) =
        scan::soh(typed).and_then(|at| typed.split_at_checked(at))
    else {
        return Framed::Skipped(Garbled::MsgType, total);
    };
    Framed::Whole(Message {
        begin_string: &bytes[2..begin_end],
        msg_type,
        fields,
        bytes: message,
    })
}

/// The number of one to eight digits.
#[inline(always)]
fn number(text: &[u8]) -> Option<usize> {
    match Word::of(text)?.digits() {
        (digits, 0) => Some(scan::number(digits) as usize),
        _ => None,
    }
}

/// Whether bytes begin so, as far as they go.
fn starts(bytes: &[u8], with: &[u8]) -> bool {
    let common = bytes.len().min(with.len());
    bytes[..common] == with[..common]
}

/// Where the next message may begin, behind the first byte: also where the last one has lost its SOH.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "positions within the bytes that were given"
)]
fn next_begin(bytes: &[u8]) -> usize {
    (1..bytes.len())
        .find(|at| starts(&bytes[*at..], BEGIN))
        .unwrap_or(bytes.len())
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
