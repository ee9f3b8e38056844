//! What a session says that is about no order, as its event has it.

use super::envelope::Envelope;
use super::version::Version;
use super::writer::Writer;
use crate::record::event::SessionMessage;

/// What Text (58) says of a SessionRejectReason (373).
#[must_use]
pub const fn reject_text(reason: u16) -> &'static str {
    match reason {
        0 => "invalid tag number",
        1 => "required tag missing",
        2 => "tag not defined for this message type",
        3 => "undefined tag",
        4 => "tag specified without a value",
        5 => "value is incorrect (out of range) for this tag",
        6 => "incorrect data format for value",
        9 => "CompID problem",
        10 => "SendingTime accuracy problem",
        11 => "invalid MsgType",
        13 => "tag appears more than once",
        14 => "tag specified out of required order",
        15 => "repeating group fields out of order",
        16 => "incorrect NumInGroup count for repeating group",
        17 => "non \"data\" value includes field delimiter (SOH character)",
        _ => "other",
    }
}

/// Highest SessionRejectReason of FIX.4.2.
const REASON_MAX_42: u16 = 11;

/// Append a message of a session: Logon, Heartbeat, TestRequest, ResendRequest, Reject, Logout, or
/// BusinessMessageReject.
pub fn session_message(
    said: &SessionMessage,
    (ref_msg_type, text): (&str, &str),
    envelope: &Envelope<'_>,
    out: &mut Vec<u8>,
) {
    let mut writer = envelope.open(&[said.msg_type], out);
    match said.msg_type {
        b'A' => {
            writer.character(98, b'0');
            writer.number(108, said.number);
            if said.flag {
                writer.character(141, b'Y');
            }
            if said.end > 0 {
                writer.number(789, said.end);
            }
        }
        b'1' => writer.number(112, said.number),
        b'2' => {
            writer.number(7, said.number);
            writer.number(16, 0);
        }
        b'3' => reject(said, ref_msg_type, envelope.version, &mut writer),
        b'j' => business_reject(said, ref_msg_type, &mut writer),
        _ => {}
    }
    let tag = match said.msg_type {
        b'0' => 112,
        b'j' => 379,
        _ => 58,
    };
    if !text.is_empty() {
        writer.text(tag, text.as_bytes());
    }
    writer.end();
}

fn reject(said: &SessionMessage, ref_msg_type: &str, version: Version, writer: &mut Writer<'_>) {
    writer.number(45, said.number);
    if said.ref_tag > 0 {
        writer.number(371, said.ref_tag.into());
    }
    if !ref_msg_type.is_empty() {
        writer.text(372, ref_msg_type.as_bytes());
    }
    if version == Version::Fix44 || said.reason <= REASON_MAX_42 {
        writer.number(373, said.reason.into());
    }
    writer.text(58, reject_text(said.reason).as_bytes());
}

fn business_reject(said: &SessionMessage, ref_msg_type: &str, writer: &mut Writer<'_>) {
    writer.number(45, said.number);
    writer.text(372, ref_msg_type.as_bytes());
    writer.number(380, said.reason.into());
    writer.text(58, business_text(said.reason, said.ref_tag).as_bytes());
}

/// What Text (58) says of a BusinessRejectReason (380), and of the tag that is at fault.
#[must_use]
pub const fn business_text(reason: u16, tag: u32) -> &'static str {
    match (reason, tag) {
        (2, _) => "unknown Symbol (55)",
        (3, _) => "this MsgType is not supported",
        (4, _) => "not available now, try again later",
        (5, 38) => "OrderQty (38) is missing",
        (5, 41) => "OrigClOrdID (41) or OrderID (37) is missing",
        (_, 1) => "Account (1) is not the session's",
        _ => "refused",
    }
}
