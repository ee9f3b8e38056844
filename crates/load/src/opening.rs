//! How the sessions of a fleet are opened, by protocol, and which instruments they trade.

use std::net::{SocketAddr, TcpStream};

use crate::binary::Binary;
use crate::codec::{Codec, Protocol};
use crate::error::LoadError;
use crate::fix::{Fix, Symbols};
use crate::fix_session::Line;
use crate::session::{instruments, login};
use crate::time::wall_ns;

/// Instruments that are traded when none are named.
const INSTRUMENTS: usize = 4;
/// What an echo is sent orders of.
const ECHO_SYMBOL: &str = "BTCUSD";

/// The other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An exchange: each session logs in as the prefix and its number from 1.
    Exchange {
        /// What is spoken.
        protocol: Protocol,
        /// What stands before the number in a user's name.
        user_prefix: String,
        /// Password of all of them.
        password: String,
        /// The exchange's CompID, in FIX.
        comp_id: String,
        /// Symbols of its instruments, in FIX; it is asked for them where there are none.
        symbols: Vec<String>,
    },
    /// A server that sends back what it gets.
    Echo(Protocol),
}

/// A session that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The connection.
    pub stream: TcpStream,
    /// What came on it and was not read.
    pub received: Vec<u8>,
    /// The session.
    pub codec: Box<dyn Codec>,
    /// Its ClOrdIDs come after this one.
    pub last_cl_ord_id: u64,
}

/// Opens one session after the other.
#[derive(Debug)]
pub struct Opening<'a> {
    address: SocketAddr,
    target: &'a Target,
    symbols: Symbols,
}

impl<'a> Opening<'a> {
    /// Sessions at this address.
    #[must_use]
    pub fn new(address: SocketAddr, target: &'a Target) -> Self {
        Self {
            address,
            target,
            symbols: Symbols::default(),
        }
    }

    /// Open the session of this index; the first one chooses what all of them trade.
    ///
    /// # Errors
    /// When it can't be had.
    pub fn open(&mut self, index: usize, wanted: &mut Vec<u32>) -> Result<Opened, LoadError> {
        match self.target {
            Target::Echo(protocol) => self.echo(*protocol),
            Target::Exchange {
                protocol,
                user_prefix,
                password,
                comp_id,
                symbols,
            } => {
                let user = format!("{user_prefix}{}", index + 1);
                match protocol {
                    Protocol::Binary => self.binary(&user, password, index == 0, wanted),
                    Protocol::Fix => {
                        let first = (index == 0).then_some(symbols.as_slice());
                        self.fix((&user, comp_id), password, first, wanted)
                    }
                }
            }
        }
    }

    fn echo(&self, protocol: Protocol) -> Result<Opened, LoadError> {
        let codec: Box<dyn Codec> = match protocol {
            Protocol::Binary => Box::new(Binary),
            Protocol::Fix => {
                let mut fix = Fix::new("demo1", "ECHO");
                fix.symbols = [ECHO_SYMBOL.into()].into();
                Box::new(fix)
            }
        };
        Ok(Opened {
            stream: TcpStream::connect(self.address)?,
            received: Vec::new(),
            codec,
            last_cl_ord_id: 0,
        })
    }

    fn binary(
        &self,
        user: &str,
        password: &str,
        first: bool,
        wanted: &mut Vec<u32>,
    ) -> Result<Opened, LoadError> {
        let mut login = login(self.address, user, password)?;
        if first {
            choose(wanted, instruments(&mut login.stream)?)?;
        }
        Ok(Opened {
            stream: login.stream,
            received: Vec::new(),
            codec: Box::new(Binary),
            last_cl_ord_id: login.last_cl_ord_id,
        })
    }

    fn fix(
        &mut self,
        names: (&str, &str),
        password: &str,
        first: Option<&[String]>,
        wanted: &mut Vec<u32>,
    ) -> Result<Opened, LoadError> {
        let mut line = Line::logon(self.address, names, password)?;
        if let Some(symbols) = first {
            self.symbols = if symbols.is_empty() {
                line.symbols()?.into()
            } else {
                symbols
                    .iter()
                    .map(|symbol| symbol.as_str().into())
                    .collect()
            };
            choose(wanted, (1..=self.symbols.len() as u32).collect())?;
        }
        line.fix.symbols = Symbols::clone(&self.symbols);
        Ok(Opened {
            stream: line.stream,
            received: line.received,
            codec: Box::new(line.fix),
            // Nobody tells which were used before. No run sends as many as one in a microsecond of a session, so
            // that those of the next one are others.
            last_cl_ord_id: wall_ns() / 1_000,
        })
    }
}

/// What is traded of what the exchange has: what was asked for, or the first few.
fn choose(wanted: &mut Vec<u32>, mut known: Vec<u32>) -> Result<(), LoadError> {
    if let Some(number) = wanted.iter().find(|number| !known.contains(number)) {
        return Err(LoadError::Instrument(*number));
    }
    if wanted.is_empty() {
        known.truncate(INSTRUMENTS);
        *wanted = known;
    }
    if wanted.is_empty() {
        return Err(LoadError::Protocol("the exchange has no instrument".into()));
    }
    Ok(())
}
