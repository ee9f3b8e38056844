//! One session of many that asks for much once more, while the others trade: how fast it has it, and what they feel.

use std::time::Duration;

use serde_json::{Value, json};

use crate::codec::Protocol;
use crate::error::LoadError;
use crate::fleet::{DRAIN, Fleet, Loop, OPEN_IN_FLIGHT_MAX, WARM, WARM_IN_FLIGHT};
use crate::report::Tally;
use crate::session_args::{Session, resolve};

/// Longest wait for what was asked for.
const RESEND_MAX: Duration = Duration::from_secs(120);
/// How often is looked whether the log holds enough.
const FILLING: Duration = Duration::from_millis(100);

/// What is asked for, and what goes on meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Sessions; the last one asks.
    pub connections: usize,
    /// Messages that it asks for.
    pub messages: u64,
    /// Requests a second over the others.
    pub rate: f64,
    /// How long the others trade before it counts.
    pub warmup: Duration,
    /// How often it asks, in turns with stretches in which it does not.
    pub turns: usize,
    /// How long these are.
    pub quiet: Duration,
}

/// Sessions of which the last one had as many messages as it is to ask for, and all others as many.
#[derive(Debug)]
pub struct Filled {
    fleet: Fleet,
    plan: Plan,
}

/// Connect, and trade as fast as goes with all sessions alike until the last one has had its messages.
///
/// # Errors
/// When a session fails, or is none of FIX.
pub fn fill(session: &Session, plan: &Plan) -> Result<Filled, LoadError> {
    if session.protocol != Protocol::Fix {
        let why = "only a session of FIX asks for messages once more";
        return Err(LoadError::Protocol(why.into()));
    }
    let address = resolve(&session.host, session.port())?;
    let target = session.target(session.protocol);
    let trades = session.plan(plan.connections, OPEN_IN_FLIGHT_MAX);
    let mut fleet = Fleet::connect(address, &target, plan.connections, &trades, session.seed)?;
    fleet.warm(WARM_IN_FLIGHT, WARM)?;
    let how = Loop::Closed {
        in_flight: WARM_IN_FLIGHT,
    };
    while fleet.heard_by_last() < plan.messages {
        fleet.run(how, FILLING, &mut Tally::default())?;
    }
    fleet.drain(DRAIN, &mut Tally::default())?;
    fleet.retire_last();
    Ok(Filled { fleet, plan: *plan })
}

impl Filled {
    /// Messages that will be asked for.
    #[must_use]
    pub const fn messages(&self) -> u64 {
        self.plan.messages
    }

    /// Take the turns.  All requests of a stretch are answered before the next one begins.
    ///
    /// # Errors
    /// When a session fails, or what was asked for does not come.
    pub fn run(mut self) -> Result<Value, LoadError> {
        let Plan {
            rate,
            messages,
            warmup,
            quiet,
            ..
        } = self.plan;
        let (mut beside, mut without) = (Tally::default(), Tally::default());
        let mut resends = Vec::new();
        self.quiet(warmup, &mut Tally::default())?;
        for _ in 0..self.plan.turns {
            self.quiet(quiet, &mut without)?;
            let (told, seconds) = self.fleet.resend(messages, rate, RESEND_MAX, &mut beside)?;
            self.drain(&mut beside)?;
            resends.push(json!({ "messages": told, "seconds": seconds }));
        }
        Ok(json!({
            "resends": resends,
            "beside": side(&beside),
            "without": side(&without),
        }))
    }

    fn quiet(&mut self, time: Duration, tally: &mut Tally) -> Result<(), LoadError> {
        let how = Loop::Open {
            rate: self.plan.rate,
        };
        self.fleet.run(how, time, tally)?;
        self.drain(tally)
    }

    fn drain(&mut self, tally: &mut Tally) -> Result<(), LoadError> {
        match self.fleet.drain(DRAIN, tally)? {
            0 => Ok(()),
            lost => Err(LoadError::Protocol(format!(
                "{lost} requests were never answered"
            ))),
        }
    }
}

fn side(tally: &Tally) -> Value {
    json!({
        "orders": tally.orders(),
        "rejects": tally.rejects,
        "stalls": tally.stalls,
        "latency_us": tally.latency.to_json(),
    })
}
