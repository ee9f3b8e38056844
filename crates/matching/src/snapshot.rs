//! The whole logical state as bytes: the snapshot, and the hash over it.
//!
//! # Layout
//! `MAGIC u32, VERSION u32`, the state, then the state's hash and a checksum over all before it, both
//! xxh3-64.  The state: counters and settings, gateways and their clock, accounts, entries with what they
//! remember, instruments with their open orders in the order of the book, claims of entries, closed orders of
//! FIX sessions from the oldest on, and up to its end the ids that were passed over: first and last
//! counter, where there are any.  Little-endian; texts are `len u32` and bytes.  What follows from the
//! rest (indexes, totals, lists) is not in it.

use super::claims::Held;
use super::engine::Engine;
use super::order::Order;
use super::parties::Entry;
use super::texts::BYTES_MAX;
use wire::record::Side;
use xxhash_rust::xxh3::xxh3_64;

/// First bytes of a snapshot.
pub(crate) const MAGIC: u32 = u32::from_le_bytes(*b"QSSN");
/// Version of the rules and of this layout: another one is not restored.
pub(crate) const VERSION: u32 = 2;

/// Bytes of an open order, of what is remembered of a client order id, of a closed order, their texts apart.
const ORDER: usize = 67;
const REMEMBERED: usize = 22;
const CLOSED_ORDER: usize = 55;

/// How a claim stands.
pub(crate) const LIVE: u8 = 0;
pub(crate) const RELEASED: u8 = 1;
pub(crate) const CLOSED: u8 = 2;

/// Appends fields.
pub(crate) struct Writer<'o>(pub(crate) &'o mut Vec<u8>);

impl Writer<'_> {
    fn u8(&mut self, value: u8) {
        self.0.push(value);
    }
    fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
    fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
    fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
    fn i64(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
    fn count(&mut self, count: usize) {
        self.u64(count as u64);
    }
    fn text(&mut self, text: &str) {
        self.u32(text.len() as u32);
        self.0.extend_from_slice(text.as_bytes());
    }
}

impl Engine {
    /// Append a snapshot of the whole state to `out`.
    pub fn snapshot(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.reserve(self.room());
        let mut to = Writer(out);
        to.u32(MAGIC);
        to.u32(VERSION);
        let state = to.0.len();
        self.write_state(&mut to);
        let hash = xxh3_64(&out[state..]);
        out.extend_from_slice(&hash.to_le_bytes());
        let checksum = xxh3_64(&out[start..]);
        out.extend_from_slice(&checksum.to_le_bytes());
    }

