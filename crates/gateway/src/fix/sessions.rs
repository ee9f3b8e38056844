//! What the owner of connections that speak FIX decides on them: who is let in, and whose session ends.

use wire::fix::Version;

use super::protocol::{Asks, Fix};
use super::settings::Numbers;
use crate::connections::Connections;
use crate::protocol::Received;

impl Connections<Fix> {
    /// The version that a connection speaks.
    #[must_use]
    pub fn version_of(&self, connection_id: u32) -> Version {
        let connection = self.connections.get(connection_id as usize);
        let connection = connection.and_then(Option::as_ref);
        connection.map_or(Version::default(), |it| it.state.machine.version())
    }

    /// A Logon is accepted, for the session at `slot`, which is this gateway's: it is answered in sequence.
    ///
    /// None where there is no such connection or session.
    pub fn logon(&mut self, connection_id: u32, slot: u32, now_ns: u64) -> Option<u64> {
        self.bind(connection_id, slot)?;
        let session = self.session(slot)?;
        let next_out = session.shown(session.sent).saturating_add(1);
        let asked = self.with_reading(connection_id, now_ns, |protocol, reading| {
            let now = protocol.now(now_ns);
            let mut numbers = match &reading.session {
                Some(session) => session.state.numbers,
                None => Numbers::default(),
            };
            let mut actions = Vec::new();
            let machine = &mut reading.connection.machine;
            machine.accepted(&mut numbers, next_out, now, &mut actions);
            protocol.act(&mut actions, numbers, None, reading)
        });
        if let Some(Received::Asks(Asks::Resend(first, last))) = asked {
            self.tell_again(connection_id, first, last);
        }
        Some(next_out)
    }

    /// Somebody else wants the session of a connection: where that is silent it is tested.
    pub fn probe(&mut self, connection_id: u32, now_ns: u64) {
        self.with_reading(connection_id, now_ns, |protocol, reading| {
            let numbers = match &reading.session {
                Some(session) => session.state.numbers,
                None => return,
            };
            let mut actions = Vec::new();
            let now = protocol.now(now_ns);
            let machine = &mut reading.connection.machine;
            machine.probe(now, &protocol.settings, &mut actions);
            protocol.act(&mut actions, numbers, None, reading);
        });
    }

    /// End a connection's session on it: a Logout follows what was asked, and then the connection is among those
    /// that are over.
    pub fn end_session(&mut self, connection_id: u32, why: &str, now_ns: u64) {
        self.with_reading(connection_id, now_ns, |protocol, reading| {
            let numbers = match &reading.session {
                Some(session) => session.state.numbers,
                None => return,
            };
            let mut actions = Vec::new();
            reading.connection.machine.end(why, &mut actions);
            protocol.act(&mut actions, numbers, None, reading);
        });
    }

    /// A Logon is refused: the connection is told so, outside its session, and is to be closed.
    pub fn refuse(&mut self, connection_id: u32, now_ns: u64) {
        self.with_reading(connection_id, now_ns, |protocol, reading| {
            let mut actions = Vec::new();
            reading.connection.machine.refused(&mut actions);
            protocol.act(&mut actions, Numbers::default(), None, reading)
        });
    }
}
