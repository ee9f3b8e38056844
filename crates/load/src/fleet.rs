//! Many sessions on one thread, and the two loops that drive them.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::time::Duration;

use crate::codec::{Answer, Codec};
use crate::connection::Connection;
use crate::error::LoadError;
use crate::opening::{Opening, Target};
use crate::poller::{Poller, Ready};
use crate::report::Tally;
use crate::time::now_ns;
use crate::trader::{Plan, Trader};

/// Longest wait for the last answers.
pub const DRAIN: Duration = Duration::from_secs(10);
/// Longest time in which the books fill.
pub const WARM: Duration = Duration::from_secs(120);
/// Requests in flight while the books fill, per session.
pub const WARM_IN_FLIGHT: usize = 100;
/// Requests that may wait for an answer in the open loop, per session.
pub const OPEN_IN_FLIGHT_MAX: usize = 1 << 16;
/// Bytes read from one session at once at most.
const READ_BYTES: usize = 256 * 1024;
/// So many orders may be refused in a row before the first that rests.
const REFUSED_MAX: u64 = 1_000;
/// How often is looked for sessions that have to say that they are there.
const HEARTBEATS_NS: u64 = 100_000_000;
/// Longest wait for something to happen.
const WAIT_NS: u64 = 50_000_000;
/// Longest wait for room when a session has as many requests out as it may.
const STALL_NS: u64 = 200_000;

/// How requests follow each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loop {
    /// The next request is sent when an answer comes; so many are out per session.
    Closed {
        /// Requests without an answer, per session.
        in_flight: usize,
    },
    /// Requests are sent by a schedule, whatever the answers do.
    Open {
        /// Requests a second over all sessions.
        rate: f64,
    },
}

#[derive(Debug)]
struct Seat {
    connection: Connection,
    codec: Box<dyn Codec>,
    trader: Trader,
    answers: Vec<Answer>,
    watches_writes: bool,
    sent_ns: u64,
}

impl Seat {
    fn push_request(&mut self, due_ns: u64) {
        let out = &mut self.connection.outbox;
        self.trader.push_request(due_ns, self.codec.as_mut(), out);
    }

    /// Take what came.
    fn receive(&mut self, tally: &mut Tally) -> Result<(), LoadError> {
        let alive = self.connection.fill()?;
        let now = now_ns();
        let (received, outbox) = self.connection.both();
        let consumed = self.codec.receive(received, &mut self.answers, outbox)?;
        for answer in self.answers.drain(..) {
            self.trader.take(answer, now, tally);
        }
        self.connection.consume(consumed);
        if alive {
            Ok(())
        } else {
            Err(LoadError::Closed("in the middle of a run".into()))
        }
    }
}

/// Sessions that trade.
#[derive(Debug)]
pub struct Fleet {
    poller: Poller,
    seats: Vec<Seat>,
    ready: Vec<Ready>,
    /// Sessions that trade in the open loop: the first ones.
    traders: usize,
    heartbeat_ns: u64,
    /// An echo would send a heartbeat back, which no server sends.
    heartbeats: bool,
}

/// How long the open loop sleeps at least, in nanoseconds, unless an answer comes: what is due by then goes
/// out together.  A sleep for each request would cost a processor that the exchange needs; the delay
/// is counted, for latency runs from the schedule.
const PACE_NS: u64 = 100_000;

impl Fleet {
    /// Connect and log in `connections` sessions.  A plan without instruments takes the exchange's first four.
    ///
    /// # Errors
    /// When one of them can't be had.
    pub fn connect(
        address: SocketAddr,
        target: &Target,
        connections: usize,
        plan: &Plan,
        seed: u64,
    ) -> Result<Self, LoadError> {
        // The open loop sleeps for a few microseconds at a time: no slack for the kernel.
        rustix::thread::set_current_timer_slack(NonZeroU64::new(1))?;
        // What it waits for a processor is not the exchange's doing.
        let _ = timeslice::shorten();
        let poller = Poller::new()?;
        let mut plan = plan.clone();
        let mut seats = Vec::with_capacity(connections);
        let mut opening = Opening::new(address, target);
        for index in 0..connections {
            let opened = opening.open(index, &mut plan.instruments)?;
            let mut connection = Connection::new(opened.stream, READ_BYTES)?;
            connection.put_back(&opened.received);
            poller.add(connection.stream(), index, false)?;
            seats.push(Seat {
                connection,
                codec: opened.codec,
                trader: Trader::new(plan.clone(), opened.last_cl_ord_id, seed + index as u64),
                answers: Vec::new(),
                watches_writes: false,
                sent_ns: now_ns(),
            });
        }
        Ok(Self {
            poller,
            seats,
            ready: Vec::with_capacity(connections),
            traders: connections,
            heartbeat_ns: now_ns(),
            heartbeats: !matches!(target, Target::Echo(_)),
        })
    }

