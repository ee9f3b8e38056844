//! The client's side of RFC 6455, as far as a reader of notifications needs it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::error::LoadError;

/// Longest wait for the answer to a handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Most bytes of the answer's head.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// A message in text.
    Text,
    /// The other side ends.
    Close,
    /// A question that wants a pong.
    Ping,
    /// Anything else.
    Other,
}

/// One frame of a server: it is never masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is.
    pub opcode: Opcode,
    /// What it carries.
    pub payload: &'a [u8],
    /// Bytes of the whole frame.
    pub bytes: usize,
}

/// The frame at the front of `from`, if it is whole.
#[must_use]
pub fn first_frame(from: &[u8]) -> Option<Frame<'_>> {
    let [first, second, rest @ ..] = from else {
        return None;
    };
    let (head, len): (usize, usize) = match second & 0x7f {
        126 => (
            4,
            usize::from(u16::from_be_bytes(rest.get(..2)?.try_into().ok()?)),
        ),
        127 => (
            10,
            usize::try_from(u64::from_be_bytes(rest.get(..8)?.try_into().ok()?)).ok()?,
        ),
        short => (2, usize::from(short)),
    };
    let opcode = match first & 0x0f {
        1 => Opcode::Text,
        8 => Opcode::Close,
        9 => Opcode::Ping,
        _ => Opcode::Other,
    };
    let bytes = head.checked_add(len)?;
    Some(Frame {
        opcode,
        payload: from.get(head..bytes)?,
        bytes,
    })
}

/// Append the pong that answers a ping.  A client masks; a mask of zeros changes nothing.
pub fn push_pong(payload: &[u8], out: &mut Vec<u8>) {
    let payload = &payload[..payload.len().min(125)];
    out.extend_from_slice(&[0x8a, 0x80 | payload.len() as u8, 0, 0, 0, 0]);
    out.extend_from_slice(payload);
}

/// Open a WebSocket at `path`; gives the stream and what was read beyond the handshake.
///
/// # Errors
/// When the server does not switch protocols.
pub fn open(address: SocketAddr, path: &str) -> Result<(TcpStream, Vec<u8>), LoadError> {
    let mut stream = TcpStream::connect_timeout(&address, HANDSHAKE_TIMEOUT)?;
    stream.set_read_timeout(Some(HANDSHAKE_TIMEOUT))?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let (mut received, mut piece) = (Vec::new(), [0; 1024]);
    loop {
        match stream.read(&mut piece)? {
            0 => return Err(LoadError::Closed(path.to_owned())),
            bytes => received.extend_from_slice(&piece[..bytes]),
        }
        if let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&received[..end]);
            if !head.starts_with("HTTP/1.1 101") {
                let line = head.lines().next().unwrap_or_default();
                return Err(LoadError::Protocol(format!("{path}: {line}")));
            }
            return Ok((stream, received.split_off(end + 4)));
        }
        if received.len() > HEAD_BYTES_MAX {
            return Err(LoadError::Protocol(format!("{path}: no end of the head")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(len: usize, head: &[u8]) -> Vec<u8> {
        let mut bytes = head.to_vec();
        bytes.resize(head.len() + len, b'x');
        bytes
    }

    #[test]
    fn frames_of_every_length_are_split() {
        for (len, head) in [
            (5, vec![0x81, 5]),
            (200, vec![0x81, 126, 0, 200]),
            (70_000, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]),
        ] {
            let bytes = framed(len, &head);
            let frame = first_frame(&bytes);
            assert_eq!(
                frame.map(|f| (f.opcode, f.payload.len())),
                Some((Opcode::Text, len))
            );
            assert_eq!(first_frame(&bytes[..bytes.len() - 1]), None);
        }
    }

    #[test]
    fn a_ping_is_answered_by_a_masked_pong() {
        let mut out = Vec::new();
        push_pong(b"hi", &mut out);
        assert_eq!(out, [0x8a, 0x82, 0, 0, 0, 0, b'h', b'i']);
    }

    #[test]
    fn pings_and_closes_are_told_apart() {
        assert_eq!(
            first_frame(&[0x89, 0]).map(|f| f.opcode),
            Some(Opcode::Ping)
        );
        assert_eq!(
            first_frame(&[0x88, 0]).map(|f| f.opcode),
            Some(Opcode::Close)
        );
        assert_eq!(
            first_frame(&[0x82, 0]).map(|f| f.opcode),
            Some(Opcode::Other)
        );
    }
}
