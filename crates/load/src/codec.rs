//! What a protocol is to the generator: requests as bytes, and bytes as what they answer.

use std::fmt::Debug;

use clap::ValueEnum;
use wire::record::{Side, TimeInForce};

use crate::error::LoadError;

/// A protocol of order entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// SBE messages over SoupBinTCP.
    Binary,
    /// FIX.4.4.
    Fix,
}

/// A new limit order.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// Its ClOrdID.
    pub cl_ord_id: u64,
    /// The number of its instrument.
    pub instrument: u32,
    /// Its side.
    pub side: Side,
    /// Its price, in units of 10^-8.
    pub price: i64,
    /// Its quantity, in units of 10^-8.
    pub qty: i64,
    /// How long it lives.
    pub time_in_force: TimeInForce,
}

/// A cancel of an order that rests.
#[derive(Debug, Clone, Copy)]
pub struct Cancel {
    /// Its own ClOrdID.
    pub cl_ord_id: u64,
    /// The order's.
    pub orig_cl_ord_id: u64,
    /// The number of the order's instrument.
    pub instrument: u32,
    /// The order's side.
    pub side: Side,
}

/// What a message of the exchange says of a request, by its ClOrdID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A new order was taken, or an order was canceled.
    Done(u64),
    /// A bare echo has sent a request back: no order rests.
    Echoed(u64),
    /// An order traded.
    Traded(u64),
    /// An order traded, and is filled by an order that came later.
    Filled(u64),
    /// A request was refused.
    Refused(u64),
}

/// What has come of messages that were asked for once more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ToldAgain {
    /// Messages that were told; what stands for none is a gap.
    pub messages: u64,
    /// Whether that was all of it.
    pub whole: bool,
}

/// One session's protocol, behind its login.
pub trait Codec: Debug {
    /// Append a new order.
    fn order(&mut self, order: &Order, out: &mut Vec<u8>);

    /// Append a cancel.
    fn cancel(&mut self, cancel: &Cancel, out: &mut Vec<u8>);

    /// Take the whole messages at the front of `bytes`, in their order: what they answer goes to `answers`, what
    /// the protocol wants said at once to `out`.  Gives how many bytes they took.
    ///
    /// # Errors
    /// When one can't be read, or ends the session.
    fn receive(
        &mut self,
        bytes: &[u8],
        answers: &mut Vec<Answer>,
        out: &mut Vec<u8>,
    ) -> Result<usize, LoadError>;

    /// A session that sent nothing for so long has to say that it is there.
    fn heartbeat_ns(&self) -> u64;

    /// Append what says so.
    fn heartbeat(&mut self, out: &mut Vec<u8>);

    /// Messages of the exchange so far, as far as the session counts them.
    fn heard(&self) -> u64 {
        0
    }

    /// Ask for the newest `messages` messages once more, where the protocol tells them on the same line.
    fn ask_again(&mut self, _messages: u64, _out: &mut Vec<u8>) {}

    /// What has come of those.
    fn told_again(&self) -> ToldAgain {
        ToldAgain::default()
    }
}
