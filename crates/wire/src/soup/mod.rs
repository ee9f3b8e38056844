//! The session packets of SoupBinTCP 3.00, without I/O.
//!
//! # Layout
//! `length u16 big-endian, type u8, payload`; the length counts the type byte and the payload.
//!
//! # Splitting
//! [`Packets`] yields the whole packets at the front of what a socket gave; [`Packets::consumed`]
//! says how many bytes they took, and the caller keeps the rest.  A length or a type that can't
//! be is an error as soon as its bytes are there, so a caller never keeps more than
//! `packet_bytes_max` bytes of one packet.
//!
//! # Text
//! Fields of login packets are ASCII, padded with spaces.  Reading takes both paddings.

use std::fmt;

mod login;

pub use login::{LoginAccepted, LoginError, LoginRejected, LoginRequest, PASSWORD, SESSION, USER};

/// Bytes before a packet's payload: length and type.
pub const HEADER: usize = 3;

/// The types of packets.
pub mod kind {
    /// Debug text, both ways; ignored by machines.
    pub const DEBUG: u8 = b'+';
    /// Server: login accepted.
    pub const LOGIN_ACCEPTED: u8 = b'A';
    /// Server: login rejected.
    pub const LOGIN_REJECTED: u8 = b'J';
    /// Server: a message of the session, numbered implicitly.
    pub const SEQUENCED: u8 = b'S';
    /// Both: a message without a number.
    pub const UNSEQUENCED: u8 = b'U';
    /// Server: still here.
    pub const SERVER_HEARTBEAT: u8 = b'H';
    /// Server: the session is over for good.
    pub const END_OF_SESSION: u8 = b'Z';
    /// Client: login request.
    pub const LOGIN_REQUEST: u8 = b'L';
    /// Client: still here.
    pub const CLIENT_HEARTBEAT: u8 = b'R';
    /// Client: goodbye.
    pub const LOGOUT: u8 = b'O';
}

/// Who sends the packets that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// Packets of a client, as a server reads them.
    Client,
    /// Packets of a server, as a client reads them.
    Server,
}

/// Framing that can't be: the connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// A length of zero: there is not even a type.
    Empty,
    /// The whole packet would have this many bytes, more than `packet_bytes_max`.
    TooLong(usize),
    /// No packet of this sender has this type.
    Type(u8),
    /// A packet of this type does not have a payload of this many bytes.
    Payload(u8, usize),
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("packet of length 0"),
            Self::TooLong(bytes) => write!(f, "packet of {bytes} bytes is too long"),
            Self::Type(kind) => write!(f, "unknown packet type {kind:#04x}"),
            Self::Payload(kind, bytes) => {
                write!(f, "packet type {kind:#04x} with a payload of {bytes} bytes")
            }
        }
    }
}

impl std::error::Error for FrameError {}

/// One whole packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its type, one of [`kind`].
    pub kind: u8,
    /// What follows the type.
    pub payload: &'a [u8],
}

/// What is known of a packet type: whether it may come, and the one payload length it may have.
#[inline(always)]
const fn payload_rule(sender: Sender, packet: u8) -> Option<Option<usize>> {
    match (sender, packet) {
        (_, kind::UNSEQUENCED | kind::DEBUG) => Some(None),
        (Sender::Client, kind::CLIENT_HEARTBEAT | kind::LOGOUT) => Some(Some(0)),
        (Sender::Client, kind::LOGIN_REQUEST) => Some(Some(LoginRequest::SIZE)),
        (Sender::Server, kind::SEQUENCED) => Some(None),
        (Sender::Server, kind::SERVER_HEARTBEAT | kind::END_OF_SESSION) => Some(Some(0)),
        (Sender::Server, kind::LOGIN_ACCEPTED) => Some(Some(LoginAccepted::SIZE)),
        (Sender::Server, kind::LOGIN_REJECTED) => Some(Some(1)),
        _ => None,
    }
}

