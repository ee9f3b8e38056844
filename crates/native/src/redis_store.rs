//! The store on Redis: transactions for it, and what it holds as answers.  Its I/O is Python's.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use store::history;
use store::redis::{self, Buffer, Limits, Place, Rows, Writer};
use store::{Origin, StoreError, Written};
use wire::record::Side;
use wire::text::TradeState;

use crate::journal::LogRecord;
use crate::rows::{Beginning, Beginnings, StoredOrder, Stretch, Trade};
use crate::store::failed;
use crate::sums::{Bar, Sum};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn told<T>(result: Result<T, StoreError>) -> PyResult<T> {
    result.map_err(|error| failed(&error))
}

/// How far a recorder on Redis has come, and which one.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen, get_all)]
pub struct RedisPlace {
    life: u64,
    nonce: u64,
    offset: u64,
    sequence: u64,
    command_offset: u64,
    part: u16,
    journal_id: u64,
    chain: u64,
    complete_since: Option<u64>,
    deleted_ns: u64,
    swept: Option<u64>,
    last: u64,
}

#[pymethods]
impl RedisPlace {
    #[new]
    fn new(value: &[u8]) -> PyResult<Self> {
        let place = told(Place::read(value))?;
        let at = place.at.as_ref();
        Ok(Self {
            life: place.life,
            nonce: place.nonce,
            offset: at.map_or(0, |at| at.offset),
            sequence: at.map_or(0, |at| at.seq),
            command_offset: at.map_or(0, |at| at.command_offset),
            part: at.map_or(0, |at| at.part),
            journal_id: at.map_or(0, |at| at.origin.journal_id),
            chain: at.map_or(0, |at| at.origin.chain),
            complete_since: place.complete_since(),
            deleted_ns: place.deleted_ns,
            swept: (place.swept < u64::MAX).then_some(place.swept),
            last: place.last,
        })
    }
}

/// A transaction in the making.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen)]
pub struct RedisWriter {
    writer: Mutex<Writer>,
    limits: Limits,
    journal_id: u64,
}

/// A transaction as one buffer.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen, get_all)]
pub struct RedisBuffer {
    data: Py<PyBytes>,
    answers: u64,
    place: Py<PyBytes>,
    events: u64,
    orders: u64,
    trades: u64,
}

impl RedisBuffer {
    fn of(py: Python<'_>, buffer: &Buffer, place: &Place, written: Written) -> Self {
        Self {
            data: PyBytes::new(py, &buffer.data).unbind(),
            answers: buffer.answers,
            place: PyBytes::new(py, &place.to_bytes()).unbind(),
            events: written.events,
            orders: written.orders,
            trades: written.trades,
        }
    }
}

#[pymethods]
impl RedisWriter {
    #[new]
    #[pyo3(signature = (prefix, value, *, before, life, nonce, journal_id, bars, orders_max, bytes_max))]
    #[allow(clippy::too_many_arguments, reason = "all named")]
    fn new(
        prefix: String,
        value: Option<&[u8]>,
        before: &[u8],
        life: u64,
        nonce: u64,
        journal_id: u64,
        bars: HashMap<u32, PyBackedBytes>,
        orders_max: usize,
        bytes_max: usize,
    ) -> PyResult<Self> {
        let place = match value {
            Some(value) => Place {
                life,
                nonce,
                ..told(Place::read(value))?
            },
            None => Place::begin(life, nonce),
        };
        let bars = bars.iter().map(|(instrument, bar)| (*instrument, &**bar));
        let writer = told(Writer::new(prefix, place, before, bars))?;
        Ok(Self {
            writer: Mutex::new(writer),
            limits: Limits {
                orders_max,
                bytes_max,
            },
            journal_id,
        })
    }

    /// Take records of the log until there is a whole transaction: how many were taken.
    fn take(&self, py: Python<'_>, records: Vec<Py<LogRecord>>) -> PyResult<usize> {
        let records: Vec<_> = records
            .iter()
            .map(|record| {
                let record = record.get();
                (record.offset, record.chain, record.batch.as_bytes(py))
            })
            .collect();
        let taken = py.detach(|| {
            let (mut writer, mut taken) = (lock(&self.writer), 0_usize);
            for (offset, chain, batch) in records {
                if writer.is_full(&self.limits) {
                    break;
                }
                let origin = Origin {
                    journal_id: self.journal_id,
                    chain,
                };
                writer.take(offset, batch, origin)?;
                taken = taken.saturating_add(1);
            }
            Ok(taken)
        });
        told(taken)
    }

