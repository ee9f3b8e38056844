//! One session on one connection: what is said, taken and closed because of what comes, and of time.

use wire::fix::request::Request;
use wire::fix::{Frame, Frames, Message, Version, value};

use super::action::{Action, Admin, Logon};
use super::header::Header;
use super::read::read;
use super::rules::{fill, is_gap_fill, lacks, misplaced, reject};
use super::sequence::{Place, Waiting, place};
use super::settings::{Now, Numbers, Settings};
use wire::fix::admin::reject_text;
use wire::fix::dictionary::Fault;
use wire::fix::dictionary::SessionRejectReason as Reason;

pub(super) const SECOND_NS: u64 = 1_000_000_000;
/// How long a line may take to answer when its session is wanted elsewhere.
const PROBE_NS: u64 = 5 * SECOND_NS;

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing came yet.
    New,
    /// A Logon is being decided on.
    Deciding,
    /// It is logged on.
    On,
    /// It is over.
    Over,
}

/// A gap that was asked for.
#[derive(Debug, Clone, Copy)]
struct Gap {
    /// What was next when it was asked for last.
    from: u64,
    /// When that was, or when something of it came last.
    at_ns: u64,
    /// How often it was asked for without anything coming.
    tries: u32,
}

/// One session on one connection.
#[derive(Debug)]
pub struct Machine {
    pub(super) stage: Stage,
    pub(super) version: Version,
    pub(super) logon: Option<Logon>,
    /// Who the client says it is.
    pub(super) sender: Vec<u8>,
    pub(super) heartbeat_ns: u64,
    begun_ns: u64,
    pub(super) heard_ns: u64,
    pub(super) said_ns: u64,
    tested: bool,
    /// When somebody else wanted its session while it was silent, and it was tested for that.
    probed_ns: Option<u64>,
    tests: u64,
    waiting: Waiting,
    gap: Option<Gap>,
}

impl Machine {
    /// A connection was opened.
    #[must_use]
    pub fn new(monotonic_ns: u64) -> Self {
        Self {
            stage: Stage::New,
            version: Version::Fix44,
            logon: None,
            sender: Vec::new(),
            heartbeat_ns: 0,
            begun_ns: monotonic_ns,
            heard_ns: monotonic_ns,
            said_ns: monotonic_ns,
            tested: false,
            probed_ns: None,
            tests: 0,
            waiting: Waiting::default(),
            gap: None,
        }
    }

    /// The version that the client speaks.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Who the client says it is; empty before its Logon.
    #[must_use]
    pub fn sender(&self) -> &[u8] {
        &self.sender
    }

