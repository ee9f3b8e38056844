//! The store on Redis, without its I/O: transactions as bytes for it, and what it holds as answers.
//!
//! # Writing
//! [`Writer`] gathers event batches, as the recorder on SQLite does ([`crate::pending::Pending`]), and turns
//! each transaction into one buffer of few and wide commands.  Nothing is read back to change it: an order
//! is what its segments say, one behind the other.
//!
//! # Reading
//! [`Rows`] folds segments into the rows that SQLite would hold, and shows them by the same code.
//!
//! # Layout
//! Numbers in keys are decimal, numbers in values little-endian; what ends with a checksum ends with xxh3-64
//! over what stands before it.  `P` is the prefix.
//!
//! | key | what | value |
//! |---|---|---|
//! | `P position` | string | [`Place`]: 16 numbers of 8 bytes, the last a checksum |
//! | `P orders:C` | string | segments of the orders whose id, without its lowest 4 bits, is `C` ([`segment`]) |
//! | `P account:A` | string | the `C` in which orders of account `A` began, 8 bytes each, rising; some twice |
//! | `P late:A` | string | those of orders that began before the log did, in no order |
//! | `P trades:I:B` | string | trades of instrument `I` whose id, without its lowest 10 bits, is `B`: 41 bytes each |
//! | `P blocks:I` | string | the `B` of an instrument, rising, some twice: 8 bytes, and 8 of its first trade's time |
//! | `P minutes:I:D` | string | bars of day `D`, 120 bytes each, that of minute `m` of it at `120 m` |
//! | `P bars` | hash | the newest bar of each instrument |
//! | `P entries`, `P accounts`, `P instruments` | hash | a name behind its numbers, and a checksum |
//! | `P remnants` | set | the `C` of which the closed orders were deleted and open ones are left |
//!
//! 16 orders share a key, for a key costs Redis some 100 bytes and a command some microseconds; orders that begin
//! in one transaction have neighbouring ids.  A string that grows gets up to twice its room from Redis.

mod encode;
mod keys;
mod place;
mod resp;
mod rows;
mod segment;
mod sweep;
mod trades;
mod writer;

pub use keys::CHUNK_BITS;
pub use place::Place;
pub use rows::{Rows, instrument_name};
pub use sweep::{Swept, sweep};
pub use trades::{bars, sum_of, trades};
pub use writer::{Buffer, Limits, Writer};

#[cfg(test)]
mod tests {
    use super::{Place, Rows, bars, segment, sweep, trades};
    use proptest::prelude::*;

    #[test]
    fn a_place_comes_back() {
        let mut place = Place::begin(3, 9);
        assert_eq!(Place::read(&place.to_bytes()).ok(), Some(place));
        (place.late_ns, place.deleted_ns) = (Some(5_999), 2_500);
        (place.swept, place.last) = (7, 8);
        assert_eq!(Place::read(&place.to_bytes()).ok(), Some(place));
        assert_eq!(place.complete_since(), Some(6_000));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            len in 0_u32..300,
        ) {
            // A length that may fit, so that what stands behind it is looked at as well.
            let mut bytes = bytes;
            if let Some(first) = bytes.first_chunk_mut::<4>() {
                *first = len.to_le_bytes();
            }
            prop_assert!(Place::read(&bytes).is_err());
            let refused = !bytes.is_empty();
            prop_assert_eq!(Rows::of([&bytes[..]], |_| true).is_err(), refused);
            prop_assert_eq!(sweep(&bytes).is_err(), refused);
            prop_assert_eq!(trades(&bytes).is_err(), refused);
            prop_assert_eq!(bars(&bytes).is_err(), refused);
        }

        #[test]
        fn a_segment_whose_checksum_is_right_is_read_or_refused(
            mut bytes in proptest::collection::vec(any::<u8>(), 22..120),
        ) {
            use super::encode::{CHECKSUM, Put};
            let len = (bytes.len() + CHECKSUM) as u32;
            bytes[..4].copy_from_slice(&len.to_le_bytes());
            bytes[12] &= 7;
            bytes.seal(0);
            for found in segment::segments(&bytes) {
                let found = found.map_err(|error| TestCaseError::fail(error.to_string()))?;
                let _ = found.delta();
            }
            let _ = Rows::of([&bytes[..]], |_| true);
        }
    }
}
