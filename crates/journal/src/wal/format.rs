//! Headers and checksums of the file, as SQLite's file format document gives them (section 4).

/// Bytes of the file's header.
pub const HEADER: usize = 32;
/// Bytes of a frame's header; the page follows.
pub const FRAME_HEADER: usize = 24;

const MAGIC: u32 = 0x377f_0682;
const VERSION: u32 = 3_007_000;

/// Two running sums over 32-bit words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sum(pub u32, pub u32);

impl Sum {
    /// Go on over `bytes`, whose length is a multiple of eight.
    #[must_use]
    pub fn over(self, big_endian: bool, bytes: &[u8]) -> Self {
        let Self(mut a, mut b) = self;
        let (words, _) = bytes.as_chunks::<4>();
        let word = if big_endian {
            u32::from_be_bytes
        } else {
            u32::from_le_bytes
        };
        let (pairs, _) = words.as_chunks::<2>();
        for &[first, second] in pairs {
            a = a.wrapping_add(word(first)).wrapping_add(b);
            b = b.wrapping_add(word(second)).wrapping_add(a);
        }
        Self(a, b)
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0u8; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(word)
}

/// The file's header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    pub big_endian: bool,
    pub salts: (u32, u32),
    /// The sum that stands in it.
    pub stored: Sum,
    /// The sum of its bytes.
    pub computed: Sum,
    known: bool,
}

impl Header {
    pub fn read(bytes: &[u8; HEADER], page: usize) -> Self {
        let magic = word(bytes, 0);
        let big_endian = magic & 1 == 1;
        Self {
            big_endian,
            salts: (word(bytes, 16), word(bytes, 20)),
            stored: Sum(word(bytes, 24), word(bytes, 28)),
            computed: Sum::default().over(big_endian, &bytes[..24]),
            known: magic & !1 == MAGIC
                && word(bytes, 4) == VERSION
                && word(bytes, 8) as usize == page,
        }
    }

    pub fn is_good(&self) -> bool {
        self.known && self.stored == self.computed
    }
}

/// A frame, header and page.
#[derive(Debug, Clone)]
pub(crate) struct Frame<'a> {
    pub bytes: &'a [u8],
    pub page: u32,
    /// Pages of the database after the commit; 0 when the frame ends no transaction.
    pub commit: u32,
    pub salts: (u32, u32),
    pub stored: Sum,
}

impl<'a> Frame<'a> {
    pub fn read(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            page: word(bytes, 0),
            commit: word(bytes, 4),
            salts: (word(bytes, 8), word(bytes, 12)),
            stored: Sum(word(bytes, 16), word(bytes, 20)),
        }
    }

    /// The sum that should stand here, after `before`.
    pub fn computed(&self, big_endian: bool, before: Sum) -> Sum {
        before
            .over(big_endian, &self.bytes[..8])
            .over(big_endian, &self.bytes[FRAME_HEADER..])
    }

    pub fn fits(&self, big_endian: bool, before: Sum) -> bool {
        self.page != 0 && self.computed(big_endian, before) == self.stored
    }

    /// Whether the frame fits once one byte of its commit mark is another.
    pub fn fits_with_another_mark(&self, big_endian: bool, before: Sum) -> bool {
        let mut bytes = self.bytes.to_vec();
        for at in 4..8 {
            let old = bytes[at];
            for value in 0..=u8::MAX {
                bytes[at] = value;
                if Frame::read(&bytes).fits(big_endian, before) {
                    return true;
                }
            }
            bytes[at] = old;
        }
        false
    }
}