    /// Hash over the whole logical state: the same for engines that were told the same.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        let mut state = Vec::with_capacity(self.room());
        self.write_state(&mut Writer(&mut state));
        xxh3_64(&state)
    }

    /// Room for nearly all states like this one.  Who grows to it by doubling takes three times as much at the end.
    fn room(&self) -> usize {
        let open = self.books.open();
        let room = |count: u32, bytes: usize| (count as usize).saturating_mul(bytes);
        let parts = [
            1 << 16,
            room(open.len(), ORDER),
            room(open.with_more(), BYTES_MAX),
            room(self.client_ids.len(), REMEMBERED + BYTES_MAX),
            room(self.closed.len(), CLOSED_ORDER + BYTES_MAX),
        ];
        parts.into_iter().fold(0, usize::saturating_add)
    }

    fn write_state(&self, to: &mut Writer<'_>) {
        let position = self.position;
        to.u16(self.partition());
        for value in [
            position.command_offset,
            position.event_seq,
            position.event_hash,
            position.time_ns,
            position.commands,
            position.batches,
            self.numbers.orders(),
            self.numbers.trades(),
        ] {
            to.u64(value);
        }
        to.u32(self.rules);
        to.u64(self.unreadable);
        to.0.extend_from_slice(&self.settings.to_bytes());
        to.u64(self.gateways.now_ns());
        let gateways = self.gateways.iter();
        to.count(gateways.len());
        for (gateway, state) in gateways {
            to.u16(gateway);
            to.u32(state.incarnation);
            to.u8(u8::from(state.ended));
            to.u64(state.number);
            to.u64(state.gaps);
            to.u64(state.heard_ns);
            to.u8(state.nonces.iter().flatten().count() as u8);
            // Oldest first: `incarnation` is the newest one's.
            for nonce in state.nonces_in_order() {
                to.u64(nonce);
            }
        }
        to.count(self.parties.accounts().len());
        for account in self.parties.accounts() {
            to.text(&account.name);
        }
        to.count(self.parties.entries().len());
        for entry in self.parties.entries() {
            self.write_entry(entry, to);
        }
        self.write_instruments(to);
        self.write_claims(to);
        self.write_closed(to);
        for (first, last) in self.numbers.skipped() {
            to.u64(*first);
            to.u64(*last);
        }
    }

    fn write_entry(&self, entry: &Entry, to: &mut Writer<'_>) {
        to.text(&entry.name);
        to.u32(entry.account);
        to.u8(entry.kind.code());
        to.u8(u8::from(entry.cancel_on_disconnect));
        to.u8(entry.stp.code());
        to.u64(entry.seq);
        to.u64(entry.last_num);
        to.u32(entry.ids.len());
        for known in self.client_ids.of(&entry.ids) {
            to.text(self.client_ids.text(known));
            to.u64(known.order_id);
            to.u64(known.content);
            to.u16(known.reason.code());
        }
        to.u64(entry.epoch);
        to.u64(entry.base);
    }

    fn write_instruments(&self, to: &mut Writer<'_>) {
        let instruments = self.books.instruments();
        to.count(instruments.len());
        for (id, row) in instruments.rows() {
            to.u32(id);
            to.text(&row.symbol);
            to.0.extend_from_slice(&row.spec.to_bytes());
            to.i64(row.last_price);
            for side in [Side::Buy, Side::Sell] {
                to.u32(row.side(side).orders);
                for level in self.books.levels(id, side) {
                    for slot in self.books.queue(&self.books.pools().levels[level]) {
                        self.write_order(&self.order_at(slot), to);
                    }
                }
            }
        }
    }

    fn write_claims(&self, to: &mut Writer<'_>) {
        let claims = self.claims.iter();
        to.count(claims.len());
        for (entry, claim) in claims {
            let (held, since_ns) = match claim.held {
                Held::Live => (LIVE, 0),
                Held::Released(since_ns) => (RELEASED, since_ns),
                Held::Closed => (CLOSED, 0),
            };
            to.u32(entry);
            to.u16(claim.owner.gateway());
            to.u32(claim.owner.incarnation());
            to.u64(claim.at_ns);
            to.u8(held);
            to.u64(since_ns);
        }
    }

    fn write_closed(&self, to: &mut Writer<'_>) {
        to.u32(self.closed.len());
        for closed in self.closed.iter() {
            to.u64(closed.order_id);
            to.i64(closed.price);
            to.i64(closed.qty);
            to.i64(closed.cum);
            to.i64(closed.avg_px);
            to.u32(closed.entry);
            to.u32(closed.instrument);
            to.u8(closed.side.code());
            to.u8(closed.tif.code());
            to.u8(closed.status.code());
            to.text(self.closed.text(closed));
        }
    }

    fn write_order(&self, order: &Order, to: &mut Writer<'_>) {
        to.u64(order.order_id);
        to.u64(order.num);
        to.i64(order.price);
        to.i64(order.leaves);
        to.i64(order.cum);
        to.0.extend_from_slice(&order.quote.to_le_bytes());
        to.u32(order.entry);
        to.u8(order.tif.code());
        to.u8(order.exec_inst);
        to.u8(order.stp.code());
        to.text(self.books.open().text(order.text));
    }
}

#[cfg(test)]
#[path = "snapshot_tests.rs"]
mod tests;
