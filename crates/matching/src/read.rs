//! Read access for other roles: what the engine knows, in a fixed order.

use super::claims::Claim;
use super::engine::Engine;
use super::gateways::GatewayState;
use super::order::{Order, REPLACED};
use wire::record::command::{Instrument, Settings};
use wire::record::event::{Accepted, EntryOpened, StatusReport};
use wire::record::{OrdStatus, OrdType, Side, Stp, TimeInForce};

/// An instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstrumentView<'e> {
    /// Its number, for ever.
    pub id: u32,
    /// Its symbol.
    pub symbol: &'e str,
    /// Its filters.
    pub spec: Instrument,
    /// Price of the last trade, or 0.
    pub last_price: i64,
    /// When its DAY orders expire next.
    pub session_end_ns: u64,
}

/// An entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryView<'e> {
    /// As the last `EntryOpened` event told it.
    pub opened: EntryOpened,
    /// Its name.
    pub name: &'e str,
    /// Its account's name.
    pub account: &'e str,
    /// Number of the last event told to it.
    pub entry_seq: u64,
    /// Highest ClOrdID of a binary entry, or 0.
    pub last_cl_ord_id: u64,
    /// How often its session was reset.
    pub epoch: u64,
    /// Number of the event at which its session was reset last, or 0.
    pub base: u64,
    /// Client order ids in text that are remembered.
    pub client_ids: u32,
}

/// An open order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderView<'e> {
    /// Order id.
    pub order_id: u64,
    /// Its entry.
    pub entry: u32,
    /// Its account.
    pub account: u32,
    /// `ClOrdId::num`.
    pub num: u64,
    /// Client order id in text, or empty.
    pub text: &'e str,
    /// Instrument.
    pub instrument: u32,
    /// Side.
    pub side: Side,
    /// Type.
    pub ord_type: OrdType,
    /// Time in force.
    pub tif: TimeInForce,
    /// Bits of `ExecInst`.
    pub exec_inst: u8,
    /// Self-trade prevention.
    pub stp: Stp,
    /// Price.
    pub price: i64,
    /// Total quantity: executed plus open.
    pub qty: i64,
    /// Open quantity.
    pub leaves: i64,
    /// Executed quantity.
    pub cum: i64,
    /// Average price, or 0.
    pub avg_px: i64,
    /// NEW or PARTIALLY_FILLED.
    pub status: OrdStatus,
}

impl OrderView<'_> {
    /// As the event that began it would tell it, with the terms in force.
    #[must_use]
    pub const fn accepted(&self) -> Accepted {
        Accepted {
            entry: self.entry,
            account: self.account,
            entry_seq: 0,
            order_id: self.order_id,
            num: self.num,
            price: self.price,
            qty: self.qty,
            instrument: self.instrument,
            side: self.side,
            ord_type: self.ord_type,
            tif: self.tif,
            exec_inst: self.exec_inst,
            stp: self.stp,
        }
    }

    /// How far it is, as a status report tells it that nobody asked for.
    #[must_use]
    pub const fn report(&self) -> StatusReport {
        StatusReport {
            entry: self.entry,
            entry_seq: 0,
            req_id: 0,
            order_id: self.order_id,
            num: self.num,
            price: self.price,
            qty: self.qty,
            leaves: self.leaves,
            cum: self.cum,
            avg_px: self.avg_px,
            instrument: self.instrument,
            side: self.side.code(),
            ord_type: self.ord_type.code(),
            tif: self.tif.code(),
            status: self.status,
        }
    }
}

/// A price level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelView {
    /// Price.
    pub price: i64,
    /// Open quantity.
    pub qty: i64,
    /// Orders.
    pub orders: u32,
}

/// How much there is of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Open orders.
    pub open_orders: u32,
    /// Price levels of all books.
    pub levels: u32,
    /// Orders that were given an id so far.
    pub orders: u64,
    /// Trades so far.
    pub trades: u64,
    /// Accounts.
    pub accounts: u32,
    /// Entries.
    pub entries: u32,
    /// Instruments.
    pub instruments: u32,
    /// Client order ids in text that are remembered.
    pub client_ids: u32,
    /// Closed orders of FIX sessions that are remembered.
    pub closed_orders: u32,
    /// Batches dropped because one before them was missing, over all gateways.
    pub gaps: u64,
    /// Records of the commands log that are no batches, and were passed over.
    pub unreadable: u64,
}

