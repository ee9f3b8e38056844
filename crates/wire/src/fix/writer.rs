//! A message, field by field.

use super::SOH;
use super::scan::checksum;
use crate::text::{decimal, time};

/// Room for the digits of BodyLength: most messages have three, and the others are moved.
const LENGTH_DIGITS: usize = 3;

/// Room for a message.
const MESSAGE_BYTES: usize = 512;

/// Appends one message to a buffer; [`Writer::end`] gives it its length and checksum.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    begin: usize,
    body: usize,
}

impl<'a> Writer<'a> {
    /// Begin a message of this version and type.
    pub fn new(begin_string: &[u8], msg_type: &[u8], out: &'a mut Vec<u8>) -> Self {
        // As much as most messages have: one look for room instead of many that find none.
        out.reserve(MESSAGE_BYTES);
        let begin = out.len();
        out.extend_from_slice(b"8=");
        out.extend_from_slice(begin_string);
        out.extend_from_slice(b"\x019=000\x0135=");
        // What stands behind BodyLength, which counts MsgType too.
        let body = out.len().saturating_sub(b"35=".len());
        out.extend_from_slice(msg_type);
        out.push(SOH);
        Self { out, begin, body }
    }

    /// Append a field of bytes that are printable.
    #[inline(always)]
    pub fn text(&mut self, tag: u32, value: &[u8]) {
        self.tag(tag);
        self.out.extend_from_slice(value);
        self.out.push(SOH);
    }

    /// Append fields that are written already, each with its SOH.
    #[inline(always)]
    pub fn fields(&mut self, fields: &[u8]) {
        self.out.extend_from_slice(fields);
    }

    /// Append a field of one character.
    #[inline(always)]
    pub fn character(&mut self, tag: u32, value: u8) {
        self.tag(tag);
        self.out.extend_from_slice(&[value, SOH]);
    }

    /// Append a field of a whole number.
    #[inline(always)]
    pub fn number(&mut self, tag: u32, value: u64) {
        self.tag(tag);
        decimal::write_u64(value, self.out);
        self.out.push(SOH);
    }

    /// Append a price or a quantity, in units of 10^-8.
    #[inline(always)]
    pub fn decimal(&mut self, tag: u32, units: i64) {
        self.tag(tag);
        decimal::write(units, self.out);
        self.out.push(SOH);
    }

    /// Append a UTCTimestamp with milliseconds, of ns since the epoch.
    #[inline(always)]
    pub fn time(&mut self, tag: u32, ns: u64) {
        self.tag(tag);
        time::write_utc_timestamp(ns, self.out);
        self.out.push(SOH);
    }

    /// Append a tag: nearly all are known where this is compiled, and their digits with them.
    #[inline(always)]
    #[allow(clippy::arithmetic_side_effects, reason = "a digit is below 10")]
    fn tag(&mut self, tag: u32) {
        let (hundreds, tens) = (b'0' + (tag / 100 % 10) as u8, b'0' + (tag / 10 % 10) as u8);
        let ones = b'0' + (tag % 10) as u8;
        match tag {
            0..10 => self.out.extend_from_slice(&[ones, b'=']),
            10..100 => self.out.extend_from_slice(&[tens, ones, b'=']),
            100..1_000 => self.out.extend_from_slice(&[hundreds, tens, ones, b'=']),
            _ => {
                decimal::write_u64(tag.into(), self.out);
                self.out.push(b'=');
            }
        }
    }

    /// Write its length and checksum; nothing more belongs to it.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "positions in a buffer, and a digit is below 10"
    )]
    pub fn end(self) {
        let Self { out, begin, body } = self;
        let length = out.len() - body;
        let digits = body - 1 - LENGTH_DIGITS..body - 1;
        if (100..1_000).contains(&length) {
            let (hundreds, tens) = (length / 100, length / 10 % 10);
            let said = [hundreds, tens, length % 10].map(|digit| b'0' + digit as u8);
            out[digits].copy_from_slice(&said);
        } else {
            let mut said = Vec::with_capacity(8);
            decimal::write_u64(length as u64, &mut said);
            out.splice(digits, said);
        }
        let sum = checksum(&out[begin..]);
        let said = [sum / 100, sum / 10 % 10, sum % 10].map(|digit| b'0' + digit);
        out.extend_from_slice(b"10=");
        out.extend_from_slice(&said);
        out.push(SOH);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Fields, Frame, Frames};
    use super::Writer;

    #[test]
    fn what_is_written_is_read_whatever_its_length() {
        let mut out = b"before".to_vec();
        for length in [0, 1, 80, 900, 991, 992, 2_000, 20_000] {
            out.truncate(6);
            let mut writer = Writer::new(b"FIX.4.4", b"D", &mut out);
            writer.number(34, 7);
            writer.time(52, 1_735_689_599_123_456_789);
            writer.decimal(44, 1_050_000_000);
            writer.character(54, b'1');
            if length > 0 {
                writer.text(58, &vec![b'x'; length]);
            }
            writer.end();
            let mut frames = Frames::new(&out[6..], 30_000);
            let Some(Frame::Message(message)) = frames.next() else {
                panic!("{length}: {}", String::from_utf8_lossy(&out))
            };
            assert_eq!(frames.consumed(), out.len() - 6);
            let fields: Vec<_> = Fields::new(message.fields).flatten().collect();
            let shown = |at: usize| (fields[at].tag, fields[at].value);
            assert_eq!(shown(0), (34, &b"7"[..]));
            assert_eq!(shown(1), (52, &b"20241231-23:59:59.123"[..]));
            assert_eq!(shown(2), (44, &b"10.5"[..]));
            assert_eq!(shown(3), (54, &b"1"[..]));
            assert_eq!(fields.len(), 4 + usize::from(length > 0));
        }
        assert!(out.starts_with(b"before8=FIX.4.4\x019=2"));
    }
}