    /// Whether it is logged on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.stage == Stage::On
    }

    /// A message was sent.
    pub const fn said(&mut self, monotonic_ns: u64) {
        self.said_ns = monotonic_ns;
    }

    // -- what comes --------------------------------------------------------------------------

    /// Take a whole message, whose header was read.
    pub fn receive(
        &mut self,
        message: &Message<'_>,
        header: &Header<'_>,
        numbers: &mut Numbers,
        now: Now,
        settings: &Settings,
        out: &mut Vec<Action>,
    ) {
        match self.stage {
            Stage::New => return self.first(message, header, now, settings, out),
            Stage::Deciding | Stage::Over => return,
            Stage::On => {}
        }
        self.heard_ns = now.monotonic_ns;
        (self.tested, self.probed_ns) = (false, None);
        let Some(number) = header.number else {
            return self.leave("MsgSeqNum (34) missing".to_owned(), out);
        };
        if Version::of(message.begin_string) != Some(self.version) {
            // A Reject of another version is nothing that the client could read (test case 2i).
            if number == numbers.next_in {
                numbers.next_in = numbers.next_in.saturating_add(1);
            }
            return self.leave("BeginString (8) is not the session's".to_owned(), out);
        }
        let logon = self.logon.as_ref();
        let misplaced = logon.and_then(|logon| misplaced(logon, header, now.wall_ns, settings));
        if let Some(fault) = misplaced {
            if number == numbers.next_in {
                numbers.next_in = numbers.next_in.saturating_add(1);
            }
            reject(number, fault, message.msg_type, out);
            return self.leave(reject_text(fault.reason as u16).to_owned(), out);
        }
        if message.msg_type == b"A" && !header.poss_dup {
            return self.again(header, number, numbers, out);
        }
        if message.msg_type == b"4" && !is_gap_fill(header) {
            return self.reset_mode(number, header, numbers, now, settings, out);
        }
        match place(number, numbers.next_in) {
            Place::Next => {
                self.handle(message, header, number, None, numbers, now, out);
                self.catch_up(numbers, now, settings, out);
            }
            Place::Ahead => self.behind_a_gap(message, header, number, numbers, now, settings, out),
            Place::Low if header.poss_dup => self.duplicate(number, header, message, out),
            Place::Low => self.too_low(number, numbers.next_in, out),
        }
    }

    /// A message that is next.
    #[allow(
        clippy::too_many_arguments,
        reason = "a message is its bytes, its header and its number"
    )]
    fn handle(
        &mut self,
        message: &Message<'_>,
        header: &Header<'_>,
        number: u64,
        waited: Option<&[u8]>,
        numbers: &mut Numbers,
        now: Now,
        out: &mut Vec<Action>,
    ) {
        numbers.next_in = number.saturating_add(1);
        if let Some(gap) = &mut self.gap {
            (gap.at_ns, gap.tries) = (now.monotonic_ns, 0);
        }
        if let Some(fault) = header.fault.or_else(|| lacks(message.msg_type, header)) {
            return reject(number, fault, message.msg_type, out);
        }
        match message.msg_type {
            b"0" | b"3" | b"A" => {}
            b"1" => {
                let answered = header.field(112).map(<[u8]>::to_vec);
                out.push(Action::Say(Admin::Heartbeat(answered)));
            }
            b"2" => self.resend(number, header, out),
            b"4" => fill(number, header, numbers, out),
            b"5" => self.answer_logout(out),
            _ => out.push(Action::Take(number, waited.map(<[u8]>::to_vec))),
        }
    }

    /// Messages that waited for what has come now.
    fn catch_up(
        &mut self,
        numbers: &mut Numbers,
        now: Now,
        settings: &Settings,
        out: &mut Vec<Action>,
    ) {
        while self.stage == Stage::On
            && let Some(bytes) = self.waiting.take(numbers.next_in)
        {
            let number = numbers.next_in;
            // One that was handled out of turn has only kept its place.
            let Some(Frame::Message(message)) = Frames::new(&bytes, bytes.len()).next() else {
                numbers.next_in = number.saturating_add(1);
                continue;
            };
            let header = read(settings, &message, &mut Request::default());
            self.handle(&message, &header, number, Some(&bytes), numbers, now, out);
        }
        if self.waiting.is_empty() && self.gap.is_some_and(|gap| numbers.next_in > gap.from) {
            self.gap = None;
        }
    }

    /// A message before which others are missing: it waits, unless it is to be handled at once.
    #[allow(
        clippy::too_many_arguments,
        reason = "a message is its bytes, its header and its number"
    )]
    fn behind_a_gap(
        &mut self,
        message: &Message<'_>,
        header: &Header<'_>,
        number: u64,
        numbers: &Numbers,
        now: Now,
        settings: &Settings,
        out: &mut Vec<Action>,
    ) {
        let well = header
            .fault
            .or_else(|| lacks(message.msg_type, header))
            .is_none();
        let (messages_max, bytes_max) = (settings.gap_messages_max, settings.gap_bytes_max);
        match message.msg_type {
            b"5" => return self.answer_logout(out),
            // Two sides that both ask would wait for each other.
            b"2" if well => {
                self.resend(number, header, out);
                self.waiting.keep(number, &[], messages_max, bytes_max);
            }
            _ => {
                // What does not fit is asked for once more, when the others are there.
                self.waiting
                    .keep(number, message.bytes, messages_max, bytes_max);
            }
        }
        if self.gap.is_none() {
            self.ask(numbers.next_in, now, out);
        }
    }

    /// One that came before, as it says itself: it is done with, whatever it says.
    fn duplicate(
        &self,
        number: u64,
        header: &Header<'_>,
        message: &Message<'_>,
        out: &mut Vec<Action>,
    ) {
        if header.original_ns.is_none() && message.msg_type != b"4" {
            let fault = Fault {
                reason: Reason::RequiredTagMissing,
                tag: Some(122),
            };
            reject(number, fault, message.msg_type, out);
        }
    }

    /// SequenceReset in reset mode, whose own number means nothing (volume 2, "Sequence Reset").
    ///
    /// It is answered by a Heartbeat, which has the new number journaled: a crash behind it asks for nothing that
    /// was passed over, and the client knows that from there on.
    fn reset_mode(
        &mut self,
        number: u64,
        header: &Header<'_>,
        numbers: &mut Numbers,
        now: Now,
        settings: &Settings,
        out: &mut Vec<Action>,
    ) {
        if let Some(fault) = header.fault.or_else(|| lacks(b"4", header)) {
            return reject(number, fault, b"4", out);
        }
        let Some(new) = header.field(36).and_then(value::unsigned) else {
            return;
        };
        if new < numbers.next_in {
            let fault = Fault {
                reason: Reason::ValueIncorrect,
                tag: Some(36),
            };
            return reject(number, fault, b"4", out);
        }
        numbers.next_in = new;
        out.push(Action::Say(Admin::Heartbeat(None)));
        self.catch_up(numbers, now, settings, out);
    }

    /// A Logon on a connection that is logged on: only to let numbers begin anew.
    fn again(
        &mut self,
        header: &Header<'_>,
        number: u64,
        numbers: &mut Numbers,
        out: &mut Vec<Action>,
    ) {
        if header.fault.is_some() || header.field(141) != Some(b"Y") || number != 1 {
            return self.leave("second Logon on one connection".to_owned(), out);
        }
        *numbers = Numbers { next_in: 2 };
        // What waited was of the numbers before.
        (self.waiting, self.gap) = (Waiting::default(), None);
        out.push(Action::Reset);
        let heartbeat_s = (self.heartbeat_ns / SECOND_NS) as u32;
        out.push(Action::Say(Admin::Logon {
            heartbeat_s,
            reset: true,
            next_expected: None,
        }));
    }

    fn resend(&self, number: u64, header: &Header<'_>, out: &mut Vec<Action>) {
        let begin = header.field(7).and_then(value::unsigned).unwrap_or(0);
        let end = header.field(16).and_then(value::unsigned).unwrap_or(0);
        if begin == 0 || (end != 0 && end < begin) {
            let fault = Fault {
                reason: Reason::ValueIncorrect,
                tag: Some(if begin == 0 { 7 } else { 16 }),
            };
            return reject(number, fault, b"2", out);
        }
        out.push(Action::Resend(begin, end));
    }

    fn answer_logout(&mut self, out: &mut Vec<Action>) {
        out.push(Action::Say(Admin::Logout(None)));
        self.over("its client has logged out", out);
    }

    pub(super) fn too_low(&mut self, number: u64, next: u64, out: &mut Vec<Action>) {
        let said = format!("MsgSeqNum too low, expecting {next} but received {number}");
        self.leave(said, out);
    }

    /// Say why, and close.
    pub(super) fn leave(&mut self, why: String, out: &mut Vec<Action>) {
        out.push(Action::Say(Admin::Logout(Some(why))));
        self.over("the session was ended by a Logout of ours", out);
    }

    /// It is to end, and not by its client's wish.
    pub fn end(&mut self, why: &str, out: &mut Vec<Action>) {
        if self.stage == Stage::On {
            self.leave(why.to_owned(), out);
        }
    }

    /// Say why outside the session, whose numbers nobody is to move who it does not belong to, and close.
    pub(super) fn outside(&mut self, why: &'static str, out: &mut Vec<Action>) {
        out.push(Action::Outside(why));
        self.over(why, out);
    }

    pub(super) fn over(&mut self, why: &'static str, out: &mut Vec<Action>) {
        self.stage = Stage::Over;
        out.push(Action::Close(why));
    }

    // -- gaps --------------------------------------------------------------------------------

    pub(super) fn note_gap(&mut self, from: u64, now: Now) {
        self.gap = Some(Gap {
            from,
            at_ns: now.monotonic_ns,
            tries: 0,
        });
    }

    pub(super) fn ask(&mut self, from: u64, now: Now, out: &mut Vec<Action>) {
        self.note_gap(from, now);
        out.push(Action::Say(Admin::ResendRequest(from)));
    }

    // -- time --------------------------------------------------------------------------------

    fn test(&mut self, now: Now, out: &mut Vec<Action>) {
        self.tested = true;
        self.tests = self.tests.saturating_add(1);
        out.push(Action::Say(Admin::TestRequest(self.tests)));
        self.said_ns = now.monotonic_ns;
    }

    /// Somebody else wants its session: one that was silent is tested, and is over if it stays so.
    pub fn probe(&mut self, now: Now, settings: &Settings, out: &mut Vec<Action>) {
        let silent = now.monotonic_ns.saturating_sub(self.heard_ns);
        if self.stage == Stage::On && self.probed_ns.is_none() && silent >= settings.probe_ns {
            self.probed_ns = Some(now.monotonic_ns);
            self.test(now, out);
        }
    }

    /// Time has passed.
    pub fn tick(
        &mut self,
        numbers: &Numbers,
        now: Now,
        settings: &Settings,
        out: &mut Vec<Action>,
    ) {
        let since = |then: u64| now.monotonic_ns.saturating_sub(then);
        match self.stage {
            Stage::New if since(self.begun_ns) >= settings.logon_deadline_ns => {
                return self.over("logon deadline", out);
            }
            Stage::On => {}
            Stage::New | Stage::Deciding | Stage::Over => return,
        }
        let silent = since(self.heard_ns);
        // 1.2 intervals, and 2.4: "some reasonable transmission time" (volume 2, "Test Request").
        if silent >= self.heartbeat_ns.saturating_mul(12) / 5 {
            return self.over("silent for 2.4 heartbeat intervals", out);
        }
        if self.probed_ns.is_some_and(|at| since(at) >= PROBE_NS) {
            return self.over("silent while its session was wanted elsewhere", out);
        }
        if silent >= self.heartbeat_ns.saturating_mul(6) / 5 && !self.tested {
            self.test(now, out);
        }
        if since(self.said_ns) >= self.heartbeat_ns {
            out.push(Action::Say(Admin::Heartbeat(None)));
            self.said_ns = now.monotonic_ns;
        }
        if let Some(gap) = self.gap
            && since(gap.at_ns) >= settings.resend_deadline_ns
        {
            if gap.tries > 0 {
                return self.leave("a gap in MsgSeqNum was not filled".to_owned(), out);
            }
            self.ask(numbers.next_in, now, out);
            if let Some(gap) = &mut self.gap {
                gap.tries = 1;
            }
        }
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
