//! What `validate` says of states that are wrong in one way each.
#![allow(clippy::unwrap_used)]

use super::Engine;
use batch::{batch, order, setup, told};
use wire::record::Side;

#[path = "../tests/batch/mod.rs"]
mod batch;

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
    told(&mut engine, 5, &batch((0, 0, 1), 5, &commands));
    engine
}

/// An order of the engine's, once more on the other side, as if it had not traded.
fn cross(engine: &mut Engine) {
    let mut order = engine.order_at(0);
    engine.order_count += 1;
    (order.order_id, order.num, order.side) = (engine.order_count, 5, Side::Sell);
    let slot = engine.place(&order, true);
    engine.parties.list(&mut engine.open.pool[slot], slot);
    engine.parties.entry_mut(1).last_num = 5;
}

/// An order leaves its queue and nothing else.
fn empty(engine: &mut Engine) {
    let order = &engine.open.pool[2];
    let (level, place) = (order.level, order.queue_place());
    engine.shelf.levels[level].remove(&mut engine.shelf.pages, place);
}

/// An order at 100 has executed so much, at prices that sum to so much.
fn execute(engine: &mut Engine, cum: i64, quote: i128) {
    let mut order = engine.order_at(0);
    (order.cum, order.quote, order.text) = (cum, quote, engine.open.texts.keep("x"));
    engine.open.note(0, &order);
}

/// An order leaves its entry's list, and its account's count.
fn unlist(engine: &mut Engine) {
    let place = engine.open.pool[0].list_place();
    let orders = &mut engine.parties.entries[0].orders;
    orders.remove(&mut engine.parties.pages, place);
    engine.parties.accounts[0].open -= 1;
}

#[test]
fn what_is_wrong_is_said() {
    type Harm = fn(&mut Engine);
    let harm: [(Harm, &str); 24] = [
        (cross, "crossed: 100 over 100"),
        (empty, "level 99 is empty"),
        (|it| it.open.pool[0].level = 1, "stands in the wrong queue"),
        (|it| it.open.pool[0].leaves = 0, "is not positive"),
        (|it| it.open.pool[0].leaves = 3, "totals"),
        (|it| execute(it, 0, 1), "executed sum"),
        (|it| execute(it, 7, 6), "executed sum"),
        (
            |it| execute(it, 1, i128::from(i64::MAX) + 1),
            "executed sum",
        ),
        (|it| execute(it, i64::MAX, 1 << 70), "quantity overflows"),
        (|it| it.order_count = 0, "an id not given yet"),
        (|it| it.skipped.push((2, 3)), "an id that was passed over"),
        (|it| it.skipped.push((6, 5)), "out of order"),
        (|it| it.skipped = vec![(5, 6), (6, 9)], "out of order"),
        (|it| it.skipped.push((9, 12)), "not reached yet"),
        (|it| it.open.pool[1].num = 7, "not found by ClOrdID"),
        (
            |it| it.parties.entry_mut(1).last_num = 3,
            "above the highest",
        ),
        (
            |it| it.position.time_ns = it.instruments.next_end_ns,
            "a session end has passed",
        ),
        (|it| it.instruments.next_end_ns += 1, "is not the earliest"),
        (|it| it.instruments.rows[0].day_orders = 1, "DAY orders"),
        (|it| it.parties.accounts[0].open = 3, "open orders"),
        (unlist, "3 orders listed"),
        (
            |it| {
                let place = it.open.pool[1].list_place();
                it.open.pool[0].set_list_place(place);
            },
            "lists order",
        ),
        (
            |it| it.parties.entry_mut(1).account = 2,
            "entry 1 is not found by name",
        ),
        (
            |it| it.parties.entry_mut(1).name = "z".into(),
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
