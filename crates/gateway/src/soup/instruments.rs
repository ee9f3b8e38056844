//! What clients are told of instruments when they ask which there are.

use std::collections::BTreeMap;

use wire::record::command::Instrument;
use wire::record::event::Event;
use wire::sbe::{encode_no_security, encode_security};

/// Every instrument, by its number.
#[derive(Debug, Clone, Default)]
pub struct Instruments(BTreeMap<u32, (Instrument, Box<str>)>);

impl Instruments {
    /// An instrument is there, or is another than it was.
    pub fn set(&mut self, number: u32, filters: Instrument, symbol: &str) {
        self.0.insert(number, (filters, symbol.into()));
    }

    /// Take an event; they come in order.
    #[inline(always)]
    pub fn take(&mut self, event: &Event<'_>) {
        if let Event::InstrumentSet(x, filters, symbol) = event {
            self.set(x.instrument, *filters, symbol);
        }
    }

    /// The answer to a `SecurityListRequest`: the instrument that is asked for, or all.
    pub fn answer(&self, req_id: u64, instrument: Option<u32>, out: &mut Vec<u8>) {
        let told: Vec<_> = self
            .0
            .iter()
            .filter(|(number, _)| instrument.is_none_or(|asked| asked == **number))
            .collect();
        let total = told.len() as u32;
        let mut left = total;
        for (number, (filters, symbol)) in told {
            left = left.saturating_sub(1);
            encode_security(req_id, *number, filters, symbol, total, left == 0, out);
        }
        if total == 0 {
            encode_no_security(req_id, instrument.unwrap_or(u32::MAX), out);
        }
    }
}
