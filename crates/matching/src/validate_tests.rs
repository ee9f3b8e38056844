//! What `validate` says of states that are wrong in one way each.
#![allow(clippy::unwrap_used)]

use super::{Engine, Listing};
use crate::batch::{apply, batch, order, setup};
use crate::parties::Entry;
use crate::resting::Resting;
use wire::record::Side;

/// Two bids at 100, one at 99, an offer at 103, all of entry 1; the slots are 0 to 3.
fn sound() -> Engine {
    let mut commands = setup();
    commands.extend([
        order(1, 1, Side::Buy, 100),
        order(1, 2, Side::Buy, 100),
        order(1, 3, Side::Buy, 99),
        order(1, 4, Side::Sell, 103),
    ]);
    let mut engine = Engine::new(0);
    apply(&mut engine, 5, &batch((0, 0, 1), 5, &commands));
    engine
}

/// An order of the engine's, once more on the other side, as if it had not traded.
fn cross(engine: &mut Engine) {
    let mut order = engine.order_at(0);
    let order_id = engine.numbers.next_order();
    (order.order_id, order.num, order.side) = (order_id, 5, Side::Sell);
    let slot = engine.add_to_book(&order, true);
    engine.list(1, slot);
    engine.parties.rises(1, 5);
}

/// An order leaves its queue and nothing else.
fn empty(engine: &mut Engine) {
    let (_, pools, open) = engine.books.inside();
    let (level, cell) = (open.line(2).level, open.line(2).queue_cell());
    pools.levels[level].remove(&mut pools.pages, cell);
}

/// An order at 100 has executed so much, at prices that sum to so much.
fn execute(engine: &mut Engine, cum: i64, quote: i128) {
    let mut order = engine.order_at(0);
    (order.cum, order.quote, order.text) = (cum, quote, engine.books.keep_text("x"));
    engine.books.note(0, &order);
}

/// An order leaves its entry's list, and its account's count.
fn unlist(engine: &mut Engine) {
    let cell = engine.books.line(0).list_cell();
    engine.parties.unlist(1, cell);
}

/// The line of an order.
fn line(engine: &mut Engine, slot: u32) -> &mut Resting {
    engine.books.inside().2.line_mut(slot)
}

fn entry(engine: &mut Engine) -> &mut Entry {
    engine.parties.inside(1).1
}

fn skipped(engine: &mut Engine) -> &mut Vec<(u64, u64)> {
    engine.numbers.inside().1
}

/// When the first session ends, and the instrument.
fn listing(engine: &mut Engine) -> (&mut u64, &mut Listing) {
    engine.books.inside().0.inside(1)
}

#[test]
fn what_is_wrong_is_said() {
    type Harm = fn(&mut Engine);
    let harm: [(Harm, &str); 24] = [
        (cross, "crossed: 100 over 100"),
        (empty, "level 99 is empty"),
        (|it| line(it, 0).level = 1, "stands in the wrong queue"),
        (|it| line(it, 0).leaves = 0, "is not positive"),
        (|it| line(it, 0).leaves = 3, "totals"),
        (|it| execute(it, 0, 1), "executed sum"),
        (|it| execute(it, 7, 6), "executed sum"),
        (
            |it| execute(it, 1, i128::from(i64::MAX) + 1),
            "executed sum",
        ),
        (|it| execute(it, i64::MAX, 1 << 70), "quantity overflows"),
        (|it| *it.numbers.inside().0 = 0, "an id not given yet"),
        (|it| skipped(it).push((2, 3)), "an id that was passed over"),
        (|it| skipped(it).push((6, 5)), "out of order"),
        (|it| *skipped(it) = vec![(5, 6), (6, 9)], "out of order"),
        (|it| skipped(it).push((9, 12)), "not reached yet"),
        (|it| line(it, 1).num = 7, "not found by ClOrdID"),
        (|it| entry(it).last_num = 3, "above the highest"),
        (
            |it| it.position.time_ns = *listing(it).0,
            "a session end has passed",
        ),
        (|it| *listing(it).0 += 1, "is not the earliest"),
        (|it| listing(it).1.day_orders = 1, "DAY orders"),
        (|it| it.parties.inside(1).0.open = 3, "open orders"),
        (unlist, "3 orders listed"),
        (
            |it| {
                let cell = it.books.line(1).list_cell();
                line(it, 0).set_list_cell(cell);
            },
            "lists order",
        ),
        (|it| entry(it).account = 2, "entry 1 is not found by name"),
        (
            |it| entry(it).name = "z".into(),
            "entry 1 is not found by name",
        ),
    ];
    for (harm, said) in harm {
        let mut engine = sound();
        harm(&mut engine);
        let why = engine.validate().unwrap_err();
        assert!(why.contains(said), "{why} instead of {said}");
    }
}