/// The whole packets at the front of `bytes`.  After an error there are no more.
#[derive(Debug, Clone)]
pub struct Packets<'a> {
    bytes: &'a [u8],
    at: usize,
    sender: Sender,
    packet_bytes_max: usize,
    failed: bool,
}

impl<'a> Packets<'a> {
    /// Read `bytes` as packets of `sender`; a whole packet has at most `packet_bytes_max` bytes.
    #[inline]
    #[must_use]
    pub const fn new(bytes: &'a [u8], sender: Sender, packet_bytes_max: usize) -> Self {
        Self {
            bytes,
            at: 0,
            sender,
            packet_bytes_max,
            failed: false,
        }
    }

    /// Bytes of the packets yielded so far.
    #[inline]
    #[must_use]
    pub const fn consumed(&self) -> usize {
        self.at
    }

    #[inline]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "a length of 16 bits that is not 0, in a type that is wider"
    )]
    fn split(&self) -> Result<Option<Packet<'a>>, FrameError> {
        let rest = &self.bytes[self.at..];
        let [high, low, tail @ ..] = rest else {
            return Ok(None);
        };
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        if len == 0 {
            return Err(FrameError::Empty);
        }
        if len + 2 > self.packet_bytes_max {
            return Err(FrameError::TooLong(len + 2));
        }
        let Some(&packet) = tail.first() else {
            return Ok(None);
        };
        match payload_rule(self.sender, packet) {
            None => return Err(FrameError::Type(packet)),
            Some(Some(bytes)) if bytes != len - 1 => {
                return Err(FrameError::Payload(packet, len - 1));
            }
            Some(_) => {}
        }
        Ok(tail.get(1..len).map(|payload| Packet {
            kind: packet,
            payload,
        }))
    }
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<Packet<'a>, FrameError>;

    #[inline]
    #[allow(clippy::arithmetic_side_effects, reason = "positions in what was read")]
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        match self.split() {
            Ok(None) => None,
            Ok(Some(packet)) => {
                self.at += HEADER + packet.payload.len();
                Some(Ok(packet))
            }
            Err(error) => {
                self.failed = true;
                Some(Err(error))
            }
        }
    }
}

/// Append the header of a packet whose payload has `payload_bytes` bytes, at most 65,534.
#[inline(always)]
pub fn push_header(packet: u8, payload_bytes: usize, out: &mut Vec<u8>) {
    debug_assert!(payload_bytes < usize::from(u16::MAX));
    let len = (payload_bytes as u16).wrapping_add(1).to_be_bytes();
    out.extend_from_slice(&[len[0], len[1], packet]);
}

/// Append a packet without a payload: heartbeats, end of session, logout.
#[inline]
pub fn push_empty(packet: u8, out: &mut Vec<u8>) {
    push_header(packet, 0, out);
}

/// Append a data packet, sequenced or unsequenced; a message of more than 65,534 bytes is cut.
#[inline]
#[allow(clippy::arithmetic_side_effects, reason = "bounds of 16 bits")]
pub fn push_data(packet: u8, message: &[u8], out: &mut Vec<u8>) {
    let message = &message[..message.len().min(usize::from(u16::MAX) - 1)];
    push_header(packet, message.len(), out);
    out.extend_from_slice(message);
}

/// Append a debug packet.
pub fn push_debug(text: &str, out: &mut Vec<u8>) {
    push_data(kind::DEBUG, text.as_bytes(), out);
}

/// Append a data packet whose payload `write` appends in place.
#[inline]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "positions in a buffer, and a length that is cut to 16 bits"
)]
pub fn push_with(packet: u8, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0, 0, packet]);
    write(out);
    let payload = (out.len() - at - HEADER).min(usize::from(u16::MAX) - 1);
    out.truncate(at + HEADER + payload);
    out[at..at + 2].copy_from_slice(&(payload as u16 + 1).to_be_bytes());
}
