//! FIX sessions, as far as they are durable: what a session says, its numbers, and where these begin anew.

use super::emit::Emit;
use super::engine::Engine;
use wire::record::command::{self, EPOCH_MAX, in_num, in_parts};
use wire::record::event::{SessionMessage, SessionReset};
use wire::record::{EntryKind, Event};

impl Engine {
    /// A message that is about no order: it is told in sequence, and says how far what came in is done with.  One
    /// of an epoch that has ended is passed by.
    pub(crate) fn session_message(
        &mut self,
        said: &command::SessionMessage,
        (ref_msg_type, text): (&str, &str),
        out: &mut Emit<'_>,
    ) {
        let entry = said.entry;
        if !self.parties.knows(entry) {
            return;
        }
        let last = self.parties.entry(entry).last_num;
        if in_parts(last).0 != in_parts(said.num).0 {
            return self.pass_by(said.num, out);
        }
        self.parties.rises(entry, said.num);
        let message = SessionMessage {
            entry,
            entry_seq: self.parties.next_seq(entry),
            msg_type: said.msg_type,
            number: said.number,
            end: said.end,
            ref_tag: said.ref_tag,
            reason: said.reason,
            flag: said.flag,
        };
        out.event(&Event::SessionMessage(message, ref_msg_type, text));
    }

    /// The numbers of a session begin anew: a FIX session has another epoch, and every session another base.
    pub(crate) fn reset_session(&mut self, reset: &command::SessionReset, out: &mut Emit<'_>) {
        let entry = reset.entry;
        if !self.parties.knows(entry) {
            return;
        }
        let row = self.parties.entry(entry);
        let epoch = self.parties.epoch(entry);
        if epoch != reset.epoch || epoch >= EPOCH_MAX {
            return;
        }
        let is_fix = row.kind == EntryKind::Fix;
        let epoch = epoch.saturating_add(1);
        let entry_seq = self.parties.begin_anew(entry, epoch);
        if is_fix {
            self.parties.rises(entry, in_num(epoch, 0));
        }
        out.event(&Event::SessionReset(SessionReset {
            entry,
            entry_seq,
            epoch,
        }));
    }
}
