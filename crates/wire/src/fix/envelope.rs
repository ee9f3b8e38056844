//! What every message of a session begins with: who sends it to whom, its number, when.

use super::version::Version;
use super::writer::Writer;

/// Who sends and who receives, as fields that are written already: `49=...|56=...|`, and SubIDs where there are any.
pub type Parties = [u8];

/// The header of a message that is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// The version.
    pub version: Version,
    /// Sender and receiver.
    pub parties: &'a Parties,
    /// MsgSeqNum (34).
    pub number: u64,
    /// SendingTime (52), in ns since the epoch.
    pub sending_ns: u64,
    /// OrigSendingTime (122), where it may have been sent before (PossDupFlag 43=Y).
    pub original_ns: Option<u64>,
}

impl Envelope<'_> {
    /// Begin a message of this type.
    pub fn open<'o>(&self, msg_type: &[u8], out: &'o mut Vec<u8>) -> Writer<'o> {
        let begin_string = self.version.begin_string().as_bytes();
        let mut writer = Writer::new(begin_string, msg_type, out);
        writer.fields(self.parties);
        writer.number(34, self.number);
        if self.original_ns.is_some() {
            writer.character(43, b'Y');
        }
        writer.time(52, self.sending_ns);
        if let Some(ns) = self.original_ns {
            writer.time(122, ns);
        }
        writer
    }

    /// Write a SequenceReset in gap fill mode: the number after this one that is next.
    pub fn gap_fill(&self, next: u64, out: &mut Vec<u8>) {
        let mut writer = self.open(b"4", out);
        writer.character(123, b'Y');
        writer.number(36, next);
        writer.end();
    }
}
