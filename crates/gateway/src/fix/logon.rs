//! How a session begins: the first message, what is decided on it, and the answer.

use wire::fix::{Message, Version, value};

use super::action::{Action, Admin, Logon, Password};
use super::header::Header;
use super::machine::{Machine, SECOND_NS, Stage};
use super::sequence::{Place, place};
use super::settings::{Now, Numbers, Settings};

/// A session has no more messages than this between two resets; engines that count in 32 bits take some more.
const NUMBERS_MAX: u64 = 1_000_000_000;

impl Machine {
    /// The first message: a Logon, or the connection is closed without a word (test cases 1S and 2S).
    pub(super) fn first(
        &mut self,
        message: &Message<'_>,
        header: &Header<'_>,
        now: Now,
        settings: &Settings,
        out: &mut Vec<Action>,
    ) {
        let Some(version) = Version::of(message.begin_string) else {
            return self.over("BeginString is not one of ours", out);
        };
        self.version = version;
        if message.msg_type != b"A" {
            return self.over("the first message is no Logon", out);
        }
        if header.target != settings.comp_id || header.sender.is_empty() {
            return self.over("CompIDs are not ours", out);
        }
        self.sender = header.sender.to_vec();
        let (Some(number), None) = (header.number, header.fault) else {
            return self.over("the Logon is not well formed", out);
        };
        let timely = header
            .sending_ns
            .is_some_and(|ns| ns.abs_diff(now.wall_ns) <= settings.sending_time_ns_max);
        let Some(heartbeat_s) = header.field(108).and_then(value::int) else {
            return self.outside("HeartBtInt (108) is missing or no number", out);
        };
        if !timely {
            return self.outside("SendingTime accuracy problem", out);
        }
        if !(1..=i64::from(settings.heartbeat_s_max)).contains(&heartbeat_s) {
            return self.outside("HeartBtInt (108) is out of range", out);
        }
        if header.field(98).is_some_and(|method| method != b"0") {
            return self.outside("EncryptMethod (98) is not 0", out);
        }
        let text = |tag| header.field(tag).unwrap_or_default().to_vec();
        let password = match version {
            Version::Fix42 => text(96),
            Version::Fix44 => text(554),
        };
        let logon = Logon {
            sender: header.sender.to_vec(),
            target: header.target.to_vec(),
            sender_sub: header.sender_sub.to_vec(),
            number,
            heartbeat_s,
            reset: header.field(141) == Some(b"Y"),
            next_expected: match version {
                Version::Fix42 => None,
                Version::Fix44 => header.field(789).and_then(value::unsigned),
            },
            username: text(553),
            password: Password(password),
        };
        self.stage = Stage::Deciding;
        // Whoever decides has the password; for as long as the connection lives nobody else needs it.
        let password = Password(Vec::new());
        self.logon = Some(Logon {
            password,
            ..logon.clone()
        });
        out.push(Action::Decide(logon));
    }

    /// The Logon was refused, in words that tell nothing that is not public.
    pub fn refused(&mut self, out: &mut Vec<Action>) {
        self.outside("not authorized", out);
    }

    /// The session is this connection's: answer the Logon.  `next_out` is the number of what is said next.
    pub fn accepted(
        &mut self,
        numbers: &mut Numbers,
        next_out: u64,
        now: Now,
        out: &mut Vec<Action>,
    ) {
        let Some(logon) = self.logon.clone() else {
            return;
        };
        let heartbeat_s = u32::try_from(logon.heartbeat_s).unwrap_or(u32::MAX);
        self.heartbeat_ns = u64::from(heartbeat_s).saturating_mul(SECOND_NS);
        (self.heard_ns, self.said_ns) = (now.monotonic_ns, now.monotonic_ns);
        self.stage = Stage::On;
        let mut next_out = next_out;
        if logon.reset {
            if logon.number != 1 {
                return self.leave("ResetSeqNumFlag (141) needs MsgSeqNum 1".to_owned(), out);
            }
            *numbers = Numbers::default();
            next_out = 1;
            out.push(Action::Reset);
        }
        // Where it is not known what was told, numbers are raised beyond this, and are no one's to go on with.
        if next_out > NUMBERS_MAX {
            let said = "session was reset, log on with ResetSeqNumFlag=Y";
            return self.leave(said.to_owned(), out);
        }
        if logon.next_expected.is_some_and(|wanted| wanted > next_out) {
            let said =
                format!("NextExpectedMsgSeqNum (789) too high, expecting at most {next_out}");
            return self.leave(said, out);
        }
        let stands = place(logon.number, numbers.next_in);
        if stands == Place::Low {
            return self.too_low(logon.number, numbers.next_in, out);
        }
        out.push(Action::Say(Admin::Logon {
            heartbeat_s,
            reset: logon.reset,
            next_expected: logon.next_expected.map(|_| match stands {
                Place::Next => numbers.next_in.saturating_add(1),
                Place::Ahead | Place::Low => numbers.next_in,
            }),
        }));
        if let Some(wanted) = logon.next_expected.filter(|wanted| *wanted < next_out) {
            out.push(Action::Resend(wanted, next_out.saturating_sub(1)));
        }
        match stands {
            Place::Ahead if logon.next_expected.is_some() => {
                // Our own 789 has said what is missing: it comes unasked.
                self.note_gap(numbers.next_in, now);
            }
            Place::Ahead => self.ask(numbers.next_in, now, out),
            Place::Next | Place::Low => numbers.next_in = numbers.next_in.saturating_add(1),
        }
    }
}

#[cfg(test)]
#[path = "logon_tests.rs"]
mod tests;
