//! Commands at and around every bound: of types, of filters, of what stands in the book, of time.

use wire::record::command::{
    Cancel, EntryClosed, Instrument, MassCancel, NO_ENTRY, NO_INSTRUMENT, NO_PRICE, NO_QTY,
    NewOrder, Replace, SetInstrument,
};
use wire::record::{Command, ExecInst, MassCancelType, OrdType, Side, Stp, TimeInForce};

use crate::exchange::{BINARY, Deed, Exchange, FACADE, SYMBOLS, Step, asked_after};
use crate::numbers::Random;

const SECOND_NS: u64 = 1_000_000_000;
const MINUTE_NS: u64 = 60 * SECOND_NS;
const DAY_NS: u64 = 1_440 * MINUTE_NS;
/// The highest time that a system's clock tells, and the store holds.
const TIME_MAX: u64 = i64::MAX as u64;
const USERS: [&str; 3] = ["a", "b", "c"];
const STPS: [Stp; 6] = [
    Stp::Default,
    Stp::None,
    Stp::CancelNewest,
    Stp::CancelOldest,
    Stp::CancelBoth,
    Stp::Decrement,
];

/// Makes one sequence of steps.
pub struct Flow {
    pub random: Random,
    time_ns: u64,
    nums: [u64; 4],
    /// Of a hundred orders, how many take what stands on the other side.
    takes: usize,
}

