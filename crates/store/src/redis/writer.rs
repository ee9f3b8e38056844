//! Event batches in, transactions for Redis out.
//!
//! # Contract
//! Batches are taken in the order of the log; [`Writer::seal`] makes what was taken, and the position with
//! it, one buffer: `MULTI` … `EXEC`, then `WATCH` and `GET` of the position for the next one (a `WATCH` in
//! front of it in the same buffer would guard nothing).  Whoever sends it compares that answer with
//! [`Writer::place`].  After any failure a new writer begins with what Redis holds.

use std::collections::{BTreeMap, HashMap, HashSet};

use projection::Bar;
use wire::record::EventBatch;

use crate::error::StoreError;
use crate::names::{entry_checksum, named_checksum};
use crate::order_delta::OrderDelta;
use crate::pending::Pending;
use crate::position::{Next, Origin, Position};
use crate::recorder::{Written, read_batch};

use super::keys::{DAY_MINUTES, Keys, block, chunk};
use super::place::Place;
use super::resp::Resp;
use super::trades::{BAR_BYTES, bar_bytes, put_trade};
use super::{bars, segment};

/// Runs commands, each behind its length, where the position is still what it was.
const DELETE: &str = "#!lua flags=allow-oom
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return false end
local at = 2
while at <= #ARGV do
    local words = tonumber(ARGV[at])
    redis.call(unpack(ARGV, at + 1, at + words))
    at = at + words + 1
end
return 1";

/// When a transaction is full.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most orders in one; a batch is never cut.
    pub orders_max: usize,
    /// About so many bytes.
    pub bytes_max: usize,
}

/// Commands as bytes, and how many there are.
#[derive(Debug)]
pub struct Buffer {
    /// The bytes.
    pub data: Vec<u8>,
    /// So many answers come.
    pub answers: u64,
}

/// A transaction in the making.
#[derive(Debug)]
pub struct Writer {
    keys: Keys,
    place: Place,
    /// What `P position` is before the next buffer; empty where there is none.
    before: Vec<u8>,
    pending: Pending,
    pending_bytes: usize,
    /// Whether a batch was taken; it may hold no event.
    taken: bool,
    bars: HashMap<u32, (u64, Bar)>,
    /// The last chunk that each account is known to have orders in.
    listed: HashMap<u32, u64>,
    listed_late: HashSet<(u32, u64)>,
    /// The last block that each instrument is known to have trades in.
    blocks: HashMap<u32, u64>,
}

impl Writer {
    /// One that goes on from `place`, where Redis has `before`; `newest` are the values of `P bars`.
    ///
    /// # Errors
    /// `Checksum` when a bar was not written so.
    pub fn new<'b>(
        prefix: String,
        place: Place,
        before: &[u8],
        newest: impl IntoIterator<Item = (u32, &'b [u8])>,
    ) -> Result<Self, StoreError> {
        let mut known = HashMap::new();
        for (instrument, value) in newest {
            known.extend(bars(value)?.into_iter().map(|bar| (instrument, bar)));
        }
        Ok(Self {
            keys: Keys(prefix),
            place,
            before: before.to_vec(),
            pending: Pending::default(),
            pending_bytes: 0,
            taken: false,
            bars: known,
            listed: HashMap::new(),
            listed_late: HashSet::new(),
            blocks: HashMap::new(),
        })
    }

    /// Up to where everything is in a buffer, or will be in the next.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Take the batch at `offset` of a log, unless it is recorded already.
    ///
    /// # Errors
    /// `Record`, `Damaged`, `Gap` or `Chain`; then the writer is of no more use.
    pub fn take(&mut self, offset: u64, bytes: &[u8], origin: Origin) -> Result<(), StoreError> {
        let batch = read_batch(offset, bytes)?;
        let Next::Take(next) = Position::judge(self.place.at.as_ref(), offset, &batch)? else {
            return Ok(());
        };
        if self.place.at.is_none() && next.first_seq > 1 && self.place.late_ns.is_none() {
            self.place.late_ns = Some(batch.header.time_ns);
        }
        let added = self.pending.add_batch(&batch);
        added.map_err(|error| StoreError::Record { offset, error })?;
        // What is written of an event is about as long as the event.
        self.pending_bytes = self.pending_bytes.saturating_add(bytes.len());
        self.place.at = Some(Position { origin, ..next });
        self.taken = true;
        Ok(())
    }

    /// Whether what was taken is a whole transaction.
    #[must_use]
    pub fn is_full(&self, limits: &Limits) -> bool {
        self.pending_bytes >= limits.bytes_max || self.pending.orders() >= limits.orders_max
    }

