//! An engine and the view that is fed with its events.
#![allow(clippy::unwrap_used, clippy::expect_used, dead_code)]

use matching::Engine;
use projection::order::Since;
use view::answers::{Body, Reply};
use view::orders::Found;
use view::{Limits, Published, View};
use wire::record::command::{
    Cancel, EntryOpen, GatewayOpen, Instrument, NO_ENTRY, NO_INSTRUMENT, NO_PRICE, NewOrder,
    SetInstrument,
};
use wire::record::{
    Command, CommandBatch, CommandBatchHeader, EntryKind, OrdType, Side, Stp, TimeInForce,
};
use wire::text::decimal::ONE;

pub const FACADE: u16 = 2;

pub const BINARY: u16 = 1;

pub const LIMITS: Limits = Limits {
    recent_orders_max: 131_072,
    overlay_orders_max: 200_000,
    recent_trades_max: 1_000,
};

/// What an answer says.
pub fn said(reply: &Reply) -> serde_json::Value {
    match &reply.body {
        Body::Json(json) | Body::NotOpen(json) => serde_json::from_slice(json).expect("JSON"),
        Body::Order(order_id) => panic!("order {order_id} is left to the store"),
    }
}

pub struct Exchange {
    pub engine: Engine,
    pub view: View,
    pub number: u64,
    pub binary: u64,
    pub time_ns: u64,
    /// Of the last batch, and of all.
    pub events: Vec<u8>,
    pub history: Vec<u8>,
}

impl Exchange {
    pub fn new(limits: Limits) -> Self {
        let mut exchange = Self {
            engine: Engine::new(1),
            view: View::new(FACADE, limits),
            number: 0,
            binary: 0,
            time_ns: 1_000_000_000,
            events: Vec::new(),
            history: Vec::new(),
        };
        let _ = exchange.send_as(
            0,
            0,
            0,
            &[Command::Instrument(
                SetInstrument { instrument: 1 },
                filters(),
                "BTCUSD",
            )],
        );
        for gateway in [BINARY, FACADE] {
            let open = Command::GatewayOpen(GatewayOpen {
                gateway,
                nonce: gateway.into(),
            });
            let _ = exchange.send_as(gateway, 0, 0, &[open]);
        }
        let session = EntryOpen {
            kind: EntryKind::Binary,
            cancel_on_disconnect: false,
            stp: Stp::None,
        };
        let _ = exchange.send_as(0, 0, 0, &[Command::EntryOpen(session, "demo1", "demo1")]);
        exchange
    }

    pub fn send_as(
        &mut self,
        gateway: u16,
        incarnation: u32,
        number: u64,
        commands: &[Command<'_>],
    ) -> Published {
        let mut records = Vec::new();
        for command in commands {
            command.encode(&mut records);
        }
        self.time_ns += 1_000_000;
        let header = CommandBatchHeader {
            magic: 0,
            len: 0,
            gateway,
            incarnation,
            number,
            stamp_ns: self.time_ns,
            count: commands.len() as u32,
        };
        let mut batch = Vec::new();
        CommandBatch::write(header, &records, &mut batch);
        self.events.clear();
        let offset = self.engine.position().command_offset + 1;
        self.engine
            .apply(offset, self.time_ns, &batch, &mut self.events)
            .expect("a batch that was just written");
        self.history.extend_from_slice(&self.events);
        self.view.apply(&self.events).expect("events in order")
    }

    pub fn send(&mut self, commands: &[Command<'_>]) -> Published {
        self.number += 1;
        self.send_as(FACADE, 1, self.number, commands)
    }

    pub fn one(&mut self, command: Command<'_>) -> (u16, serde_json::Value) {
        let told = self.send(&[command]);
        let reply = told.replies.last().expect("an answer");
        (reply.status, said(reply))
    }

    /// Let binary order entry send something, as another gateway.
    pub fn binary(&mut self, commands: &[Command<'_>]) -> Published {
        self.binary += 1;
        self.send_as(BINARY, 1, self.binary, commands)
    }

    pub fn found(&self, order_id: u64) -> serde_json::Value {
        let Found::Whole(order) = self.view.find(order_id) else {
            panic!("order {order_id} is not here whole");
        };
        let json = self.view.order_json(order, Since::default());
        serde_json::from_slice(&json).expect("JSON")
    }

    /// The first book's number, and what it shows.
    pub fn book(&self) -> (u64, String) {
        let json = self.view.show_book("BTCUSD", 1_000).expect("known");
        let mut book: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        let sequence = book["sequence"].as_u64().expect("a number");
        book["sequence"].take();
        book["timestamp"].take();
        (sequence, book.to_string())
    }

    pub fn assert_books_agree(&self) {
        for instrument in self.engine.instruments() {
            let market = self.view.market(instrument.symbol).expect("known");
            for side in [Side::Buy, Side::Sell] {
                let ours: Vec<_> = market
                    .book
                    .levels(side)
                    .map(|(price, level)| (price, level.qty, level.orders))
                    .collect();
                let theirs: Vec<_> = self
                    .engine
                    .levels(instrument.id, side)
                    .map(|level| (level.price, i128::from(level.qty), u64::from(level.orders)))
                    .collect();
                assert_eq!(ours, theirs, "{side:?}");
            }
        }
    }
}

pub fn filters() -> Instrument {
    Instrument::UNLIMITED
}

pub fn order(num: u64, side: Side, price: i64, qty: i64) -> NewOrder {
    NewOrder {
        entry: NO_ENTRY,
        num,
        price: if price == NO_PRICE {
            price
        } else {
            price * ONE
        },
        qty: qty * ONE,
        instrument: 1,
        side,
        ord_type: if price == NO_PRICE {
            OrdType::Market
        } else {
            OrdType::Limit
        },
        tif: TimeInForce::Gtc,
        exec_inst: 0,
        stp: Stp::None,
    }
}

pub fn cancel(num: u64, order_id: u64) -> Cancel {
    Cancel {
        entry: NO_ENTRY,
        num,
        orig_num: 0,
        order_id,
        instrument: NO_INSTRUMENT,
        poss_resend: false,
    }
}

pub fn id(order: &serde_json::Value) -> u64 {
    order["order_id"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("an id")
}