impl Flow {
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let days = random.below(20) as u64 * DAY_NS;
        let time_ns = random.pick(&[SECOND_NS, 1_700_000_000 * SECOND_NS, TIME_MAX - days]);
        let takes = random.pick(&[20, 50, 80]);
        Self {
            random,
            time_ns,
            nums: [0; 4],
            takes,
        }
    }

    /// The instruments, to begin with.
    pub fn opening(&mut self) -> Step {
        let commands =
            SYMBOLS.map(|symbol| Command::Instrument(number_of(symbol), self.spec(), symbol));
        let count = 1 + self.random.below(SYMBOLS.len());
        Step {
            gateway: 0,
            time_ns: self.time_ns,
            commands: commands[..count].to_vec(),
            deed: Deed::Nothing,
            asked_after_ns: 0,
        }
    }

    pub fn step(&mut self, exchange: &Exchange) -> Step {
        self.pass_time(exchange);
        let gateway = self.random.pick(&[0, BINARY, FACADE, FACADE]);
        let count = self.random.pick(&[1, 1, 1, 2, 4]);
        let commands = (0..count).map(|_| self.command(exchange)).collect();
        let deed = match self.random.below(16) {
            0 => Deed::Restart,
            1..4 => Deed::Record,
            _ => Deed::Nothing,
        };
        Step {
            gateway,
            time_ns: self.time_ns,
            commands,
            deed,
            asked_after_ns: asked_after(&mut self.random, exchange, self.time_ns),
        }
    }

    fn pass_time(&mut self, exchange: &Exchange) {
        let now = self.time_ns;
        let minute = now / MINUTE_NS * MINUTE_NS + MINUTE_NS;
        let end = exchange.engine.instruments().map(|it| it.session_end_ns);
        let end = end.min().unwrap_or(now);
        let next = match self.random.below(24) {
            0 => minute - 1 + self.random.below(3) as u64,
            1 => end.saturating_sub(self.random.below(2) as u64),
            2 => {
                now + self
                    .random
                    .pick(&[DAY_NS / 3, DAY_NS - 1, DAY_NS, 3 * DAY_NS])
            }
            3 => now.saturating_sub(MINUTE_NS),
            4..10 => now + self.random.next() % MINUTE_NS,
            10..16 => now + self.random.next() % SECOND_NS,
            _ => now,
        };
        self.time_ns = next.min(TIME_MAX);
    }

    /// Filters: none, the tightest, or with bounds anywhere.
    fn spec(&mut self) -> Instrument {
        let random = &mut self.random;
        let mut spec = Instrument {
            tick: random.pick(&[0, 1]),
            lot: random.pick(&[0, 1]),
            session_end_s: random.pick(&[0, 1, 3_600, 86_399, 86_400, u32::MAX]),
            ..Instrument::UNLIMITED
        };
        if random.one_in(4) {
            return spec;
        }
        if random.one_in(2) {
            spec.tick = random.edge();
        }
        if random.one_in(2) {
            spec.lot = random.edge();
        }
        if random.one_in(3) {
            spec.qty_min = random.edge();
        }
        if random.one_in(3) {
            spec.qty_max = random.edge();
        }
        if random.one_in(3) {
            // The value of an order at bounds, in units of 10^-16, and so beside it.
            let value = i128::from(random.edge()) * i128::from(random.edge()) / 100_000_000;
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            spec.notional_min = random.beside(value).max(0);
        }
        if random.one_in(3) {
            let bands = [1, 400, 9_999, 10_000, 10_001, 1 << 31, u32::MAX];
            spec.price_band_bps = random.pick(&bands);
        }
        if random.one_in(3) {
            spec.orders_per_side_max = random.pick(&[1, 2, 3, u32::MAX]);
        }
        spec.open = !random.one_in(12);
        spec
    }

    fn command(&mut self, exchange: &Exchange) -> Command<'static> {
        match self.random.below(100) {
            0..70 => self.new_order(exchange),
            70..90 => self.replace(exchange),
            90..95 => self.cancel(exchange),
            95..97 => self.mass_cancel(),
            97 => Command::EntryClosed(EntryClosed {
                entry: 1 + self.random.below(3) as u32,
            }),
            98 => Command::Instrument(number_of(SYMBOLS[0]), self.spec(), SYMBOLS[0]),
            _ => Command::Tick,
        }
    }

    /// Entry, user and number of who speaks.
    fn who(&mut self, entry: Option<u32>) -> (u32, &'static str, u64) {
        let entry = entry.unwrap_or(self.random.below(7) as u32);
        let speaker = if (1..=3).contains(&entry) { entry } else { 0 };
        let num = &mut self.nums[speaker as usize];
        *num += 1;
        match speaker {
            0 => (NO_ENTRY, self.random.pick(&USERS), *num),
            entry => (entry, "", *num),
        }
    }

    fn instrument(&mut self, exchange: &Exchange) -> (u32, Instrument, i64) {
        let all: Vec<_> = exchange.engine.instruments().collect();
        let it = all[self.random.below(all.len())];
        (it.id, it.spec, it.last_price)
    }

    fn new_order(&mut self, exchange: &Exchange) -> Command<'static> {
        let (instrument, spec, last) = self.instrument(exchange);
        let side = self.random.pick(&[Side::Buy, Side::Sell]);
        let (entry, user, num) = self.who(None);
        let (price, qty) = if self.random.below(100) < self.takes {
            self.taking(exchange, instrument, side)
        } else {
            None
        }
        .unwrap_or_else(|| {
            let price = self.price(&spec, last);
            (price, self.qty(exchange, (instrument, side), &spec))
        });
        let market = self.random.one_in(12);
        let tifs = [
            TimeInForce::Gtc,
            TimeInForce::Day,
            TimeInForce::Ioc,
            TimeInForce::Fok,
        ];
        let tif = match self.random.below(8) {
            index @ 0..4 => tifs[index],
            _ => TimeInForce::Gtc,
        };
        let new = NewOrder {
            entry,
            num,
            price: if market { NO_PRICE } else { price },
            qty,
            instrument,
            side,
            ord_type: if market {
                OrdType::Market
            } else {
                OrdType::Limit
            },
            tif,
            exec_inst: if self.random.one_in(12) {
                ExecInst::POST_ONLY
            } else {
                0
            },
            stp: self.random.pick(&STPS),
        };
        Command::New(new, user, "")
    }

    /// Price and quantity of an order that takes what stands on the other side: a part of the best level,
    /// all of it, several levels, and one more or less.
    fn taking(&mut self, exchange: &Exchange, instrument: u32, side: Side) -> Option<(i64, i64)> {
        let levels: Vec<_> = exchange
            .engine
            .levels(instrument, side.opposite())
            .collect();
        let reach = self.random.below(levels.len().min(3) + 1);
        let levels = &levels[..reach];
        let price = levels.last()?.price;
        let sum: i128 = levels.iter().map(|level| i128::from(level.qty)).sum();
        let sum = i64::try_from(sum).unwrap_or(i64::MAX);
        let qty = match self.random.below(4) {
            0 => levels[0].qty,
            1 => self.random.edge(),
            _ => sum,
        };
        let qty = self.random.beside(qty);
        Some((price, qty))
    }

    fn aligned(&mut self, number: i64, step: i64) -> i64 {
        if step < 2 || self.random.one_in(12) {
            return number;
        }
        match number - number % step {
            0 => step,
            multiple => multiple,
        }
    }

    fn price(&mut self, spec: &Instrument, last: i64) -> i64 {
        let random = &mut self.random;
        let band = i128::from(last) * i128::from(spec.price_band_bps) / 10_000;
        let banded = |sign: i128| {
            let edge = i128::from(last) + sign * band;
            i64::try_from(edge).unwrap_or(i64::MAX)
        };
        let price = match random.below(16) {
            0..4 if last > 0 => random.beside(banded(1)),
            4..8 if last > 0 => random.beside(banded(-1)),
            8 => random.pick(&[0, -1, i64::MIN + 1, NO_PRICE]),
            9..11 => random.pick(&[i64::MAX, i64::MAX - 1]),
            _ => random.edge(),
        };
        self.aligned(price, spec.tick)
    }

    /// A quantity: at a filter, at a bound, or what just fills its side of the book.
    fn qty(&mut self, exchange: &Exchange, side: (u32, Side), spec: &Instrument) -> i64 {
        let standing = exchange.ledger.side(side.0, side.1).0;
        let left = i64::try_from(i128::from(i64::MAX) - standing).unwrap_or(0);
        let random = &mut self.random;
        let qty = match random.below(16) {
            0..2 => random.beside(spec.qty_min),
            2..4 => random.beside(spec.qty_max),
            4..7 => random.beside(left),
            7 => random.beside(left / 2),
            8 => random.pick(&[0, -1, i64::MIN, i64::MIN + 1]),
            _ => random.edge(),
        };
        self.aligned(qty, spec.lot)
    }

    /// An open order, as a rule, and who asks: its own entry or any.
    fn named(&mut self, exchange: &Exchange) -> Option<matching::OrderView<'static>> {
        let open: Vec<_> = exchange.engine.orders().collect();
        let order = open.get(self.random.below(open.len().max(1)))?;
        Some(matching::OrderView { text: "", ..*order })
    }

    fn replace(&mut self, exchange: &Exchange) -> Command<'static> {
        let Some(order) = self.named(exchange) else {
            return self.new_order(exchange);
        };
        let views = exchange.engine.instruments();
        let spec = views
            .map(|it| (it.spec, it.last_price))
            .nth(order.instrument as usize - 1);
        let (spec, last) = spec.expect("an instrument");
        let standing = exchange.ledger.side(order.instrument, order.side).0;
        let room = i128::from(i64::MAX) - standing + i128::from(order.qty);
        let room = i64::try_from(room).unwrap_or(i64::MAX);
        let random = &mut self.random;
        let qty = match random.below(8) {
            0 => random.beside(order.cum),
            1 => random.beside(order.qty),
            2 => random.beside(room),
            3 => order.cum + order.leaves / 2,
            4 => NO_QTY,
            _ => self.qty(exchange, (order.instrument, order.side), &spec),
        };
        let price = match self.random.below(3) {
            0 => NO_PRICE,
            1 => self
                .taking(exchange, order.instrument, order.side)
                .map_or(order.price, |(price, _)| price),
            _ => self.price(&spec, last),
        };
        let (entry, user, num) = self.who(Some(order.entry));
        let replace = Replace {
            entry,
            num,
            orig_num: 0,
            order_id: order.order_id,
            price,
            qty,
            instrument: NO_INSTRUMENT,
            poss_resend: false,
        };
        // Who asks by the order's id alone asks for its account.
        Command::Replace(replace, if entry == NO_ENTRY { "" } else { user }, "", "")
    }

    fn cancel(&mut self, exchange: &Exchange) -> Command<'static> {
        let order_id = self
            .named(exchange)
            .map_or(self.random.next(), |it| it.order_id);
        let (_, _, num) = self.who(Some(0));
        let cancel = Cancel {
            entry: NO_ENTRY,
            num,
            orig_num: 0,
            order_id,
            instrument: NO_INSTRUMENT,
            poss_resend: false,
        };
        Command::Cancel(cancel, "", "", "")
    }

    fn mass_cancel(&mut self) -> Command<'static> {
        let (entry, user, num) = self.who(None);
        let mass = MassCancel {
            entry,
            num,
            instrument: 1,
            kind: self
                .random
                .pick(&[MassCancelType::Security, MassCancelType::All]),
            side: self.random.below(3) as u8,
            quiet: false,
            prior: 0,
        };
        Command::MassCancel(mass, user, "")
    }
}

/// The number of an instrument.
fn number_of(symbol: &str) -> SetInstrument {
    let index = SYMBOLS.iter().position(|known| *known == symbol);
    SetInstrument {
        instrument: index.map_or(0, |index| index as u32 + 1),
    }
}
