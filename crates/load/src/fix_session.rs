//! How a session of FIX begins: its Logon, and the symbols of what can be traded.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use wire::fix::{Fields, Frame, Frames, Message, value};

use crate::error::LoadError;
use crate::fix::{Fix, HEARTBEAT_S, MESSAGE_BYTES_MAX};

/// Longest wait for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection, blocking, on which a session was begun.
#[derive(Debug)]
pub struct Line {
    /// The connection.
    pub stream: TcpStream,
    /// What came and was not looked at.
    pub received: Vec<u8>,
    /// Its session.
    pub fix: Fix,
}

impl Line {
    /// Log on as `sender`, with numbers that begin at 1.
    ///
    /// # Errors
    /// When the exchange refuses, closes the connection, or does not answer in time.
    pub fn logon(
        address: SocketAddr,
        (sender, target): (&str, &str),
        password: &str,
    ) -> Result<Self, LoadError> {
        let stream = TcpStream::connect_timeout(&address, ANSWER_TIMEOUT)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        let mut line = Self {
            stream,
            received: Vec::new(),
            fix: Fix::new(sender, target),
        };
        let mut out = Vec::new();
        let mut to = line.fix.open(b"A", &mut out);
        to.number(98, 0);
        to.number(108, HEARTBEAT_S);
        to.character(141, b'Y');
        to.text(553, sender.as_bytes());
        to.text(554, password.as_bytes());
        to.end();
        line.stream.write_all(&out)?;
        line.until(|fix, message| {
            if message.msg_type != b"A" {
                let why = text(message, 58);
                return Err(LoadError::Login(format!("{sender}: {why}")));
            }
            let [] = fix.next(message, [])?;
            Ok(Some(()))
        })
        .map_err(|error| match error {
            LoadError::Closed(_) => LoadError::Closed(sender.to_owned()),
            other => other,
        })?;
        Ok(line)
    }

    /// Ask for all instruments: their symbols, in the exchange's order.
    ///
    /// # Errors
    /// When the exchange answers something else, or not in time.
    pub fn symbols(&mut self) -> Result<Vec<Box<str>>, LoadError> {
        let mut out = Vec::new();
        let mut to = self.fix.open(b"x", &mut out);
        to.number(320, 1);
        to.number(559, 4);
        to.end();
        self.stream.write_all(&out)?;
        let mut listed = Vec::new();
        self.until(move |fix, message| {
            if message.msg_type != b"y" {
                let why = text(message, 58);
                return Err(LoadError::Protocol(format!("no SecurityList: {why}")));
            }
            let [total] = fix.next(message, [393])?;
            let fields = Fields::new(message.fields).map_while(Result::ok);
            let symbols = fields.filter(|field| field.tag == 55);
            listed.extend(symbols.map(|field| String::from_utf8_lossy(field.value).into()));
            let whole = value::length(total).unwrap_or(0) <= listed.len();
            Ok(whole.then(|| std::mem::take(&mut listed)))
        })
    }

    /// Read messages until one of them gives something.
    fn until<T>(
        &mut self,
        mut of: impl FnMut(&mut Fix, &Message<'_>) -> Result<Option<T>, LoadError>,
    ) -> Result<T, LoadError> {
        let mut piece = [0; 4096];
        loop {
            let mut frames = Frames::new(&self.received, MESSAGE_BYTES_MAX);
            let mut found = None;
            while found.is_none()
                && let Some(frame) = frames.next()
            {
                match frame {
                    Frame::Message(message) => found = of(&mut self.fix, &message)?,
                    Frame::Garbled(why) => return Err(LoadError::Protocol(why.to_string())),
                }
            }
            let used = frames.consumed();
            self.received.drain(..used);
            if let Some(found) = found {
                return Ok(found);
            }
            match self.stream.read(&mut piece)? {
                0 => return Err(LoadError::Closed("before it answered".into())),
                bytes => self.received.extend_from_slice(&piece[..bytes]),
            }
        }
    }
}

/// The text of a field; empty where there is none.
fn text(message: &Message<'_>, tag: u32) -> String {
    let mut fields = Fields::new(message.fields).map_while(Result::ok);
    let found = fields.find(|field| field.tag == tag);
    found.map_or(String::new(), |field| {
        String::from_utf8_lossy(field.value).into_owned()
    })
}
