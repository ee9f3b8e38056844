//! Prefetching for a decoded batch, so that waits for memory overlap.
//!
//! Commands name orders all over the arena.  While a block of commands is applied, what the block
//! after it will touch is prefetched, in four steps a few commands apart: the cells of the ClOrdIDs
//! first, then the orders that the cells name and what names the levels of new orders, and then what
//! these name.  A ClOrdID in text names what is remembered of it, and only that its order, a step
//! later.  A step reads only what the steps before it prefetched.  It works on all orders of its block
//! that come, then on all that leave, so that their waits overlap and no branch has to predict which
//! of both is next.
//!
//! Nothing is decided here: a wrong guess costs a read.  Where a command probably works is handed to
//! the book as a hint, which it verifies before it saves itself a search.

use super::client_ids::text_hash;
use super::engine::{Engine, SPAN};
use super::orders::num_hash;
use super::pool::NONE;
use super::pools::Hint;
use super::side::key;
use wire::record::Command;
use wire::record::command::NewOrder;

const STEPS: usize = 4;
/// Commands of a block: all steps for one are made while the block before it is applied.
const BLOCK: usize = SPAN * STEPS;
/// Open orders, or remembered client order ids, from which on this is worth it: fewer stay in the processor's caches
/// anyway.
const ORDERS_MIN: u32 = 4_096;

/// Commands of a block, by their indexes in it, that have something in common.
#[derive(Debug, Clone, Copy)]
struct Indexes {
    indexes: [u8; BLOCK],
    len: usize,
}

impl Indexes {
    const NONE: Self = Self {
        indexes: [0; BLOCK],
        len: 0,
    };

    /// Add an index, if `also`.
    #[inline(always)]
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "an index each for the commands of a block"
    )]
    fn add(&mut self, index: usize, also: bool) {
        self.indexes[self.len % BLOCK] = index as u8;
        self.len += usize::from(also);
    }

    #[inline(always)]
    fn iter(self) -> impl Iterator<Item = usize> {
        let indexes = self.indexes.into_iter().take(self.len);
        indexes.map(|index| usize::from(index) % BLOCK)
    }
}

/// What the commands of a block probably mean.
#[derive(Debug, Clone, Copy)]
struct Block {
    /// Where a new order comes.
    come: Indexes,
    /// Where an order leaves.
    leave: Indexes,
    /// Where it is named by text.
    texts: Indexes,
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
        come: Indexes::NONE,
        leave: Indexes::NONE,
        texts: Indexes::NONE,
        hashes: [0; BLOCK],
        slots: [NONE; BLOCK],
        leaves: [NONE; BLOCK],
        named: [NONE; BLOCK],
        levels: [NONE; BLOCK],
    };
}

/// How far the prefetching goes, and what was found.
#[derive(Debug)]
pub(crate) struct Prefetcher {
    /// The block that is applied, and the one after it.
    blocks: [Block; 2],
    on: bool,
    /// Whether there are many levels, too.
    large: bool,
    /// Whether these have long queues.
    long: bool,
}

