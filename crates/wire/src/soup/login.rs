//! Login packets: their fields in ASCII, padded with spaces.

use std::fmt;

use super::{kind, push_header};

/// A login packet whose fields can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginError {
    /// The payload does not have the length of this packet.
    Length,
    /// A field is not printable ASCII.
    Text,
    /// The sequence number is not a number that fits 64 bits.
    Number,
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "login packet of a wrong length",
            Self::Text => "login field is not printable ASCII",
            Self::Number => "sequence number is not a number",
        })
    }
}

impl std::error::Error for LoginError {}

/// Most characters of a user name.
pub const USER: usize = 6;
/// Most characters of a password.
pub const PASSWORD: usize = 10;
/// Most characters of a session id.
pub const SESSION: usize = 10;
const NUMBER: usize = 20;

/// Split one field off the front and take its padding away.
fn take_field<'a>(from: &mut &'a [u8], width: usize) -> Result<&'a str, LoginError> {
    let (field, rest) = from.split_at_checked(width).ok_or(LoginError::Length)?;
    *from = rest;
    if !field.iter().all(|byte| (0x20..0x7f).contains(byte)) {
        return Err(LoginError::Text);
    }
    std::str::from_utf8(field)
        .map(|text| text.trim_matches(' '))
        .map_err(|_| LoginError::Text)
}

/// A number in ASCII digits; a blank field is 0.
fn parse_number(text: &str) -> Result<u64, LoginError> {
    if text.is_empty() {
        return Ok(0);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(LoginError::Number);
    }
    text.parse().map_err(|_| LoginError::Number)
}

/// What a client asks for; fields without their padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginRequest<'a> {
    /// User name; to be compared without case.
    pub user: &'a str,
    /// Password; to be compared without case.
    pub password: &'a str,
    /// Session id; blank for the current one.
    pub session: &'a str,
    /// First number wanted; 0 for what comes next.
    pub sequence: u64,
}

impl<'a> LoginRequest<'a> {
    /// Bytes of the payload.
    pub const SIZE: usize = USER + PASSWORD + SESSION + NUMBER;

    /// Read the payload of a login request.
    ///
    /// # Errors
    /// A [`LoginError`] that says what can't be read.
    pub fn read(mut payload: &'a [u8]) -> Result<Self, LoginError> {
        if payload.len() != Self::SIZE {
            return Err(LoginError::Length);
        }
        Ok(Self {
            user: take_field(&mut payload, USER)?,
            password: take_field(&mut payload, PASSWORD)?,
            session: take_field(&mut payload, SESSION)?,
            sequence: parse_number(take_field(&mut payload, NUMBER)?)?,
        })
    }

    /// Append the packet.  Texts that are too long are cut to their fields.
    pub fn push(&self, out: &mut Vec<u8>) {
        push_header(kind::LOGIN_REQUEST, Self::SIZE, out);
        push_left(self.user, USER, out);
        push_left(self.password, PASSWORD, out);
        push_right(self.session, SESSION, out);
        push_number(self.sequence, out);
    }
}

/// What a server grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginAccepted<'a> {
    /// Session id.
    pub session: &'a str,
    /// Number of the next Sequenced Data packet.
    pub sequence: u64,
}

impl<'a> LoginAccepted<'a> {
    /// Bytes of the payload.
    pub const SIZE: usize = SESSION + NUMBER;

    /// Read the payload of a login accepted.
    ///
    /// # Errors
    /// A [`LoginError`] that says what can't be read.
    pub fn read(mut payload: &'a [u8]) -> Result<Self, LoginError> {
        if payload.len() != Self::SIZE {
            return Err(LoginError::Length);
        }
        Ok(Self {
            session: take_field(&mut payload, SESSION)?,
            sequence: parse_number(take_field(&mut payload, NUMBER)?)?,
        })
    }

    /// Append the packet.  A session id that is too long is cut to its field.
    pub fn push(&self, out: &mut Vec<u8>) {
        push_header(kind::LOGIN_ACCEPTED, Self::SIZE, out);
        push_right(self.session, SESSION, out);
        push_number(self.sequence, out);
    }
}

/// Why a login is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum LoginRejected {
    /// Unknown user or wrong password.
    NotAuthorized = b'A',
    /// Unknown or live session, or a number that is not there yet.
    SessionNotAvailable = b'S',
}

impl LoginRejected {
    /// Append the packet.
    pub fn push(self, out: &mut Vec<u8>) {
        push_header(kind::LOGIN_REJECTED, 1, out);
        out.push(self as u8);
    }
}

#[allow(
    clippy::arithmetic_side_effects,
    reason = "positions in a field of a packet"
)]
fn push_left(text: &str, width: usize, out: &mut Vec<u8>) {
    let at = out.len();
    out.extend(text.bytes().take(width));
    out.resize(at + width, b' ');
}

#[allow(
    clippy::arithmetic_side_effects,
    reason = "positions in a field of a packet; `len` is `width` at most"
)]
fn push_right(text: &str, width: usize, out: &mut Vec<u8>) {
    let len = text.len().min(width);
    out.resize(out.len() + width - len, b' ');
    out.extend(text.bytes().take(width));
}

/// The digits of `number` without an allocation, padded on the left.
#[allow(clippy::arithmetic_side_effects, reason = "a digit is below 10")]
fn push_number(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [b' '; NUMBER];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits);
}
