//! The way in: socket reads to command records, and records to sealed batches.

use wire::record::CommandBatchHeader;
use wire::record::command::{Command, EntryClaim, EntryClosed, EntryOpen};

use crate::connection::Rest;
use crate::connections::Connections;
use crate::pending::{Mark, Share};
use crate::protocol::{Protocol, Received};

/// Where a connection stood before a read.
#[derive(Debug, Clone, Copy)]
pub struct Before<S> {
    connection_id: u32,
    waiting: Mark,
    session: Option<S>,
}

impl<P: Protocol> Connections<P> {
    /// Where a connection stands now, so that a read of it can be undone.
    #[must_use]
    pub fn before(&self, connection_id: u32) -> Before<P::Session> {
        let connection = self.connections.get(connection_id as usize);
        let slot = connection
            .and_then(Option::as_ref)
            .and_then(|connection| connection.session);
        let session = slot.and_then(|slot| self.sessions.get(slot as usize));
        Before {
            connection_id,
            waiting: self.pending.mark(),
            session: session.map(|session| session.state),
        }
    }

    /// A read has failed halfway: what it brought is forgotten as if the connection had been cut before it,
    /// and so is what stands in its buffer.  The owner closes it.
    pub fn undo(&mut self, before: &Before<P::Session>) {
        self.pending.back_to(before.waiting);
        let Some(connection) = self.connection(before.connection_id) else {
            return;
        };
        connection.rest = Rest::default();
        connection.out.clear();
        let slot = connection.session;
        let session = slot.and_then(|slot| self.sessions.get_mut(slot as usize));
        if let (Some(session), Some(state)) = (session, before.session) {
            session.state = state;
        }
    }

    /// Take a socket read, or nothing to go on with what was read before.
    pub fn receive(&mut self, connection_id: u32, data: &[u8], now_ns: u64) -> Received<P::Asks> {
        let Some(connection) = self.connection(connection_id) else {
            return Received::Nothing;
        };
        if connection.rest.is_empty() {
            let (used, outcome) = self.messages(connection_id, data, now_ns);
            if used < data.len()
                && let Some(connection) = self.connection(connection_id)
            {
                connection.rest.extend(&data[used..]);
            }
            return outcome;
        }
        let mut rest = std::mem::take(&mut connection.rest);
        rest.extend(data);
        let (used, outcome) = self.messages(connection_id, rest.unread(), now_ns);
        rest.consume(used, self.limits.packet_bytes_max);
        if let Some(connection) = self.connection(connection_id) {
            connection.rest = rest;
        }
        outcome
    }

    /// Handle the whole messages of `bytes`, or of as many as may be handled at a time: how many bytes
    /// they took, and what is asked.
    fn messages(
        &mut self,
        connection_id: u32,
        bytes: &[u8],
        now_ns: u64,
    ) -> (usize, Received<P::Asks>) {
        let limits = self.limits;
        let most = limits.turn_bytes_max.max(limits.packet_bytes_max);
        let now = bytes.get(..most).unwrap_or(bytes);
        let read = self.with_reading(connection_id, now_ns, |protocol, reading| {
            let (used, outcome) = protocol.receive(now, reading);
            (used, outcome, reading.has_enough())
        });
        let Some((used, mut outcome, enough)) = read else {
            return (bytes.len(), Received::Nothing);
        };
        let Some(connection) = self.connection(connection_id) else {
            return (used, outcome);
        };
        // Also of a read that ended with something else: its rest is asked for with an empty one.
        if outcome == Received::Nothing
            && !connection.throttled
            && connection.unanswered >= limits.requests_in_flight_max
        {
            connection.throttled = true;
            outcome = Received::Throttle;
        }
        let more = now.len() < bytes.len() || (enough && used < bytes.len());
        if outcome == Received::Nothing && more {
            outcome = Received::Later;
        }
        // What is to be decided first holds up the rest as well.
        connection.later = matches!(outcome, Received::Later | Received::Asks(_));
        (used, outcome)
    }

    /// The last records that wait are a connection's: so many requests, and how many of them are no orders.
    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "requests of one read, and of a connection that is read only while few are unanswered"
    )]
    pub(crate) fn attribute(
        &mut self,
        connection_id: u32,
        (requests, others): (u32, u32),
        received_ns: u64,
    ) {
        if requests == 0 {
            return;
        }
        let Some(Some(connection)) = self.connections.get_mut(connection_id as usize) else {
            return;
        };
        self.requests += u64::from(requests);
        connection.unanswered += requests;
        self.pending.attribute(Share {
            connection_id,
            generation: connection.generation,
            requests,
            others,
            received_ns,
        });
    }

    /// Commands that wait to be sealed.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pending.len()
    }

    /// A client wants to log in: the engine is to say whether its session is this gateway's, which `route`
    /// will learn.
    pub fn claim(&mut self, entry: u32) {
        self.push_own(&Command::EntryClaim(EntryClaim { entry }));
    }

    /// A session is to have an entry, which `route` will learn: what opens it, its name and its account.
    pub fn open_entry(&mut self, open: EntryOpen, name: &str, account: &str) {
        self.push_own(&Command::EntryOpen(open, name, account));
    }

    /// A client is gone for good, or for longer than its grace: the engine is to know.
    pub fn entry_closed(&mut self, entry: u32) {
        self.push_own(&Command::EntryClosed(EntryClosed { entry }));
    }

    /// A command that no connection has sent.
    fn push_own(&mut self, command: &Command<'_>) {
        command.encode(&mut self.pending.records);
        self.pending.end_record();
        self.pending.attribute(Share {
            connection_id: u32::MAX,
            generation: 0,
            requests: 1,
            others: 0,
            received_ns: 0,
        });
    }

    /// Take up to `commands_max` commands as a batch, appended to `out`; false when there are none.
    pub fn seal(
        &mut self,
        header: CommandBatchHeader,
        commands_max: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        self.pending.seal(header, commands_max, out)
    }
}
