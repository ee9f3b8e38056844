//! The instruments, as clients are told of them.

use std::collections::BTreeMap;

use wire::fix::{report, request};
use wire::record::command::Instrument;
use wire::record::event::Event;

/// Every instrument, by its number and by its symbol.
#[derive(Debug, Clone, Default)]
pub struct Instruments {
    by_number: BTreeMap<u32, (Instrument, Box<str>)>,
    by_symbol: BTreeMap<Box<[u8]>, u32>,
}

impl Instruments {
    /// An instrument is there, or is another than it was.
    pub fn set(&mut self, number: u32, filters: Instrument, symbol: &str) {
        self.by_number.insert(number, (filters, symbol.into()));
        self.by_symbol.insert(symbol.as_bytes().into(), number);
    }

    /// Take an event; they come in order.
    #[inline(always)]
    pub fn take(&mut self, event: &Event<'_>) {
        if let Event::InstrumentSet(x, filters, symbol) = event {
            self.set(x.instrument, *filters, symbol);
        }
    }

    /// All of them, or those from one number to another, both included: number, filters, symbol.
    pub fn between(&self, first: u32, last: u32) -> impl Iterator<Item = (u32, &Instrument, &str)> {
        let found = (first <= last).then(|| self.by_number.range(first..=last));
        found
            .into_iter()
            .flatten()
            .map(|(number, (filters, symbol))| (*number, filters, &**symbol))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_number.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_number.is_empty()
    }
}

impl report::Symbols for Instruments {
    fn symbol(&self, instrument: u32) -> &str {
        let found = self.by_number.get(&instrument);
        found.map_or("", |(_, symbol)| symbol)
    }
}

impl request::Instruments for Instruments {
    fn number(&self, symbol: &[u8]) -> Option<u32> {
        self.by_symbol.get(symbol).copied()
    }
}
