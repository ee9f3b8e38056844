//! Round trips with one request in flight, in turns: what disturbs one side disturbs the other too.

use std::time::Duration;

use serde_json::{Value, json};

use crate::codec::Protocol;
use crate::error::LoadError;
use crate::fleet::{Fleet, Loop};
use crate::mix::Mix;
use crate::opening::Target;
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
        let is_echo = matches!(target, Target::Echo(_));
        let mut plan = session.plan(1, WARM_IN_FLIGHT);
        if is_echo {
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
        if !is_echo {
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

/// Measure for `duration` over all sides: the exchange's latencies, those of its binary protocol beside it, and
/// those of each echo.
///
/// # Errors
/// When a session fails.
pub fn run(
    session: &Session,
    binary_port: Option<u16>,
    echo_ports: &[u16],
    duration: Duration,
) -> Result<Value, LoadError> {
    let protocol = session.protocol;
    let target = session.target(protocol);
    let mut sides = vec![Side::connect(session, &target, session.port())?];
    if let Some(port) = binary_port {
        let target = session.target(Protocol::Binary);
        sides.push(Side::connect(session, &target, port)?);
    }
    let exchanges = sides.len();
    for &port in echo_ports {
        sides.push(Side::connect(session, &Target::Echo(protocol), port)?);
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
    let latency = |side: &Side| side.tally.latency.to_json();
    let (exchange, echoes) = sides.split_at(exchanges);
    Ok(json!({
        "exchange": latency(&exchange[0]),
        "binary": exchange.get(1).map(latency),
        "rejects": exchange[0].tally.rejects,
        "orders": exchange[0].tally.orders(),
        "echoes": echoes.iter().map(latency).collect::<Vec<Value>>(),
    }))
}
