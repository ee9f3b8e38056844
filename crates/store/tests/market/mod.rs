//! A market that makes valid event batches by itself, for tests of the store.
// Each test takes what it needs of it.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::PathBuf;

use wire::record::batch::{EVENT_MAGIC, HASH};
use wire::record::command::Instrument;
use wire::record::event::{Accepted, Canceled, EntryOpened, InstrumentSet, Trade};
use wire::record::{
    CancelReason, Dropped, EntryKind, Event, EventBatchHeader, OrdStatus, OrdType, Side, Stp,
    TimeInForce,
};
use xxhash_rust::xxh3::xxh3_64;

/// A directory that goes away with the test.
#[derive(Debug)]
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("store-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn db(&self) -> PathBuf {
        self.0.join("store.db")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// 10^8 units.
pub const ONE: i64 = 100_000_000;

/// Writes batches that follow from one another.
#[derive(Debug)]
pub struct Writer {
    pub seq: u64,
    pub hash: u64,
    pub command_offset: u64,
    pub time_ns: u64,
    pub records: Vec<u8>,
    pub count: u32,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            seq: 0,
            hash: 0,
            command_offset: 0,
            time_ns: 1_700_000_000_000_000_000,
            records: Vec::new(),
            count: 0,
        }
    }
}

impl Writer {
    pub fn add(&mut self, event: &Event<'_>) {
        event.encode(&mut self.records);
        self.count += 1;
        self.seq += 1;
    }

    /// End the batch: all events since the one before.
    pub fn batch(&mut self) -> Vec<u8> {
        let header = EventBatchHeader {
            magic: EVENT_MAGIC,
            len: (EventBatchHeader::SIZE + self.records.len() + HASH) as u32,
            partition: 0,
            part: 0,
            last: true,
            command_offset: self.command_offset,
            gateway: 1,
            incarnation: 1,
            number: self.command_offset,
            command_hash: 0,
            dropped: Dropped::No,
            time_ns: self.time_ns,
            first_seq: self.seq + 1 - u64::from(self.count),
            count: self.count,
            previous_hash: self.hash,
        };
        let mut bytes = header.to_bytes().to_vec();
        bytes.append(&mut self.records);
        self.hash = xxh3_64(&bytes);
        bytes.extend_from_slice(&self.hash.to_le_bytes());
        self.count = 0;
        self.command_offset += 1;
        self.time_ns += 1_000_000;
        bytes
    }

    pub fn names(&mut self, accounts: u32, instruments: u32) {
        for account in 1..=accounts {
            let opened = EntryOpened {
                entry: account,
                account,
                kind: EntryKind::Binary,
                cancel_on_disconnect: false,
                stp: Stp::None,
            };
            let name = format!("user{account}");
            self.add(&Event::EntryOpened(opened, &name, &name));
        }
        let spec = Instrument::UNLIMITED;
        for instrument in 1..=instruments {
            let symbol = format!("SYM{instrument}");
            self.add(&Event::InstrumentSet(
                InstrumentSet { instrument },
                spec,
                &symbol,
            ));
        }
    }
}

/// A resting order.
#[derive(Debug, Clone, Copy)]
pub struct Rest {
    pub order_id: u64,
    pub account: u32,
    pub instrument: u32,
    pub side: Side,
    pub price: i64,
}

pub fn accepted(rest: &Rest, qty: i64, tif: TimeInForce) -> Accepted {
    Accepted {
        entry: rest.account,
        account: rest.account,
        entry_seq: 1,
        order_id: rest.order_id,
        num: rest.order_id,
        price: rest.price,
        qty,
        instrument: rest.instrument,
        side: rest.side,
        ord_type: OrdType::Limit,
        tif,
        exec_inst: 0,
        stp: Stp::None,
    }
}

pub fn canceled(rest: &Rest, qty: i64) -> Canceled {
    Canceled {
        entry: rest.account,
        account: rest.account,
        entry_seq: 1,
        order_id: rest.order_id,
        num: rest.order_id,
        orig_num: rest.order_id,
        price: rest.price,
        qty,
        leaves: 0,
        cum: 0,
        avg_px: 0,
        instrument: rest.instrument,
        side: rest.side,
        reason: CancelReason::Requested,
        status: OrdStatus::Canceled,
        copy: false,
    }
}

/// A trade that fills both orders whole.
pub fn trade(taker: &Rest, maker: &Rest, trade_id: u64, qty: i64) -> Trade {
    Trade {
        trade_id,
        price: maker.price,
        qty,
        instrument: maker.instrument,
        taker_side: taker.side,
        taker_entry: taker.account,
        taker_account: taker.account,
        taker_entry_seq: 1,
        taker_order_id: taker.order_id,
        taker_num: taker.order_id,
        taker_price: taker.price,
        taker_leaves: 0,
        taker_cum: qty,
        taker_avg_px: maker.price,
        maker_entry: maker.account,
        maker_account: maker.account,
        maker_entry_seq: 1,
        maker_order_id: maker.order_id,
        maker_num: maker.order_id,
        maker_leaves: 0,
        maker_cum: qty,
        maker_avg_px: maker.price,
    }
}

/// The mix: 45 % new orders that rest, 45 % cancels, 10 % that cross, over a book that stays as deep.
#[derive(Debug)]
pub struct Market {
    pub writer: Writer,
    pub rests: Vec<Rest>,
    accounts: u32,
    instruments: u32,
    order_id: u64,
    trade_id: u64,
    random: u64,
}

impl Market {
    pub fn new(accounts: u32, instruments: u32) -> Self {
        let mut writer = Writer::default();
        writer.names(accounts, instruments);
        Self {
            writer,
            rests: Vec::new(),
            accounts,
            instruments,
            order_id: 0,
            trade_id: 0,
            random: 88_172_645_463_325_252,
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % below
    }

    fn order(&mut self, tif: TimeInForce) -> Rest {
        self.order_id += 1;
        let rest = Rest {
            order_id: self.order_id,
            account: 1 + self.random(u64::from(self.accounts)) as u32,
            instrument: 1 + self.random(u64::from(self.instruments)) as u32,
            side: if self.random(2) == 0 {
                Side::Buy
            } else {
                Side::Sell
            },
            price: (49_000 + self.random(2_000) as i64) * ONE,
        };
        self.writer
            .add(&Event::Accepted(accepted(&rest, ONE, tif), ""));
        rest
    }

    pub fn rest(&mut self) {
        let rest = self.order(TimeInForce::Gtc);
        self.rests.push(rest);
    }

    fn take(&mut self) -> Rest {
        let at = self.random(self.rests.len() as u64) as usize;
        self.rests.swap_remove(at)
    }

    /// One command of the mix.
    pub fn step(&mut self) {
        match self.random(20) {
            0..9 => self.rest(),
            9..18 if !self.rests.is_empty() => {
                let rest = self.take();
                self.writer
                    .add(&Event::Canceled(canceled(&rest, ONE), "", ""));
            }
            _ if !self.rests.is_empty() => {
                let maker = self.take();
                let mut taker = self.order(TimeInForce::Ioc);
                taker.instrument = maker.instrument;
                taker.side = maker.side.opposite();
                self.trade_id += 1;
                let trade = trade(&taker, &maker, self.trade_id, ONE);
                self.writer.add(&Event::Trade(trade, "", ""));
                self.rest();
            }
            _ => self.rest(),
        }
    }
}
