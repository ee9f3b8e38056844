//! The way out: events to reports, in the buffers of the connections that are told.

use wire::record::event::EntryClaimed;
use wire::record::{Dropped, Event, EventBatch, RecordError};

use crate::connections::{Claimed, Connections};
use crate::protocol::{Protocol, Told};
use crate::replay::messages_of;

impl<P: Protocol> Connections<P> {
    /// Log a connection in to a session, to be told from message `sequence` on (0: the newest).
    ///
    /// Returns the number of the first message it will get, or `None` when that lies beyond the next.
    pub fn login(&mut self, connection_id: u32, slot: u32, sequence: u64) -> Option<u64> {
        let session = self.sessions.get_mut(slot as usize)?;
        let next = session.sent.saturating_add(1);
        if sequence > next {
            return None;
        }
        let first = match sequence {
            0 => next,
            wanted => wanted.max(session.oldest).min(next),
        };
        let connection = self.connections.get_mut(connection_id as usize)?.as_mut()?;
        session.connection_id = Some(connection_id);
        connection.session = Some(slot);
        connection.live = first == next;
        connection.replay_next = first;
        Some(first)
    }

    /// From which command on to read the events for a connection that is not live; `None` when it is.
    #[must_use]
    pub fn replay_command(&self, connection_id: u32) -> Option<u64> {
        let connection = self.connections.get(connection_id as usize)?.as_ref()?;
        if connection.live {
            return None;
        }
        let session = self.sessions.get(connection.session? as usize)?;
        session.command_of(connection.replay_next)
    }

    /// Whoever reads too slowly is not told what happens any more, but what `replay` is given, from the next
    /// message on; false where that is so already.
    pub fn fall_behind(&mut self, connection_id: u32) -> bool {
        let Some(Some(connection)) = self.connections.get_mut(connection_id as usize) else {
            return false;
        };
        let session = connection
            .session
            .and_then(|slot| self.sessions.get(slot as usize));
        let Some(session) = session.filter(|_| connection.live) else {
            return false;
        };
        connection.live = false;
        connection.replay_next = session.sent.saturating_add(1);
        true
    }

    /// Append to the connection's buffer what `batches` hold for it, `messages_max` messages at most: how many
    /// bytes of whole batches are done with, and whether it is live now.
    ///
    /// # Errors
    /// A [`RecordError`] where `batches` are not event batches.
    pub fn replay(
        &mut self,
        connection_id: u32,
        batches: &[u8],
        messages_max: u64,
    ) -> Result<(usize, bool), RecordError> {
        let Some(connection) = self
            .connections
            .get_mut(connection_id as usize)
            .and_then(Option::as_mut)
        else {
            return Ok((batches.len(), true));
        };
        let Some(session) = connection
            .session
            .and_then(|s| self.sessions.get(s as usize))
        else {
            return Ok((batches.len(), true));
        };
        let (next, out) = (connection.replay_next, &mut connection.out);
        let portion = messages_of(&self.protocol, session, next, batches, messages_max, out)?;
        connection.replay_next = portion.next;
        connection.spoke = true;
        connection.live = connection.replay_next > session.sent;
        Ok((portion.used, connection.live))
    }

