//! An echo server as it would be written in C: one thread, one epoll, one read and one write a turn.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::LoadError;
use crate::poller::{Poller, Ready};

/// Bytes read at once at most.
const READ_BYTES: usize = 256 * 1024;
/// Longest time after which a stop is seen.
const WAIT_NS: u64 = 100_000_000;
/// The listener's token; connections count from 0.
const LISTENER: usize = usize::MAX;

#[derive(Debug)]
struct Client {
    stream: TcpStream,
    /// What the socket had no room for.
    waits: Vec<u8>,
}

/// A bare echo server.
#[derive(Debug)]
pub struct Echo {
    listener: TcpListener,
    poller: Poller,
    clients: Vec<Option<Client>>,
    buffer: Vec<u8>,
}

impl Echo {
    /// Listen on `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address can't be had.
    pub fn bind(address: SocketAddr) -> Result<Self, LoadError> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let poller = Poller::new()?;
        poller.add(&listener, LISTENER, false)?;
        Ok(Self {
            listener,
            poller,
            clients: Vec::new(),
            buffer: vec![0; READ_BYTES],
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the socket says.
    pub fn address(&self) -> Result<SocketAddr, LoadError> {
        Ok(self.listener.local_addr()?)
    }

    /// Serve until `stop` is set.
    ///
    /// # Errors
    /// When waiting fails; a connection that fails is closed.
    pub fn serve(&mut self, stop: &AtomicBool) -> Result<(), LoadError> {
        let mut ready: Vec<Ready> = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            ready.clear();
            self.poller.wait(WAIT_NS, &mut ready)?;
            for at in &ready {
                if at.token == LISTENER {
                    self.accept()?;
                } else if !self.turn(at.token).unwrap_or(false) {
                    self.clients[at.token] = None;
                }
            }
        }
        Ok(())
    }

    fn accept(&mut self) -> Result<(), LoadError> {
        let (stream, _) = match self.listener.accept() {
            Ok(accepted) => accepted,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        self.poller.add(&stream, self.clients.len(), false)?;
        self.clients.push(Some(Client {
            stream,
            waits: Vec::new(),
        }));
        Ok(())
    }

    /// One turn of one client; `false` when it has gone.
    fn turn(&mut self, token: usize) -> Result<bool, LoadError> {
        let Some(client) = self.clients.get_mut(token).and_then(Option::as_mut) else {
            return Ok(false);
        };
        if !client.waits.is_empty() {
            let waits = std::mem::take(&mut client.waits);
            return Self::send(&self.poller, client, token, &waits, true);
        }
        match client.stream.read(&mut self.buffer) {
            Ok(0) => Ok(false),
            Ok(bytes) => Self::send(&self.poller, client, token, &self.buffer[..bytes], false),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    fn send(
        poller: &Poller,
        client: &mut Client,
        token: usize,
        mut bytes: &[u8],
        watched: bool,
    ) -> Result<bool, LoadError> {
        while !bytes.is_empty() {
            match client.stream.write(bytes) {
                Ok(sent) => bytes = &bytes[sent..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        client.waits.extend_from_slice(bytes);
        let waits = !client.waits.is_empty();
        if waits != watched {
            poller.modify(&client.stream, token, waits)?;
        }
        Ok(true)
    }
}
