//! What events add up to, in integers that are wide enough for anything: the truth of these tests.

use std::collections::{BTreeMap, BTreeSet};

use ethnum::I256;
use serde_json::Value;
use wire::record::command::{Instrument, NO_PRICE};
use wire::record::event::{Accepted, Canceled, Replaced, Trade};
use wire::record::{CancelReason, Event, OrdStatus, OrdType, Side, TimeInForce};

use crate::numbers::{average, decimal, text};

const DAY_NS: u64 = 86_400_000_000_000;
const MINUTE_NS: u64 = 60_000_000_000;

/// An order, open or not.
#[derive(Debug, Clone)]
pub struct Order {
    pub entry: u32,
    pub instrument: u32,
    pub side: Side,
    pub price: i64,
    pub qty: i128,
    pub leaves: i128,
    pub cum: i128,
    pub quote: I256,
    pub fills: u64,
    pub history: u64,
    pub status: OrdStatus,
}

/// A trade.
#[derive(Debug, Clone, Copy)]
pub struct Print {
    pub id: u64,
    pub time_ns: u64,
    pub price: i64,
    pub qty: i64,
}

/// The sum of a row of trades.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Sum {
    pub open: i64,
    pub high: i64,
    pub low: i64,
    pub close: i64,
    pub qty: I256,
    pub quote: I256,
    pub count: u64,
}

impl Sum {
    pub fn of<'p>(trades: impl Iterator<Item = &'p Print>) -> Self {
        let mut sum = Self::default();
        for trade in trades {
            if sum.count == 0 {
                (sum.open, sum.high, sum.low) = (trade.price, trade.price, trade.price);
            }
            (sum.high, sum.low) = (sum.high.max(trade.price), sum.low.min(trade.price));
            sum.close = trade.price;
            sum.qty += I256::from(trade.qty);
            sum.quote += I256::from(trade.price) * I256::from(trade.qty);
            sum.count += 1;
        }
        sum
    }
}

impl From<&projection::Sum> for Sum {
    fn from(sum: &projection::Sum) -> Self {
        Self {
            open: sum.open,
            high: sum.high,
            low: sum.low,
            close: sum.close,
            qty: I256::from(sum.qty),
            quote: sum.quote,
            count: sum.count,
        }
    }
}

/// All that was told.
#[derive(Debug, Default)]
pub struct Ledger {
    pub specs: BTreeMap<u32, Instrument>,
    pub orders: BTreeMap<u64, Order>,
    pub trades: BTreeMap<u32, Vec<Print>>,
    /// Orders that the last batch was about.
    pub touched: Vec<u64>,
    /// What a run must have come to, or it says little.
    pub seen: BTreeSet<&'static str>,
}

/// All that a usual run comes to, beside the reasons of refusals.
pub const SIGHTS: [&str; 8] = [
    "a side that is full to the last unit",
    "a day's turnover above 2^127",
    "a product above 2^125",
    "an average that is rounded",
    "a window that cuts through a minute",
    "trades that left the window",
    "the rest of an order whose side is full",
    "the rest of an order for which its side has no room",
];

impl Ledger {
    /// Take an event, and hold its numbers to what was told before.
    pub fn take(&mut self, event: &Event<'_>, time_ns: u64) {
        match event {
            Event::InstrumentSet(x, spec, _) => {
                self.specs.insert(x.instrument, *spec);
            }
            Event::Accepted(x, _) => self.accepted(x),
            Event::Trade(x, ..) => self.trade(x, time_ns),
            Event::Canceled(x, ..) => self.canceled(x),
            Event::Replaced(x, ..) => self.replaced(x),
            Event::CancelRejected(x, ..) => {
                self.seen.insert(x.reason.name());
            }
            Event::Rejected(x, ..) if x.order_id != 0 => {
                self.seen.insert(x.reason.name());
                self.begin(
                    (x.entry, x.order_id),
                    (x.instrument, x.side),
                    (x.price, x.qty),
                );
                let order = self.order(x.order_id);
                (order.leaves, order.status) = (0, OrdStatus::Rejected);
            }
            _ => {}
        }
    }

    fn order(&mut self, order_id: u64) -> &mut Order {
        self.touched.push(order_id);
        self.orders.get_mut(&order_id).expect("an order that began")
    }

    fn begin(
        &mut self,
        (entry, order_id): (u32, u64),
        terms: (u32, Side),
        (price, qty): (i64, i64),
    ) {
        let (instrument, side) = terms;
        let order = Order {
            entry,
            instrument,
            side,
            price,
            qty: qty.into(),
            leaves: qty.into(),
            cum: 0,
            quote: I256::ZERO,
            fills: 0,
            history: 1,
            status: OrdStatus::New,
        };
        assert!(self.orders.insert(order_id, order).is_none());
        self.touched.push(order_id);
    }

    fn accepted(&mut self, x: &Accepted) {
        self.check_filters(x);
        self.begin(
            (x.entry, x.order_id),
            (x.instrument, x.side),
            (x.price, x.qty),
        );
    }