    /// Read event batches only to learn where the sessions' messages stand.
    ///
    /// # Errors
    /// A [`RecordError`] where `batches` are not event batches.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "batches are counted one by one"
    )]
    pub fn scan(&mut self, batches: &[u8]) -> Result<(), RecordError> {
        let mut rest = batches;
        while !rest.is_empty() {
            let before = rest.len();
            let batch = EventBatch::take(&mut rest)?;
            let command = batch.header.command_offset;
            self.next_offset += 1;
            self.seen_bytes += (before - rest.len()) as u64;
            let at = self.seen_bytes;
            for event in batch.events() {
                let (_, event) = event?;
                // It is journaled while nobody is logged in, so that it is never routed.
                if let Event::EntryRaised(raised) = &event
                    && let Some(session) = self.session_of(raised.entry)
                {
                    session.forget_before(u64::MAX);
                }
                event.recipients(|entry, number, _| {
                    if let Some(session) = self.session_of(entry) {
                        session.located(number, command, at);
                    }
                });
            }
        }
        Ok(())
    }

    /// Take event batches: reports go to the buffers of the connections that are live.
    ///
    /// # Errors
    /// A [`RecordError`] where `batches` are not event batches.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "batches are counted one by one"
    )]
    pub fn route(
        &mut self,
        gateway: u16,
        incarnation: u32,
        batches: &[u8],
        now_ns: u64,
    ) -> Result<(), RecordError> {
        let mut rest = batches;
        while !rest.is_empty() {
            let before = rest.len();
            let batch = EventBatch::take(&mut rest)?;
            self.seen_bytes += (before - rest.len()) as u64;
            let header = batch.header;
            let own = header.gateway == gateway && header.incarnation == incarnation;
            if own && !matches!(header.dropped, Dropped::No | Dropped::Repeat) {
                // What it held has not happened, and nothing of this incarnation ever will.
                return Err(RecordError::Dropped(header.number));
            }
            for event in batch.events() {
                let (seq, event) = event?;
                self.tally.add(&event);
                self.protocol.see(&event);
                if let Event::EntryClaimed(claimed) = &event {
                    let own = (claimed.gateway, claimed.incarnation) == (gateway, incarnation);
                    self.learn_claim(claimed, own);
                }
                event.recipients(|entry, number, leg| {
                    let told = Told {
                        event: &event,
                        seq,
                        header: &header,
                        leg,
                        number,
                    };
                    self.tell(entry, &told);
                });
            }
            self.next_offset += 1;
            if header.last && own {
                self.settle(header.number, now_ns);
            }
        }
        self.make_room();
        Ok(())
    }

    /// A session was claimed, here or elsewhere.
    fn learn_claim(&mut self, claim: &EntryClaimed, own: bool) {
        let Some(slot) = self.slot_of(claim.entry) else {
            return;
        };
        let granted = claim.granted;
        if own {
            self.claimed.push(Claimed {
                session: slot,
                granted,
            });
        }
        let Some(session) = self.session_of(claim.entry).filter(|_| granted) else {
            return;
        };
        P::claimed(&mut session.state, claim);
        if own {
            return;
        }
        // Whoever is logged in here hears nothing more, and whoever was about to be is not.
        for before in &mut self.claimed {
            before.granted &= before.session != slot;
        }
        let Some(session) = self.session_of(claim.entry) else {
            return;
        };
        let connection_id = session.connection_id.take();
        if let Some(connection_id) = connection_id
            && let Some(connection) = self.connection(connection_id)
        {
            connection.live = false;
            self.moved.push(connection_id);
        }
    }

    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "reports are counted one by one"
    )]
    fn tell(&mut self, entry: u32, told: &Told<'_>) {
        let at = self.seen_bytes;
        let number = told.number;
        let slot = self.slot_of(entry);
        let Some(session) = slot.and_then(|slot| self.sessions.get_mut(slot as usize)) else {
            return;
        };
        session.sent = number;
        session.located(number, told.header.command_offset, at);
        let Some(connection_id) = session.connection_id else {
            return;
        };
        let Some(Some(connection)) = self.connections.get_mut(connection_id as usize) else {
            return;
        };
        // A log may be ahead of what is told: its replay has had this message then.
        if !connection.live || number < connection.replay_next {
            return;
        }
        if connection.out.is_empty() {
            self.touched.push(connection_id);
        }
        connection.spoke = true;
        self.protocol.report(session, told, &mut connection.out);
        self.reports += 1;
    }

    /// Batch `number` of this gateway is answered.
    fn settle(&mut self, number: u64, now_ns: u64) {
        while let Some(share) = self.pending.answered(number) {
            let Some(Some(connection)) = self.connections.get_mut(share.connection_id as usize)
            else {
                continue;
            };
            if connection.generation != share.generation {
                continue;
            }
            self.latency.add(
                now_ns.saturating_sub(share.received_ns),
                share.requests.into(),
            );
            connection.unanswered = connection.unanswered.saturating_sub(share.requests);
            if connection.throttled
                && connection.unanswered <= self.limits.requests_in_flight_max / 2
            {
                connection.throttled = false;
                self.resumed.push(share.connection_id);
            }
        }
    }

    /// A connection that `route` wrote to: what `take` makes of it and its buffer, which is emptied.
    pub fn take_touched<T>(&mut self, take: impl FnOnce(u32, &[u8]) -> T) -> Option<T> {
        while let Some(connection_id) = self.touched.pop() {
            if let Some(connection) = self.connection(connection_id) {
                let taken = take(connection_id, &connection.out);
                connection.out.clear();
                return Some(taken);
            }
        }
        None
    }

    /// What stands in a connection's buffer, which is emptied.
    pub fn take_out(&mut self, connection_id: u32) -> Vec<u8> {
        self.connection(connection_id)
            .map(|connection| std::mem::take(&mut connection.out))
            .unwrap_or_default()
    }

    /// The claims of this gateway that were answered.
    pub fn take_claimed(&mut self) -> Vec<Claimed> {
        std::mem::take(&mut self.claimed)
    }

    /// The connections whose session was logged in to elsewhere, which are to be closed.
    pub fn take_moved(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.moved)
    }

    /// The connections whose sockets may be read again.
    pub fn take_resumed(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.resumed)
    }
}
