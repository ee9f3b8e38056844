//! How much room a state takes.
#![allow(clippy::unwrap_used)]

use super::Engine;
use crate::batch::{apply, batch, order, setup};
use wire::record::command::{Cancel, EntryOpen, NO_INSTRUMENT};
use wire::record::{Command, EntryKind, Side, Stp};

#[test]
fn a_state_fits_the_room_that_is_made_for_it() {
    let mut engine = Engine::new(0);
    let open = EntryOpen {
        kind: EntryKind::Fix,
        cancel_on_disconnect: false,
        stp: Stp::None,
    };
    let mut commands = setup();
    commands.push(Command::EntryOpen(open, "fix", "a"));
    apply(&mut engine, 5, &batch((0, 0, 1), 5, &commands));
    let names: Vec<String> = (0..6_000).map(|it| format!("{it:0>36}")).collect();
    let commands = (1..).zip(&names).map(|(num, name)| {
        let named = |command| match command {
            Command::New(new, ..) => Command::New(new, "", name),
            other => other,
        };
        let cancel = Cancel {
            entry: 4,
            num,
            orig_num: 0,
            order_id: 0,
            instrument: NO_INSTRUMENT,
            poss_resend: false,
        };
        match num % 3 {
            0 => Command::Cancel(cancel, "", &names[num as usize - 2], name),
            1 => order(1, num, Side::Buy, 100),
            _ => named(order(4, num, Side::Buy, 100)),
        }
    });
    let commands: Vec<Command<'_>> = commands.collect();
    apply(&mut engine, 6, &batch((0, 0, 2), 6, &commands));
    let counts = engine.counts();
    assert_eq!((counts.open_orders, counts.closed_orders), (2_000, 2_000));
    let mut bytes = Vec::new();
    engine.snapshot(&mut bytes);
    let room = engine.room();
    assert!((bytes.len()..2 * bytes.len()).contains(&room), "{room}");
}