    /// What was accepted passes the filters, computed as wide as can be.
    fn check_filters(&mut self, x: &Accepted) {
        let spec = self.specs[&x.instrument];
        assert!(spec.open && x.qty > 0 && x.qty >= spec.qty_min);
        assert!(spec.qty_max == 0 || x.qty <= spec.qty_max);
        assert!(spec.lot < 2 || x.qty % spec.lot == 0);
        if x.ord_type != OrdType::Limit {
            assert_eq!(x.price, NO_PRICE);
            return;
        }
        assert!(x.price > 0 && (spec.tick < 2 || x.price % spec.tick == 0));
        let (price, qty) = (I256::from(x.price), I256::from(x.qty));
        assert!(
            price * qty >= I256::from(spec.notional_min) * 100_000_000 || spec.notional_min <= 0
        );
        if let Some(last) = self.trades.get(&x.instrument).and_then(|all| all.last())
            && spec.price_band_bps > 0
        {
            let last = I256::from(last.price);
            assert!((price - last).abs() * 10_000 <= last * I256::from(spec.price_band_bps));
        }
        // What trades first is asked for room only when it comes to rest.
        if matches!(x.tif, TimeInForce::Day | TimeInForce::Gtc) && !self.meets(x) {
            let (standing, orders) = self.side(x.instrument, x.side);
            assert!(standing + i128::from(x.qty) <= i128::from(i64::MAX));
            assert!(spec.orders_per_side_max == 0 || orders < spec.orders_per_side_max);
        }
    }

    /// Whether an order reaches the other side.
    fn meets(&self, x: &Accepted) -> bool {
        let other = self.levels(x.instrument, x.side.opposite());
        match x.side {
            Side::Buy => other.keys().next().is_some_and(|ask| *ask <= x.price),
            Side::Sell => other.keys().last().is_some_and(|bid| *bid >= x.price),
        }
    }

    /// No side of a book holds more than can be counted.
    pub fn check_sides(&mut self) {
        for instrument in self.specs.keys() {
            for side in [Side::Buy, Side::Sell] {
                let (standing, _) = self.side(*instrument, side);
                assert!(standing <= i128::from(i64::MAX));
                if standing == i128::from(i64::MAX) {
                    self.seen.insert(SIGHTS[0]);
                }
            }
        }
    }

    /// Open quantity of one side, and its orders.
    pub fn side(&self, instrument: u32, side: Side) -> (i128, u32) {
        let all = self.levels(instrument, side).into_values();
        all.fold((0, 0), |(qty, orders), level| {
            (qty + level.0, orders + level.1)
        })
    }

    /// Open quantity and orders by price.
    pub fn levels(&self, instrument: u32, side: Side) -> BTreeMap<i64, (i128, u32)> {
        let mut levels = BTreeMap::new();
        for order in self.orders.values() {
            if (order.instrument, order.side) == (instrument, side) && order.leaves > 0 {
                let level: &mut (i128, u32) = levels.entry(order.price).or_default();
                (level.0, level.1) = (level.0 + order.leaves, level.1 + 1);
            }
        }
        levels
    }

    fn trade(&mut self, x: &Trade, time_ns: u64) {
        assert!(x.qty > 0 && x.price > 0);
        let sides = (x.taker_side, x.taker_side.opposite());
        let taker = (
            x.taker_order_id,
            x.taker_cum,
            x.taker_leaves,
            x.taker_avg_px,
        );
        let maker = (
            x.maker_order_id,
            x.maker_cum,
            x.maker_leaves,
            x.maker_avg_px,
        );
        for ((order_id, cum, leaves, avg_px), side) in [(taker, sides.0), (maker, sides.1)] {
            let order = self.order(order_id);
            assert_eq!((order.side, order.instrument), (side, x.instrument));
            order.cum += i128::from(x.qty);
            order.leaves -= i128::from(x.qty);
            order.quote += I256::from(x.price) * I256::from(x.qty);
            (order.fills, order.history) = (order.fills + 1, order.history + 1);
            order.status = match leaves {
                0 => OrdStatus::Filled,
                _ => OrdStatus::PartiallyFilled,
            };
            order.check(i128::from(cum), i128::from(leaves), avg_px);
        }
        assert_eq!(self.orders[&x.maker_order_id].price, x.price);
        let limit = self.orders[&x.taker_order_id].price;
        assert!(match (limit, x.taker_side) {
            (NO_PRICE, _) => true,
            (limit, Side::Buy) => x.price <= limit,
            (limit, Side::Sell) => x.price >= limit,
        });
        let taker = &self.orders[&x.taker_order_id];
        if taker.quote % I256::from(taker.cum) != 0 {
            self.seen.insert(SIGHTS[3]);
        }
        if taker.quote > (1 << 125) {
            self.seen.insert(SIGHTS[2]);
        }
        let print = Print {
            id: x.trade_id,
            time_ns,
            price: x.price,
            qty: x.qty,
        };
        self.trades.entry(x.instrument).or_default().push(print);
    }

