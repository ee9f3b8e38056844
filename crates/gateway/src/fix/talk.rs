//! A client's side of a conversation, for tests.

use wire::fix::{Frame, Frames, Writer};

use super::action::{Action, Admin};
use super::header::Header;
use super::machine::Machine;
use super::settings::{Now, Numbers, Settings};
use wire::fix::dictionary::SessionRejectReason as Reason;

pub const WALL_NS: u64 = 1_735_689_599 * 1_000_000_000;
pub const SECOND_NS: u64 = 1_000_000_000;

/// A field of a message, as text.
pub type Field<'a> = (u32, &'a str);

pub fn settings() -> Settings {
    Settings {
        comp_id: b"QUANTSCOPE".to_vec(),
        sending_time_ns_max: 120 * SECOND_NS,
        heartbeat_s_max: 3_600,
        gap_messages_max: 4,
        gap_bytes_max: 10_000,
        resend_deadline_ns: 10 * SECOND_NS,
        probe_ns: 5 * SECOND_NS,
        sub_ids: false,
        logon_deadline_ns: 5 * SECOND_NS,
        user_tags: false,
        dictionaries: [None, None],
    }
}

/// A client's side of a conversation.
pub struct Talk {
    pub machine: Machine,
    pub numbers: Numbers,
    pub monotonic_ns: u64,
    pub sending_ns: u64,
}

impl Talk {
    pub fn new() -> Self {
        Self {
            machine: Machine::new(0),
            numbers: Numbers::default(),
            monotonic_ns: 0,
            sending_ns: WALL_NS,
        }
    }

    /// Logged on with HeartBtInt 30; 2 is next.
    pub fn logged_on() -> Self {
        let mut talk = Self::new();
        talk.first("A", 1, &[(98, "0"), (108, "30")]);
        let said = talk.accept(1);
        assert_eq!(said, [logon_answer(false)]);
        assert_eq!(talk.numbers.next_in, 2);
        talk
    }

    pub fn now(&self) -> Now {
        Now {
            monotonic_ns: self.monotonic_ns,
            wall_ns: WALL_NS,
        }
    }

    pub fn message(&self, kind: &str, number: u64, fields: &[Field<'_>]) -> Vec<u8> {
        self.from("demo1", "FIX.4.4", kind, number, fields)
    }

    pub fn from(
        &self,
        sender: &str,
        version: &str,
        kind: &str,
        number: u64,
        fields: &[Field<'_>],
    ) -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = Writer::new(version.as_bytes(), kind.as_bytes(), &mut out);
        writer.text(49, sender.as_bytes());
        writer.text(56, b"QUANTSCOPE");
        if number > 0 {
            writer.number(34, number);
        }
        if self.sending_ns > 0 {
            writer.time(52, self.sending_ns);
        }
        for (tag, value) in fields {
            writer.text(*tag, value.as_bytes());
        }
        writer.end();
        out
    }

    pub fn give(&mut self, bytes: &[u8]) -> Vec<Action> {
        let Some(Frame::Message(message)) = Frames::new(bytes, 10_000).next() else {
            panic!("no message: {}", String::from_utf8_lossy(bytes));
        };
        let (now, mut out) = (self.now(), Vec::new());
        let header = Header::read(&message);
        self.machine.receive(
            &message,
            &header,
            &mut self.numbers,
            now,
            &settings(),
            &mut out,
        );
        out
    }

    pub fn hear(&mut self, kind: &str, number: u64, fields: &[Field<'_>]) -> Vec<Action> {
        let bytes = self.message(kind, number, fields);
        self.give(&bytes)
    }

    pub fn first(&mut self, kind: &str, number: u64, fields: &[Field<'_>]) -> Vec<Action> {
        self.hear(kind, number, fields)
    }

    pub fn accept(&mut self, next_out: u64) -> Vec<Action> {
        let (now, mut out) = (self.now(), Vec::new());
        self.machine
            .accepted(&mut self.numbers, next_out, now, &mut out);
        out
    }

    pub fn wait(&mut self, seconds: u64) -> Vec<Action> {
        self.monotonic_ns += seconds * SECOND_NS;
        let (now, mut out) = (self.now(), Vec::new());
        self.machine.tick(&self.numbers, now, &settings(), &mut out);
        out
    }
}

pub fn logon_answer(reset: bool) -> Action {
    Action::Say(Admin::Logon {
        heartbeat_s: 30,
        reset,
        next_expected: None,
    })
}

pub fn rejected(number: u64, tag: Option<u32>, kind: &str, reason: Reason) -> Action {
    Action::Say(Admin::Reject {
        number,
        tag,
        msg_type: kind.as_bytes().to_vec(),
        reason,
    })
}

/// A Logout with these words, and the end.
pub fn left(actions: &[Action], words: &str) {
    match actions {
        [.., Action::Say(Admin::Logout(Some(said))), Action::Close(_)] if said.contains(words) => {}
        other => panic!("{other:?} instead of a Logout that says {words}"),
    }
}

pub fn asks(from: u64) -> Action {
    Action::Say(Admin::ResendRequest(from))
}