    #[getter]
    fn full(&self) -> bool {
        lock(&self.writer).is_full(&self.limits)
    }

    #[getter]
    fn empty(&self) -> bool {
        lock(&self.writer).is_empty()
    }

    fn seal(&self, py: Python<'_>) -> PyResult<RedisBuffer> {
        let sealed = py.detach(|| {
            let mut writer = lock(&self.writer);
            let sealed = writer.seal();
            sealed.map(|(data, written)| (data, written, *writer.place()))
        });
        let (data, written, place) = told(sealed)?;
        Ok(RedisBuffer::of(py, &data, &place, written))
    }

    fn seed(&self, py: Python<'_>, seed: &[u8], time_ns: u64) -> PyResult<Vec<RedisBuffer>> {
        let seeded = py.detach(|| {
            let mut writer = lock(&self.writer);
            let seeded = writer.seed(seed, time_ns, &self.limits);
            seeded.map(|buffers| (buffers, *writer.place()))
        });
        let (buffers, place) = told(seeded)?;
        let nothing = Written::default();
        let buffers = buffers.iter();
        Ok(buffers
            .map(|data| RedisBuffer::of(py, data, &place, nothing))
            .collect())
    }

    #[pyo3(signature = (commands, *, swept, deleted_ns))]
    #[allow(clippy::needless_pass_by_value, reason = "it comes from Python")]
    fn delete(
        &self,
        py: Python<'_>,
        commands: Vec<Vec<PyBackedBytes>>,
        swept: u64,
        deleted_ns: u64,
    ) -> RedisBuffer {
        let commands: Vec<Vec<&[u8]>> = commands
            .iter()
            .map(|words| words.iter().map(|word| &**word).collect())
            .collect();
        let mut writer = lock(&self.writer);
        let data = writer.delete(&commands, swept, deleted_ns);
        RedisBuffer::of(py, &data, writer.place(), Written::default())
    }
}

/// What stays of a chunk of orders without its closed ones.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen, get_all)]
pub struct RedisSwept {
    left: Py<PyBytes>,
    deleted: u64,
    deleted_ns: u64,
    accounts: Vec<u32>,
}

#[pymethods]
impl RedisSwept {
    #[new]
    fn new(py: Python<'_>, chunk: &[u8]) -> PyResult<Self> {
        let swept = told(redis::sweep(chunk))?;
        Ok(Self {
            left: PyBytes::new(py, &swept.left).unbind(),
            deleted: swept.deleted,
            deleted_ns: swept.deleted_ns,
            accounts: swept.accounts,
        })
    }
}

/// Orders of some chunks, the newest first.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen)]
pub struct RedisRows {
    rows: Mutex<Rows>,
    order_ids: Vec<u64>,
}

/// Values that Redis holds, or does not.
type Values = Vec<Option<PyBackedBytes>>;

#[pymethods]
impl RedisRows {
    #[new]
    #[pyo3(signature = (chunks, *, order_ids=None, account=None))]
    fn new(
        py: Python<'_>,
        chunks: Values,
        order_ids: Option<Vec<u64>>,
        account: Option<u32>,
    ) -> PyResult<Self> {
        let order_ids = order_ids.unwrap_or_default();
        let mut wanted = order_ids.clone();
        wanted.sort_unstable();
        let rows = py.detach(|| {
            Rows::of(chunks.iter().flatten().map(|chunk| &**chunk), |row| {
                account.is_none_or(|account| account == row.account)
                    && (account.is_some() || wanted.binary_search(&row.order_id).is_ok())
            })
        });
        Ok(Self {
            rows: Mutex::new(told(rows)?),
            order_ids,
        })
    }

    /// Order id, status and instrument of each.
    #[getter]
    fn heads(&self) -> Vec<(u64, &'static str, u32)> {
        let rows = lock(&self.rows);
        let rows = rows.rows().iter();
        rows.map(|row| (row.order_id, row.status.name(), row.instrument))
            .collect()
    }

