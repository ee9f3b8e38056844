//! Scripts of the market: what is sent, and what is told for it, one line each.
//!
//! `# rule` begins a fresh engine.  It knows instrument 1, and the entries 1 (account A), 2 (B), 3 (A
//! again; it cancels on disconnect), all binary, and 4 (A, FIX).  `> command` is a batch of its own; the
//! lines under it are its events.  A batch is the engine's own unless `via=<gateway>` says whose it is, or
//! `via=<gateway>.<incarnation>`.  A line that begins with an entry and its `entry_seq` is told to it.

mod say;
mod send;

use std::collections::HashMap;

use matching::Engine;
pub use say::say;
use send::Sender;
use wire::record::EventBatch;
use wire::record::command::{EntryOpen, Instrument, SetInstrument};
use wire::record::{Command, CommandBatch, CommandBatchHeader, EntryKind, Stp};

/// The instrument of every script, before it says otherwise.
pub const SPEC: Instrument = Instrument {
    qty_min: 1,
    ..Instrument::UNLIMITED
};

/// An engine, and the way in and out.
struct Stage {
    engine: Engine,
    sender: Sender,
    /// How many batches each incarnation of a gateway has sent.
    numbers: HashMap<(u16, u32), u64>,
}

impl Stage {
    fn new() -> Self {
        let mut stage = Self {
            engine: Engine::new(0),
            sender: Sender::new(),
            numbers: HashMap::new(),
        };
        let open = |kind, cancel_on_disconnect| EntryOpen {
            kind,
            cancel_on_disconnect,
            stp: Stp::None,
        };
        let setup = [
            Command::Instrument(SetInstrument { instrument: 1 }, SPEC, "X"),
            Command::EntryOpen(open(EntryKind::Binary, false), "a1", "A"),
            Command::EntryOpen(open(EntryKind::Binary, false), "b1", "B"),
            Command::EntryOpen(open(EntryKind::Binary, true), "a2", "A"),
            Command::EntryOpen(open(EntryKind::Fix, false), "f", "A"),
        ];
        let mut records = Vec::new();
        for command in setup {
            command.encode(&mut records);
        }
        stage.apply((0, 0, 0), &records, 5);
        stage
    }

    fn apply(&mut self, turn: (u16, u32, u64), records: &[u8], count: u32) -> Vec<String> {
        let (gateway, incarnation, number) = turn;
        let header = CommandBatchHeader {
            magic: 0,
            len: 0,
            gateway,
            incarnation,
            number,
            stamp_ns: self.sender.now_ns,
            count,
        };
        let (mut batch, mut out) = (Vec::new(), Vec::new());
        CommandBatch::write(header, records, &mut batch);
        let offset = self.engine.position().command_offset + 1;
        self.engine
            .apply(offset, header.stamp_ns, &batch, &mut out)
            .unwrap();
        self.engine.validate().unwrap();
        let mut rest = &out[..];
        let mut told = Vec::new();
        while !rest.is_empty() {
            let events = EventBatch::take(&mut rest).unwrap();
            told.extend(events.events().map(|event| say(&event.unwrap().1)));
        }
        told
    }

    fn run(&mut self, line: &str) -> Vec<String> {
        let mut records = Vec::new();
        let count = self.sender.write(line, &mut records);
        let turn = self.turn(line);
        self.apply(turn, &records, count)
    }

    /// Whose batch a line is.
    fn turn(&mut self, line: &str) -> (u16, u32, u64) {
        let via = line.split(" via=").nth(1);
        let via = via.map(|via| via.split_whitespace().next().unwrap());
        let Some(via) = via else {
            return (0, 0, 0);
        };
        let (gateway, incarnation) = match via.split_once('.') {
            Some((gateway, incarnation)) => {
                (gateway.parse().unwrap(), incarnation.parse().unwrap())
            }
            None => {
                let gateway = via.parse().unwrap();
                let mut known = self.engine.gateways();
                let known = known.find(|known| known.0 == gateway);
                (gateway, known.map_or(0, |(_, state)| state.incarnation))
            }
        };
        if line.starts_with("opens") {
            return (gateway, 0, 0);
        }
        let number = self.numbers.entry((gateway, incarnation)).or_default();
        *number += 1;
        (gateway, incarnation, *number)
    }
}

/// Play a script; the same script with what is really told.
pub fn play(script: &str) -> String {
    let mut stage = Stage::new();
    let mut played = String::new();
    for line in script.lines() {
        let told = match line.strip_prefix("> ") {
            Some(command) => stage.run(command),
            None if line.starts_with('#') => {
                stage = Stage::new();
                Vec::new()
            }
            None if line.is_empty() => Vec::new(),
            None => continue,
        };
        played.push_str(line);
        played.push('\n');
        for event in told {
            played.push_str(&event);
            played.push('\n');
        }
    }
    played
}
