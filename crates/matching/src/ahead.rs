//! Looking ahead over a decoded batch, so that waits for memory overlap.
//!
//! Commands name orders all over the arena.  While a block of commands is applied, what the blocks
//! behind it will touch is asked for, a stage a block: the cell of a ClOrdID and the leaf of a price
//! first, a block later the order that the cell names and the keys of the leaf, and then what these
//! name.  A stage reads only what the stage before it asked for.  It works on all orders of its block
//! that come, then on all that leave: the same few instructions for each, without a branch that tells
//! one from the other, so that their waits overlap too.
//!
//! Nothing is decided here: a wrong guess costs a read.  The leaf that a command probably works on is
//! handed to the book as a hint, which it verifies before it saves itself a search.

use super::book::{Hint, key};
use super::engine::Engine;
use super::orders::num_hash;
use super::pool::NONE;
use wire::record::Command;
use wire::record::command::NewOrder;

/// Commands of a block.
pub(crate) const BLOCK: usize = 8;
/// Blocks that are on their way: a stage each.
const STAGES: usize = 4;
/// Open orders from which on this is worth it: fewer stay in the processor's caches anyway.
const ORDERS_MIN: u32 = 4_096;

/// Commands of a block, by their places in it, that have something in common.
#[derive(Debug, Clone, Copy)]
struct Some8 {
    places: [u8; BLOCK],
    len: usize,
}

impl Some8 {
    const NONE: Self = Self {
        places: [0; BLOCK],
        len: 0,
    };

    /// Add a place, if `also`.
    #[inline(always)]
    fn add(&mut self, place: usize, also: bool) {
        self.places[self.len % BLOCK] = place as u8;
        self.len += usize::from(also);
    }

    #[inline(always)]
    fn places(self) -> impl Iterator<Item = usize> {
        let places = self.places.into_iter().take(self.len);
        places.map(|place| usize::from(place) % BLOCK)
    }
}

/// What the commands of a block probably mean.
#[derive(Debug, Clone, Copy)]
struct Block {
    /// Where a new order comes.
    come: Some8,
    /// Where an order leaves.
    leave: Some8,
    hashes: [u64; BLOCK],
    /// The orders that leave.
    slots: [u32; BLOCK],
    /// Where the levels of new orders are named: the leaf, and what it names.
    leaves: [u32; BLOCK],
    named: [u32; BLOCK],
    /// The levels where a new order comes.
    levels: [u32; BLOCK],
}

impl Block {
    const NOTHING: Self = Self {
        come: Some8::NONE,
        leave: Some8::NONE,
        hashes: [0; BLOCK],
        slots: [NONE; BLOCK],
        leaves: [NONE; BLOCK],
        named: [NONE; BLOCK],
        levels: [NONE; BLOCK],
    };
}

/// How far the look goes, and what was seen.
#[derive(Debug)]
pub(crate) struct Ahead {
    blocks: [Block; STAGES],
    on: bool,
    /// Whether there are many levels, too.
    large: bool,
}

impl Ahead {
    /// Where a command probably works.
    #[inline(always)]
    pub(crate) fn hint(&self, block: usize, place: usize) -> Hint {
        let block = &self.blocks[block % STAGES];
        Hint {
            leaf: block.leaves[place % BLOCK],
            level: block.levels[place % BLOCK],
        }
    }
}

