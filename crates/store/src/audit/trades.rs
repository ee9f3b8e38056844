//! Each trade against the events and its orders, and each bar against its trades.

use projection::Bar;
use projection::sum::BAR_NS;
use rusqlite::{Connection, Rows};
use wire::record::Side;

use super::findings::Findings;
use super::lifecycle::Lifecycle;
use super::orders::Orders;
use super::{Look, tables};
use crate::error::StoreError;
use crate::order_row::{self, OrderRow};
use crate::{bar, tape};

const ALL: &str = "SELECT * FROM trade ORDER BY trade_id";
const BY_MINUTE: &str = "SELECT * FROM trade ORDER BY instrument, time_ns, trade_id";

/// Look at all trades and bars; how many trades there are, `None` when told to stop.
pub fn look(
    look: &Look<'_>,
    orders: &Orders,
    findings: &mut Findings,
) -> Result<Option<u64>, StoreError> {
    let before = findings.len();
    let Some(count) = look_at_trades(look, orders, findings)? else {
        return Ok(None);
    };
    let sound = findings.len() == before;
    if sound && orders.whole && count.checked_mul(2) != Some(orders.fills) {
        without_fills(look, findings)?;
    }
    if let Err(error) = look_at_bars(look.store, sound, findings) {
        findings.file(format!("table bar can't be read: {error}"));
    }
    Ok(Some(count))
}

fn look_at_trades(
    look: &Look<'_>,
    orders: &Orders,
    findings: &mut Findings,
) -> Result<Option<u64>, StoreError> {
    let mut replayed = look
        .replayed
        .map(|replayed| replayed.connection.prepare(ALL))
        .transpose()?;
    let mut replayed = Beside::new(replayed.as_mut().map(|all| all.query([])).transpose()?)?;
    let mut select = match look.store.prepare(ALL) {
        Ok(select) => select,
        Err(error) => {
            findings.file(format!("table trade can't be read: {error}"));
            return Ok(Some(0));
        }
    };
    let mut rows = select.query([])?;
    let mut count = 0u64;
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => break,
            Err(error) => {
                findings.file(format!("table trade can't be read to its end: {error}"));
                return Ok(Some(count));
            }
        };
        if !look.goes_on(orders.rows.saturating_add(count)) {
            return Ok(None);
        }
        count = count.saturating_add(1);
        let trade_id = row.get::<_, i64>(0)?;
        replayed.say_missing(trade_id, findings)?;
        let expected = replayed.at(trade_id)?;
        let wrong = match tape::values(row) {
            Err(error) => Some(tables::plain(&error)),
            Ok(trade) => match expected {
                Some(expected) => {
                    (trade != expected).then(|| "it is not what the events tell".to_owned())
                }
                None => stands_alone(&trade, look),
            }
            .or_else(|| {
                let side = u8::try_from(trade[5]).ok().and_then(Side::from_code);
                side.is_none().then(|| "taker_side".to_owned())
            }),
        };
        if let Some(what) = wrong {
            findings.row("trade", trade_id as u64, what);
        }
    }
    replayed.say_missing(i64::MAX, findings)?;
    Ok(Some(count))
}

/// Whether a trade of which no event tells may be there.
fn stands_alone(trade: &[i64; 9], look: &Look<'_>) -> Option<String> {
    let may = match (look.at, look.replayed) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(_), Some(replayed)) => !look.reaches_all() && (trade[8] as u64) < replayed.first_seq,
    };
    (!may).then(|| "no event tells of it".to_owned())
}

/// Find the trades that are no fill of one of their orders.
fn without_fills(look: &Look<'_>, findings: &mut Findings) -> Result<(), StoreError> {
    let mut select = look.store.prepare(ALL)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let trade = tape::values(row)?;
        for order_id in [trade[6], trade[7]] {
            if !is_fill(look.store, order_id as u64, &trade)? {
                let what = format!("it is no fill of order {order_id}");
                findings.row("trade", trade[0] as u64, what);
            }
        }
    }
    Ok(())
}

fn is_fill(connection: &Connection, order_id: u64, trade: &[i64; 9]) -> Result<bool, StoreError> {
    let mut select = connection.prepare_cached(order_row::SELECT)?;
    let Some(stored) = OrderRow::load(&mut select, order_id)? else {
        return Ok(false);
    };
    let lifecycle = Lifecycle::of(connection, stored)?;
    Ok(lifecycle
        .fills
        .iter()
        .any(|fill| lifecycle.is_in(fill, trade)))
}

