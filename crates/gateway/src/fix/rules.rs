//! What a message of a session is held to, whatever came before it.

use wire::fix::value;

use super::action::{Action, Admin, Logon};
use super::header::Header;
use super::settings::{Numbers, Settings};
use wire::fix::dictionary::Fault;
use wire::fix::dictionary::SessionRejectReason as Reason;
use wire::record::command::IN_SEQ_MAX;

/// What ends a session: a message that is not of it, or whose time is not to be believed.
pub fn misplaced(
    logon: &Logon,
    header: &Header<'_>,
    wall_ns: u64,
    settings: &Settings,
) -> Option<Fault> {
    let fault = |reason, tag| {
        Some(Fault {
            reason,
            tag: Some(tag),
        })
    };
    if header.sender != logon.sender {
        return fault(Reason::CompId, 49);
    }
    if settings.sub_ids && header.sender_sub != logon.sender_sub {
        return fault(Reason::CompId, 50);
    }
    if header.target != logon.target {
        return fault(Reason::CompId, 56);
    }
    let sending_ns = header.sending_ns?;
    if sending_ns.abs_diff(wall_ns) > settings.sending_time_ns_max {
        return fault(Reason::SendingTime, 52);
    }
    if header.poss_dup && header.original_ns.is_some_and(|ns| ns > sending_ns) {
        return fault(Reason::SendingTime, 122);
    }
    None
}

/// GapFillFlag (123).
#[must_use]
pub fn is_gap_fill(header: &Header<'_>) -> bool {
    header.field(123) == Some(b"Y")
}

/// SequenceReset in gap fill mode, which is next itself.
pub fn fill(number: u64, header: &Header<'_>, numbers: &mut Numbers, out: &mut Vec<Action>) {
    let new = header.field(36).and_then(value::unsigned).unwrap_or(0);
    if new <= number {
        let fault = Fault {
            reason: Reason::ValueIncorrect,
            tag: Some(36),
        };
        return reject(number, fault, b"4", out);
    }
    numbers.next_in = new;
}

/// Longest text that is journaled.
const TEXT_BYTES_MAX: usize = 255;

/// A field that an administrative message needs and lacks, or that is not of its type.
pub fn lacks(msg_type: &[u8], header: &Header<'_>) -> Option<Fault> {
    let fault = |reason, tag| Fault {
        reason,
        tag: Some(tag),
    };
    if header.sending_ns.is_none() {
        return Some(fault(Reason::RequiredTagMissing, 52));
    }
    if header.poss_dup && header.original_ns.is_none() && msg_type != b"4" {
        return Some(fault(Reason::RequiredTagMissing, 122));
    }
    let (required, numbers): (&[u32], &[u32]) = match msg_type {
        b"1" => (&[112], &[]),
        b"2" => (&[7, 16], &[7, 16]),
        b"3" => (&[45], &[45]),
        b"4" => (&[36], &[36]),
        b"A" => (&[98, 108], &[]),
        _ => return None,
    };
    for tag in required {
        if header.field(*tag).is_none() {
            return Some(fault(Reason::RequiredTagMissing, *tag));
        }
    }
    for tag in numbers {
        if header.field(*tag).and_then(value::unsigned).is_none() {
            return Some(fault(Reason::IncorrectFormat, *tag));
        }
    }
    // What is journaled of a number is less than a u64.
    let next = header.field(36).and_then(value::unsigned);
    if msg_type == b"4" && next.is_some_and(|next| next > IN_SEQ_MAX) {
        return Some(fault(Reason::ValueIncorrect, 36));
    }
    // It is journaled, and sent back.
    match header.field(112) {
        Some(id) if id.len() > TEXT_BYTES_MAX => {
            return Some(fault(Reason::ValueIncorrect, 112));
        }
        Some(id) if !id.iter().all(|byte| (0x20..=0x7e).contains(byte)) => {
            return Some(fault(Reason::IncorrectFormat, 112));
        }
        _ => {}
    }
    match header.field(123).map(value::boolean) {
        Some(None) if msg_type == b"4" => Some(fault(Reason::IncorrectFormat, 123)),
        _ => None,
    }
}

/// Reject a message, which takes its number.
pub fn reject(number: u64, fault: Fault, msg_type: &[u8], out: &mut Vec<Action>) {
    out.push(Action::Say(Admin::Reject {
        number,
        tag: fault.tag,
        msg_type: msg_type.to_vec(),
        reason: fault.reason,
    }));
}