impl Engine {
    /// Begin to look ahead over the commands of a batch.
    pub(crate) fn look_ahead(&self, commands: &[Command<'_>]) -> Ahead {
        let mut ahead = Ahead {
            blocks: [Block::NOTHING; STAGES],
            on: self.open.pool.used() >= ORDERS_MIN,
            large: self.shelf.is_large(),
        };
        if ahead.on {
            for last in 0..STAGES - 1 {
                for step in 0..BLOCK {
                    self.step(&mut ahead, commands, last, step);
                }
            }
        }
        ahead
    }

    /// Look on from a block, one of whose commands is applied next: a step for each of its places.
    #[inline(always)]
    pub(crate) fn look_on(
        &self,
        ahead: &mut Ahead,
        commands: &[Command<'_>],
        block: usize,
        place: usize,
    ) {
        if ahead.on {
            self.step(ahead, commands, block + STAGES - 1, place);
        }
    }

    /// A step of a stage: the first one for the block `last`, the later ones for those before it.
    fn step(&self, ahead: &mut Ahead, commands: &[Command<'_>], last: usize, step: usize) {
        const STAGE: [usize; BLOCK] = [0, 0, 1, 1, 2, 2, 0, 0];
        let number = last.wrapping_sub(STAGE[step % BLOCK]);
        let Some(commands) = commands.get(number.wrapping_mul(BLOCK)..) else {
            return;
        };
        let commands = &commands[..commands.len().min(BLOCK)];
        let block = &mut ahead.blocks[number % STAGES];
        match step {
            0 => self.touch_nums(block, commands),
            1 if ahead.large => self.touch_windows(block, commands),
            2 => self.touch_named(block),
            3 => self.touch_met(block, commands),
            4 => self.touch_around(block),
            5 if ahead.large => self.touch_levels(block, commands),
            _ => {}
        }
    }

    /// Sort the commands of a block, and ask for the cells of what they name.
    fn touch_nums(&self, block: &mut Block, commands: &[Command<'_>]) {
        *block = Block::NOTHING;
        for (place, command) in commands.iter().enumerate() {
            block.come.add(place, matches!(command, Command::New(..)));
            let leaves = matches!(command, Command::Cancel(..) | Command::Replace(..));
            block.leave.add(place, leaves);
        }
        for place in block.come.places() {
            if let Command::New(new, ..) = &commands[place] {
                self.open.touch_num(num_hash(new.entry, new.num));
            }
        }
        for place in block.leave.places() {
            let (entry, num) = match &commands[place] {
                Command::Cancel(x, ..) => (x.entry, x.orig_num),
                Command::Replace(x, ..) => (x.entry, x.orig_num),
                _ => continue,
            };
            block.hashes[place] = num_hash(entry, num);
            self.open.touch_num(block.hashes[place]);
        }
    }

    /// What names the levels of new orders.
    fn touch_windows(&self, block: &mut Block, commands: &[Command<'_>]) {
        for place in block.come.places() {
            if let Command::New(new, ..) = &commands[place]
                && self.instruments.knows(new.instrument)
                && new.price > 0
            {
                let side = self.instruments.row(new.instrument).side(new.side);
                let found = side.look(&self.shelf, key(new.side, new.price));
                (block.leaves[place], block.named[place]) = found;
            }
        }
    }

    /// The orders that are named.
    fn touch_named(&self, block: &mut Block) {
        for place in block.leave.places() {
            let slot = self.open.guess_num(block.hashes[place]);
            block.slots[place] = slot;
            self.open.pool.touch(slot);
        }
    }

    /// The first orders that new ones trade with: they leave, too.
    fn touch_met(&self, block: &mut Block, commands: &[Command<'_>]) {
        for place in block.come.places() {
            let Command::New(new, ..) = &commands[place] else {
                continue;
            };
            let maker = self.meets(new);
            if maker != NONE {
                block.slots[place] = maker;
                self.open.pool.touch(maker);
                block.leave.add(place, true);
            }
        }
    }

    /// The first order that a new one trades with, or `NONE`.
    #[inline(always)]
    fn meets(&self, new: &NewOrder) -> u32 {
        if !self.instruments.knows(new.instrument) || new.price <= 0 {
            return NONE;
        }
        let (row, other) = (self.instruments.row(new.instrument), new.side.opposite());
        match row.side(other).reach(key(other, new.price)) {
            Some(level) => self.shelf.levels[level].head(&self.shelf.pages),
            None => NONE,
        }
    }

    /// What an order that leaves names.
    fn touch_around(&self, block: &mut Block) {
        for place in block.leave.places() {
            if let Some(order) = self.open.pool.get(block.slots[place]) {
                self.open.touch_num(num_hash(order.entry, order.num));
                self.parties.pages.touch(order.list_place().page);
                self.shelf.pages.touch(order.queue_place().page);
                self.shelf.levels.touch(order.level);
            }
        }
    }

    /// The levels where new orders come to stay.
    fn touch_levels(&self, block: &mut Block, commands: &[Command<'_>]) {
        for place in block.come.places() {
            if let Command::New(new, ..) = &commands[place]
                && block.named[place] != NONE
            {
                let side = self.instruments.row(new.instrument).side(new.side);
                let key = key(new.side, new.price);
                block.levels[place] = side.guess(&self.shelf, block.named[place], key);
                self.shelf.levels.touch(block.levels[place]);
            }
        }
    }
}