/// Each bar, and where all trades are sound that it is their sum.
fn look_at_bars(
    connection: &Connection,
    sums: bool,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let mut trades = connection.prepare(BY_MINUTE)?;
    let mut trades = Minutes {
        rows: trades.query([])?,
        next: None,
    };
    let mut select = connection.prepare("SELECT * FROM bar ORDER BY instrument, minute")?;
    let mut rows = select.query([])?;
    let mut expected = if sums { trades.sum()? } else { None };
    while let Some(row) = rows.next()? {
        let (instrument, minute): (u32, i64) = (row.get(0)?, row.get(1)?);
        let key = (instrument, minute as u64);
        let found = match bar::read(row) {
            Ok((_, found)) => found,
            Err(error) => {
                of_bar(key, &tables::plain(&error), findings);
                continue;
            }
        };
        while let Some((missing, _)) = expected.filter(|(at, _)| sums && *at < key) {
            of_bar(
                missing,
                "it is missing, and there are trades of it",
                findings,
            );
            expected = trades.sum()?;
        }
        match expected.filter(|(at, _)| *at == key) {
            Some((_, sum)) => {
                if sum != found {
                    of_bar(key, "it is not the sum of its trades", findings);
                }
                expected = trades.sum()?;
            }
            None if sums => of_bar(key, "there are no trades of it", findings),
            None => {}
        }
    }
    while let Some((missing, _)) = expected {
        of_bar(
            missing,
            "it is missing, and there are trades of it",
            findings,
        );
        expected = trades.sum()?;
    }
    Ok(())
}

fn of_bar((instrument, minute): (u32, u64), what: &str, findings: &mut Findings) {
    findings.row("bar", minute, format!("of instrument {instrument}: {what}"));
}

/// Instrument and minute, and the sum of its trades.
type Minute = ((u32, u64), Bar);

/// The sums of trades, minute by minute.
struct Minutes<'r> {
    rows: Rows<'r>,
    next: Option<[i64; 9]>,
}

impl Minutes<'_> {
    fn sum(&mut self) -> Result<Option<Minute>, StoreError> {
        let mut sum: Option<Minute> = None;
        loop {
            let trade = match self.next.take() {
                Some(trade) => trade,
                None => match self.rows.next()? {
                    Some(row) => tape::values(row)?,
                    None => return Ok(sum),
                },
            };
            let [_, instrument, time, price, qty, ..] = trade;
            let time_ns = time as u64;
            let key = (instrument as u32, time_ns / BAR_NS);
            match &mut sum {
                None => sum = Some((key, Bar::of(time_ns, price, qty))),
                Some((at, bar)) if *at == key => bar.push(time_ns, price, qty),
                Some(_) => {
                    self.next = Some(trade);
                    return Ok(sum);
                }
            }
        }
    }
}

/// The trades that the events make, beside those that are read.
struct Beside<'r> {
    rows: Option<Rows<'r>>,
    next: Option<[i64; 9]>,
}

impl<'r> Beside<'r> {
    fn new(rows: Option<Rows<'r>>) -> Result<Self, StoreError> {
        let mut beside = Self { rows, next: None };
        beside.advance()?;
        Ok(beside)
    }

    fn advance(&mut self) -> Result<Option<[i64; 9]>, StoreError> {
        let next = match &mut self.rows {
            Some(rows) => rows.next()?.map(tape::values).transpose()?,
            None => None,
        };
        Ok(std::mem::replace(&mut self.next, next))
    }

    fn say_missing(&mut self, below: i64, findings: &mut Findings) -> Result<(), StoreError> {
        while let Some(missing) = self.next.filter(|next| next[0] < below) {
            let what = "it is missing, and the events tell of it";
            findings.row("trade", missing[0] as u64, what);
            self.advance()?;
        }
        Ok(())
    }

    fn at(&mut self, trade_id: i64) -> Result<Option<[i64; 9]>, StoreError> {
        if self.next.is_some_and(|next| next[0] == trade_id) {
            return self.advance();
        }
        Ok(None)
    }
}