impl Prefetcher {
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
    /// Begin to prefetch for the commands of a batch.
    pub(crate) fn prefetcher(&self, commands: &[Command<'_>]) -> Prefetcher {
        let mut prefetcher = Prefetcher {
            blocks: [Block::NOTHING; 2],
            on: self.books.open().len().max(self.client_ids.len()) >= ORDERS_MIN,
            large: self.books.pools().is_large(),
            long: self.books.pools().is_long(),
        };
        if prefetcher.on {
            for step in 0..STEPS {
                self.step(&mut prefetcher, commands, 0, step);
            }
        }
        prefetcher
    }

    /// Prefetch on from a span of a block, which is applied next.
    #[inline(always)]
    #[allow(clippy::arithmetic_side_effects, reason = "spans of a batch in memory")]
    pub(crate) fn prefetch_next(
        &self,
        prefetcher: &mut Prefetcher,
        commands: &[Command<'_>],
        span: usize,
    ) {
        if prefetcher.on {
            self.step(prefetcher, commands, span / STEPS + 1, span % STEPS);
        }
    }

    /// A step for a block.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "blocks of a batch in memory"
    )]
    fn step(
        &self,
        prefetcher: &mut Prefetcher,
        commands: &[Command<'_>],
        number: usize,
        step: usize,
    ) {
        let Some(commands) = commands.get(number * BLOCK..) else {
            return;
        };
        let commands = &commands[..commands.len().min(BLOCK)];
        let block = &mut prefetcher.blocks[number % 2];
        match step {
            0 => {
                self.prefetch_nums(block, commands);
                if prefetcher.large && self.books.instruments().are_many() {
                    self.prefetch_roots(block, commands);
                }
            }
            1 => {
                self.prefetch_named(block);
                if prefetcher.large {
                    self.prefetch_windows(block, commands);
                }
            }
            2 => {
                self.prefetch_ids(block);
                self.prefetch_met(block, commands);
                self.prefetch_remembered(block);
                if prefetcher.large {
                    self.prefetch_levels(block, commands);
                }
            }
            _ => {
                self.prefetch_around(block, commands, prefetcher.large);
                if prefetcher.large && prefetcher.long {
                    self.prefetch_ends(block);
                }
            }
        }
    }

    /// Sort the commands of a block, and prefetch the cells of what they name.
    fn prefetch_nums(&self, block: &mut Block, commands: &[Command<'_>]) {
        *block = Block::NOTHING;
        for (index, command) in commands.iter().enumerate() {
            block.come.add(index, matches!(command, Command::New(..)));
            let leaves = matches!(command, Command::Cancel(..) | Command::Replace(..));
            block.leave.add(index, leaves);
        }
        for index in block.come.iter() {
            if let Command::New(new, _, text) = &commands[index] {
                if text.is_empty() {
                    self.books.open().prefetch_num(num_hash(new.entry, new.num));
                } else {
                    self.prefetch_text(new.entry, text);
                }
                self.books.instruments().prefetch(new.instrument, new.side);
            }
        }
        for index in block.leave.iter() {
            let (entry, num, text, request) = match &commands[index] {
                Command::Cancel(x, _, text, request) => (x.entry, x.orig_num, text, request),
                Command::Replace(x, _, text, request) => (x.entry, x.orig_num, text, request),
                _ => continue,
            };
            block.texts.add(index, !text.is_empty());
            if text.is_empty() {
                block.hashes[index] = num_hash(entry, num);
                self.books.open().prefetch_num(block.hashes[index]);
            } else {
                block.hashes[index] = self.prefetch_text(entry, text);
            }
            if !request.is_empty() {
                self.prefetch_text(entry, request);
            }
        }
    }

    /// The cell of a client order id in text; its hash.
    #[inline(always)]
    fn prefetch_text(&self, entry: u32, text: &str) -> u64 {
        let hash = text_hash(entry, text);
        self.client_ids.prefetch_text(hash);
        hash
    }

    /// Where the search for the levels of new orders begins.
    fn prefetch_roots(&self, block: &Block, commands: &[Command<'_>]) {
        for index in block.come.iter() {
            if let Command::New(new, ..) = &commands[index]
                && self.books.instruments().knows(new.instrument)
            {
                let side = self.books.listing(new.instrument).side(new.side);
                side.prefetch(self.books.pools());
            }
        }
    }

    /// What names the levels of new orders.
    fn prefetch_windows(&self, block: &mut Block, commands: &[Command<'_>]) {
        for index in block.come.iter() {
            if let Command::New(new, ..) = &commands[index]
                && self.books.instruments().knows(new.instrument)
                && new.price > 0
            {
                let side = self.books.listing(new.instrument).side(new.side);
                let found = side.peek(self.books.pools(), key(new.side, new.price));
                (block.leaves[index], block.named[index]) = found;
            }
        }
    }

    /// The orders that are named, or what is remembered of the texts that name them.
    fn prefetch_named(&self, block: &mut Block) {
        for index in block.leave.iter() {
            let slot = self.books.open().guess_num(block.hashes[index]);
            block.slots[index] = slot;
            self.books.open().prefetch(slot);
        }
        for index in block.texts.iter() {
            block.slots[index] = self.client_ids.guess(block.hashes[index]);
        }
    }

    /// The ids of the orders that are named by text, which stand in `hashes` from then on.
    fn prefetch_ids(&self, block: &mut Block) {
        for index in block.texts.iter() {
            block.hashes[index] = self.client_ids.order_of(block.slots[index]).unwrap_or(0);
            self.books.open().prefetch_id(block.hashes[index]);
        }
    }

    /// The orders of these ids.
    fn prefetch_remembered(&self, block: &mut Block) {
        for index in block.texts.iter() {
            block.slots[index] = self.books.open().guess_id(block.hashes[index]);
            self.books.open().prefetch(block.slots[index]);
        }
    }

    /// The first orders that new ones trade with: they leave, too.
    fn prefetch_met(&self, block: &mut Block, commands: &[Command<'_>]) {
        for index in block.come.iter() {
            let Command::New(new, ..) = &commands[index] else {
                continue;
            };
            let maker = self.meets(new);
            if maker != NONE {
                block.slots[index] = maker;
                self.books.open().prefetch(maker);
                block.leave.add(index, true);
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
    fn prefetch_around(&self, block: &mut Block, commands: &[Command<'_>], large: bool) {
        for index in block.leave.iter() {
            if let Some(order) = self.books.open().line_if(block.slots[index]) {
                self.parties.prefetch(order.list_cell().page);
                self.books.pools().pages.prefetch(order.queue_cell().page);
                self.books
                    .instruments()
                    .prefetch(order.instrument, order.side);
                if large {
                    self.books.pools().levels.prefetch(order.level);
                }
                if order.beside != NONE {
                    self.books.open().prefetch_beside(order);
                    self.closed.prefetch(order.order_id);
                }
                if matches!(commands[index], Command::New(..)) {
                    self.books
                        .open()
                        .prefetch_num(num_hash(order.entry, order.num));
                }
            }
        }
    }

    /// The levels where new orders come to stay.
    fn prefetch_levels(&self, block: &mut Block, commands: &[Command<'_>]) {
        for index in block.come.iter() {
            if let Command::New(new, ..) = &commands[index]
                && block.named[index] != NONE
            {
                let side = self.books.listing(new.instrument).side(new.side);
                let key = key(new.side, new.price);
                block.levels[index] = side.guess(self.books.pools(), block.named[index], key);
                self.books.pools().levels.prefetch(block.levels[index]);
            }
        }
    }

    /// The ends of these levels' queues.
    fn prefetch_ends(&self, block: &Block) {
        for index in block.come.iter() {
            if let Some(level) = self.books.pools().levels.get(block.levels[index]) {
                self.books.pools().pages.prefetch(level.last_page());
            }
        }
    }
}
