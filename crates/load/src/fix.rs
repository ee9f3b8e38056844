//! FIX.4.4 from the initiator's side, as far as a run needs it.
//!
//! Nothing is told twice here but what was asked for: a number that is not the next one, a Reject or a Logout ends the
//! run.

use std::sync::Arc;

use wire::fix::{Fields, Frame, Frames, Message, Version, Writer, value};
use wire::record::{OrdType, Side, TimeInForce};
use wire::text::time::write_utc_timestamp;

use crate::codec::{Answer, Cancel, Codec, Order, ToldAgain};
use crate::error::LoadError;
use crate::fix_again::Again;
use crate::time::wall_ns;

/// Longest message taken from a server, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 65_536;
/// HeartBtInt (108), in seconds.
pub const HEARTBEAT_S: u64 = 30;
/// A session that sent nothing for so long sends a heartbeat.
const HEARTBEAT_NS: u64 = HEARTBEAT_S * 800_000_000;
const MS_NS: u64 = 1_000_000;

/// The symbols of instruments; the first is that of number 1.
pub type Symbols = Arc<[Box<str>]>;

/// The time in ms, as messages have it; it is written once for all messages of a millisecond.
#[derive(Debug, Default)]
struct Stamp {
    ms: u64,
    text: Vec<u8>,
}

impl Stamp {
    fn at(&mut self, ns: u64) -> &[u8] {
        if ns / MS_NS != self.ms {
            self.ms = ns / MS_NS;
            self.text.clear();
            write_utc_timestamp(ns, &mut self.text);
        }
        &self.text
    }
}

/// A session of FIX.
#[derive(Debug)]
pub struct Fix {
    sender: String,
    target: String,
    /// Instruments by number.
    pub symbols: Symbols,
    next_out: u64,
    next_in: u64,
    /// What it asked for once more.
    again: Option<Again>,
    stamp: Stamp,
}

impl Fix {
    /// A session of these CompIDs, whose numbers begin at 1.
    #[must_use]
    pub fn new(sender: &str, target: &str) -> Self {
        Self {
            sender: sender.into(),
            target: target.into(),
            symbols: Symbols::default(),
            next_out: 1,
            next_in: 1,
            again: None,
            stamp: Stamp::default(),
        }
    }

    /// Begin a message.
    #[inline]
    pub fn open<'o>(&mut self, msg_type: &[u8], out: &'o mut Vec<u8>) -> Writer<'o> {
        let begin_string = Version::Fix44.begin_string().as_bytes();
        let mut writer = Writer::new(begin_string, msg_type, out);
        writer.number(34, self.next_out);
        writer.text(49, self.sender.as_bytes());
        writer.text(52, self.stamp.at(wall_ns()));
        writer.text(56, self.target.as_bytes());
        self.next_out += 1;
        writer
    }

    fn symbol(&self, instrument: u32) -> &[u8] {
        let symbol = self.symbols.get((instrument as usize).wrapping_sub(1));
        symbol.map_or(&[], |symbol| symbol.as_bytes())
    }

    /// What a message has in this order: its number, then what `wanted` says; what stands behind the last of them
    /// is not looked at.
    ///
    /// # Errors
    /// When it has another number than the next one.
    #[inline]
    pub fn next<'a, const N: usize>(
        &mut self,
        message: &Message<'a>,
        wanted: [u32; N],
    ) -> Result<[&'a [u8]; N], LoadError> {
        let mut found = [&[] as &[u8]; N];
        let (mut number, mut missing) = (None, N);
        for field in Fields::new(message.fields).map_while(Result::ok) {
            if field.tag == 34 {
                number = value::unsigned(field.value);
            } else if let Some(at) = wanted.iter().position(|tag| *tag == field.tag) {
                found[at] = field.value;
                missing -= 1;
            } else {
                continue;
            }
            if missing == 0 && number.is_some() {
                break;
            }
        }
        let next = self.next_in;
        if number != Some(next) {
            let got = number.unwrap_or_default();
            let why = format!("MsgSeqNum {got} came, {next} was next");
            return Err(LoadError::Protocol(why));
        }
        self.next_in += 1;
        Ok(found)
    }

    /// What one message answers; what it wants said at once is appended.
    #[inline]
    fn read(
        &mut self,
        message: &Message<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Answer>, LoadError> {
        if let Some(again) = self.again.as_mut().filter(|again| !again.told().whole)
            && again.take(message)?
        {
            return Ok(None);
        }
        Ok(match message.msg_type {
            b"8" => {
                let [id, exec_type, status] = self.next(message, [11, 150, 39])?;
                let id = number(id);
                match (exec_type, status) {
                    (b"0" | b"4" | b"C", _) => Some(Answer::Done(id)),
                    (b"F", b"2") => Some(Answer::Filled(id)),
                    (b"F", _) => Some(Answer::Traded(id)),
                    (b"8", _) => Some(Answer::Refused(id)),
                    _ => None,
                }
            }
            b"9" => Some(Answer::Refused(number(self.next(message, [11])?[0]))),
            b"j" => Some(Answer::Refused(number(self.next(message, [379])?[0]))),
            // What a bare echo sends back.
            b"D" => Some(Answer::Echoed(number(self.next(message, [11])?[0]))),
            b"0" => {
                let [] = self.next(message, [])?;
                None
            }
            b"1" => {
                let [id] = self.next(message, [112])?;
                let mut to = self.open(b"0", out);
                to.text(112, id);
                to.end();
                None
            }
            other => {
                let [why] = self.next(message, [58])?;
                let (name, why) = (String::from_utf8_lossy(other), String::from_utf8_lossy(why));
                return Err(match other {
                    b"5" => LoadError::Closed(why.into_owned()),
                    _ => LoadError::Protocol(format!("unexpected MsgType {name}: {why}")),
                });
            }
        })
    }
}

