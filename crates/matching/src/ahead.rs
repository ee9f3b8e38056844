//! Looking ahead over a decoded batch, so that waits for memory overlap.
//!
//! Commands name orders all over the arena.  While one command is applied, what later ones will touch is
//! asked for, a step at a time: the cell of its ClOrdID first, some commands later the order that the
//! cell names, and then what that order names.  A step reads only what the step before it asked for.
//! Nothing is decided here: a wrong guess costs a read.

use super::book::key;
use super::engine::Engine;
use super::pool::NONE;
use wire::record::Command;
use wire::record::command::NewOrder;

/// Commands between two steps.
const STEP: usize = 6;
/// Commands in the ring of guesses.
const RING: usize = 16;
/// Open orders from which on this is worth it: fewer stay in the processor's caches anyway.
const ORDERS_MIN: u32 = 4_096;

/// What commands that come soon probably mean.
#[derive(Debug)]
pub(crate) struct Ahead {
    guesses: [u32; RING],
    on: bool,
}

impl Engine {
    /// Begin to look ahead over the commands of a batch.
    pub(crate) fn look_ahead(&self, commands: &[Command<'_>]) -> Ahead {
        let mut ahead = Ahead {
            guesses: [NONE; RING],
            on: self.open.pool.used() >= ORDERS_MIN,
        };
        if ahead.on {
            for at in 0..3 * STEP {
                self.steps(&mut ahead, commands, at);
            }
        }
        ahead
    }

    /// Bring near what comes after the command in place `at`.
    #[inline(always)]
    pub(crate) fn look_on(&self, ahead: &mut Ahead, commands: &[Command<'_>], at: usize) {
        if ahead.on {
            self.steps(ahead, commands, at + 3 * STEP);
        }
    }

    /// The first step for the command in place `last`, and the later steps for those before it.
    fn steps(&self, ahead: &mut Ahead, commands: &[Command<'_>], last: usize) {
        if let Some(command) = commands.get(last) {
            self.first_step(command);
        }
        let second = last.wrapping_sub(STEP);
        if let Some(command) = commands.get(second) {
            let guess = self.second_step(command);
            self.open.pool.touch(guess);
            ahead.guesses[second % RING] = guess;
        }
        let third = last.wrapping_sub(2 * STEP);
        if third < commands.len() {
            self.third_step(ahead.guesses[third % RING]);
        }
    }

    fn first_step(&self, command: &Command<'_>) {
        match command {
            Command::New(new, ..) => self.open.touch_num(new.entry, new.num),
            Command::Cancel(x, ..) => self.open.touch_num(x.entry, x.orig_num),
            Command::Replace(x, ..) => self.open.touch_num(x.entry, x.orig_num),
            _ => {}
        }
    }

    /// The order that probably leaves the book.
    fn second_step(&self, command: &Command<'_>) -> u32 {
        match command {
            Command::New(new, ..) => self.meets(new),
            Command::Cancel(x, ..) => self.open.guess_num(x.entry, x.orig_num),
            Command::Replace(x, ..) => self.open.guess_num(x.entry, x.orig_num),
            _ => NONE,
        }
    }

    /// The first order that a new one trades with; one that comes to stay looks for its level.
    fn meets(&self, new: &NewOrder) -> u32 {
        if !self.instruments.knows(new.instrument) || new.price <= 0 {
            return NONE;
        }
        let (row, other) = (self.instruments.row(new.instrument), new.side.opposite());
        if let Some(level) = row.side(other).reach(key(other, new.price)) {
            return self.shelf.levels[level].head(&self.shelf.pages);
        }
        let side = row.side(new.side);
        if let Some(level) = side.level(&self.shelf, key(new.side, new.price)) {
            self.shelf.levels.touch(level);
        }
        NONE
    }

    /// What an order that leaves names.
    fn third_step(&self, slot: u32) {
        if slot == NONE {
            return;
        }
        let order = &self.open.pool[slot];
        self.open.touch_num(order.entry, order.num);
        self.parties.pages.touch(order.list_place().page);
        self.shelf.pages.touch(order.queue_place().page);
        self.shelf.levels.touch(order.level);
    }
}