    fn canceled(&mut self, x: &Canceled) {
        let order = self.order(x.order_id);
        if !x.copy {
            assert!(x.qty > 0);
            order.leaves -= i128::from(x.qty);
            order.history += 1;
            order.status = x.status;
            if !x.reason.closes() {
                order.qty = order.cum + order.leaves;
            }
            match x.reason {
                CancelReason::OrderLimit => self.seen.insert(SIGHTS[6]),
                CancelReason::OutOfRange => self.seen.insert(SIGHTS[7]),
                _ => false,
            };
        }
        let order = &self.orders[&x.order_id];
        order.check(x.cum.into(), x.leaves.into(), x.avg_px);
    }

    fn replaced(&mut self, x: &Replaced) {
        let order = self.order(x.order_id);
        if !x.copy {
            assert_eq!(
                (order.price, order.leaves),
                (x.old_price, x.old_leaves.into())
            );
            (order.price, order.qty) = (x.price, x.qty.into());
            order.leaves = order.qty - order.cum;
            order.history += 1;
        }
        assert_eq!(order.qty, i128::from(x.qty));
        order.check(x.cum.into(), x.leaves.into(), x.avg_px);
    }

    /// Trades of an instrument in the 24 hours up to `now_ns`.
    pub fn day(&self, instrument: u32, now_ns: u64) -> Sum {
        let since = |time_ns: u64| now_ns < DAY_NS || time_ns > now_ns - DAY_NS;
        Sum::of(self.of(instrument).filter(|it| since(it.time_ns)))
    }

    /// Trades of an instrument.
    pub fn of(&self, instrument: u32) -> impl Iterator<Item = &Print> {
        self.trades.get(&instrument).into_iter().flatten()
    }

    /// Sums by minute.
    pub fn minutes(&self, instrument: u32) -> BTreeMap<u64, Sum> {
        let of = |minute| {
            let trades = self.of(instrument);
            (
                minute,
                Sum::of(trades.filter(|it| it.time_ns / MINUTE_NS == minute)),
            )
        };
        self.of(instrument)
            .map(|it| of(it.time_ns / MINUTE_NS))
            .collect()
    }

    /// A ticker as JSON shows the window that it is about.
    pub fn check_ticker(&mut self, instrument: u32, now_ns: u64, shown: &Value) {
        let sum = self.day(instrument, now_ns);
        if sum.quote > I256::from(i128::MAX) {
            self.seen.insert(SIGHTS[1]);
        }
        if sum.count > 0 && sum.count < self.of(instrument).count() as u64 {
            self.seen.insert(SIGHTS[5]);
        }
        let last = self.of(instrument).last().map(|it| it.price);
        let some = |price: i64| match sum.count {
            0 => Value::Null,
            _ => decimal(price).into(),
        };
        let wide = |price: Option<I256>| price.map_or(Value::Null, |it| decimal(it).into());
        let open = I256::from(sum.open);
        let change = last
            .filter(|_| sum.count > 0)
            .map(|last| I256::from(last) - open);
        let percent = change.map(|it| average(it * 10_000_000_000_i128, open));
        for (field, expected) in [
            ("last", wide(last.map(I256::from))),
            ("open", some(sum.open)),
            ("high", some(sum.high)),
            ("low", some(sum.low)),
            ("change", wide(change)),
            ("change_percent", wide(percent)),
            ("volume", decimal(sum.qty).into()),
            ("quote_volume", text(sum.quote, 16).into()),
            ("trades", sum.count.into()),
        ] {
            assert_eq!(shown[field], expected, "{field} of {shown}");
        }
    }

    /// An order as JSON shows what it is.
    pub fn check_order(&self, order_id: u64, shown: &Value) {
        let order = &self.orders[&order_id];
        self.check_progress(order_id, shown);
        for (field, expected) in [
            ("fills_count", order.fills.into()),
            ("status_history_count", order.history.into()),
        ] {
            let expected: Value = expected;
            assert_eq!(shown[field], expected, "{field} of {shown}");
        }
    }

    /// How far an order is, as JSON shows it.
    pub fn check_progress(&self, order_id: u64, shown: &Value) {
        let order = &self.orders[&order_id];
        let price = |price: Option<i64>| price.map_or(Value::Null, |it| decimal(it).into());
        let limit = Some(order.price).filter(|it| *it != NO_PRICE);
        for (field, expected) in [
            ("price", price(limit)),
            ("quantity", decimal(order.qty).into()),
            ("filled_quantity", decimal(order.cum).into()),
            ("remaining_quantity", decimal(order.leaves).into()),
            ("average_price", price(order.average())),
            ("status", order.status.name().into()),
        ] {
            assert_eq!(shown[field], expected, "{field} of {shown}");
        }
    }
}

impl Order {
    fn average(&self) -> Option<i64> {
        let average = (self.cum > 0).then(|| average(self.quote, I256::from(self.cum)));
        average.map(|it| i64::try_from(it).expect("between its parts"))
    }

    /// An event says of an order what it has come to.
    fn check(&self, cum: i128, leaves: i128, avg_px: i64) {
        assert_eq!((self.cum, self.leaves), (cum, leaves));
        assert!(self.leaves >= 0 && self.cum + self.leaves <= i128::from(i64::MAX));
        assert_eq!(self.average().unwrap_or(0), avg_px);
    }
}
