//! What everybody may see: instruments, their books by level, their trades.  It can be had alone.

use std::collections::HashMap;

use projection::Bar;
use projection::levels::{LevelChange, Levels, SeqTime};
use wire::record::command::Instrument as Filters;
use wire::record::{Event, Side};

use crate::book::Book;
use crate::dense_map::DenseMap;
use crate::tape::{Print, Tape};

/// What is known of one instrument.
#[derive(Debug)]
pub struct Market {
    /// Symbol.
    pub symbol: Box<str>,
    /// Filters in force.
    pub filters: Filters,
    /// Order book by level.
    pub book: Book,
    /// Trades.
    pub tape: Tape,
}

/// All instruments.
#[derive(Debug)]
pub struct Markets {
    trades_max: usize,
    by_number: DenseMap<Market>,
    by_symbol: HashMap<Box<str>, u32>,
    levels: Levels,
    trade_id: u64,
}

impl Markets {
    /// None yet; of each the newest `trades_max` trades are kept.
    #[must_use]
    pub fn new(trades_max: usize) -> Self {
        Self {
            trades_max,
            by_number: DenseMap::default(),
            by_symbol: HashMap::new(),
            levels: Levels::default(),
            trade_id: 0,
        }
    }

    /// Take an event; they come in order.
    #[inline(always)]
    pub fn take(&mut self, event: &Event<'_>, at: SeqTime) {
        let Self {
            by_number, levels, ..
        } = self;
        levels.apply(event, at, |change| keep(by_number, change));
        match event {
            Event::Trade(x, ..) => {
                self.trade_id = x.trade_id;
                if let Some(market) = self.by_number.get_mut(x.instrument) {
                    market.tape.push(Print::of(x, at));
                }
            }
            Event::InstrumentSet(x, filters, symbol) => self.set(x.instrument, *filters, symbol),
            _ => {}
        }
    }

    /// A command batch is over: the books are the engine's.
    #[inline]
    pub fn end(&mut self) {
        let Self {
            by_number, levels, ..
        } = self;
        levels.end(|change| keep(by_number, change));
    }

    /// An instrument is there, or has new filters.
    pub fn set(&mut self, number: u32, filters: Filters, symbol: &str) {
        let trades_max = self.trades_max;
        let market = self.by_number.slot(number).get_or_insert_with(|| Market {
            symbol: symbol.into(),
            filters,
            book: Book::default(),
            tape: Tape::new(trades_max),
        });
        market.filters = filters;
        self.by_symbol.insert(symbol.into(), number);
    }

    /// A book holds these levels (side, price, quantity, orders) since some event; `last_price` is that
    /// of the last trade, or 0.
    pub fn stand(
        &mut self,
        number: u32,
        at: SeqTime,
        last_price: i64,
        levels: impl IntoIterator<Item = (Side, i64, i64, u32)>,
    ) {
        let Some(market) = self.by_number.get_mut(number) else {
            return;
        };
        market.book.touch(at);
        for (side, price, qty, orders) in levels {
            let (qty, orders) = (i128::from(qty), u64::from(orders));
            market.book.set(side, price, qty, orders);
        }
        if last_price != 0 {
            market.tape.set_last(last_price);
        }
    }

    /// The id of the last trade is this, though it was not seen.
    pub const fn set_trade_id(&mut self, trade_id: u64) {
        self.trade_id = trade_id;
    }

    /// Id of the last trade of all instruments.
    #[must_use]
    pub const fn trade_id(&self) -> u64 {
        self.trade_id
    }

    /// The instrument of this number.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&Market> {
        self.by_number.get(number)
    }

    /// The number of the instrument of this symbol.
    #[must_use]
    pub fn number(&self, symbol: &str) -> Option<u32> {
        self.by_symbol.get(symbol).copied()
    }

    /// Numbers and instruments, by number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Market)> {
        self.by_number.iter()
    }

    /// Put what the store knows of the rolling day before what was seen here.
    pub fn fill(&mut self, symbol: &str, bars: impl IntoIterator<Item = (u64, Bar)>) {
        let number = self.number(symbol);
        if let Some(market) = number.and_then(|number| self.by_number.get_mut(number)) {
            market.tape.fill(bars);
        }
    }
}

#[inline(always)]
fn keep(markets: &mut DenseMap<Market>, change: &LevelChange) {
    if let Some(market) = markets.get_mut(change.instrument) {
        market.book.apply(change);
    }
}