    /// Whether nothing was taken.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        !self.taken
    }

    /// Transactions that tell what was before the log begins (see [`crate::Recorder::seed`]).  Until a
    /// batch is taken as well they do not count: there is no position yet.
    ///
    /// # Errors
    /// `Record` when it is no row of event batches.
    pub fn seed(
        &mut self,
        mut batches: &[u8],
        time_ns: u64,
        limits: &Limits,
    ) -> Result<Vec<Buffer>, StoreError> {
        let bad = |error| StoreError::Record { offset: 0, error };
        self.place.late_ns = Some(time_ns);
        while !batches.is_empty() {
            let batch = EventBatch::take(&mut batches).map_err(bad)?;
            for event in batch.events() {
                let (_, event) = event.map_err(bad)?;
                self.pending.seed(time_ns, &event);
            }
        }
        let mut buffers = Vec::new();
        let mut pending = std::mem::take(&mut self.pending);
        let orders = pending.orders_in_order();
        for some in orders.chunks(limits.orders_max.max(1)) {
            let mut resp = Resp::default();
            resp.bare("MULTI");
            self.put_orders(some, &mut resp);
            buffers.push(self.finish(resp));
        }
        let mut resp = Resp::default();
        resp.bare("MULTI");
        self.put_names(&pending, &mut resp);
        buffers.push(self.finish(resp));
        Ok(buffers)
    }

    /// What was taken as one buffer, and what it says.
    ///
    /// # Errors
    /// `Row` where time went back.
    pub fn seal(&mut self) -> Result<(Buffer, Written), StoreError> {
        let mut pending = std::mem::take(&mut self.pending);
        let written = Written {
            events: pending.events as u64,
            bytes: pending.bytes,
            orders: pending.begun,
            trades: pending.trades.len() as u64,
        };
        let mut resp = Resp::default();
        resp.out.reserve(self.pending_bytes.saturating_mul(2));
        (self.pending_bytes, self.taken) = (0, false);
        resp.bare("MULTI");
        self.put_names(&pending, &mut resp);
        self.put_trades(&pending, &mut resp);
        self.put_bars(&pending, &mut resp)?;
        self.put_orders(pending.orders_in_order(), &mut resp);
        Ok((self.finish(resp), written))
    }

    /// A buffer that deletes, by `commands` of these words; nothing else may be taken meanwhile.  A Redis
    /// that is full takes it as well, which it does with a script alone.
    #[must_use]
    pub fn delete(&mut self, commands: &[Vec<&[u8]>], swept: u64, deleted_ns: u64) -> Buffer {
        if self.place.swept < u64::MAX {
            self.place.swept = self.place.swept.max(swept);
        }
        self.place.deleted_ns = self.place.deleted_ns.max(deleted_ns);
        let (position, place) = (self.keys.named("position"), self.place.to_bytes());
        let mut words: Vec<&[u8]> = vec![b"EVAL", DELETE.as_bytes(), b"1", position.as_bytes()];
        let before = std::mem::replace(&mut self.before, place.clone());
        words.push(&before);
        let set: Vec<&[u8]> = vec![b"SET", position.as_bytes(), &place];
        let commands: Vec<_> = commands.iter().chain([&set]).collect();
        let counts: Vec<_> = commands
            .iter()
            .map(|command| command.len().to_string())
            .collect();
        for (command, count) in commands.iter().zip(&counts) {
            words.push(count.as_bytes());
            words.extend(command.iter());
        }
        let mut resp = Resp::default();
        // What is written here is not another's.
        resp.bare("UNWATCH");
        resp.words(&words);
        self.watch(resp)
    }

    fn finish(&mut self, mut resp: Resp) -> Buffer {
        self.before = self.place.to_bytes();
        resp.command("SET", &self.keys.named("position"), 1);
        resp.word(&self.before);
        resp.bare("EXEC");
        self.watch(resp)
    }

    fn watch(&self, mut resp: Resp) -> Buffer {
        let position = self.keys.named("position");
        resp.command("WATCH", &position, 0);
        resp.command("GET", &position, 0);
        Buffer {
            data: resp.out,
            answers: resp.count,
        }
    }

    fn put_orders(&mut self, orders: &[OrderDelta], resp: &mut Resp) {
        let late = self.place.late_ns.is_some();
        let mut lists: BTreeMap<(bool, u32), Vec<u8>> = BTreeMap::new();
        let mut value = Vec::new();
        for some in orders.chunk_by(|a, b| chunk(a.order_id) == chunk(b.order_id)) {
            value.clear();
            for delta in some {
                segment::put(delta, late, &mut value);
                if let Some(list) = self.list(delta) {
                    let entries = lists.entry(list).or_default();
                    entries.extend_from_slice(&chunk(delta.order_id).to_le_bytes());
                }
            }
            resp.command("APPEND", &self.keys.orders(chunk(some[0].order_id)), 1);
            resp.word(&value);
        }
        for ((begun, account), entries) in lists {
            let key = if begun {
                self.keys.account(account)
            } else {
                self.keys.late(account)
            };
            resp.command("APPEND", &key, 1);
            resp.word(&entries);
        }
    }

    /// In which list of which account the order's chunk is to stand, where it may not yet.
    fn list(&mut self, delta: &OrderDelta) -> Option<(bool, u32)> {
        let (account, at) = (delta.terms.account, chunk(delta.order_id));
        if delta.begun {
            if self.place.swept == u64::MAX {
                self.place.swept = at;
            }
            self.place.last = self.place.last.max(at);
            let listed = self.listed.insert(account, at) == Some(at);
            return (!listed).then_some((true, account));
        }
        let late = self.place.late_ns.is_some();
        (late && self.listed_late.insert((account, at))).then_some((false, account))
    }

    fn put_names(&self, pending: &Pending, resp: &mut Resp) {
        let mut entries = BTreeMap::new();
        let mut accounts = BTreeMap::new();
        for row in &pending.entries {
            let (kind, name) = (row.kind.code(), &row.name);
            let mut value = row.account.to_le_bytes().to_vec();
            value.push(kind);
            value.extend_from_slice(name.as_bytes());
            let sum = entry_checksum(row.entry, row.account, kind, name);
            value.extend_from_slice(&sum.to_le_bytes());
            entries.insert(row.entry, value);
            accounts.insert(row.account, named(row.account, &row.account_name));
        }
        let instruments = pending.instruments.iter();
        let instruments = instruments
            .map(|(number, symbol)| (*number, named(*number, symbol)))
            .collect();
        self.put_hash("entries", &entries, resp);
        self.put_hash("accounts", &accounts, resp);
        self.put_hash("instruments", &instruments, resp);
    }

    fn put_hash(&self, name: &str, fields: &BTreeMap<u32, Vec<u8>>, resp: &mut Resp) {
        if fields.is_empty() {
            return;
        }
        let words = fields.len().saturating_mul(2);
        resp.command("HSET", &self.keys.named(name), words);
        for (number, value) in fields {
            resp.word(number.to_string().as_bytes());
            resp.word(value);
        }
    }

    fn put_trades(&mut self, pending: &Pending, resp: &mut Resp) {
        let mut values: BTreeMap<(u32, u64), Vec<u8>> = BTreeMap::new();
        let mut lists: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        for row in &pending.trades {
            let (instrument, at) = (row.trade.instrument, block(row.trade.trade_id));
            put_trade(row, values.entry((instrument, at)).or_default());
            if self.blocks.insert(instrument, at) != Some(at) {
                let list = lists.entry(instrument).or_default();
                list.extend_from_slice(&at.to_le_bytes());
                list.extend_from_slice(&row.time_ns.to_le_bytes());
            }
        }
        for ((instrument, at), value) in &values {
            resp.command("APPEND", &self.keys.trades(*instrument, *at), 1);
            resp.word(value);
        }
        for (instrument, value) in &lists {
            resp.command("APPEND", &self.keys.blocks(*instrument), 1);
            resp.word(value);
        }
    }

    fn put_bars(&mut self, pending: &Pending, resp: &mut Resp) -> Result<(), StoreError> {
        let mut added: Vec<_> = pending.bars.iter().collect();
        added.sort_unstable_by_key(|(key, _)| **key);
        let mut newest = BTreeMap::new();
        for ((instrument, minute), bar) in added {
            let mut bar = *bar;
            match self.bars.get(instrument) {
                Some((known, _)) if known > minute => {
                    return Err(StoreError::Row("time went back"));
                }
                Some((known, before)) if known == minute => {
                    let mut sum = *before;
                    sum.join(&bar);
                    bar = sum;
                }
                _ => {}
            }
            self.bars.insert(*instrument, (*minute, bar));
            let value = bar_bytes(*minute, &bar);
            let (day, of_day) = (minute / DAY_MINUTES, minute % DAY_MINUTES);
            resp.command("SETRANGE", &self.keys.minutes(*instrument, day), 2);
            let at = of_day.saturating_mul(BAR_BYTES as u64);
            resp.word(at.to_string().as_bytes());
            resp.word(&value);
            newest.insert(*instrument, value);
        }
        self.put_hash("bars", &newest, resp);
        Ok(())
    }
}

/// A name, and a checksum of its number and itself.
fn named(number: u32, name: &str) -> Vec<u8> {
    let mut value = name.as_bytes().to_vec();
    value.extend_from_slice(&named_checksum(number, name).to_le_bytes());
    value
}
