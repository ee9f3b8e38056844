//! FIX as a protocol of connections: what the machine decides is done, journaled and told here.

use std::sync::Arc;

use wire::fix::request::{Asked, Asking, Refusal, Request};
use wire::fix::{Envelope, Frame, Frames, Message, Version};
use wire::record::command::{SessionReset, in_num, in_parts};
use wire::record::event;
use wire::record::event::EntryClaimed;
use wire::record::{Command, EntryKind, Event};

use super::action::{Action, Admin, Logon};
use super::conversation::Conversation;
use super::list::PART_MAX;
use super::read::read;
use super::says::{blank, printable, say};
use super::settings::{Now, Numbers, Settings};
use crate::instruments::Instruments;
use crate::protocol::{Passing, Protocol, Reading, Received, Told};
use crate::session::Session;

/// What is known of a session beyond its numbers out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct State {
    /// How often its numbers have begun anew.
    pub epoch: u64,
    /// The numbers of what comes in.
    pub numbers: Numbers,
    /// Its names, by where they stand.
    pub names: u32,
}

impl State {
    /// As the engine has it: the epoch, and the last message that is done with.
    #[must_use]
    pub const fn of(epoch: u64, last_num: u64, names: u32) -> Self {
        let (last_epoch, last) = in_parts(last_num);
        let next_in = if last_epoch == epoch {
            last.saturating_add(1)
        } else {
            1
        };
        Self {
            epoch,
            numbers: Numbers { next_in },
            names,
        }
    }
}

/// How the messages of a session name its parties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The version that it speaks.
    pub version: Version,
    /// Sender and receiver of what it is told, as fields.
    pub parties: Box<[u8]>,
    /// Its account.
    pub account: Box<str>,
}

impl Names {
    /// The names of a session; SubIDs are left out where they are empty.
    #[must_use]
    pub fn new(
        version: Version,
        (ours, theirs): (&str, &str),
        (our_sub, their_sub): (&str, &str),
        account: &str,
    ) -> Self {
        let mut parties = String::new();
        for (tag, name) in [(49, ours), (50, our_sub), (56, theirs), (57, their_sub)] {
            if !name.is_empty() {
                parties.push_str(&format!("{tag}={name}\x01"));
            }
        }
        Self {
            version,
            parties: parties.into_bytes().into(),
            account: account.into(),
        }
    }
}

/// A message that was read: what of it may be a request.
#[derive(Debug)]
pub(super) struct Here<'a> {
    msg_type: &'a [u8],
    /// PossResend (97).
    poss_resend: bool,
    request: Request<'a>,
}

/// What it asks of a connection's owner.
#[derive(Debug, PartialEq, Eq)]
pub enum Asks {
    /// Decide on a Logon.
    Logon(Logon),
    /// Tell messages again, from the first number to the last; 0 is the newest.
    Resend(u64, u64),
}

/// What is counted of sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bytes that were no messages, by whole stretches of them.
    pub garbled: u64,
    /// How often messages were told again because a client asked.
    pub resends: u64,
    /// How often messages of a client were missing, and were asked for.
    pub gaps: u64,
}

/// What it knows beyond connections and sessions.
#[derive(Debug, Clone, Default)]
pub struct Fix {
    pub(super) settings: Arc<Settings>,
    /// What clients name and are told of instruments.
    pub instruments: Instruments,
    names: Vec<Names>,
    /// The time now, in ns since the epoch; whoever drives it says so before anything else.
    pub wall_ns: u64,
    monotonic_ns: u64,
    /// Entries of FIX that were opened: number and name.
    pub opened: Vec<(u32, String)>,
    /// What it has counted.
    pub counts: Counts,
    /// Room for what a message asks for.
    actions: Vec<Action>,
}

