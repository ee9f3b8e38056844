//! Many users who listen to their notifications, on one thread.

mod frames;
mod ledger;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

pub use ledger::Ledger;

use crate::connection::Connection;
use crate::error::LoadError;
use crate::poller::{Poller, Ready};
use crate::time::{now_ns, wall_ns};
use frames::{Opcode, first_frame, open, push_pong};

/// Bytes read from one connection at once at most; no notification is longer.
const READ_BYTES: usize = 64 * 1024;
/// Longest wait for something to happen.
const WAIT_NS: u64 = 100_000_000;
/// After the stop, silence of so long means that everything has come.
const QUIET_NS: u64 = 2_000_000_000;

#[derive(Debug)]
struct Listener {
    connection: Connection,
    last_exec_id: u64,
}

impl Listener {
    /// Take what was read; `false` when the server ended the connection.
    fn take(&mut self, ledger: &mut Ledger) -> bool {
        let wall = wall_ns();
        let (mut at, mut alive) = (0, true);
        let mut pings: VecDeque<Vec<u8>> = VecDeque::new();
        while let Some(frame) = first_frame(&self.connection.received()[at..]) {
            match frame.opcode {
                Opcode::Text => ledger.take(frame.payload, wall, &mut self.last_exec_id),
                Opcode::Ping => pings.push_back(frame.payload.to_vec()),
                Opcode::Close => alive = false,
                Opcode::Other => {}
            }
            at += frame.bytes;
        }
        self.connection.consume(at);
        for ping in pings {
            push_pong(&ping, &mut self.connection.outbox);
        }
        alive
    }
}

/// Users who listen.
#[derive(Debug)]
pub struct Audience {
    poller: Poller,
    listeners: Vec<Listener>,
    ledger: Ledger,
    closed: u64,
}

impl Audience {
    /// Connect `users` users, named by the prefix and a number from 1.
    ///
    /// # Errors
    /// When one of them can't be connected.
    pub fn connect(
        address: SocketAddr,
        user_prefix: &str,
        users: usize,
    ) -> Result<Self, LoadError> {
        let poller = Poller::new()?;
        let mut ledger = Ledger::default();
        let mut listeners = Vec::with_capacity(users);
        for index in 0..users {
            let path = format!("/ws/notifications?user_id={user_prefix}{}", index + 1);
            let (stream, rest) = open(address, &path)?;
            let mut listener = Listener {
                connection: Connection::new(stream, READ_BYTES)?,
                last_exec_id: 0,
            };
            listener.connection.put_back(&rest);
            listener.take(&mut ledger);
            poller.add(listener.connection.stream(), index, false)?;
            listeners.push(listener);
        }
        Ok(Self {
            poller,
            listeners,
            ledger,
            closed: 0,
        })
    }

    /// Listen until `stop` is set and nothing has come for a while.
    ///
    /// # Errors
    /// When waiting fails.
    pub fn listen(&mut self, stop: &AtomicBool) -> Result<(), LoadError> {
        let mut ready: Vec<Ready> = Vec::new();
        let mut heard_ns = now_ns();
        while !stop.load(Ordering::Relaxed) || now_ns() < heard_ns + QUIET_NS {
            ready.clear();
            self.poller.wait(WAIT_NS, &mut ready)?;
            let before = self.ledger.messages();
            for at in &ready {
                let listener = &mut self.listeners[at.token];
                let open = listener.connection.fill().unwrap_or(false);
                let alive = listener.take(&mut self.ledger) && open;
                if !(listener.connection.flush().is_ok() && alive) {
                    self.closed += 1;
                    self.poller.remove(listener.connection.stream())?;
                }
            }
            if self.ledger.messages() > before {
                heard_ns = now_ns();
            }
        }
        Ok(())
    }

    /// The figures.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut result = self.ledger.to_json();
        result["users"] = json!(self.listeners.len());
        result["closed"] = json!(self.closed);
        result
    }
}
