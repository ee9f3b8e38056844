//! The checksum of journals, snapshots and rows.

use pyo3::prelude::*;

/// XXH3, 64 bits, without a seed.
#[pyfunction]
pub fn xxh3_64(data: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(data)
}