    /// Requests without an answer.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.seats.iter().map(|seat| seat.trader.in_flight()).sum()
    }

    /// Send resting orders until the books hold what the plan wants.
    ///
    /// # Errors
    /// When a session fails, or the books do not fill within `timeout`.
    pub fn warm(&mut self, in_flight: usize, timeout: Duration) -> Result<(), LoadError> {
        let deadline = now_ns() + timeout.as_nanos() as u64;
        let mut tally = Tally::default();
        for seat in &mut self.seats {
            seat.trader.filling = true;
        }
        while self.seats.iter().any(|seat| !seat.trader.is_full()) {
            if now_ns() > deadline {
                return Err(LoadError::Protocol("the books do not fill".into()));
            }
            if tally.rejects >= REFUSED_MAX && tally.rests == 0 {
                return Err(LoadError::Refused(tally.rejects));
            }
            for index in 0..self.seats.len() {
                let seat = &self.seats[index];
                if !seat.trader.is_full() && seat.trader.in_flight() * 2 <= in_flight {
                    self.top_up(index, in_flight)?;
                }
            }
            self.turn(WAIT_NS, &mut tally)?;
        }
        for seat in &mut self.seats {
            seat.trader.filling = false;
        }
        Ok(())
    }

    /// Drive the sessions for `duration`, and count what is answered in it.
    ///
    /// # Errors
    /// When a session fails.
    pub fn run(
        &mut self,
        how: Loop,
        duration: Duration,
        tally: &mut Tally,
    ) -> Result<(), LoadError> {
        let end = now_ns() + duration.as_nanos() as u64;
        match how {
            Loop::Closed { in_flight } => self.run_closed(in_flight, end, tally),
            Loop::Open { rate } => self.run_open(rate, end, None, tally),
        }
    }

    /// From now on the last session trades no more in the open loop.
    pub fn retire_last(&mut self) {
        self.traders = self.seats.len().saturating_sub(1).max(1);
    }

    /// Messages that the last session was told so far.
    #[must_use]
    pub fn heard_by_last(&self) -> u64 {
        self.seats.last().map_or(0, |seat| seat.codec.heard())
    }

    /// Messages that all sessions were told so far.
    #[must_use]
    pub fn heard(&self) -> u64 {
        self.seats.iter().map(|seat| seat.codec.heard()).sum()
    }

    /// Let the last session ask for its newest `messages` messages once more, and drive the others at `rate`
    /// until it has them: how many came, and in how many seconds.
    ///
    /// # Errors
    /// When a session fails, or they do not come within `timeout`.
    pub fn resend(
        &mut self,
        messages: u64,
        rate: f64,
        timeout: Duration,
        tally: &mut Tally,
    ) -> Result<(u64, f64), LoadError> {
        let index = self.seats.len() - 1;
        let seat = &mut self.seats[index];
        seat.codec.ask_again(messages, &mut seat.connection.outbox);
        let start = now_ns();
        self.flush(index)?;
        self.run_open(rate, start + timeout.as_nanos() as u64, Some(index), tally)?;
        let seconds = (now_ns() - start) as f64 / 1e9;
        let told = self.seats[index].codec.told_again();
        if told.whole {
            Ok((told.messages, seconds))
        } else {
            let why = format!("{} messages came again in {seconds:.0} s", told.messages);
            Err(LoadError::Protocol(why))
        }
    }

    /// Say for `duration` only what sessions must say to stay.
    ///
    /// # Errors
    /// When a session fails.
    pub fn stay(&mut self, duration: Duration) -> Result<(), LoadError> {
        let end = now_ns() + duration.as_nanos() as u64;
        while now_ns() < end {
            self.turn(WAIT_NS, &mut Tally::default())?;
        }
        Ok(())
    }

    fn run_closed(
        &mut self,
        in_flight: usize,
        end: u64,
        tally: &mut Tally,
    ) -> Result<(), LoadError> {
        for index in 0..self.seats.len() {
            self.top_up(index, in_flight)?;
        }
        loop {
            let now = now_ns();
            if now >= end {
                return Ok(());
            }
            self.turn(WAIT_NS.min(end - now), tally)?;
            for at in 0..self.ready.len() {
                self.top_up(self.ready[at].token, in_flight)?;
            }
        }
    }

    /// Until the session that has asked for something once more has it, where there is one.
    fn run_open(
        &mut self,
        rate: f64,
        end: u64,
        asks: Option<usize>,
        tally: &mut Tally,
    ) -> Result<(), LoadError> {
        let has_it = |seats: &[Seat], index: usize| seats[index].codec.told_again().whole;
        let start = now_ns();
        let due = |number: u64| start + (number as f64 * 1e9 / rate) as u64;
        let mut number = 0;
        while due(number) < end && !asks.is_some_and(|index| has_it(&self.seats, index)) {
            let now = now_ns();
            let first = number;
            let mut wait_min = PACE_NS;
            while due(number) <= now && due(number) < end {
                let index = number as usize % self.traders;
                let seat = &mut self.seats[index];
                if !seat.trader.has_room() {
                    tally.stalls += 1;
                    wait_min = STALL_NS.max(PACE_NS);
                    break;
                }
                seat.push_request(due(number));
                number += 1;
            }
            for index in 0..self.traders.min((number - first) as usize) {
                let index = (first as usize + index) % self.traders;
                self.flush(index)?;
            }
            let wait = due(number).saturating_sub(now_ns());
            self.turn(wait.clamp(wait_min, WAIT_NS), tally)?;
        }
        Ok(())
    }

    /// Wait until everything is answered, at most for `timeout`; says how many are not.
    ///
    /// # Errors
    /// When a session fails.
    pub fn drain(&mut self, timeout: Duration, tally: &mut Tally) -> Result<usize, LoadError> {
        let deadline = now_ns() + timeout.as_nanos() as u64;
        while self.in_flight() > 0 && now_ns() < deadline {
            self.turn(WAIT_NS, tally)?;
        }
        Ok(self.in_flight())
    }

    /// One turn: wait, read what is ready, send what waits.
    fn turn(&mut self, timeout_ns: u64, tally: &mut Tally) -> Result<(), LoadError> {
        self.ready.clear();
        self.poller.wait(timeout_ns, &mut self.ready)?;
        for at in 0..self.ready.len() {
            let ready = self.ready[at];
            if ready.readable {
                self.seats[ready.token].receive(tally)?;
            }
            // What the protocol wants said at once is there to be sent, too.
            self.flush(ready.token)?;
        }
        self.heartbeat()
    }

    fn top_up(&mut self, index: usize, in_flight: usize) -> Result<(), LoadError> {
        let seat = &mut self.seats[index];
        let now = now_ns();
        while seat.trader.in_flight() < in_flight && seat.trader.has_room() {
            seat.push_request(now);
        }
        self.flush(index)
    }

    fn flush(&mut self, index: usize) -> Result<(), LoadError> {
        let seat = &mut self.seats[index];
        if seat.connection.outbox.is_empty() {
            return Ok(());
        }
        seat.sent_ns = now_ns();
        let waits = !seat.connection.flush()?;
        if waits != seat.watches_writes {
            seat.watches_writes = waits;
            self.poller.modify(seat.connection.stream(), index, waits)?;
        }
        Ok(())
    }

    fn heartbeat(&mut self) -> Result<(), LoadError> {
        let now = now_ns();
        if now < self.heartbeat_ns || !self.heartbeats {
            return Ok(());
        }
        self.heartbeat_ns = now + HEARTBEATS_NS;
        for index in 0..self.seats.len() {
            let seat = &mut self.seats[index];
            if now.saturating_sub(seat.sent_ns) > seat.codec.heartbeat_ns() {
                seat.codec.heartbeat(&mut seat.connection.outbox);
                self.flush(index)?;
            }
        }
        Ok(())
    }
}
