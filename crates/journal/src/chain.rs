//! The chain of checksums.

use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

/// The chain before the first record of the log that has this id.
#[must_use]
pub fn chain_start(journal_id: u64) -> u64 {
    xxh3_64(&journal_id.to_le_bytes())
}

/// The chain of a record: xxh3-64 over the chain before it, its offset, its time (each as eight bytes,
/// little-endian) and its batch.
#[must_use]
pub fn chain(before: u64, offset: u64, append_ns: u64, batch: &[u8]) -> u64 {
    let mut head = [0u8; 24];
    head[..8].copy_from_slice(&before.to_le_bytes());
    head[8..16].copy_from_slice(&offset.to_le_bytes());
    head[16..].copy_from_slice(&append_ns.to_le_bytes());
    let mut hasher = Xxh3Default::new();
    hasher.update(&head);
    hasher.update(batch);
    hasher.digest()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_hash_of_the_fields_in_a_row() {
        let mut bytes = Vec::new();
        for field in [7u64, 8, 9] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes.extend_from_slice(b"batch");
        assert_eq!(chain(7, 8, 9, b"batch"), xxh3_64(&bytes));
    }
}
