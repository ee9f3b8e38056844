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
        let page = Affine::of(big_endian, &self.bytes[FRAME_HEADER..]);
        let mut start = [0u8; 8];
        start.copy_from_slice(&self.bytes[..8]);
        (4..8).any(|at| {
            (0..=u8::MAX).any(|value| {
                let mut start = start;
                start[at] = value;
                page.after(before.over(big_endian, &start)) == self.stored
            })
        })
    }
}

/// What summing over some bytes does to the sums before them: they enter by multiplication only.
struct Affine {
    from_a: Sum,
    from_b: Sum,
    rest: Sum,
}

impl Affine {
    fn of(big_endian: bool, bytes: &[u8]) -> Self {
        let rest = Sum(0, 0).over(big_endian, bytes);
        let less = |sum: Sum| Sum(sum.0.wrapping_sub(rest.0), sum.1.wrapping_sub(rest.1));
        Self {
            from_a: less(Sum(1, 0).over(big_endian, bytes)),
            from_b: less(Sum(0, 1).over(big_endian, bytes)),
            rest,
        }
    }

    fn after(&self, before: Sum) -> Sum {
        let part = |from_a: u32, from_b: u32, rest: u32| {
            let product = from_a.wrapping_mul(before.0);
            product
                .wrapping_add(from_b.wrapping_mul(before.1))
                .wrapping_add(rest)
        };
        Sum(
            part(self.from_a.0, self.from_b.0, self.rest.0),
            part(self.from_a.1, self.from_b.1, self.rest.1),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_after_a_page_follow_from_the_sums_before_it() {
        let page: Vec<u8> = (0..4096u32).map(|at| (at * at % 251) as u8).collect();
        for big_endian in [false, true] {
            let affine = Affine::of(big_endian, &page);
            for before in [
                Sum(0, 0),
                Sum(1, 2),
                Sum(u32::MAX, 77),
                Sum(123_456_789, u32::MAX),
            ] {
                assert_eq!(affine.after(before), before.over(big_endian, &page));
            }
        }
    }
}
