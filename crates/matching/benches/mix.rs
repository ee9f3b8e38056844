//! The flow that the core is measured with: 48 % orders that rest, 42 % cancels, 10 % that cross.
//!
//! It is made with an engine beside it, so that cancels name open orders; it is encoded before
//! anything is timed.
#![allow(clippy::unwrap_used)]

use matching::Engine;
use wire::record::command::{
    Cancel, EntryOpen, Instrument, NO_INSTRUMENT, NewOrder, SetInstrument,
};
use wire::record::{
    Command, CommandBatch, CommandBatchHeader, EntryKind, Event, EventBatch, OrdType, Side, Stp,
    TimeInForce,
};

/// Commands a batch.
pub const BATCH: usize = 1_000;
const ENTRIES: u32 = 16;
const MID: i64 = 1_000_000;

/// A small generator of numbers (SplitMix64).
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(x ^ (x >> 31)) * u128::from(n)) >> 64) as u64
    }
}

/// What flow to make.
#[derive(Debug, Clone, Copy)]
pub struct Mix {
    pub symbols: u32,
    /// Orders that rest, over all books.
    pub resting: usize,
    /// Price levels on each side of each book.
    pub levels: u64,
    /// How many in a hundred are orders that rest.
    pub adds: u64,
    /// How many in a hundred are cancels; the rest crosses.
    pub cancels: u64,
    /// The protocol: FIX names its orders by text.
    pub kind: EntryKind,
    pub seed: u64,
}

impl Default for Mix {
    fn default() -> Self {
        Self {
            symbols: 4,
            resting: 100_000,
            levels: 10,
            adds: 48,
            cancels: 42,
            kind: EntryKind::Binary,
            seed: 1,
        }
    }
}

impl Mix {
    pub fn start(self) -> Flow {
        Flow {
            mix: self,
            random: Random::new(self.seed),
            engine: Engine::new(0),
            nums: vec![0; ENTRIES as usize],
            open: Vec::new(),
            open_index: std::collections::HashMap::new(),
            sent: 0,
            rejects: 0,
        }
    }
}

/// A flow that is being made.
#[derive(Debug)]
pub struct Flow {
    mix: Mix,
    random: Random,
    engine: Engine,
    nums: Vec<u64>,
    /// Open orders: entry and ClOrdID.
    open: Vec<(u32, u64)>,
    open_index: std::collections::HashMap<(u32, u64), usize>,
    sent: usize,
    rejects: usize,
}

impl Flow {
    /// Commands made so far, those that fill the books not counted.
    pub const fn sent(&self) -> usize {
        self.sent
    }

    /// How many of them were refused.
    pub const fn rejects(&self) -> usize {
        self.rejects
    }

    /// Batches that open entries and instruments, and fill the books.
    pub fn fill(&mut self) -> Vec<Vec<u8>> {
        let mut batches = vec![self.seal(&self.setup())];
        while self.open.len() < self.mix.resting {
            let missing = (self.mix.resting - self.open.len()).min(BATCH);
            let commands: Vec<_> = (0..missing).map(|_| self.add()).collect();
            batches.push(self.seal(&commands));
        }
        batches
    }

    /// Batches of the mix.
    pub fn batches(&mut self, count: usize) -> Vec<Vec<u8>> {
        (0..count)
            .map(|_| {
                self.sent += BATCH;
                let commands: Vec<_> = (0..BATCH).map(|_| self.command()).collect();
                self.seal(&commands)
            })
            .collect()
    }

    /// The ClOrdID in text of the request of this number; none but in FIX.
    fn text(&self, num: u64) -> String {
        if self.mix.kind == EntryKind::Fix {
            format!("ORDER-{num:014}")
        } else {
            String::new()
        }
    }

    fn setup(&self) -> Vec<(Command<'static>, Option<String>)> {
        let spec = Instrument {
            qty_min: 1,
            ..Instrument::UNLIMITED
        };
        let open = EntryOpen {
            kind: self.mix.kind,
            cancel_on_disconnect: false,
            stp: Stp::None,
        };
        let symbols = (0..self.mix.symbols).map(|i| {
            (
                Command::Instrument(SetInstrument { instrument: i + 1 }, spec, ""),
                Some(format!("SYMBOL{i}")),
            )
        });
        let entries =
            (0..ENTRIES).map(|i| (Command::EntryOpen(open, "", ""), Some(format!("demo{i}"))));
        symbols.chain(entries).collect()
    }

    fn command(&mut self) -> (Command<'static>, Option<String>) {
        let share = self.random.below(100);
        if share < self.mix.adds {
            self.add()
        } else if share < self.mix.adds + self.mix.cancels && !self.open.is_empty() {
            self.cancel()
        } else {
            self.cross()
        }
    }

