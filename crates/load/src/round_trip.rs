//! Round trips with one request in flight, in turns: what disturbs one side disturbs the other too.

use std::time::Duration;

use serde_json::{Value, json};

use crate::error::LoadError;
use crate::fleet::{Fleet, Loop, Target};
use crate::mix::Mix;
use crate::report::Tally;
use crate::session_args::{Session, resolve};

/// One turn of one side.
const SLICE: Duration = Duration::from_millis(100);
/// Longest wait for the last answer of a turn.
const DRAIN: Duration = Duration::from_secs(10);
/// Longest time in which the books fill.
const WARM: Duration = Duration::from_secs(60);
/// Requests in flight while the books fill.
const WARM_IN_FLIGHT: usize = 64;

struct Side {
    fleet: Fleet,
    tally: Tally,
}

impl Side {
    fn connect(session: &Session, target: &Target, port: u16) -> Result<Self, LoadError> {
        let mut plan = session.plan(1, WARM_IN_FLIGHT);
        if *target == Target::Echo {
            plan.instruments = vec![1];
            plan.mix = Mix {
                rest: 100,
                cancel: 0,
                cross: 0,
            };
            plan.resting = usize::MAX;
        }
        let address = resolve(&session.host, port)?;
        let mut fleet = Fleet::connect(address, target, 1, &plan, session.seed)?;
        if *target != Target::Echo {
            fleet.warm(WARM_IN_FLIGHT, WARM)?;
            fleet.drain(DRAIN, &mut Tally::default())?;
        }
        Ok(Self {
            fleet,
            tally: Tally::default(),
        })
    }

    fn turn(&mut self) -> Result<(), LoadError> {
        let how = Loop::Closed { in_flight: 1 };
        self.fleet.run(how, SLICE, &mut self.tally)?;
        if self.fleet.drain(DRAIN, &mut self.tally)? > 0 {
            return Err(LoadError::Protocol("a request was never answered".into()));
        }
        Ok(())
    }
}

/// Measure for `duration` over all sides: the exchange's latencies, and those of each echo.
///
/// # Errors
/// When a session fails.
pub fn run(session: &Session, echo_ports: &[u16], duration: Duration) -> Result<Value, LoadError> {
    let mut sides = vec![Side::connect(session, &session.target(), session.port)?];
    for &port in echo_ports {
        sides.push(Side::connect(session, &Target::Echo, port)?);
    }
    for side in &mut sides {
        side.turn()?;
        side.tally.reset();
    }
    let rounds = duration.as_nanos() / (SLICE.as_nanos() * sides.len() as u128);
    for _ in 0..rounds.max(1) {
        for side in &mut sides {
            side.turn()?;
        }
    }
    let echoes: Vec<Value> = sides[1..]
        .iter()
        .map(|side| side.tally.latency.to_json())
        .collect();
    Ok(json!({
        "exchange": sides[0].tally.latency.to_json(),
        "rejects": sides[0].tally.rejects,
        "orders": sides[0].tally.orders(),
        "echoes": echoes,
    }))
}
