//! An engine that is sent commands at random, and stores of its events.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use matching::Engine;
use store::audit::{Report, Watch};
use store::{Audit, Recorder, seed_of};
use wire::record::command::{
    Cancel, EntryOpen, Instrument, NO_ENTRY, NO_INSTRUMENT, NO_PRICE, NewOrder, Raise, Replace,
    SetInstrument,
};
use wire::record::{
    Command, CommandBatch, CommandBatchHeader, EntryKind, EventBatch, OrdType, Side, Stp,
    TimeInForce,
};

/// A directory that goes away with the test.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("audit-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % below
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

pub fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

/// What happened: the engine behind it, and its event batches.
pub struct Play {
    pub engine: Engine,
    pub batches: Vec<Vec<u8>>,
    random: Random,
    time_ns: u64,
    nums: [u64; 4],
}

impl Play {
    /// Some 400 commands: orders that trade, rest, are amended, canceled and refused; numbers that are
    /// raised; one order with a long history.
    pub fn new(seed: u64) -> Self {
        let mut play = Self {
            engine: Engine::new(1),
            batches: Vec::new(),
            random: Random::new(seed),
            time_ns: 1_700_000_000_000_000_000,
            nums: [0; 4],
        };
        let open = EntryOpen {
            kind: EntryKind::Binary,
            cancel_on_disconnect: false,
            stp: Stp::None,
        };
        let spec = Instrument {
            tick: 1,
            lot: 1,
            qty_max: 500,
            ..Instrument::UNLIMITED
        };
        for command in [
            Command::Instrument(SetInstrument { instrument: 1 }, spec, "ONE"),
            Command::Instrument(SetInstrument { instrument: 2 }, spec, "TWO"),
            Command::EntryOpen(open, "one", "one"),
            Command::EntryOpen(open, "two", "two"),
        ] {
            play.send(&[command]);
        }
        for step in 0..400 {
            let command = play.command();
            play.send(&[command]);
            if step == 100 || step == 300 {
                play.long_life();
            }
            if step == 200 || step == 370 {
                let count = play.engine.counts();
                let raise = Raise {
                    orders: count.orders + 1_000,
                    trades: count.trades + 500,
                    events: play.engine.position().event_seq + 10_000,
                };
                play.send(&[Command::Raise(raise)]);
            }
        }
        play
    }

    fn send(&mut self, commands: &[Command<'_>]) {
        self.time_ns += self.random.below(3_000_000_000);
        let mut records = Vec::new();
        commands.iter().for_each(|it| it.encode(&mut records));
        let header = CommandBatchHeader {
            magic: 0,
            len: 0,
            gateway: 0,
            incarnation: 0,
            number: 0,
            stamp_ns: self.time_ns,
            count: commands.len() as u32,
        };
        let (mut batch, mut events) = (Vec::new(), Vec::new());
        CommandBatch::write(header, &records, &mut batch);
        let offset = self.engine.position().command_offset + 1;
        let applied = self.engine.apply(offset, self.time_ns, &batch, &mut events);
        applied.unwrap();
        let mut rest = &*events;
        while !rest.is_empty() {
            let before = rest;
            EventBatch::take(&mut rest).unwrap();
            self.batches
                .push(before[..before.len() - rest.len()].to_vec());
        }
    }

    fn order(&mut self, side: Side, price: i64, qty: i64) -> Command<'static> {
        let entry = self.random.below(3) as u32;
        self.nums[entry as usize] += 1;
        let (user, text) = match entry {
            NO_ENTRY => ("rest", self.random.pick(&["", "mine", "other"])),
            _ => ("", ""),
        };
        let market = self.random.below(15) == 0;
        let tifs = [TimeInForce::Gtc, TimeInForce::Gtc, TimeInForce::Day];
        let tif = self.random.pick(&[
            tifs[0],
            tifs[1],
            tifs[2],
            TimeInForce::Ioc,
            TimeInForce::Fok,
        ]);
        let new = NewOrder {
            entry,
            num: self.nums[entry as usize],
            price: if market { NO_PRICE } else { price },
            qty,
            instrument: 1 + self.random.below(2) as u32,
            side,
            ord_type: if market {
                OrdType::Market
            } else {
                OrdType::Limit
            },
            tif: if market { TimeInForce::Ioc } else { tif },
            exec_inst: 0,
            stp: self
                .random
                .pick(&[Stp::None, Stp::Decrement, Stp::CancelNewest]),
        };
        Command::New(new, user, text)
    }

