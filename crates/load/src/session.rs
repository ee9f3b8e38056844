//! The client's side of a SoupBinTCP session, as far as the load generator needs it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use wire::sbe::{Message, NULL_U32, SecurityListRequest};
use wire::soup::{LoginRequest, Packets, Sender, kind};

use crate::error::LoadError;

/// Longest packet taken from a server, in bytes.
pub const PACKET_BYTES_MAX: usize = 4096;
/// FIX 559: all securities.
const ALL_SECURITIES: u8 = 4;
/// Longest wait for the answer to a login.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(10);

/// What a login brought.
#[derive(Debug)]
pub struct Login {
    /// The connection, blocking.
    pub stream: TcpStream,
    /// Highest ClOrdID that the exchange has seen of this user.
    pub last_cl_ord_id: u64,
}

/// The number in `lastClOrdID=N oldest=M`.
fn last_cl_ord_id(debug: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(debug).ok()?;
    let (_, number) = text.split_once("lastClOrdID=")?;
    number.split_whitespace().next()?.parse().ok()
}

/// What the packets of a login say together.
fn read_login(bytes: &[u8], user: &str) -> Result<Option<u64>, LoadError> {
    for packet in Packets::new(bytes, Sender::Server, PACKET_BYTES_MAX) {
        let packet = packet.map_err(|error| LoadError::Protocol(error.to_string()))?;
        match packet.kind {
            kind::LOGIN_REJECTED => {
                let why = String::from_utf8_lossy(packet.payload);
                return Err(LoadError::Login(format!("{user}: {why}")));
            }
            kind::DEBUG => {
                if let Some(last) = last_cl_ord_id(packet.payload) {
                    return Ok(Some(last));
                }
            }
            _ => {}
        }
    }
    Ok(None)
}

/// Log in as `user` at the newest sequence number, and learn where its ClOrdIDs stand.
///
/// # Errors
/// When the exchange refuses, closes the connection, or does not answer in time.
pub fn login(address: SocketAddr, user: &str, password: &str) -> Result<Login, LoadError> {
    let mut stream = TcpStream::connect_timeout(&address, LOGIN_TIMEOUT)?;
    stream.set_read_timeout(Some(LOGIN_TIMEOUT))?;
    let mut request = Vec::new();
    LoginRequest {
        user,
        password,
        session: "",
        sequence: 0,
    }
    .push(&mut request);
    stream.write_all(&request)?;
    let mut received = Vec::new();
    let mut piece = [0; 1024];
    loop {
        match stream.read(&mut piece)? {
            0 => return Err(LoadError::Closed(user.to_owned())),
            bytes => received.extend_from_slice(&piece[..bytes]),
        }
        if let Some(last_cl_ord_id) = read_login(&received, user)? {
            return Ok(Login {
                stream,
                last_cl_ord_id,
            });
        }
    }
}

/// Ask for all instruments: their numbers, in the exchange's order.
///
/// # Errors
/// When the exchange answers something else, or not in time.
pub fn instruments(stream: &mut TcpStream) -> Result<Vec<u32>, LoadError> {
    let mut request = Vec::new();
    SecurityListRequest {
        security_req_id: 1,
        security_id: NULL_U32,
        security_list_request_type: ALL_SECURITIES,
    }
    .push(&mut request);
    stream.write_all(&request)?;
    let (mut received, mut piece) = (Vec::new(), [0; 1024]);
    loop {
        match stream.read(&mut piece)? {
            0 => return Err(LoadError::Closed("while instruments were asked for".into())),
            bytes => received.extend_from_slice(&piece[..bytes]),
        }
        if let Some(listed) = read_instruments(&received)? {
            return Ok(listed);
        }
    }
}

/// The instruments, once all of them have come.
fn read_instruments(bytes: &[u8]) -> Result<Option<Vec<u32>>, LoadError> {
    let mut listed = Vec::new();
    for packet in Packets::new(bytes, Sender::Server, PACKET_BYTES_MAX) {
        let packet = packet.map_err(|error| LoadError::Protocol(error.to_string()))?;
        if packet.kind != kind::UNSEQUENCED {
            continue;
        }
        if let Ok(Message::SecurityList(security)) = Message::read(packet.payload) {
            listed.push(security.security_id);
            if listed.len() == security.tot_no_related_sym as usize {
                return Ok(Some(listed));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::soup::{LoginAccepted, LoginRejected, push_debug};

    #[test]
    fn a_login_ends_with_the_number_of_the_debug_packet() {
        let mut bytes = Vec::new();
        LoginAccepted {
            session: "S1",
            sequence: 9,
        }
        .push(&mut bytes);
        assert!(matches!(read_login(&bytes, "demo1"), Ok(None)));
        push_debug("lastClOrdID=41 oldest=1", &mut bytes);
        assert!(matches!(read_login(&bytes, "demo1"), Ok(Some(41))));
    }

    #[test]
    fn a_refused_login_names_the_user() {
        let mut bytes = Vec::new();
        LoginRejected::NotAuthorized.push(&mut bytes);
        let error = read_login(&bytes, "demo1").map_err(|error| error.to_string());
        assert_eq!(error, Err("login refused: demo1: A".to_owned()));
    }
}
