//! The engine as others see it: batches in, batches out.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use matching::Engine;
use wire::record::command::{EntryOpen, Instrument, NO_PRICE, NewOrder};
use wire::record::{
    Command, CommandBatch, CommandBatchHeader, EntryKind, Event, EventBatch, OrdType, RecordError,
    Side, Stp, TimeInForce,
};

const HEADER: CommandBatchHeader = CommandBatchHeader {
    magic: 0,
    len: 0,
    gateway: 0,
    incarnation: 0,
    number: 0,
    stamp_ns: 1_000,
    count: 0,
};

fn batch(header: CommandBatchHeader, commands: &[Command<'_>]) -> Vec<u8> {
    let mut records = Vec::new();
    for command in commands {
        command.encode(&mut records);
    }
    let count = commands.len() as u32;
    let mut bytes = Vec::new();
    CommandBatch::write(CommandBatchHeader { count, ..header }, &records, &mut bytes);
    bytes
}

fn market(entry: u32, num: u64, side: Side, price: i64, qty: i64) -> Command<'static> {
    Command::New(
        NewOrder {
            entry,
            num,
            price,
            qty,
            instrument: 1,
            side,
            ord_type: if price == NO_PRICE {
                OrdType::Market
            } else {
                OrdType::Limit
            },
            tif: TimeInForce::Gtc,
            exec_inst: 0,
            stp: Stp::Default,
        },
        "",
        "",
    )
}

fn setup() -> Vec<Command<'static>> {
    let spec = Instrument {
        tick: 1,
        lot: 1,
        qty_min: 1,
        qty_max: 0,
        notional_min: 0,
        price_band_bps: 0,
        orders_per_side_max: 0,
        session_end_s: 0,
        open: true,
    };
    let open = EntryOpen {
        kind: EntryKind::Binary,
        cancel_on_disconnect: false,
        stp: Stp::None,
    };
    vec![
        Command::Instrument(spec, "BTCUSD"),
        Command::EntryOpen(open, "demo1", "demo1"),
        Command::EntryOpen(open, "demo2", "demo2"),
    ]
}

#[test]
fn orders_rest_and_trade_and_a_restored_engine_goes_on_alike() {
    let mut engine = Engine::new(0);
    let mut out = Vec::new();
    let mut commands = setup();
    commands.push(market(1, 1, Side::Sell, 100, 5));
    commands.push(market(2, 1, Side::Buy, 101, 3));
    engine
        .apply(1, 0, &batch(HEADER, &commands), &mut out)
        .unwrap();
    engine.validate().unwrap();
    let events = EventBatch::read(&out).unwrap();
    assert!(events.header.last);
    let events: Vec<_> = events.events().map(|event| event.unwrap().1).collect();
    assert_eq!(events.len(), 6);
    let Event::Trade(trade, "", "") = events[5] else {
        panic!("no trade: {:?}", events[5]);
    };
    assert_eq!((trade.price, trade.qty, trade.maker_leaves), (100, 3, 2));

    let mut snapshot = Vec::new();
    engine.snapshot(&mut snapshot);
    let mut twin = Engine::restore(&snapshot).unwrap();
    assert_eq!(twin.state_hash(), engine.state_hash());
    let next = batch(
        HEADER,
        &[
            market(1, 2, Side::Sell, 100, 1),
            market(2, 2, Side::Buy, NO_PRICE, 9),
        ],
    );
    let (mut one, mut other) = (Vec::new(), Vec::new());
    engine.apply(2, 0, &next, &mut one).unwrap();
    twin.apply(2, 0, &next, &mut other).unwrap();
    assert_eq!(one, other);
    assert_eq!(twin.position(), engine.position());
    assert_eq!(engine.counts().open_orders, 0);
}

#[test]
fn a_batch_with_a_bad_record_changes_nothing() {
    let mut engine = Engine::new(0);
    let mut bytes = batch(HEADER, &setup());
    let last = bytes.len() - 1;
    bytes.truncate(last);
    let len = bytes.len() as u32;
    bytes[4..8].copy_from_slice(&len.to_le_bytes());
    let before = engine.state_hash();
    let mut out = Vec::new();
    assert_eq!(
        engine.apply(1, 0, &bytes, &mut out),
        Err(RecordError::Short)
    );
    assert_eq!((engine.state_hash(), out.len()), (before, 0));
}
