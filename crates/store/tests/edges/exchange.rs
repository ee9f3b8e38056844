//! Engine, view, recorder and order entry fed with the same commands, each held to the ledger.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gateway::OrderEntry;
use matching::Engine;
use projection::order::Since;
use serde_json::Value;
use store::audit::Watch;
use store::{Audit, Reader, Recorder};
use view::answers::Body;
use view::orders::{Beginning, Found};
use view::{Limits, View};
use wire::record::command::{EntryOpen, GatewayOpen, Settings};
use wire::record::{Command, CommandBatch, CommandBatchHeader, EntryKind, EventBatch, Side, Stp};
use wire::sbe::Message;
use wire::soup::{Packets, Sender};

use crate::ledger::{Ledger, SIGHTS, Sum};
use crate::numbers::Random;

pub const BINARY: u16 = 1;
pub const FACADE: u16 = 2;
pub const SYMBOLS: [&str; 2] = ["ONE", "TWO"];
const DAY_NS: u64 = 86_400_000_000_000;

const LINES: gateway::Limits = gateway::Limits {
    packet_bytes_max: 1024,
    turn_bytes_max: usize::MAX,
    requests_in_flight_max: 1_000,
    requests_waiting_max: usize::MAX,
    login_deadline_ns: u64::MAX,
    heartbeat_interval_ns: u64::MAX,
    idle_deadline_ns: u64::MAX,
};

/// What is done beside the commands of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Nothing,
    /// The recorder commits, and the store is asked.
    Record,
    /// All begin again from a snapshot and the store.
    Restart,
}

/// Commands that come together.
#[derive(Debug, Clone)]
pub struct Step {
    pub gateway: u16,
    pub time_ns: u64,
    pub commands: Vec<Command<'static>>,
    pub deed: Deed,
    /// When the ticker is asked for, as long after the step.
    pub asked_after_ns: u64,
}

pub struct Exchange {
    pub engine: Engine,
    view: View,
    entry: OrderEntry,
    /// Entries by the lines that are logged in to them.
    entries: Vec<u32>,
    recorder: Recorder,
    path: PathBuf,
    pub ledger: Ledger,
    offset: u64,
    numbers: BTreeMap<u16, u64>,
    /// All event batches so far.
    told: Vec<Vec<u8>>,
}

fn limits() -> Limits {
    Limits {
        recent_orders_max: 16,
        overlay_orders_max: 1_000,
        recent_trades_max: 5,
    }
}

