//! Numbers, texts and checksums as values hold them.

use xxhash_rust::xxh3::xxh3_64;

use crate::error::StoreError;

/// Bytes of a checksum.
pub const CHECKSUM: usize = 8;

/// What is written.
pub trait Put {
    /// A number of variable length: 7 bits a byte, the low ones first.
    fn number(&mut self, value: u64);
    /// A signed one, zigzag.
    fn signed(&mut self, value: i64);
    /// A text behind its length.
    fn text(&mut self, text: &str);
    /// A number of 8 bytes.
    fn fixed(&mut self, value: u64);
    /// The checksum of what stands from `start` on.
    fn seal(&mut self, start: usize);
}

impl Put for Vec<u8> {
    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }

    fn signed(&mut self, value: i64) {
        self.number(((value << 1) ^ (value >> 63)) as u64);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.extend_from_slice(text.as_bytes());
    }

    fn fixed(&mut self, value: u64) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn seal(&mut self, start: usize) {
        let sum = xxh3_64(&self[start..]);
        self.fixed(sum);
    }
}

/// What is read, the rest of it.
#[derive(Debug)]
pub struct Take<'b>(pub &'b [u8]);

impl<'b> Take<'b> {
    pub fn bytes(&mut self, len: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn byte(&mut self) -> Option<u8> {
        Some(self.bytes(1)?[0])
    }

    pub fn fixed(&mut self) -> Option<u64> {
        let bytes = self.bytes(8)?.try_into().ok()?;
        Some(u64::from_le_bytes(bytes))
    }

    pub fn number(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    pub fn signed(&mut self) -> Option<i64> {
        let value = self.number()?;
        Some((value >> 1) as i64 ^ ((value & 1) as i64).wrapping_neg())
    }

    pub fn text(&mut self) -> Option<&'b str> {
        let len = usize::try_from(self.number()?).ok()?;
        std::str::from_utf8(self.bytes(len)?).ok()
    }
}

/// What stands before a checksum, held to it.
pub fn sealed<'b>(value: &'b [u8], table: &'static str, row: u64) -> Result<&'b [u8], StoreError> {
    let bad = StoreError::Checksum { table, row };
    let Some((body, sum)) = value.split_last_chunk::<CHECKSUM>() else {
        return Err(bad);
    };
    if u64::from_le_bytes(*sum) == xxh3_64(body) {
        return Ok(body);
    }
    Err(bad)
}
