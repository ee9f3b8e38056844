//! Batches of commands, and an engine that takes them.
#![allow(clippy::unwrap_used)]

use matching::Engine;
use wire::record::command::{EntryOpen, Instrument, NewOrder, SetInstrument};
use wire::record::{
    Command, CommandBatch, CommandBatchHeader, EntryKind, OrdType, Side, Stp, TimeInForce,
};

/// A batch of a gateway: its turn is (gateway, incarnation, number).
pub fn batch(turn: (u16, u32, u64), stamp_ns: u64, commands: &[Command<'_>]) -> Vec<u8> {
    let mut records = Vec::new();
    for command in commands {
        command.encode(&mut records);
    }
    let header = CommandBatchHeader {
        magic: 0,
        len: 0,
        gateway: turn.0,
        incarnation: turn.1,
        number: turn.2,
        stamp_ns,
        count: commands.len() as u32,
    };
    let mut bytes = Vec::new();
    CommandBatch::write(header, &records, &mut bytes);
    bytes
}

/// One instrument without limits, and three binary entries.
pub fn setup() -> Vec<Command<'static>> {
    let spec = Instrument {
        qty_min: 1,
        ..Instrument::UNLIMITED
    };
    let open = EntryOpen {
        kind: EntryKind::Binary,
        cancel_on_disconnect: false,
        stp: Stp::None,
    };
    let mut commands = vec![Command::Instrument(
        SetInstrument { instrument: 1 },
        spec,
        "X",
    )];
    commands.extend(["a", "b", "c"].map(|name| Command::EntryOpen(open, name, name)));
    commands
}

/// A limit order that may rest, for 1 to 3.
pub fn order(entry: u32, num: u64, side: Side, price: i64) -> Command<'static> {
    let new = NewOrder {
        entry,
        num,
        price,
        qty: 1 + (num % 3) as i64,
        instrument: 1,
        side,
        ord_type: OrdType::Limit,
        tif: TimeInForce::Gtc,
        exec_inst: 0,
        stp: Stp::Default,
    };
    Command::New(new, "", "")
}

/// Apply, and read all event batches.
pub fn apply(engine: &mut Engine, append_ns: u64, batch: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let offset = engine.position().command_offset + 1;
    engine.apply(offset, append_ns, batch, &mut out).unwrap();
    engine.validate().unwrap();
    out
}
