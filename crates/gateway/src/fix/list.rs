//! What a session is told of instruments: SecurityList, and SecurityStatus.

use wire::fix::Envelope;
use wire::record::event::SessionMessage;

use crate::instruments::Instruments;

/// Most instruments of one SecurityList.
pub const PART_MAX: usize = 50;

/// SecurityRequestResult (560).
const VALID: u8 = b'0';
const NONE_FOUND: u8 = b'2';

/// SecurityTradingStatus (326).
const READY_TO_TRADE: u64 = 17;
const NOT_AVAILABLE: u64 = 18;

fn numbers(said: &SessionMessage) -> (u32, u32) {
    let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    (number(said.number), number(said.end))
}

/// Append a part of the list of instruments (FIX 4.4 volume 3, SecurityList `y`).
pub fn security_list(
    said: &SessionMessage,
    req_id: &str,
    envelope: &Envelope<'_>,
    instruments: &Instruments,
    out: &mut Vec<u8>,
) {
    let (first, last) = numbers(said);
    let count = instruments.between(first, last).count();
    let mut to = envelope.open(b"y", out);
    to.text(320, req_id.as_bytes());
    to.number(322, envelope.number);
    to.character(560, if count == 0 { NONE_FOUND } else { VALID });
    if count > 0 {
        let total = match said.reason {
            0 => instruments.len() as u64,
            asked => asked.into(),
        };
        to.number(393, total);
        to.character(893, if said.flag { b'Y' } else { b'N' });
        to.number(146, count as u64);
        for (_, filters, symbol) in instruments.between(first, last) {
            to.text(55, symbol.as_bytes());
            to.decimal(561, filters.lot);
            to.decimal(562, filters.qty_min);
        }
    }
    to.end();
}

/// Append how an instrument is (FIX 4.4 volume 3, SecurityStatus `f`).
pub fn security_status(
    said: &SessionMessage,
    req_id: &str,
    envelope: &Envelope<'_>,
    instruments: &Instruments,
    out: &mut Vec<u8>,
) {
    let (number, _) = numbers(said);
    let mut to = envelope.open(b"f", out);
    to.text(324, req_id.as_bytes());
    for (_, filters, symbol) in instruments.between(number, number) {
        to.text(55, symbol.as_bytes());
        to.number(
            326,
            if filters.open {
                READY_TO_TRADE
            } else {
                NOT_AVAILABLE
            },
        );
    }
    to.end();
}