    fn command(&mut self) -> Command<'static> {
        let side = self.random.pick(&[Side::Buy, Side::Sell]);
        let (price, qty) = (
            95 + self.random.below(10) as i64,
            1 + self.random.below(9) as i64,
        );
        let open: Vec<_> = self
            .engine
            .orders()
            .map(|it| (it.entry, it.order_id))
            .collect();
        let kind = self.random.below(20);
        if open.is_empty() || kind < 13 {
            // Some are larger than is allowed.
            return self.order(side, price, if kind == 0 { 501 } else { qty });
        }
        let (entry, order_id) = self.random.pick(&open);
        let entry = if entry < 3 { entry } else { NO_ENTRY };
        self.nums[entry as usize] += 1;
        let num = self.nums[entry as usize];
        if kind < 16 {
            let cancel = Cancel {
                entry: NO_ENTRY,
                num,
                orig_num: 0,
                order_id,
                instrument: NO_INSTRUMENT,
                poss_resend: false,
            };
            return Command::Cancel(cancel, "", "", "");
        }
        let replace = Replace {
            entry: NO_ENTRY,
            num,
            orig_num: 0,
            order_id,
            price,
            qty,
            instrument: NO_INSTRUMENT,
            poss_resend: false,
        };
        Command::Replace(replace, "", "", "")
    }

    /// An order that is filled and amended again and again, and stays.
    fn long_life(&mut self) {
        let new = |num, side, qty| NewOrder {
            entry: 1,
            num,
            price: 50,
            qty,
            instrument: 1,
            side,
            ord_type: OrdType::Limit,
            tif: TimeInForce::Gtc,
            exec_inst: 0,
            stp: Stp::None,
        };
        self.nums[1] += 1;
        let num = self.nums[1];
        self.send(&[Command::New(new(num, Side::Sell, 400), "", "")]);
        let order_id = 1 << 56 | self.engine.counts().orders;
        for turn in 0..400 {
            self.nums[1] += 1;
            let num = self.nums[1];
            let command = if turn % 3 == 0 {
                Command::New(new(num, Side::Buy, 1), "", "")
            } else {
                let replace = Replace {
                    entry: NO_ENTRY,
                    num,
                    orig_num: 0,
                    order_id,
                    price: 40 + turn % 2,
                    qty: 400,
                    instrument: NO_INSTRUMENT,
                    poss_resend: false,
                };
                Command::Replace(replace, "", "", "")
            };
            self.send(&[command]);
        }
    }
}

/// Record batches, in transactions of so many events.
pub fn record(path: &Path, batches: &[Vec<u8>], events_max: usize) {
    forget(path);
    let recorder = Recorder::open(path).unwrap();
    take(recorder, batches, events_max);
}

/// Record from an offset on, as a store that is begun when the log has lost what was before.
pub fn seeded(path: &Path, play: &Play, from: usize, events_max: usize) {
    forget(path);
    let mut recorder = Recorder::open(path).unwrap();
    let first = EventBatch::read(&play.batches[from]).unwrap();
    recorder
        .seed(&seed_of(&play.engine), first.header.time_ns)
        .unwrap();
    recorder.commit().unwrap();
    take(recorder, &play.batches[from..], events_max);
}

fn take(mut recorder: Recorder, batches: &[Vec<u8>], events_max: usize) {
    for (offset, batch) in (1..).zip(batches) {
        recorder.take(offset, batch).unwrap();
        if recorder.pending_events() >= events_max {
            recorder.commit().unwrap();
        }
    }
    recorder.commit().unwrap();
    recorder.finish().unwrap();
}

pub fn forget(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
}

pub fn copy(from: &Path, to: &Path) {
    forget(to);
    std::fs::copy(from, to).unwrap();
}

/// Hold a store to batches; nothing where it can't be read.
pub fn try_audit(path: &Path, batches: &[Vec<u8>], engine: &Engine) -> Option<Report> {
    let scratch = path.with_extension("scratch");
    forget(&scratch);
    let watch: Watch = Arc::new(|_, _| true);
    let mut audit = Audit::open(path, &scratch).ok()?;
    for batch in batches {
        audit.take(batch).unwrap();
    }
    audit.look(engine, &watch).ok().map(Option::unwrap)
}

pub fn audit(path: &Path, batches: &[Vec<u8>], engine: &Engine) -> Report {
    try_audit(path, batches, engine).expect("a store that can be read")
}