impl Fix {
    /// A protocol with these bounds and names.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings: Arc::new(settings),
            ..Self::default()
        }
    }

    /// Take note of a session's names; where they stand.
    pub fn add_names(&mut self, names: Names) -> u32 {
        self.names.push(names);
        (self.names.len() as u32).saturating_sub(1)
    }

    pub(super) const fn now(&self, monotonic_ns: u64) -> Now {
        Now {
            monotonic_ns,
            wall_ns: self.wall_ns,
        }
    }

    fn names_of(&self, state: &State) -> Option<&Names> {
        self.names.get(state.names as usize)
    }

    /// One whole message.
    fn message(
        &mut self,
        message: &Message<'_>,
        reading: &mut Reading<'_, Self>,
    ) -> Received<Asks> {
        let now = self.now(reading.now_ns);
        let mut numbers = match &reading.session {
            Some(session) => session.state.numbers,
            None => Numbers::default(),
        };
        let mut actions = std::mem::take(&mut self.actions);
        let mut request = Request::default();
        let header = read(&self.settings, message, &mut request);
        let machine = &mut reading.connection.machine;
        let settings = &self.settings;
        machine.receive(message, &header, &mut numbers, now, settings, &mut actions);
        let here = Here {
            msg_type: message.msg_type,
            poss_resend: header.poss_resend,
            request,
        };
        let outcome = self.act(&mut actions, numbers, Some(&here), reading);
        self.actions = actions;
        outcome
    }

    /// Do what the machine asks, which is taken; `numbers` are those that hold when all of it is done.
    pub(super) fn act(
        &mut self,
        actions: &mut Vec<Action>,
        numbers: Numbers,
        here: Option<&Here<'_>>,
        reading: &mut Reading<'_, Self>,
    ) -> Received<Asks> {
        let mut done = done_before(actions, numbers).into_iter();
        let last = numbers.next_in.saturating_sub(1);
        let mut outcome = Received::Nothing;
        let mut said = false;
        for action in actions.drain(..) {
            let last_in = done.next().unwrap_or(last);
            match action {
                Action::Decide(logon) => outcome = Received::Asks(Asks::Logon(logon)),
                Action::Resend(first, last) => {
                    self.counts.resends = self.counts.resends.saturating_add(1);
                    outcome = Received::Asks(Asks::Resend(first, last));
                }
                Action::Outside(why) => self.say_outside(why, reading),
                Action::Say(admin) => {
                    said = true;
                    if matches!(admin, Admin::ResendRequest(_)) {
                        self.counts.gaps = self.counts.gaps.saturating_add(1);
                    }
                    self.push(reading, last_in, |entry, num, out| {
                        say(entry, num, &admin, out);
                    });
                }
                Action::Reset => reset(reading),
                Action::Take(number, waited) => self.take(number, waited, here, reading),
                Action::Close(why) if said => *reading.ends = Some(why),
                Action::Close(why) => outcome = Received::Over(why),
            }
        }
        if let Some(session) = &mut reading.session {
            session.state.numbers = numbers;
        }
        outcome
    }

    /// Append a record that is about no order; `last_in` is the last message that is done with.
    fn push(
        &self,
        reading: &mut Reading<'_, Self>,
        last_in: u64,
        write: impl FnOnce(u32, u64, &mut Vec<u8>),
    ) {
        let Some(session) = &reading.session else {
            return;
        };
        let (entry, num) = (session.entry, in_num(session.state.epoch, last_in));
        write(entry, num, reading.records());
        reading.other();
    }

    /// An application message: the one that was read, or one that has waited.
    fn take(
        &self,
        number: u64,
        waited: Option<Vec<u8>>,
        here: Option<&Here<'_>>,
        reading: &mut Reading<'_, Self>,
    ) {
        let Some(bytes) = waited else {
            if let Some(here) = here {
                self.request(number, here, reading);
            }
            return;
        };
        if let Some(Frame::Message(message)) = Frames::new(&bytes, bytes.len()).next() {
            let mut request = Request::default();
            let header = read(&self.settings, &message, &mut request);
            let here = Here {
                msg_type: message.msg_type,
                poss_resend: header.poss_resend,
                request,
            };
            self.request(number, &here, reading);
        }
    }

    fn request(&self, number: u64, here: &Here<'_>, reading: &mut Reading<'_, Self>) {
        let Some(session) = &reading.session else {
            return;
        };
        let Some(names) = self.names_of(&session.state) else {
            return;
        };
        let asking = Asking {
            entry: session.entry,
            account: &names.account,
            version: names.version,
            num: in_num(session.state.epoch, number),
            poss_resend: here.poss_resend,
            busy: reading.busy,
        };
        let (msg_type, request) = (here.msg_type, &here.request);
        let decoded = request.decode(msg_type, &asking, &self.instruments, reading.records());
        match decoded {
            Ok(Asked::Nothing) => {}
            Ok(Asked::Command) if msg_type == b"H" => reading.other(),
            Ok(Asked::Command) => reading.order(),
            Ok(Asked::SecurityList(id, which)) => self.security_list(number, id, which, reading),
            Ok(Asked::SecurityStatus(id, instrument)) => {
                self.push(reading, number, |entry, num, out| {
                    let mut said = blank(entry, num, b'f');
                    said.number = instrument.into();
                    Command::SessionMessage(said, "", id).encode(out);
                });
            }
            Err(refusal) => self.refuse(number, msg_type, refusal, reading),
        }
    }

    fn refuse(
        &self,
        number: u64,
        msg_type: &[u8],
        refusal: Refusal<'_>,
        reading: &mut Reading<'_, Self>,
    ) {
        let msg_type = printable(msg_type);
        self.push(reading, number, |entry, num, out| {
            let mut said = blank(entry, num, b'3');
            said.number = number;
            let text = match refusal {
                Refusal::Reject(reason, tag) => {
                    (said.reason, said.ref_tag) = (reason, tag);
                    ""
                }
                Refusal::Business(reason, id, tag) => {
                    (said.msg_type, said.reason, said.ref_tag) = (b'j', reason, tag);
                    id
                }
            };
            Command::SessionMessage(said, msg_type, text).encode(out);
        });
    }

    /// The list of instruments, in parts.
    fn security_list(
        &self,
        number: u64,
        id: &str,
        which: Option<u32>,
        reading: &mut Reading<'_, Self>,
    ) {
        let (first, last) = which.map_or((0, u32::MAX), |one| (one, one));
        let found: Vec<u32> = self
            .instruments
            .between(first, last)
            .map(|it| it.0)
            .collect();
        let mut parts = found.chunks(PART_MAX).peekable();
        let none: &[u32] = &[];
        let mut part = Some(parts.next().unwrap_or(none));
        while let Some(now) = part {
            part = parts.next();
            let is_last = part.is_none();
            self.push(reading, number, |entry, num, out| {
                let mut said = blank(entry, num, b'y');
                said.number = now.first().copied().unwrap_or(1).into();
                said.end = now.last().copied().unwrap_or(0).into();
                said.reason = u16::from(which.is_some());
                said.flag = is_last;
                Command::SessionMessage(said, "", id).encode(out);
            });
        }
    }

    /// A Logout that belongs to no session.
    fn say_outside(&self, why: &str, reading: &mut Reading<'_, Self>) {
        let machine = &reading.connection.machine;
        let version = machine.version();
        let theirs = String::from_utf8_lossy(machine.sender());
        let ours = String::from_utf8_lossy(&self.settings.comp_id);
        let names = Names::new(version, (&ours, &theirs), ("", ""), "");
        let envelope = Envelope {
            version,
            parties: &names.parties,
            number: 1,
            sending_ns: self.wall_ns,
            original_ns: None,
        };
        let mut writer = envelope.open(b"5", reading.out);
        writer.text(58, why.as_bytes());
        writer.end();
    }
}

