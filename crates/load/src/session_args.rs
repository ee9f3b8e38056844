//! What the command line says of a session: how to reach the exchange, and what to trade there.

use std::fmt::Display;
use std::net::{SocketAddr, ToSocketAddrs};
use std::ops::RangeInclusive;
use std::str::FromStr;

use clap::Args;

use crate::codec::Protocol;
use crate::error::LoadError;
use crate::mix::Mix;
use crate::opening::Target;
use crate::trader::Plan;

/// Most of anything that is counted on the command line.
const COUNT_MAX: usize = 10_000_000;

/// A number of this range, or what is wanted instead.
pub(crate) fn within<T>(text: &str, range: &RangeInclusive<T>) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    match text.parse() {
        Ok(value) if range.contains(&value) => Ok(value),
        _ => Err(format!(
            "a number from {} to {} is wanted",
            range.start(),
            range.end()
        )),
    }
}

pub(crate) fn count(text: &str) -> Result<usize, String> {
    within(text, &(1..=COUNT_MAX))
}

/// How to reach the exchange, and what to trade there.
#[derive(Debug, Clone, Args)]
pub struct Session {
    /// Host of the exchange.
    #[arg(long, default_value = "127.0.0.1")]
    pub host: String,
    /// What is spoken.
    #[arg(long, value_enum, default_value_t = Protocol::Binary)]
    pub protocol: Protocol,
    /// Its port; by default 9879 of the binary protocol, 9878 of FIX.
    #[arg(long)]
    pub port: Option<u16>,
    /// Users are this and a number from 1.
    #[arg(long, default_value = "demo")]
    pub user_prefix: String,
    /// Their password.
    #[arg(long, default_value = "demo")]
    pub password: String,
    /// The exchange's CompID, in FIX.
    #[arg(long, default_value = "QUANTSCOPE")]
    pub target_comp_id: String,
    /// Numbers of the instruments, with commas; by default the exchange's first four.
    #[arg(long, value_delimiter = ',')]
    pub instruments: Vec<u32>,
    /// Symbols of the instruments, with commas, in FIX; the exchange is asked for them unless they are given.
    #[arg(long, value_delimiter = ',')]
    pub symbols: Vec<String>,
    /// Orders that rest when the books are warm, over all sessions.
    #[arg(long, default_value_t = 20_000, value_parser = count)]
    pub resting: usize,
    /// Shares in percent: new orders that rest, cancels, orders that cross.
    #[arg(long, default_value = "45/45/10")]
    pub mix: Mix,
    /// Seed of the random choices.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Session {
    /// The port of the exchange, or of an echo.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.protocol {
            Protocol::Binary => 9879,
            Protocol::Fix => 9878,
        })
    }

    /// The exchange as a target.
    #[must_use]
    pub fn target(&self, protocol: Protocol) -> Target {
        Target::Exchange {
            protocol,
            comp_id: self.target_comp_id.clone(),
            user_prefix: self.user_prefix.clone(),
            password: self.password.clone(),
            symbols: self.symbols.clone(),
        }
    }

    /// What each of `connections` sessions trades, with so many requests out at most.
    #[must_use]
    pub fn plan(&self, connections: usize, in_flight_max: usize) -> Plan {
        Plan {
            mix: self.mix,
            instruments: self.instruments.clone(),
            resting: (self.resting / connections.max(1)).max(1),
            in_flight_max,
        }
    }
}

/// The address of `host` and `port`.
pub(crate) fn resolve(host: &str, port: u16) -> Result<SocketAddr, LoadError> {
    (host, port)
        .to_socket_addrs()?
        .next()
        .ok_or_else(|| LoadError::Protocol(format!("{host} has no address")))
}
