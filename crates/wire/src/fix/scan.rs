//! Bytes looked for eight at a time, without a call.

/// The low bit of each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The high bit of each byte.
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Bytes that are looked at as one.
const CHUNK: usize = 32;

/// Where the first SOH stands.
#[inline(always)]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "positions within the bytes that were given"
)]
pub(super) fn soh(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut rest) = (0, bytes);
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        let differing = u64::from_le_bytes(*word) ^ ONES;
        // A byte of zeros borrows; what it borrows from stands behind it, so that the first is right.
        let found = differing.wrapping_sub(ONES) & !differing & HIGHS;
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        (at, rest) = (at + 8, behind);
    }
    let last = rest.iter().position(|byte| *byte == super::SOH)?;
    Some(at + last)
}

/// Whether all bytes are printable ASCII or SOH.
#[inline]
pub(super) fn is_printable(bytes: &[u8]) -> bool {
    // Chunks of one size need no care for what is left over: the last one overlaps.
    match bytes.last_chunk::<CHUNK>() {
        Some(last) => {
            let chunks = bytes.as_chunks::<CHUNK>().0.iter().chain([last]);
            chunks.fold(0, |found, chunk| found | strange(chunk)) == 0
        }
        None => strange(bytes) == 0,
    }
}

/// Whether any byte is neither printable nor SOH; 0 where none is.
#[inline(always)]
fn strange(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |found, byte| {
        let fine = byte.wrapping_sub(b' ') < 95 || *byte == super::SOH;
        found | u8::from(!fine)
    })
}

#[cfg(test)]
mod tests {
    use super::{is_printable, soh};

    #[test]
    fn the_first_soh_is_found_wherever_it_stands() {
        for length in 0..40usize {
            for filling in [0u8, 2, 0x80, 0x81, 0xFF, b'5'] {
                let mut bytes = vec![filling; length];
                assert_eq!(soh(&bytes), None);
                for at in (0..length).rev() {
                    bytes[at] = 1;
                    assert_eq!(soh(&bytes), Some(at), "{filling} {length}");
                }
            }
        }
    }

    #[test]
    fn printable_is_what_a_terminal_shows() {
        let all: Vec<u8> = (0..=255).collect();
        let shown = |byte: &&u8| is_printable(&[**byte]);
        let found: Vec<u8> = all.iter().filter(shown).copied().collect();
        assert_eq!(found[0], 1);
        assert_eq!(found[1..], (0x20..=0x7E).collect::<Vec<u8>>());
        for length in 1..100 {
            for at in 0..length {
                let mut text = vec![b'a'; length];
                assert!(is_printable(&text));
                text[at] = 0x7F;
                assert!(!is_printable(&text), "{length} {at}");
            }
        }
    }
}
