//! What clients are told of instruments when they ask which there are.

use wire::sbe::{encode_no_security, encode_security};

use crate::instruments::Instruments;

/// Append the answer to a `SecurityListRequest`: the instrument that is asked for, or all.
pub fn answer(instruments: &Instruments, req_id: u64, instrument: Option<u32>, out: &mut Vec<u8>) {
    let (first, last) = instrument.map_or((0, u32::MAX), |asked| (asked, asked));
    let told: Vec<_> = instruments.between(first, last).collect();
    let total = told.len() as u32;
    let mut left = total;
    for (number, filters, symbol) in told {
        left = left.saturating_sub(1);
        encode_security(req_id, number, filters, symbol, total, left == 0, out);
    }
    if total == 0 {
        encode_no_security(req_id, instrument.unwrap_or(u32::MAX), out);
    }
}