/// The number that a ClOrdID of ours is; no request has the one of what is none.
#[inline]
fn number(cl_ord_id: &[u8]) -> u64 {
    value::unsigned(cl_ord_id).unwrap_or(0)
}

const fn side(side: Side) -> u8 {
    match side {
        Side::Buy => b'1',
        Side::Sell => b'2',
    }
}

impl Codec for Fix {
    #[inline]
    fn order(&mut self, order: &Order, out: &mut Vec<u8>) {
        let mut to = self.open(b"D", out);
        to.number(11, order.cl_ord_id);
        to.text(55, self.symbol(order.instrument));
        to.character(54, side(order.side));
        to.text(60, &self.stamp.text);
        to.decimal(38, order.qty);
        to.number(40, OrdType::Limit.code().into());
        to.decimal(44, order.price);
        if order.time_in_force != TimeInForce::Day {
            to.number(59, order.time_in_force.code().into());
        }
        to.end();
    }

    #[inline]
    fn cancel(&mut self, cancel: &Cancel, out: &mut Vec<u8>) {
        let mut to = self.open(b"F", out);
        to.number(41, cancel.orig_cl_ord_id);
        to.number(11, cancel.cl_ord_id);
        to.text(55, self.symbol(cancel.instrument));
        to.character(54, side(cancel.side));
        to.text(60, &self.stamp.text);
        to.end();
    }

    fn receive(
        &mut self,
        bytes: &[u8],
        answers: &mut Vec<Answer>,
        out: &mut Vec<u8>,
    ) -> Result<usize, LoadError> {
        let mut frames = Frames::new(bytes, MESSAGE_BYTES_MAX);
        for frame in &mut frames {
            match frame {
                Frame::Message(message) => answers.extend(self.read(&message, out)?),
                Frame::Garbled(why) => return Err(LoadError::Protocol(why.to_string())),
            }
        }
        Ok(frames.consumed())
    }

    fn heartbeat_ns(&self) -> u64 {
        HEARTBEAT_NS
    }

    fn heartbeat(&mut self, out: &mut Vec<u8>) {
        self.open(b"0", out).end();
    }

    fn heard(&self) -> u64 {
        self.next_in - 1
    }

    fn ask_again(&mut self, messages: u64, out: &mut Vec<u8>) {
        let last = self.heard();
        let first = last.saturating_sub(messages) + 1;
        self.again = Some(Again::new(first, last));
        let mut to = self.open(b"2", out);
        to.number(7, first);
        to.number(16, last);
        to.end();
    }

    fn told_again(&self) -> ToldAgain {
        self.again.as_ref().map(Again::told).unwrap_or_default()
    }
}

#[cfg(test)]
#[path = "fix_tests.rs"]
mod tests;
