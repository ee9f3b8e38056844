//! The checksum that every row carries: what a disk changed by itself is found when the row is read.
//!
//! It is xxh3-64 over the row's values in the order of its columns: numbers as eight bytes, texts and
//! bytes behind their length, little-endian.

use xxhash_rust::xxh3::xxh3_64;

/// The values of a row, one after the other.
#[derive(Debug, Default)]
pub struct Values(Vec<u8>);

impl Values {
    /// Room for an ordinary row.
    pub fn new() -> Self {
        Self(Vec::with_capacity(320))
    }

    /// A number.
    pub fn number(mut self, number: impl Into<i64>) -> Self {
        self.0.extend_from_slice(&number.into().to_le_bytes());
        self
    }

    /// Numbers.
    pub fn numbers<const N: usize>(self, numbers: [i64; N]) -> Self {
        numbers.into_iter().fold(self, Self::number)
    }

    /// Bytes.
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0
            .extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    /// A text.
    pub fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// The checksum, as a column holds it.
    pub fn checksum(self) -> i64 {
        xxh3_64(&self.0) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::Values;

    #[test]
    fn values_that_run_into_one_another_are_told_apart() {
        let sums = [
            Values::new().text("ab").text("c"),
            Values::new().text("a").text("bc"),
            Values::new().text("abc").text(""),
            Values::new().number(1).number(0),
            Values::new().number(0).number(1),
        ]
        .map(Values::checksum);
        for (at, sum) in sums.iter().enumerate() {
            assert!(!sums[..at].contains(sum));
        }
    }
}
