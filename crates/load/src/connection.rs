//! A TCP connection with its two buffers.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use crate::error::LoadError;

/// A connection that never blocks.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    inbox: Vec<u8>,
    filled: usize,
    /// Bytes to send.
    pub outbox: Vec<u8>,
    sent: usize,
}

impl Connection {
    /// Take a connected stream; at most `read_bytes` are read at once, and no packet is longer.
    ///
    /// # Errors
    /// When the socket's options can't be set.
    pub fn new(stream: TcpStream, read_bytes: usize) -> Result<Self, LoadError> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            inbox: vec![0; read_bytes],
            filled: 0,
            outbox: Vec::new(),
            sent: 0,
        })
    }

    /// The socket, for the poller.
    #[must_use]
    pub const fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Read once what is there; `false` at the end of the stream.
    ///
    /// # Errors
    /// What the socket says.
    pub fn fill(&mut self) -> Result<bool, LoadError> {
        if self.filled == self.inbox.len() {
            return Ok(true);
        }
        match self.stream.read(&mut self.inbox[self.filled..]) {
            Ok(0) => Ok(false),
            Ok(bytes) => {
                self.filled += bytes;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(true),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Let `bytes` that were read elsewhere come first; what does not fit is dropped.
    pub fn put_back(&mut self, bytes: &[u8]) {
        let room = bytes.len().min(self.inbox.len());
        self.inbox[..room].copy_from_slice(&bytes[..room]);
        self.filled = room;
    }

    /// What was read and not consumed.
    #[must_use]
    pub fn received(&self) -> &[u8] {
        &self.inbox[..self.filled]
    }

    /// What was read and not consumed, and the bytes to send.
    pub fn both(&mut self) -> (&[u8], &mut Vec<u8>) {
        (&self.inbox[..self.filled], &mut self.outbox)
    }

    /// Forget the first `bytes` of [`Self::received`].
    pub fn consume(&mut self, bytes: usize) {
        self.inbox.copy_within(bytes..self.filled, 0);
        self.filled -= bytes;
    }

    /// Send what waits; `true` when all of it is gone.
    ///
    /// # Errors
    /// What the socket says.
    pub fn flush(&mut self) -> Result<bool, LoadError> {
        while self.sent < self.outbox.len() {
            match self.stream.write(&self.outbox[self.sent..]) {
                Ok(bytes) => self.sent += bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.outbox.clear();
        self.sent = 0;
        Ok(true)
    }
}
