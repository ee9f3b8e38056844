//! Looking ahead over a decoded batch, so that waits for memory overlap.
//!
//! Commands name orders all over the arena.  While one command is applied, what later ones will touch is
//! asked for, a step at a time: the cell of its ClOrdID first, some commands later the order that the
//! cell names, and then what that order names; likewise the leaf of a price, its keys, and its level.
//! A step reads only what the step before it asked for.  Nothing is decided here: a wrong guess costs a
//! read.

use super::book::key;
use super::engine::Engine;
use super::pool::NONE;
use super::tree::Tree;
use wire::record::Command;
use wire::record::command::NewOrder;

/// Commands between two steps.
const STEP: usize = 5;
const STEPS: usize = 4;
/// Guesses that are kept: at least `STEP * (STEPS - 1) + 1`, and a power of two.
const RING: usize = 16;
/// Open orders from which on this is worth it: fewer stay in the processor's caches anyway.
const ORDERS_MIN: u32 = 4_096;

/// What a command that comes soon probably means.
#[derive(Debug, Clone, Copy)]
struct Guess {
    /// The order that leaves the book.
    slot: u32,
    /// The leaf of the level that it leaves, or that a new order comes to.
    leaf: u32,
}

const NOTHING: Guess = Guess {
    slot: NONE,
    leaf: NONE,
};

/// How far the look goes, and what was seen.
#[derive(Debug)]
pub(crate) struct Ahead {
    guesses: [Guess; RING],
    on: bool,
}

impl Engine {
    /// Begin to look ahead over the commands of a batch.
    pub(crate) fn look_ahead(&self, commands: &[Command<'_>]) -> Ahead {
        let mut ahead = Ahead {
            guesses: [NOTHING; RING],
            on: self.open.pool.used() >= ORDERS_MIN,
        };
        if ahead.on {
            for at in 0..STEPS * STEP {
                self.steps(&mut ahead, commands, at);
            }
        }
        ahead
    }

    /// Look on from the command in place `at`, which is applied next.
    #[inline(always)]
    pub(crate) fn look_on(&self, ahead: &mut Ahead, commands: &[Command<'_>], at: usize) {
        if ahead.on {
            self.steps(ahead, commands, at + STEPS * STEP);
        }
    }

    /// The first step for the command in place `last`, and the later ones for those before it.
    fn steps(&self, ahead: &mut Ahead, commands: &[Command<'_>], last: usize) {
        if let Some(command) = commands.get(last) {
            ahead.guesses[last % RING] = self.first_step(command);
        }
        let second = last.wrapping_sub(STEP);
        if let Some(command) = commands.get(second) {
            self.second_step(command, &mut ahead.guesses[second % RING]);
        }
        let third = last.wrapping_sub(2 * STEP);
        if let Some(command) = commands.get(third) {
            self.third_step(command, &mut ahead.guesses[third % RING]);
        }
        let fourth = last.wrapping_sub(3 * STEP);
        if fourth < commands.len() {
            self.fourth_step(ahead.guesses[fourth % RING]);
        }
    }

    fn first_step(&self, command: &Command<'_>) -> Guess {
        match command {
            Command::New(new, ..) => {
                self.open.touch_num(new.entry, new.num);
                return Guess {
                    slot: NONE,
                    leaf: self.leaf_of(new),
                };
            }
            Command::Cancel(x, ..) => self.open.touch_num(x.entry, x.orig_num),
            Command::Replace(x, ..) => self.open.touch_num(x.entry, x.orig_num),
            _ => {}
        }
        NOTHING
    }

    /// The leaf for the level of a new order.
    fn leaf_of(&self, new: &NewOrder) -> u32 {
        if !self.instruments.knows(new.instrument) || new.price <= 0 {
            return NONE;
        }
        let side = self.instruments.row(new.instrument).side(new.side);
        side.touch_leaf(&self.shelf, key(new.side, new.price))
    }

    /// The order that leaves: the one that is named, or the first that a new one trades with.
    fn second_step(&self, command: &Command<'_>, guess: &mut Guess) {
        match command {
            Command::New(new, ..) => guess.slot = self.meets(new, guess.leaf),
            Command::Cancel(x, ..) => guess.slot = self.open.guess_num(x.entry, x.orig_num),
            Command::Replace(x, ..) => guess.slot = self.open.guess_num(x.entry, x.orig_num),
            _ => {}
        }
        self.open.pool.touch(guess.slot);
    }

    fn meets(&self, new: &NewOrder, leaf: u32) -> u32 {
        if !self.instruments.knows(new.instrument) || new.price <= 0 {
            return NONE;
        }
        let (row, other) = (self.instruments.row(new.instrument), new.side.opposite());
        if let Some(level) = row.side(other).reach(key(other, new.price)) {
            return self.shelf.levels[level].head(&self.shelf.pages);
        }
        if leaf != NONE {
            Tree::touch(&self.shelf.nodes, leaf, key(new.side, new.price));
        }
        NONE
    }

    /// What an order that leaves names; the level where a new one comes to stay.
    fn third_step(&self, command: &Command<'_>, guess: &mut Guess) {
        if guess.slot != NONE {
            let order = &self.open.pool[guess.slot];
            self.open.touch_num(order.entry, order.num);
            self.parties.pages.touch(order.list_place().page);
            self.shelf.pages.touch(order.queue_place().page);
            self.shelf.levels.touch(order.level);
            if self.instruments.knows(order.instrument) {
                let side = self.instruments.row(order.instrument).side(order.side);
                guess.leaf = side.touch_leaf(&self.shelf, key(order.side, order.price));
            }
        } else if let Command::New(new, ..) = command
            && guess.leaf != NONE
        {
            let key = key(new.side, new.price);
            if let Some(level) = Tree::in_leaf(&self.shelf.nodes, guess.leaf, key) {
                self.shelf.levels.touch(level);
            }
        }
    }

    /// The way to a level that probably closes.
    fn fourth_step(&self, guess: Guess) {
        if guess.slot == NONE || guess.leaf == NONE {
            return;
        }
        let order = &self.open.pool[guess.slot];
        let level = self.shelf.levels.get(order.level);
        if level.is_some_and(|level| level.count == 1) {
            let key = key(order.side, order.price);
            Tree::touch(&self.shelf.nodes, guess.leaf, key);
        }
    }
}