/// For each action, the last message that is done with before the next one that is taken; nothing where there is
/// only one, before which all is done with.
fn done_before(actions: &[Action], numbers: Numbers) -> Vec<u64> {
    if actions.len() < 2 {
        return Vec::new();
    }
    let mut last = numbers.next_in.saturating_sub(1);
    let mut done: Vec<u64> = actions
        .iter()
        .rev()
        .map(|action| {
            let now = last;
            if let Action::Take(number, _) = action {
                last = number.saturating_sub(1);
            }
            now
        })
        .collect();
    done.reverse();
    done
}

/// The numbers of both sides begin anew.
fn reset(reading: &mut Reading<'_, Fix>) {
    let Some(session) = &mut reading.session else {
        return;
    };
    let command = Command::SessionReset(SessionReset {
        entry: session.entry,
        epoch: session.state.epoch,
    });
    session.state.epoch = session.state.epoch.saturating_add(1);
    command.encode(reading.records());
    reading.other();
}

impl Protocol for Fix {
    type Session = State;
    type Connection = Conversation;
    type Asks = Asks;

    fn connected(&self, now_ns: u64) -> Conversation {
        Conversation::new(now_ns)
    }

    fn anew(&self) -> Self {
        Self {
            settings: Arc::clone(&self.settings),
            wall_ns: self.wall_ns,
            counts: self.counts,
            ..Self::default()
        }
    }

