//! Fields off the front of bytes.

use crate::NotVersion1;

pub(crate) type Read<T> = Result<T, NotVersion1>;

/// What is left to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn bytes(&mut self, len: usize, field: &str) -> Read<&'a [u8]> {
        let split = self.0.split_at_checked(len);
        let (bytes, rest) =
            split.ok_or_else(|| NotVersion1::new(format!("it is cut short at {field}")))?;
        self.0 = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self, field: &str) -> Read<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N, field)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self, field: &str) -> Read<u8> {
        Ok(u8::from_le_bytes(self.array(field)?))
    }

    pub(crate) fn u16(&mut self, field: &str) -> Read<u16> {
        Ok(u16::from_le_bytes(self.array(field)?))
    }

    pub(crate) fn u32(&mut self, field: &str) -> Read<u32> {
        Ok(u32::from_le_bytes(self.array(field)?))
    }

    pub(crate) fn u64(&mut self, field: &str) -> Read<u64> {
        Ok(u64::from_le_bytes(self.array(field)?))
    }

    /// Pass a text over, with its length.
    pub(crate) fn text(&mut self, field: &str) -> Read<()> {
        let len = self.u32(field)? as usize;
        self.bytes(len, field).map(drop)
    }
}
