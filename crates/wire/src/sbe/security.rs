//! The answer to a SecurityListRequest: one Unsequenced Data packet for each instrument.
//!
//! What an instrument is set to is no event of a session, so it takes no number of the sequence.

use super::message::{SecurityList, Text20};
use super::{NULL_I64, NULL_U8, NULL_U32};
use crate::record::command::Instrument;

/// FIX 560: the request was valid.
const RESULT_VALID: u8 = 0;
/// FIX 560: no instrument is meant by it.
const RESULT_NONE_FOUND: u8 = 2;
/// FIX 326: orders are taken.
const READY_TO_TRADE: u8 = 17;
/// FIX 326: orders are not taken.
const NOT_AVAILABLE: u8 = 18;
/// FIX 893: more messages follow.
const NO: u8 = b'N';
/// FIX 893: the last message.
const YES: u8 = b'Y';

/// Append the Unsequenced Data packet that describes one instrument of `total`.
///
/// A symbol of more than 20 bytes is cut.
pub fn encode_security(
    req_id: u64,
    instrument: u32,
    spec: &Instrument,
    symbol: &str,
    total: u32,
    last: bool,
    out: &mut Vec<u8>,
) {
    let mut text: Text20 = [0; 20];
    for (to, from) in text.iter_mut().zip(symbol.bytes()) {
        *to = from;
    }
    let limit_i64 = |limit: i64| if limit == 0 { NULL_I64 } else { limit };
    let limit_u32 = |limit: u32| if limit == 0 { NULL_U32 } else { limit };
    let message = SecurityList {
        security_req_id: req_id,
        min_price_increment: spec.tick,
        round_lot: spec.lot,
        min_trade_vol: limit_i64(spec.qty_min),
        max_trade_vol: limit_i64(spec.qty_max),
        min_notional: limit_i64(spec.notional_min),
        tot_no_related_sym: total,
        security_id: instrument,
        price_band_bps: limit_u32(spec.price_band_bps),
        max_orders_per_side: limit_u32(spec.orders_per_side_max),
        session_end: spec.session_end_s,
        symbol: text,
        security_request_result: RESULT_VALID,
        security_trading_status: if spec.open {
            READY_TO_TRADE
        } else {
            NOT_AVAILABLE
        },
        last_fragment: if last { YES } else { NO },
    };
    message.push(out);
}

/// Append the Unsequenced Data packet that says that there is no such instrument.
pub fn encode_no_security(req_id: u64, instrument: u32, out: &mut Vec<u8>) {
    let message = SecurityList {
        security_req_id: req_id,
        min_price_increment: NULL_I64,
        round_lot: NULL_I64,
        min_trade_vol: NULL_I64,
        max_trade_vol: NULL_I64,
        min_notional: NULL_I64,
        tot_no_related_sym: 0,
        security_id: instrument,
        price_band_bps: NULL_U32,
        max_orders_per_side: NULL_U32,
        session_end: NULL_U32,
        symbol: [0; 20],
        security_request_result: RESULT_NONE_FOUND,
        security_trading_status: NULL_U8,
        last_fragment: YES,
    };
    message.push(out);
}
