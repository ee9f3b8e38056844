//! Looking ahead over a decoded batch, so that waits for memory overlap.
//!
//! Commands name orders all over the arena.  While a block of commands is applied, what the block
//! after it will touch is asked for, in four steps a few commands apart: the cells of the ClOrdIDs
//! first, then the orders that the cells name and what names the levels of new orders, and then what
//! these name.  A step reads only what the steps before it asked for.  It works on all orders of its
//! block that come, then on all that leave, so that their waits overlap and no branch has to guess
//! which of both is next.
//!
//! Nothing is decided here: a wrong guess costs a read.  Where a command probably works is handed to
//! the book as a hint, which it verifies before it saves itself a search.

use super::engine::{Engine, SPAN};
use super::orders::num_hash;
use super::pool::NONE;
use super::shelf::Hint;
use super::side::key;
use wire::record::Command;
use wire::record::command::NewOrder;

const STEPS: usize = 4;
/// Commands of a block: all steps for one are made while the block before it is applied.
const BLOCK: usize = SPAN * STEPS;
/// Open orders from which on this is worth it: fewer stay in the processor's caches anyway.
const ORDERS_MIN: u32 = 4_096;

/// Commands of a block, by their places in it, that have something in common.
#[derive(Debug, Clone, Copy)]
struct Places {
    places: [u8; BLOCK],
    len: usize,
}

impl Places {
    const NONE: Self = Self {
        places: [0; BLOCK],
        len: 0,
    };

    /// Add a place, if `also`.
    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "a place each for the commands of a block"
    )]
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
    come: Places,
    /// Where an order leaves.
    leave: Places,
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
        come: Places::NONE,
        leave: Places::NONE,
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
    /// The block that is applied, and the one after it.
    blocks: [Block; 2],
    on: bool,
    /// Whether there are many levels, too.
    large: bool,
    /// Whether these have long queues.
    long: bool,
}

impl Ahead {
    /// Where a command probably works.
    #[inline(always)]
    pub(crate) fn hint(&self, at: usize) -> Hint {
        let block = &self.blocks[at / BLOCK % 2];
        Hint {
            leaf: block.leaves[at % BLOCK],
            level: block.levels[at % BLOCK],
        }
    }
}

impl Engine {
    /// Begin to look ahead over the commands of a batch.
    pub(crate) fn look_ahead(&self, commands: &[Command<'_>]) -> Ahead {
        let mut ahead = Ahead {
            blocks: [Block::NOTHING; 2],
            on: self.books.open().len() >= ORDERS_MIN,
            large: self.books.shelf().is_large(),
            long: self.books.shelf().is_long(),
        };
        if ahead.on {
            for step in 0..STEPS {
                self.step(&mut ahead, commands, 0, step);
            }
        }
        ahead
    }

    /// Look on from a span of a block, which is applied next.
    #[inline(always)]
    #[allow(clippy::arithmetic_side_effects, reason = "spans of a batch in memory")]
    pub(crate) fn look_on(&self, ahead: &mut Ahead, commands: &[Command<'_>], span: usize) {
        if ahead.on {
            self.step(ahead, commands, span / STEPS + 1, span % STEPS);
        }
    }

    /// A step for a block.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "blocks of a batch in memory"
    )]
    fn step(&self, ahead: &mut Ahead, commands: &[Command<'_>], number: usize, step: usize) {
        let Some(commands) = commands.get(number * BLOCK..) else {
            return;
        };
        let commands = &commands[..commands.len().min(BLOCK)];
        let block = &mut ahead.blocks[number % 2];
        match step {
            0 => {
                self.touch_nums(block, commands);
                if ahead.large && self.books.instruments().are_many() {
                    self.touch_roots(block, commands);
                }
            }
            1 => {
                self.touch_named(block);
                if ahead.large {
                    self.touch_windows(block, commands);
                }
            }
            2 => {
                self.touch_met(block, commands);
                if ahead.large {
                    self.touch_levels(block, commands);
                }
            }
            _ => {
                self.touch_around(block, commands, ahead.large);
                if ahead.large && ahead.long {
                    self.touch_ends(block);
                }
            }
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
                self.books.open().touch_num(num_hash(new.entry, new.num));
                self.books.instruments().touch(new.instrument, new.side);
            }
        }
        for place in block.leave.places() {
            let (entry, num) = match &commands[place] {
                Command::Cancel(x, ..) => (x.entry, x.orig_num),
                Command::Replace(x, ..) => (x.entry, x.orig_num),
                _ => continue,
            };
            block.hashes[place] = num_hash(entry, num);
            self.books.open().touch_num(block.hashes[place]);
        }
    }

    /// Where the search for the levels of new orders begins.
    fn touch_roots(&self, block: &Block, commands: &[Command<'_>]) {
        for place in block.come.places() {
            if let Command::New(new, ..) = &commands[place]
                && self.books.instruments().knows(new.instrument)
            {
                let side = self.books.listing(new.instrument).side(new.side);
                side.touch(self.books.shelf());
            }
        }
    }

    /// What names the levels of new orders.
    fn touch_windows(&self, block: &mut Block, commands: &[Command<'_>]) {
        for place in block.come.places() {
            if let Command::New(new, ..) = &commands[place]
                && self.books.instruments().knows(new.instrument)
                && new.price > 0
            {
                let side = self.books.listing(new.instrument).side(new.side);
                let found = side.look(self.books.shelf(), key(new.side, new.price));
                (block.leaves[place], block.named[place]) = found;
            }
        }
    }

    /// The orders that are named.
    fn touch_named(&self, block: &mut Block) {
        for place in block.leave.places() {
            let slot = self.books.open().guess_num(block.hashes[place]);
            block.slots[place] = slot;
            self.books.open().touch(slot);
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
                self.books.open().touch(maker);
                block.leave.add(place, true);
            }
        }
    }

    /// The first order that a new one trades with, or `NONE`.
    #[inline(always)]
    fn meets(&self, new: &NewOrder) -> u32 {
        if !self.books.instruments().knows(new.instrument) || new.price <= 0 {
            return NONE;
        }
        let other = new.side.opposite();
        let limit = key(other, new.price);
        self.books
            .first(new.instrument, other, limit)
            .unwrap_or(NONE)
    }

    /// What an order that leaves names.
    fn touch_around(&self, block: &mut Block, commands: &[Command<'_>], large: bool) {
        for place in block.leave.places() {
            if let Some(order) = self.books.open().line_if(block.slots[place]) {
                self.parties.touch(order.list_place().page);
                self.books.shelf().pages.touch(order.queue_place().page);
                self.books.instruments().touch(order.instrument, order.side);
                if large {
                    self.books.shelf().levels.touch(order.level);
                }
                if matches!(commands[place], Command::New(..)) {
                    self.books
                        .open()
                        .touch_num(num_hash(order.entry, order.num));
                }
            }
        }
    }

    /// The levels where new orders come to stay.
    fn touch_levels(&self, block: &mut Block, commands: &[Command<'_>]) {
        for place in block.come.places() {
            if let Command::New(new, ..) = &commands[place]
                && block.named[place] != NONE
            {
                let side = self.books.listing(new.instrument).side(new.side);
                let key = key(new.side, new.price);
                block.levels[place] = side.guess(self.books.shelf(), block.named[place], key);
                self.books.shelf().levels.touch(block.levels[place]);
            }
        }
    }

    /// The ends of these levels' queues.
    fn touch_ends(&self, block: &Block) {
        for place in block.come.places() {
            if let Some(level) = self.books.shelf().levels.get(block.levels[place]) {
                self.books.shelf().pages.touch(level.last_page());
            }
        }
    }
}