    /// Accounts, entries and instruments whose names they need.
    #[getter]
    fn needs(&self) -> (Vec<u32>, Vec<u32>, Vec<u32>) {
        lock(&self.rows).needs()
    }

    #[allow(clippy::needless_pass_by_value, reason = "it comes from Python")]
    fn learn(&self, accounts: Values, entries: Values, instruments: Values) -> PyResult<()> {
        let [accounts, entries, instruments] = [&accounts, &entries, &instruments].map(|values| {
            let values = values.iter();
            values.map(|value| value.as_deref()).collect::<Vec<_>>()
        });
        told(lock(&self.rows).learn([&accounts, &entries, &instruments]))
    }

    /// One of them, by its place among the heads.
    fn order(&self, py: Python<'_>, at: usize) -> PyResult<StoredOrder> {
        let rows = lock(&self.rows);
        let row = rows.rows().get(at);
        let row = row.ok_or_else(|| PyValueError::new_err(format!("there is no order {at}")))?;
        let order = told(rows.show(row))?;
        Ok(StoredOrder {
            json: PyBytes::new(py, &order.json).unbind(),
            open: order.open,
        })
    }

    #[pyo3(signature = (*, fills, after, limit, bytes_max))]
    fn stretch(
        &self,
        py: Python<'_>,
        fills: bool,
        after: u64,
        limit: u64,
        bytes_max: usize,
    ) -> PyResult<Option<Stretch>> {
        let page = history::Page {
            after,
            limit,
            bytes_max,
        };
        let stretch = told(lock(&self.rows).stretch(fills, &page))?;
        Ok(stretch.map(|stretch| Stretch::of(py, &stretch)))
    }

    fn beginnings(&self, sequence: u64) -> Beginnings {
        let rows = lock(&self.rows);
        let found: HashMap<_, _> = rows.beginnings().map(|row| (row.order_id, row)).collect();
        let orders = self.order_ids.iter().filter_map(|id| found.get(id));
        Beginnings {
            orders: orders
                .map(|order| Beginning {
                    order_id: order.order_id,
                    created_ns: order.created_ns,
                    history: order.history,
                    fills: order.fills,
                })
                .collect(),
            sequence,
        }
    }
}

/// The trades of a block, the oldest first.
#[pyfunction]
pub fn redis_trades(block: &[u8]) -> PyResult<Vec<Trade>> {
    let trades = told(redis::trades(block))?.into_iter();
    Ok(trades
        .map(|trade| Trade {
            trade_id: trade.trade_id,
            time_ns: trade.time_ns,
            price: trade.price,
            quantity: trade.qty,
            taker_side: trade.taker_side.code(),
        })
        .collect())
}

/// The bars in a value, the oldest first.
#[pyfunction]
pub fn redis_bars(value: &[u8]) -> PyResult<Vec<Bar>> {
    let bars = told(redis::bars(value))?;
    Ok(bars.iter().map(|(at, bar)| Bar::of(*at, bar)).collect())
}

/// The symbol in a value of an instrument.
#[pyfunction]
pub fn redis_symbol(number: u32, value: &[u8]) -> PyResult<String> {
    told(redis::instrument_name(number, value))
}

fn state_of(trade: &Trade) -> PyResult<TradeState> {
    let side = Side::from_code(trade.taker_side);
    Ok(TradeState {
        trade_id: trade.trade_id,
        time_ns: trade.time_ns,
        price: trade.price,
        qty: trade.quantity,
        taker_side: side.ok_or_else(|| PyValueError::new_err("no side of a trade"))?,
    })
}

/// A trade as the JSON that REST shows.
#[pyfunction]
pub fn trade_json<'py>(py: Python<'py>, trade: &Trade) -> PyResult<Bound<'py, PyBytes>> {
    let mut json = Vec::with_capacity(160);
    state_of(trade)?.write(&mut json);
    Ok(PyBytes::new(py, &json))
}

/// The sum of trades, the oldest first; `None` where there are none.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "it comes from Python")]
pub fn sum_of(trades: Vec<Trade>) -> PyResult<Option<Sum>> {
    let trades: Vec<_> = trades.iter().map(state_of).collect::<PyResult<_>>()?;
    Ok(redis::sum_of(&trades).map(|bar| Sum::from(&bar.sum)))
}