impl Exchange {
    /// With three binary entries of two accounts, and no instrument yet.
    pub fn new(directory: &Path) -> Self {
        let path = directory.join("store.db");
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(directory.join(format!("store.db{suffix}")));
        }
        let mut exchange = Self {
            engine: Engine::new(1),
            view: View::new(FACADE, limits()),
            entry: OrderEntry::new(LINES),
            entries: Vec::new(),
            recorder: Recorder::open(&path).expect("a new store"),
            path,
            ledger: Ledger::default(),
            offset: 0,
            numbers: BTreeMap::new(),
            told: Vec::new(),
        };
        // Time goes by days here, and nobody ticks.
        let settings = Command::Settings(Settings {
            gateway_lease_ns: u64::MAX,
            ..exchange.engine.settings()
        });
        exchange.send((0, 0, 0), 1, &[settings]);
        for gateway in [BINARY, FACADE] {
            let open = Command::GatewayOpen(GatewayOpen {
                gateway,
                nonce: gateway.into(),
            });
            exchange.send((gateway, 0, 0), 1, &[open]);
            exchange.numbers.insert(gateway, 0);
        }
        let open = |stp| EntryOpen {
            kind: EntryKind::Binary,
            cancel_on_disconnect: true,
            stp,
        };
        let entries = [
            Command::EntryOpen(open(Stp::None), "one", "a"),
            Command::EntryOpen(open(Stp::Decrement), "two", "b"),
            Command::EntryOpen(open(Stp::CancelOldest), "three", "b"),
        ];
        exchange.send((0, 0, 0), 1, &entries);
        exchange.log_in();
        (1..)
            .zip(["a", "b", "c"])
            .for_each(|(line, user)| exchange.view.listen(line, user));
        exchange
    }

    fn log_in(&mut self) {
        self.entry = OrderEntry::new(LINES);
        self.entries.clear();
        for entry in self.engine.entries() {
            if entry.opened.kind == EntryKind::Binary {
                let session = self
                    .entry
                    .add_session(entry.opened.entry, (entry.entry_seq, 0), 0);
                let line = self.entry.connected(0);
                assert!(self.entry.login(line, session, 0).is_some());
                assert_eq!(line as usize, self.entries.len());
                self.entries.push(entry.opened.entry);
            }
        }
    }

    /// Do a step, and hold everybody to the ledger.
    pub fn follow(&mut self, step: &Step) {
        let turn = match self.numbers.get_mut(&step.gateway) {
            Some(number) => {
                *number += 1;
                (step.gateway, 1, *number)
            }
            None => (0, 0, 0),
        };
        self.send(turn, step.time_ns, &step.commands);
        self.ledger.check_sides();
        self.check_books();
        self.check_orders();
        if step.deed != Deed::Nothing {
            self.record();
        }
        if step.deed == Deed::Restart {
            self.restart();
        }
        let now_ns = self
            .engine
            .position()
            .time_ns
            .saturating_add(step.asked_after_ns);
        self.check_tickers(now_ns);
    }

    fn send(&mut self, turn: (u16, u32, u64), time_ns: u64, commands: &[Command<'_>]) {
        let mut records = Vec::new();
        commands.iter().for_each(|it| it.encode(&mut records));
        let header = CommandBatchHeader {
            magic: 0,
            len: 0,
            gateway: turn.0,
            incarnation: turn.1,
            number: turn.2,
            stamp_ns: time_ns,
            count: commands.len() as u32,
        };
        let (mut batch, mut events) = (Vec::new(), Vec::new());
        CommandBatch::write(header, &records, &mut batch);
        let offset = self.engine.position().command_offset + 1;
        let applied = self.engine.apply(offset, time_ns, &batch, &mut events);
        assert_eq!(applied, Ok(()));
        assert_eq!(self.engine.validate(), Ok(()));
        self.tell(&events);
    }

    fn tell(&mut self, events: &[u8]) {
        self.ledger.touched.clear();
        let mut rest = events;
        while !rest.is_empty() {
            let before = rest;
            let batch = EventBatch::take(&mut rest).expect("a batch");
            self.offset += 1;
            let bytes = &before[..before.len() - rest.len()];
            self.told.push(bytes.to_vec());
            self.recorder
                .take(self.offset, bytes)
                .expect("the next batch");
            for event in batch.events() {
                let (_, event) = event.expect("an event");
                self.ledger.take(&event, batch.header.time_ns);
            }
        }
        let told = self.view.apply(events).expect("events in order");
        for reply in told.replies {
            if let Body::Json(json) = reply.body {
                let _: Value = serde_json::from_slice(&json).expect("JSON");
            }
        }
        for (_, frames) in &told.notices {
            self.check_notices(frames);
        }
        self.entry.route(BINARY, 1, events, 0).expect("events");
        let read = |line: u32, out: &[u8]| (line, out.to_vec());
        while let Some((line, reports)) = self.entry.take_touched(read) {
            self.check_reports(self.entries[line as usize], &reports);
        }
    }

    /// What a user heard last of each order is what it has come to.
    fn check_notices(&self, mut frames: &[u8]) {
        let mut last: BTreeMap<u64, Value> = BTreeMap::new();
        while let [0x81, 126, high, low, rest @ ..] = frames {
            let len = usize::from(u16::from_be_bytes([*high, *low]));
            let notice: Value = serde_json::from_slice(&rest[..len]).expect("JSON");
            let order_id = notice["order_id"].as_str().expect("an id").parse();
            last.insert(order_id.expect("an id"), notice);
            frames = &rest[len..];
        }
        assert!(frames.is_empty());
        for (order_id, notice) in last {
            self.ledger.check_progress(order_id, &notice);
        }
    }

    /// What a session was told last of each of its own orders is what it has come to.
    fn check_reports(&self, entry: u32, reports: &[u8]) {
        let mut last = BTreeMap::new();
        for packet in Packets::new(reports, Sender::Server, 1024) {
            let message = Message::read(packet.expect("a packet").payload);
            let (order_id, told) = match message.expect("a message") {
                Message::ExecutionReportTrade(x) => (
                    x.order_id,
                    (x.cum_qty, x.leaves_qty, x.cum_qty + x.leaves_qty),
                ),
                Message::ExecutionReportReplace(x) => (
                    x.order_id,
                    (x.order_qty - x.leaves_qty, x.leaves_qty, x.order_qty),
                ),
                Message::ExecutionReportNew(x) => (x.order_id, (0, x.order_qty, x.order_qty)),
                Message::ExecutionReportCancel(x) => (x.order_id, (x.cum_qty, 0, -1)),
                _ => continue,
            };
            last.insert(order_id, told);
        }
        for (order_id, (cum, leaves, qty)) in last {
            let order = &self.ledger.orders[&order_id];
            if order.entry == entry {
                assert_eq!((order.cum, order.leaves), (cum.into(), leaves.into()));
                assert!(qty < 0 || order.qty == i128::from(qty));
            }
        }
    }

    fn check_books(&self) {
        for it in self.engine.instruments() {
            let market = self.view.market(it.symbol).expect("known to the view");
            for side in [Side::Buy, Side::Sell] {
                let truth = self.ledger.levels(it.id, side);
                let best_first: Vec<_> = match side {
                    Side::Buy => truth.into_iter().rev().collect(),
                    Side::Sell => truth.into_iter().collect(),
                };
                let levels = self.engine.levels(it.id, side);
                let engine: Vec<_> = levels
                    .map(|level| (level.price, (i128::from(level.qty), level.orders)))
                    .collect();
                let levels = market.book.levels(side);
                let view: Vec<_> = levels
                    .map(|(price, level)| (price, (level.qty, level.orders as u32)))
                    .collect();
                assert_eq!(engine, best_first, "{side:?}");
                assert_eq!(view, best_first, "{side:?}");
            }
        }
    }

    /// Orders that changed, as the view shows them.
    fn check_orders(&self) {
        for order_id in &self.ledger.touched {
            if let Found::Whole(order) = self.view.find(*order_id) {
                let json = self.view.order_json(order, Since::default());
                let shown = serde_json::from_slice(&json).expect("JSON");
                self.ledger.check_order(*order_id, &shown);
            }
        }
    }

    /// Let the store have everything, and hold it to the ledger.
    fn record(&mut self) {
        self.recorder.commit().expect("a transaction");
        let reader = Reader::open(&self.path).expect("a store");
        for order_id in &self.ledger.touched {
            let stored = reader.order(*order_id).expect("a sound store");
            let json = stored.expect("a recorded order").json;
            if let Found::Whole(order) = self.view.find(*order_id) {
                assert_eq!(json, self.view.order_json(order, Since::default()));
            }
            let shown = serde_json::from_slice(&json).expect("JSON");
            self.ledger.check_order(*order_id, &shown);
        }
        for instrument in self.ledger.specs.keys() {
            let bars = reader.bars(*instrument, 0).expect("a sound store");
            let bars = bars
                .iter()
                .map(|(minute, bar)| (*minute, Sum::from(&bar.sum)));
            assert_eq!(
                bars.collect::<BTreeMap<_, _>>(),
                self.ledger.minutes(*instrument)
            );
            let trades = reader.trades(*instrument, None, 10).expect("a sound store");
            let trades = trades
                .iter()
                .map(|it| (it.trade_id, it.time_ns, it.price, it.qty));
            let all: Vec<_> = self.ledger.of(*instrument).collect();
            let newest = all.iter().rev().take(10);
            let newest = newest.map(|it| (it.id, it.time_ns, it.price, it.qty));
            assert!(trades.eq(newest));
        }
    }

    /// The store is what all events tell, and what those from an offset on tell.
    pub fn audit(mut self, random: &mut Random) {
        if random.one_in(2) {
            self.recorder.commit().expect("a transaction");
        }
        drop(self.recorder);
        let watch: Watch = Arc::new(|_, _| true);
        for from in [0, random.below(self.told.len())] {
            let scratch = self.path.with_file_name("scratch.db");
            for suffix in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{}{suffix}", scratch.display()));
            }
            let mut audit = Audit::open(&self.path, &scratch).expect("a store");
            for batch in &self.told[from..] {
                audit.take(batch).expect("the next batch");
            }
            let report = audit.look(&self.engine, &watch).expect("a scratch store");
            let found = report.expect("it was not told to stop").findings;
            assert_eq!(found, Vec::<String>::new(), "from batch {from}");
        }
    }

    /// Begin again from what a snapshot and the store hold.
    fn restart(&mut self) {
        let mut snapshot = Vec::new();
        self.engine.snapshot(&mut snapshot);
        let restored = Engine::restore(&snapshot).expect("a snapshot");
        assert_eq!(restored.state_hash(), self.engine.state_hash());
        self.engine = restored;
        self.recorder = Recorder::open(&self.path).expect("a store");
        self.view = View::restore(FACADE, limits(), &self.engine);
        let reader = Reader::open(&self.path).expect("a store");
        let since_ns = self.engine.position().time_ns.saturating_sub(DAY_NS);
        for it in self.engine.instruments() {
            let bars = reader.bars(it.id, since_ns).expect("a sound store");
            self.view.fill(it.symbol, bars);
        }
        let (beginnings, seq) = reader
            .beginnings(&self.view.lacking(1_000))
            .expect("a store");
        for it in beginnings {
            let beginning = Beginning {
                order_id: it.order_id,
                created_ns: it.created_ns,
                history: it.history,
                fills: it.fills,
            };
            self.view.set_beginning(&beginning, seq);
        }
        (1..)
            .zip(["a", "b", "c"])
            .for_each(|(line, user)| self.view.listen(line, user));
        self.log_in();
    }

    /// The rolling day, with what only the store can sum.
    fn check_tickers(&mut self, now_ns: u64) {
        let instruments: Vec<_> = self
            .engine
            .instruments()
            .map(|it| (it.id, it.symbol.to_owned()))
            .collect();
        for (instrument, symbol) in instruments {
            let edge = self.view.ticker_edge(&symbol, now_ns).and_then(|edge| {
                self.ledger.seen.insert(SIGHTS[4]);
                self.recorder.commit().expect("a transaction");
                let reader = Reader::open(&self.path).expect("a store");
                let sum = reader.sum_between(instrument, edge.after_ns, edge.before_ns);
                sum.expect("a sound store").map(|bar| bar.sum)
            });
            let json = self.view.show_ticker(&symbol, now_ns, edge.as_ref(), None);
            let shown = serde_json::from_slice(&json.expect("an instrument")).expect("JSON");
            self.ledger.check_ticker(instrument, now_ns, &shown);
        }
    }
}

/// When the ticker is asked for: now, or where trades have just left the window, or are about to.
pub fn asked_after(random: &mut Random, exchange: &Exchange, time_ns: u64) -> u64 {
    let trades: Vec<_> = exchange.ledger.of(1).collect();
    if random.one_in(3) || trades.is_empty() {
        return random.pick(&[0, 1, 60_000_000_000, DAY_NS]);
    }
    let trade = trades[random.below(trades.len())];
    let leaves_ns = trade
        .time_ns
        .saturating_add(DAY_NS - 1 + random.below(3) as u64);
    leaves_ns.saturating_sub(time_ns)
}