    fn receive(
        &mut self,
        bytes: &[u8],
        reading: &mut Reading<'_, Self>,
    ) -> (usize, Received<Asks>) {
        self.monotonic_ns = reading.now_ns;
        let mut frames = Frames::new(bytes, reading.limits.packet_bytes_max);
        let mut outcome = Received::Nothing;
        for frame in frames.by_ref() {
            match frame {
                Frame::Message(message) => {
                    reading.heard();
                    outcome = self.message(&message, reading);
                }
                // It takes no number, and nothing is said of it; before a Logon nobody is to be believed.
                Frame::Garbled(_) => {
                    self.counts.garbled = self.counts.garbled.saturating_add(1);
                    if reading.session.is_none() {
                        outcome = Received::Over("garbled before a Logon");
                    }
                }
            }
            if outcome != Received::Nothing || reading.has_enough() {
                break;
            }
        }
        (frames.consumed(), outcome)
    }

    fn report(
        &self,
        session: &Session<State>,
        connection: &mut Conversation,
        told: &Told<'_>,
        out: &mut Vec<u8>,
    ) {
        if let Some(names) = self.names_of(&session.state) {
            let of = (names, &self.instruments);
            let now = self.now(self.monotonic_ns);
            connection.tell(of, told, session.shown(told.number), now, out);
        }
    }

    fn replays(&self, connection: &mut Conversation, first: u64) {
        connection.replays(first);
    }

    fn replayed(
        &self,
        session: &Session<State>,
        connection: &mut Conversation,
        next: u64,
        out: &mut Vec<u8>,
    ) {
        if let Some(names) = self.names_of(&session.state) {
            connection.replayed(names, next, self.now(self.monotonic_ns), out);
        }
    }

    fn tick(&mut self, reading: &mut Reading<'_, Self>) -> Passing {
        self.monotonic_ns = reading.now_ns;
        let now = self.now(reading.now_ns);
        let numbers = match &reading.session {
            Some(session) => session.state.numbers,
            None => Numbers::default(),
        };
        let mut actions = Vec::new();
        let settings = Arc::clone(&self.settings);
        let machine = &mut reading.connection.machine;
        machine.tick(&numbers, now, &settings, &mut actions);
        match self.act(&mut actions, numbers, None, reading) {
            Received::Over(why) => Passing::Close(why),
            _ => Passing::Nothing,
        }
    }

    fn heartbeat(_: &mut Vec<u8>) {}

    fn see(&mut self, event: &Event<'_>) {
        self.instruments.take(event);
        if let Event::EntryOpened(opened, name, _) = event
            && opened.kind == EntryKind::Fix
        {
            self.opened.push((opened.entry, (*name).to_owned()));
        }
    }

    fn claimed(state: &mut State, claim: &EntryClaimed) {
        let (epoch, _) = in_parts(claim.last_num);
        *state = State::of(epoch, claim.last_num, state.names);
    }

    fn begins(event: &Event<'_>) -> bool {
        matches!(event, Event::SessionMessage(said, ..) if matches!(said.msg_type, b'A' | b'5'))
    }

    fn ends(event: &Event<'_>) -> bool {
        matches!(event, Event::SessionMessage(said, ..) if said.msg_type == b'5')
    }

    fn reset(state: &mut State, reset: &event::SessionReset) {
        // Our own is known already, and numbers have gone on.
        if state.epoch != reset.epoch {
            state.epoch = reset.epoch;
            state.numbers = Numbers::default();
        }
    }
}
