//! The way out: events to reports, in the buffers of the connections that are told.

use wire::record::event::{EntryClaimed, SessionReset};
use wire::record::{Dropped, Event, EventBatch, RecordError};

use crate::connection::Resend;
use crate::connections::{Claimed, Connections};
use crate::protocol::{Protocol, Told};
use crate::replay::{Wanted, messages_of};

/// How a replay goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replayed {
    /// With the event batches that follow.
    More,
    /// It is over: the connection is told what happens.
    Live,
    /// With other messages: see [`Connections::replay_command`].
    Elsewhere,
}

impl<P: Protocol> Connections<P> {
    /// Log a connection in to a session, to be told from message `sequence` on, as the session counts (0: the
    /// newest).
    ///
    /// Returns the number of the first message it will get, or `None` when that lies beyond the next.
    pub fn login(&mut self, connection_id: u32, slot: u32, sequence: u64) -> Option<u64> {
        let session = self.sessions.get_mut(slot as usize)?;
        let next = session.sent.saturating_add(1);
        let first = match sequence {
            0 => next,
            wanted => {
                let wanted = wanted.saturating_add(session.base);
                if wanted > next {
                    return None;
                }
                let oldest = session.oldest.max(session.base.saturating_add(1));
                wanted.max(oldest).min(next)
            }
        };
        let connection = self.connections.get_mut(connection_id as usize)?.as_mut()?;
        session.connection_id = Some(connection_id);
        connection.session = Some(slot);
        connection.live = first == next;
        (connection.replay_next, connection.told_next) = (first, first);
        Some(session.shown(first))
    }

    /// Log a connection in to a session, to be told from the message on that sessions of its protocol begin with,
    /// which is still to come.
    pub(crate) fn bind(&mut self, connection_id: u32, slot: u32) -> Option<()> {
        let session = self.sessions.get_mut(slot as usize)?;
        let next = session.sent.saturating_add(1);
        let connection = self.connections.get_mut(connection_id as usize)?.as_mut()?;
        session.connection_id = Some(connection_id);
        connection.session = Some(slot);
        (connection.live, connection.begins) = (false, true);
        (connection.replay_next, connection.told_next) = (next, next);
        Some(())
    }

    /// Tell a connection messages again, as its session counts them; one that is not kept any more is told as the
    /// protocol tells of a gap.  Whether `replay` is to be given them now; else that is said when it is.
    ///
    /// `last` is not beyond what the connection was told.
    pub fn tell_again(&mut self, connection_id: u32, first: u64, last: u64) -> bool {
        let Some(Some(connection)) = self.connections.get_mut(connection_id as usize) else {
            return false;
        };
        let session = connection
            .session
            .and_then(|slot| self.sessions.get(slot as usize));
        let Some(session) = session else {
            return false;
        };
        let newest = match connection.begins {
            true => session.sent,
            false => connection.told_next.saturating_sub(1),
        };
        let last = match last {
            0 => newest,
            last => last.saturating_add(session.base).min(newest),
        };
        let first = first.saturating_add(session.base);
        if first > last {
            return false;
        }
        let begun = connection.tell_again(Resend { first, last });
        if begun {
            self.protocol
                .replays(&mut connection.state, session.shown(first));
            self.skip_deleted(connection_id);
        }
        begun
    }

    /// What a replay wants first is what there is.
    fn skip_deleted(&mut self, connection_id: u32) {
        let Some(Some(connection)) = self.connections.get_mut(connection_id as usize) else {
            return;
        };
        let session = connection
            .session
            .and_then(|slot| self.sessions.get(slot as usize));
        if let Some(session) = session {
            let last = connection.resend.map_or(u64::MAX, |resend| resend.last);
            let oldest = session.oldest.min(last.saturating_add(1));
            connection.replay_next = connection.replay_next.max(oldest);
        }
    }

