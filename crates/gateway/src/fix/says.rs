//! What a session says, as the command that is journaled before it is sent.

use wire::record::Command;
use wire::record::command::SessionMessage;

use super::action::Admin;

/// Append the command of a message; `num` says how far what came in is done with
/// ([`wire::record::command::in_num`]).
pub fn say(entry: u32, num: u64, admin: &Admin, out: &mut Vec<u8>) {
    let mut said = blank(entry, num, 0);
    let (mut ref_msg_type, mut text) = ("", "");
    let number;
    match admin {
        Admin::Logon {
            heartbeat_s,
            reset,
            next_expected,
        } => {
            said.msg_type = b'A';
            said.number = (*heartbeat_s).into();
            said.flag = *reset;
            said.end = next_expected.unwrap_or(0);
        }
        Admin::Heartbeat(answered) => {
            said.msg_type = b'0';
            text = printable(answered.as_deref().unwrap_or_default());
        }
        Admin::TestRequest(id) => {
            said.msg_type = b'1';
            said.number = *id;
        }
        Admin::ResendRequest(from) => {
            said.msg_type = b'2';
            said.number = *from;
        }
        Admin::Reject {
            number,
            tag,
            msg_type,
            reason,
        } => {
            said.msg_type = b'3';
            said.number = *number;
            said.ref_tag = tag.unwrap_or(0);
            said.reason = *reason as u16;
            ref_msg_type = printable(msg_type);
        }
        Admin::Logout(why) => {
            said.msg_type = b'5';
            number = why.clone().unwrap_or_default();
            text = &number;
        }
    }
    Command::SessionMessage(said, ref_msg_type, text).encode(out);
}

/// A message of this type that says nothing yet.
pub const fn blank(entry: u32, num: u64, msg_type: u8) -> SessionMessage {
    SessionMessage {
        entry,
        num,
        msg_type,
        number: 0,
        end: 0,
        ref_tag: 0,
        reason: 0,
        flag: false,
    }
}

/// A text that may be journaled; empty where it may not be.
pub fn printable(text: &[u8]) -> &str {
    let fits = text.len() <= 255 && text.iter().all(|byte| (0x20..=0x7e).contains(byte));
    let text = if fits { text } else { &[] };
    std::str::from_utf8(text).unwrap_or_default()
}
