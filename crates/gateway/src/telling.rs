//! The way out: events to reports, in the buffers of the lines that are told.

use wire::record::{Event, EventBatch, RecordError};
use wire::sbe::encode_report;

use crate::order_entry::OrderEntry;
use crate::replay::messages_of;

impl OrderEntry {
    /// Log a line in to a session, to be told from message `sequence` on (0: the newest).
    ///
    /// Returns the number of the first message it will get, or `None` when that lies beyond the next.
    pub fn login(&mut self, connection: u32, place: u32, sequence: u64) -> Option<u64> {
        let session = self.sessions.get_mut(place as usize)?;
        let next = session.sent.saturating_add(1);
        if sequence > next {
            return None;
        }
        let first = match sequence {
            0 => next,
            wanted => wanted.max(session.oldest).min(next),
        };
        let line = self.connections.get_mut(connection as usize)?.as_mut()?;
        session.connection = Some(connection);
        line.session = Some(place);
        line.live = first == next;
        line.replay_next = first;
        Some(first)
    }

    /// Where in the events log to read for a line that is not live: offset, or `None` when it is.
    #[must_use]
    pub fn replay_offset(&self, connection: u32) -> Option<u64> {
        let line = self.connections.get(connection as usize)?.as_ref()?;
        if line.live {
            return None;
        }
        let session = self.sessions.get(line.session? as usize)?;
        session.offset_of(line.replay_next)
    }

    /// Append to the line's buffer what `batches` hold for it; true once it is live.
    ///
    /// # Errors
    /// A [`RecordError`] where `batches` are not event batches.
    pub fn replay(&mut self, connection: u32, batches: &[u8]) -> Result<bool, RecordError> {
        let Some(line) = self
            .connections
            .get_mut(connection as usize)
            .and_then(Option::as_mut)
        else {
            return Ok(true);
        };
        let Some(session) = line.session.and_then(|s| self.sessions.get(s as usize)) else {
            return Ok(true);
        };
        line.replay_next = messages_of(session.entry, line.replay_next, batches, &mut line.out)?;
        line.spoke = true;
        line.live = line.replay_next > session.sent;
        Ok(line.live)
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
            let batch = EventBatch::take(&mut rest)?;
            let offset = self.next_offset;
            self.next_offset += 1;
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
                        session.located(number, offset);
                    }
                });
            }
        }
        Ok(())
    }

    /// Take event batches: reports go to the buffers of the lines that are live.
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
            let batch = EventBatch::take(&mut rest)?;
            let header = batch.header;
            for event in batch.events() {
                let (seq, event) = event?;
                self.tally.add(&event);
                event.recipients(|entry, number, leg| {
                    self.tell(entry, number, |out| {
                        encode_report(&event, seq, header.time_ns, leg, out);
                    });
                });
            }
            self.next_offset += 1;
            if header.last && header.gateway == gateway && header.incarnation == incarnation {
                self.settle(header.number, now_ns);
            }
        }
        self.make_room();
        Ok(())
    }

    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "reports are counted one by one"
    )]
    fn tell(&mut self, entry: u32, number: u64, write: impl FnOnce(&mut Vec<u8>)) {
        let offset = self.next_offset;
        let Some(session) = self.session_of(entry) else {
            return;
        };
        session.sent = number;
        session.located(number, offset);
        let Some(connection) = session.connection else {
            return;
        };
        let Some(Some(line)) = self.connections.get_mut(connection as usize) else {
            return;
        };
        if !line.live {
            return;
        }
        if line.out.is_empty() {
            self.touched.push(connection);
        }
        line.spoke = true;
        write(&mut line.out);
        self.reports += 1;
    }

    /// Batch `number` of this gateway is answered.
    fn settle(&mut self, number: u64, now_ns: u64) {
        while let Some(share) = self.pending.answered(number) {
            let Some(Some(line)) = self.connections.get_mut(share.connection as usize) else {
                continue;
            };
            if line.generation != share.generation {
                continue;
            }
            self.latency.add(
                now_ns.saturating_sub(share.received_ns),
                share.requests.into(),
            );
            line.unanswered = line.unanswered.saturating_sub(share.requests);
            if line.throttled && line.unanswered <= self.limits.requests_in_flight_max / 2 {
                line.throttled = false;
                self.resumed.push(share.connection);
            }
        }
    }

    /// A line that `route` wrote to: what `take` makes of it and its buffer, which is emptied.
    pub fn take_touched<T>(&mut self, take: impl FnOnce(u32, &[u8]) -> T) -> Option<T> {
        while let Some(connection) = self.touched.pop() {
            if let Some(line) = self.line(connection) {
                let taken = take(connection, &line.out);
                line.out.clear();
                return Some(taken);
            }
        }
        None
    }

    /// What stands in a line's buffer, which is emptied.
    pub fn take_out(&mut self, connection: u32) -> Vec<u8> {
        self.line(connection)
            .map(|line| std::mem::take(&mut line.out))
            .unwrap_or_default()
    }

    /// The lines whose sockets may be read again.
    pub fn take_resumed(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.resumed)
    }
}
