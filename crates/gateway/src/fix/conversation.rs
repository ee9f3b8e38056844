//! What is known of a connection that speaks FIX, and what is told on it.

use wire::fix::report::{self, Telling};
use wire::fix::{Envelope, admin};
use wire::record::Event;
use wire::record::event::SessionMessage;

use super::list;
use super::machine::Machine;
use super::protocol::Names;
use super::settings::Now;
use crate::instruments::Instruments;
use crate::protocol::Told;

/// After so long a message may have been sent before, whatever else is known (volume 2, "SendingTime accuracy").
const FRESH_NS: u64 = 10_000_000_000;

/// A connection.
#[derive(Debug)]
pub struct Conversation {
    /// Its session.
    pub machine: Machine,
    /// While messages are told again: the first number that nothing stands for yet.
    covered_to: Option<u64>,
}

impl Conversation {
    /// A connection was opened.
    #[must_use]
    pub fn new(monotonic_ns: u64) -> Self {
        Self {
            machine: Machine::new(monotonic_ns),
            covered_to: None,
        }
    }

    /// Messages are told again, from this number on.
    pub fn replays(&mut self, first: u64) {
        self.covered_to = Some(first);
    }

    /// Messages were told again up to the one before `next`.
    pub fn replayed(&mut self, names: &Names, next: u64, now: Now, out: &mut Vec<u8>) {
        if let Some(first) = self.covered_to.take() {
            fill(names, (first, next), now, true, out);
        }
    }

    /// Append the message of an event, which has this number in its session; where it is not to be told again, a
    /// gap is told with the next one that is.
    pub fn tell(
        &mut self,
        (names, instruments): (&Names, &Instruments),
        told: &Told<'_>,
        number: u64,
        now: Now,
        out: &mut Vec<u8>,
    ) {
        self.machine.said(now.monotonic_ns);
        let again = told.number < told.told_before;
        if again && is_administrative(told.event) {
            return;
        }
        if let Some(first) = self.covered_to {
            fill(names, (first, number), now, again, out);
            self.covered_to = Some(number.saturating_add(1));
        }
        let event_ns = told.header.time_ns;
        // Engine time may be ahead of the clock: nothing was sent later than now.
        let first_ns = event_ns.min(now.wall_ns);
        let stale = now.wall_ns.saturating_sub(event_ns) > FRESH_NS;
        let envelope = Envelope {
            version: names.version,
            parties: &names.parties,
            number,
            sending_ns: if again || stale {
                now.wall_ns
            } else {
                first_ns
            },
            original_ns: (again || stale).then_some(first_ns),
        };
        if let Event::SessionMessage(said, ref_msg_type, text) = told.event {
            return say(said, (ref_msg_type, text), &envelope, instruments, out);
        }
        let telling = Telling {
            envelope,
            header: told.header,
            seq: told.seq,
            leg: told.leg,
            symbols: instruments,
        };
        if !report::report(told.event, &telling, out) {
            // What has no message keeps its number all the same.
            telling.envelope.gap_fill(number.saturating_add(1), out);
        }
    }
}

/// Whether an event is told once, and passed over where messages are told again (volume 2, "Resend Request"):
/// administrative messages but Reject, and what is only true now.
fn is_administrative(event: &Event<'_>) -> bool {
    match event {
        Event::SessionMessage(said, ..) => !matches!(said.msg_type, b'3' | b'j'),
        _ => false,
    }
}

fn say(
    said: &SessionMessage,
    texts: (&str, &str),
    envelope: &Envelope<'_>,
    instruments: &Instruments,
    out: &mut Vec<u8>,
) {
    match said.msg_type {
        b'y' => list::security_list(said, texts.1, envelope, instruments, out),
        b'f' => list::security_status(said, texts.1, envelope, instruments, out),
        _ => admin::session_message(said, texts, envelope, out),
    }
}

/// Numbers from the first to the one before `next` stand for nothing.
fn fill(names: &Names, (first, next): (u64, u64), now: Now, again: bool, out: &mut Vec<u8>) {
    if first >= next {
        return;
    }
    let envelope = Envelope {
        version: names.version,
        parties: &names.parties,
        number: first,
        sending_ns: now.wall_ns,
        original_ns: again.then_some(now.wall_ns),
    };
    envelope.gap_fill(next, out);
}