    /// From which command on to read the events for a connection that is not live; `None` when it is, or has not
    /// begun.
    #[must_use]
    pub fn replay_command(&self, connection_id: u32) -> Option<u64> {
        let connection = self.connections.get(connection_id as usize)?.as_ref()?;
        if connection.live || connection.begins {
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
        connection.told_next = session.sent.saturating_add(1);
        connection.replay_next = connection.told_next;
        let next = session.shown(connection.told_next);
        self.protocol.replays(&mut connection.state, next);
        true
    }

    /// Append to the connection's buffer what `batches` hold for it, `messages_max` messages at most: how many
    /// bytes of whole batches are done with, and how it goes on.
    ///
    /// # Errors
    /// A [`RecordError`] where `batches` are not event batches.
    pub fn replay(
        &mut self,
        connection_id: u32,
        batches: &[u8],
        messages_max: u64,
    ) -> Result<(usize, Replayed), RecordError> {
        let done = (batches.len(), Replayed::Live);
        let Some(Some(connection)) = self.connections.get_mut(connection_id as usize) else {
            return Ok(done);
        };
        let slot = connection.session;
        let Some(session) = slot.and_then(|slot| self.sessions.get(slot as usize)) else {
            return Ok(done);
        };
        let wanted = Wanted {
            next: connection.replay_next,
            last: connection.resend.map_or(u64::MAX, |resend| resend.last),
            messages_max,
            told_before: connection.told_next,
        };
        let state = &mut connection.state;
        let out = &mut connection.out;
        let portion = messages_of(&self.protocol, session, state, wanted, batches, out)?;
        connection.replay_next = portion.next;
        connection.spoke = true;
        if connection.resend.is_none() {
            connection.told_next = portion.next;
        }
        if portion.ended
            && let Some(why) = connection.ends
        {
            self.ended.push((connection_id, why));
        }
        if portion.next <= wanted.last.min(session.sent) {
            return Ok((portion.used, Replayed::More));
        }
        let next = session.shown(portion.next);
        let again = connection.resend.is_some() || connection.resend_later.is_some();
        self.protocol.replayed(session, state, next, out);
        if !again {
            connection.live = true;
            return Ok((portion.used, Replayed::Live));
        }
        connection.begin_resend();
        connection.live = connection.resend.is_none() && connection.replay_next > session.sent;
        if connection.live {
            return Ok((portion.used, Replayed::Live));
        }
        let next = session.shown(connection.replay_next);
        self.protocol.replays(&mut connection.state, next);
        self.skip_deleted(connection_id);
        Ok((portion.used, Replayed::Elsewhere))
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
                if let Event::SessionReset(reset) = &event {
                    if let Some(session) = self.session_of(reset.entry) {
                        session.was_reset(reset.entry_seq);
                    }
                    continue;
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
                if let Event::EntryOpened(opened, ..) = &event {
                    self.entries = self.entries.max(opened.entry);
                }
                if let Event::EntryClaimed(claimed) = &event {
                    let own = (claimed.gateway, claimed.incarnation) == (gateway, incarnation);
                    self.learn_claim(claimed, own);
                }
                if let Event::SessionReset(reset) = &event {
                    self.learn_reset(reset);
                    continue;
                }
                event.recipients(|entry, number, leg| {
                    let told = Told {
                        event: &event,
                        seq,
                        header: &header,
                        leg,
                        number,
                        told_before: number,
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

    /// The numbers of a session have begun anew: nothing of before is told any more, not even again.
    fn learn_reset(&mut self, reset: &SessionReset) {
        let Some(session) = self.session_of(reset.entry) else {
            return;
        };
        session.reset(reset.entry_seq, reset.epoch);
        P::reset(&mut session.state, reset);
        let connection_id = session.connection_id;
        if let Some(connection) = connection_id.and_then(|id| self.connection(id)) {
            (connection.resend, connection.resend_later) = (None, None);
            connection.told_next = reset.entry_seq.saturating_add(1);
            connection.replay_next = connection.told_next;
        }
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
        let begun = connection.begins && P::begins(told.event);
        if begun {
            (connection.begins, connection.live) = (false, true);
            connection.told_next = number;
        }
        // A log may be ahead of what is told: its replay has had this message then.
        if !connection.live || number < connection.told_next {
            return;
        }
        if connection.out.is_empty() {
            self.touched.push(connection_id);
        }
        connection.spoke = true;
        connection.told_next = number + 1;
        let (state, out) = (&mut connection.state, &mut connection.out);
        self.protocol.report(session, state, told, out);
        self.reports += 1;
        if P::ends(told.event)
            && let Some(why) = connection.ends
        {
            self.ended.push((connection_id, why));
        }
        if begun && connection.resend_later.is_some() {
            connection.begin_resend();
            let first = session.shown(connection.replay_next);
            self.protocol.replays(&mut connection.state, first);
            self.behind.push(connection_id);
            self.skip_deleted(connection_id);
        }
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

    /// The connections that were told the last message of their session, and why they are to be closed.
    pub fn take_ended(&mut self) -> Vec<(u32, &'static str)> {
        std::mem::take(&mut self.ended)
    }

    /// The connections that are to be told messages again, by `replay`.
    pub fn take_behind(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.behind)
    }

    /// The connections whose sockets may be read again.
    pub fn take_resumed(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.resumed)
    }
}