impl Engine {
    /// The limits in force.
    #[must_use]
    pub const fn settings(&self) -> Settings {
        self.settings
    }

    /// The gateways, by number.
    pub fn gateways(&self) -> impl Iterator<Item = (u16, &GatewayState)> + '_ {
        self.gateways.iter()
    }

    /// The entries that were claimed, by number, with the newest claim of each.
    pub fn claims(&self) -> impl Iterator<Item = (u32, &Claim)> + '_ {
        self.claims.iter()
    }

    /// The instruments, by number.
    pub fn instruments(&self) -> impl Iterator<Item = InstrumentView<'_>> {
        let rows = self.books.instruments().rows();
        rows.map(|(id, row)| InstrumentView {
            id,
            symbol: &row.symbol,
            spec: row.spec,
            last_price: row.last_price,
            session_end_ns: row.session_end_ns,
        })
    }

    /// The accounts' names, by number, and how many open orders each has.
    pub fn accounts(&self) -> impl Iterator<Item = (u32, &str, u32)> {
        let accounts = (1..).zip(self.parties.accounts());
        accounts.map(|(id, account)| (id, &*account.name, account.open))
    }

    /// The entries, by number.
    pub fn entries(&self) -> impl Iterator<Item = EntryView<'_>> {
        (1..)
            .zip(self.parties.entries())
            .map(|(id, row)| EntryView {
                opened: self.parties.opened(id),
                name: &row.name,
                account: self.parties.account_name(id),
                entry_seq: row.seq,
                last_cl_ord_id: row.last_num,
                epoch: row.epoch,
                base: row.base,
                client_ids: row.ids.len(),
            })
    }

    /// First and last of the counters of order ids that were passed over, the lowest first: no order has
    /// one of them.
    #[must_use]
    pub fn skipped(&self) -> &[(u64, u64)] {
        self.numbers.skipped()
    }

    /// Whether an order was ever given this id, open or not.
    #[must_use]
    pub fn was_given(&self, order_id: u64) -> bool {
        self.numbers.was_given(order_id)
    }

    /// How much there is.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            open_orders: self.books.open().len(),
            levels: self.books.pools().levels.used(),
            orders: self.numbers.orders(),
            trades: self.numbers.trades(),
            accounts: self.parties.accounts().len() as u32,
            entries: self.parties.entries().len() as u32,
            instruments: self.books.instruments().len() as u32,
            client_ids: self.client_ids.len(),
            closed_orders: self.closed.len(),
            gaps: self.gateways.iter().map(|(_, state)| state.gaps).sum(),
            unreadable: self.unreadable,
        }
    }

    /// An open order by its id.
    #[must_use]
    pub fn order(&self, order_id: u64) -> Option<OrderView<'_>> {
        let slot = self.books.open().by_id(order_id)?;
        Some(self.view(&self.order_at(slot)))
    }

    /// The levels of one side of an instrument's book, best first; none where there is no such instrument.
    pub fn levels(&self, instrument: u32, side: Side) -> impl Iterator<Item = LevelView> + '_ {
        self.books.levels(instrument, side).map(|at| {
            let level = &self.books.pools().levels[at];
            LevelView {
                price: level.price,
                qty: level.qty,
                orders: level.count,
            }
        })
    }

    /// All open orders: by instrument, bids before asks, best level first, oldest first.
    pub fn orders(&self) -> impl Iterator<Item = OrderView<'_>> {
        let slots = self.books.in_order();
        slots.map(|slot| self.view(&self.order_at(slot)))
    }

    fn view(&self, order: &Order) -> OrderView<'_> {
        OrderView {
            order_id: order.order_id,
            entry: order.entry,
            account: order.account,
            num: order.num,
            text: self.books.open().text(order.text),
            instrument: order.instrument,
            side: order.side,
            ord_type: OrdType::Limit,
            tif: order.tif,
            exec_inst: order.exec_inst & !REPLACED,
            stp: order.stp,
            price: order.price,
            qty: order.total(),
            leaves: order.leaves,
            cum: order.cum,
            avg_px: order.avg_px(order.price),
            status: order.status(),
        }
    }
}