    fn new_order(
        &mut self,
        side: Side,
        price: i64,
        qty: i64,
        tif: TimeInForce,
    ) -> Command<'static> {
        let entry = self.random.below(u64::from(ENTRIES)) as u32;
        self.nums[entry as usize] += 1;
        let instrument = 1 + self.random.below(u64::from(self.mix.symbols)) as u32;
        let new = NewOrder {
            entry: entry + 1,
            num: self.nums[entry as usize],
            price,
            qty,
            instrument,
            side,
            ord_type: OrdType::Limit,
            tif,
            exec_inst: 0,
            stp: Stp::Default,
        };
        Command::New(new, "", "")
    }

    fn side(&mut self) -> Side {
        if self.random.below(2) == 0 {
            Side::Buy
        } else {
            Side::Sell
        }
    }

    fn add(&mut self) -> (Command<'static>, Option<String>) {
        let side = self.side();
        let away = 1 + self.random.below(self.mix.levels) as i64;
        let price = if side == Side::Buy {
            MID - away
        } else {
            MID + away
        };
        let qty = 1 + self.random.below(10) as i64;
        (self.new_order(side, price, qty, TimeInForce::Gtc), None)
    }

    /// Takes about 0.6 orders off the other side, so that the number of resting orders stays.
    fn cross(&mut self) -> (Command<'static>, Option<String>) {
        let side = self.side();
        let far = self.mix.levels as i64;
        let price = if side == Side::Buy {
            MID + far
        } else {
            MID - far
        };
        let qty = 1 + self.random.below(6) as i64;
        (self.new_order(side, price, qty, TimeInForce::Ioc), None)
    }

    fn cancel(&mut self) -> (Command<'static>, Option<String>) {
        let at = self.random.below(self.open.len() as u64) as usize;
        let (entry, orig_num) = self.open[at];
        self.forget(entry, orig_num);
        self.nums[entry as usize - 1] += 1;
        let cancel = Cancel {
            entry,
            num: self.nums[entry as usize - 1],
            orig_num,
            order_id: 0,
            instrument: NO_INSTRUMENT,
            poss_resend: false,
        };
        (Command::Cancel(cancel, "", "", ""), None)
    }

    fn forget(&mut self, entry: u32, num: u64) {
        if let Some(at) = self.open_index.remove(&(entry, num)) {
            self.open.swap_remove(at);
            if let Some(moved) = self.open.get(at) {
                self.open_index.insert(*moved, at);
            }
        }
    }

    /// Encode a batch, and let the engine beside say what becomes of it.
    fn seal(&mut self, commands: &[(Command<'static>, Option<String>)]) -> Vec<u8> {
        let mut records = Vec::new();
        for (command, name) in commands {
            match (command, name) {
                (Command::Instrument(set, spec, _), Some(name)) => {
                    Command::Instrument(*set, *spec, name).encode(&mut records);
                }
                (Command::EntryOpen(open, ..), Some(name)) => {
                    Command::EntryOpen(*open, name, name).encode(&mut records);
                }
                (Command::New(new, ..), _) => {
                    Command::New(*new, "", &self.text(new.num)).encode(&mut records);
                }
                (Command::Cancel(cancel, ..), _) => self.encode(cancel, &mut records),
                _ => command.encode(&mut records),
            }
        }
        let header = CommandBatchHeader {
            magic: 0,
            len: 0,
            gateway: 0,
            incarnation: 0,
            number: 0,
            stamp_ns: 0,
            count: commands.len() as u32,
        };
        let mut batch = Vec::new();
        CommandBatch::write(header, &records, &mut batch);
        let mut out = Vec::new();
        let offset = self.engine.position().command_offset + 1;
        self.engine.apply(offset, 0, &batch, &mut out).unwrap();
        let mut rest = &out[..];
        while !rest.is_empty() {
            for event in EventBatch::take(&mut rest).unwrap().events() {
                self.hear(&event.unwrap().1);
            }
        }
        batch
    }

    fn encode(&self, cancel: &Cancel, records: &mut Vec<u8>) {
        let (order, request) = (self.text(cancel.orig_num), self.text(cancel.num));
        let mut cancel = *cancel;
        if self.mix.kind == EntryKind::Fix {
            cancel.orig_num = 0;
        }
        Command::Cancel(cancel, "", &order, &request).encode(records);
    }

    fn hear(&mut self, event: &Event<'_>) {
        match event {
            Event::Accepted(new, _) if new.tif == TimeInForce::Gtc => {
                self.open_index
                    .insert((new.entry, new.num), self.open.len());
                self.open.push((new.entry, new.num));
            }
            Event::Trade(trade, ..) if trade.maker_leaves == 0 => {
                self.forget(trade.maker_entry, trade.maker_num);
            }
            Event::Rejected(..) | Event::CancelRejected(..) => self.rejects += 1,
            _ => {}
        }
    }
}
