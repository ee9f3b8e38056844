//! The recorder and the queries of the store.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use store::history;
use store::{HighWater, OrderQuery, Origin, Reader, Runner, StoreError, Target};
use wire::record::OrdStatus;
use wire::record::numbers::COUNTER;
use wire::text::TradeState;

use crate::engine::Engine;
use crate::event_sources::Events;
use crate::journal::LogRecord;
use crate::rows::{
    Beginning, Beginnings, NumberedJson, OrdersPage, Recorded, StoreEnd, StoredOrder, Stretch,
    TakenBack, Trade, numbered,
};
use crate::settings::StoreSettings;
use crate::sums::{Bar, Sum};

create_exception!(
    core._native,
    StoreFailed,
    PyException,
    "What the store refuses, and why."
);

create_exception!(
    core._native,
    StoreDamaged,
    StoreFailed,
    "The store holds what was never written: trying again does not help."
);

pub(crate) fn failed(error: &StoreError) -> PyErr {
    if error.is_damage() {
        return StoreDamaged::new_err(error.to_string());
    }
    StoreFailed::new_err(error.to_string())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The recorder: a thread that writes what the events log holds into the store.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen)]
pub struct Recorder(Runner);

#[pymethods]
impl Recorder {
    #[new]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        events: Events,
        settings: StoreSettings,
        seed: Option<&[u8]>,
    ) -> PyResult<Self> {
        let limits = settings.limits()?;
        let runner = py.detach(|| {
            let source = events.source().map_err(StoreError::Source)?;
            Runner::start(&path, source, seed.unwrap_or_default(), limits)
        });
        runner.map(Self).map_err(|error| failed(&error))
    }

    /// What it took of the configuration.
    #[getter]
    fn settings(&self) -> StoreSettings {
        StoreSettings::of(self.0.limits())
    }

    fn wake(&self) {
        self.0.wake();
    }

    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.0.stop());
    }

    fn notify_fd(&self) -> i32 {
        self.0.notify_fd()
    }

    fn clear_notify(&self) {
        self.0.clear_notify();
    }

    /// Up to where everything is recorded; zeros when nothing is.
    fn position(&self) -> Recorded {
        Recorded::of(self.0.stats().position.as_ref())
    }

    /// The same for what no power cut takes back: the log may delete up to here.
    fn durable(&self) -> Recorded {
        Recorded::of(self.0.stats().durable.as_ref())
    }

    #[getter]
    fn failure(&self) -> Option<String> {
        self.0.stats().failure
    }

    #[getter]
    fn halted(&self) -> bool {
        self.0.stats().halted
    }

    #[getter]
    fn notice(&self) -> Option<String> {
        self.0.stats().notice
    }

    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let stats = self.0.stats();
        let recorded = Recorded::of(stats.position.as_ref()).offset;
        let dict = PyDict::new(py);
        for (name, value) in [
            ("transactions", stats.transactions),
            ("events", stats.events),
            ("bytes", stats.bytes),
            ("orders", stats.orders),
            ("trades", stats.trades),
            ("checkpoints", stats.checkpoints),
            ("failures", stats.failures),
            ("cpu_ns", stats.cpu_ns),
            (
                "lag_entries",
                stats.last_offset.unwrap_or(0).saturating_sub(recorded),
            ),
        ] {
            dict.set_item(name, value)?;
        }
        Ok(dict)
    }
}

impl Drop for Recorder {
    /// Its thread may wait for the GIL, which is held here.
    fn drop(&mut self) {
        Python::try_attach(|py| py.detach(|| self.0.stop()));
    }
}

/// Read what a store that nobody writes has been told; `None` when nothing is recorded in it.  With `settled` it is
/// what the disk holds, and not what memory does.
#[pyfunction]
#[pyo3(signature = (path, *, settled=false))]
pub fn store_at_rest(py: Python<'_>, path: PathBuf, settled: bool) -> PyResult<Option<StoreEnd>> {
    let told = py.detach(|| {
        if settled {
            journal::settle(&path)?;
        }
        HighWater::at_rest(&path)
    });
    let told = told.map_err(|error| failed(&error))?;
    Ok(told.map(|told| {
        let at = told.position;
        StoreEnd {
            offset: at.offset,
            sequence: at.seq,
            hash: at.hash,
            command_offset: at.command_offset,
            part: at.part,
            journal_id: at.origin.journal_id,
            chain: at.origin.chain,
            orders: told.order_id & COUNTER,
            trades: told.trade_id & COUNTER,
            first_sequence: at.first_seq,
            late_ns: told.late_ns,
        }
    }))
}

/// A store that nobody else writes is again what it was behind a record of its log: what the batches in
/// `lost` have told, the last of which is its last, is taken back.
#[pyfunction]
pub fn take_back(
    py: Python<'_>,
    path: PathBuf,
    lost: &[u8],
    seed: &[u8],
    to: &LogRecord,
    journal_id: u64,
) -> PyResult<TakenBack> {
    let to = Target {
        offset: to.offset,
        batch: to.batch.as_bytes(py),
        origin: Origin {
            journal_id,
            chain: to.chain,
        },
    };
    let taken = py.detach(|| store::take_back(&path, lost, seed, &to));
    let taken = taken.map_err(|error| failed(&error))?;
    Ok(TakenBack {
        orders: taken.orders,
        changed: taken.changed,
        trades: taken.trades,
    })
}

/// What an engine knows of entries, instruments and open orders, as a recorder's `seed`.
#[pyfunction]
pub fn recorder_seed<'py>(py: Python<'py>, engine: &Engine) -> Bound<'py, PyBytes> {
    let engine = &engine.inner;
    PyBytes::new(py, &py.detach(|| store::seed_of(engine)))
}

/// A connection for queries of the store; one query at a time.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen)]
pub struct StoreReader(Mutex<Reader>);

impl StoreReader {
    fn ask<T: Send>(
        &self,
        py: Python<'_>,
        ask: impl FnOnce(&Reader) -> Result<T, StoreError> + Send,
    ) -> PyResult<T> {
        py.detach(|| ask(&lock(&self.0)))
            .map_err(|error| failed(&error))
    }
}

#[pymethods]
impl StoreReader {
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        py.detach(|| Reader::open(&path))
            .map(|reader| Self(Mutex::new(reader)))
            .map_err(|error| failed(&error))
    }

    /// Up to where everything is recorded.
    fn position(&self, py: Python<'_>) -> PyResult<Recorded> {
        let position = self.ask(py, Reader::position)?;
        Ok(Recorded::of(position.as_ref()))
    }

    /// Of which journal it is; nothing where nothing is recorded.
    fn journal_id(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        let position = self.ask(py, Reader::position)?;
        Ok(position.map(|at| at.origin.journal_id))
    }

    /// An order as JSON.
    fn order(&self, py: Python<'_>, order_id: u64) -> PyResult<Option<StoredOrder>> {
        let order = self.ask(py, |reader| reader.order(order_id))?;
        Ok(order.map(|order| StoredOrder {
            json: PyBytes::new(py, &order.json).unbind(),
            open: order.open,
        }))
    }

    /// A page of an order's history.
    #[pyo3(signature = (order_id, *, after, limit, bytes_max))]
    fn history(
        &self,
        py: Python<'_>,
        order_id: u64,
        after: u64,
        limit: u64,
        bytes_max: usize,
    ) -> PyResult<Option<Stretch>> {
        let page = history::Page {
            after,
            limit,
            bytes_max,
        };
        let stretch = self.ask(py, |reader| reader.history(order_id, &page))?;
        Ok(stretch.map(|stretch| Stretch::of(py, &stretch)))
    }

    /// A page of an order's fills.
    #[pyo3(signature = (order_id, *, after, limit, bytes_max))]
    fn fills(
        &self,
        py: Python<'_>,
        order_id: u64,
        after: u64,
        limit: u64,
        bytes_max: usize,
    ) -> PyResult<Option<Stretch>> {
        let page = history::Page {
            after,
            limit,
            bytes_max,
        };
        let stretch = self.ask(py, |reader| reader.fills(order_id, &page))?;
        Ok(stretch.map(|stretch| Stretch::of(py, &stretch)))
    }

    /// When orders began and how much happened to them.
    fn beginnings(&self, py: Python<'_>, order_ids: Vec<u64>) -> PyResult<Beginnings> {
        let (orders, sequence) = self.ask(py, |reader| reader.beginnings(&order_ids))?;
        let orders = orders.into_iter().map(|order| Beginning {
            order_id: order.order_id,
            created_ns: order.created_ns,
            history: order.history,
            fills: order.fills,
        });
        Ok(Beginnings {
            orders: orders.collect(),
            sequence,
        })
    }

    /// Number of the account of this name.
    fn account(&self, py: Python<'_>, name: &str) -> PyResult<Option<u32>> {
        self.ask(py, |reader| reader.account(name))
    }

    /// From when on everything is recorded, in nanoseconds; `None` where all that ever happened is.
    fn complete_since(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        self.ask(py, Reader::complete_since)
    }

    #[pyo3(signature = (
        account, *, before=None, limit=100, bytes_max=usize::MAX, status=None, instrument=None
    ))]
    #[allow(clippy::too_many_arguments)]
    fn orders(
        &self,
        py: Python<'_>,
        account: u32,
        before: Option<u64>,
        limit: usize,
        bytes_max: usize,
        status: Option<&str>,
        instrument: Option<u32>,
    ) -> PyResult<OrdersPage> {
        let status = status.map(status_of).transpose()?;
        let query = OrderQuery {
            account,
            status,
            instrument,
            before,
            limit,
            bytes_max,
        };
        let page = self.ask(py, |reader| reader.orders(&query))?;
        Ok(OrdersPage {
            orders: numbered(py, &page.orders),
            next: page.next,
        })
    }

    #[pyo3(signature = (instrument, *, before=None, limit=100))]
    fn trades(
        &self,
        py: Python<'_>,
        instrument: u32,
        before: Option<u64>,
        limit: usize,
    ) -> PyResult<Vec<NumberedJson>> {
        let trades = self.ask(py, |reader| reader.trades(instrument, before, limit))?;
        let show = |trade: &TradeState| {
            let mut json = Vec::with_capacity(160);
            trade.write(&mut json);
            (trade.trade_id, PyBytes::new(py, &json).unbind())
        };
        Ok(trades.iter().map(show).collect())
    }

    /// Trades of a stretch of time, the oldest first.
    #[pyo3(signature = (instrument, from_ns, to_ns, *, after=0, limit=1_000))]
    fn trades_between(
        &self,
        py: Python<'_>,
        instrument: u32,
        from_ns: u64,
        to_ns: u64,
        after: u64,
        limit: usize,
    ) -> PyResult<Vec<Trade>> {
        let trades = self.ask(py, |reader| {
            reader.trades_between(instrument, (from_ns, to_ns), after, limit)
        })?;
        let trades = trades.into_iter().map(|trade| Trade {
            trade_id: trade.trade_id,
            time_ns: trade.time_ns,
            price: trade.price,
            quantity: trade.qty,
            taker_side: trade.taker_side.code(),
        });
        Ok(trades.collect())
    }

    fn sum_between(
        &self,
        py: Python<'_>,
        instrument: u32,
        after_ns: u64,
        before_ns: u64,
    ) -> PyResult<Option<Sum>> {
        let sum = self.ask(py, |reader| {
            reader.sum_between(instrument, after_ns, before_ns)
        })?;
        Ok(sum.map(|bar| Sum::from(&bar.sum)))
    }

    /// The minutes in which an instrument traded.
    fn bars(&self, py: Python<'_>, instrument: u32, from_ns: u64) -> PyResult<Vec<Bar>> {
        let bars = self.ask(py, |reader| reader.bars(instrument, from_ns))?;
        let fields = bars.iter().map(|(minute, bar)| Bar::of(*minute, bar));
        Ok(fields.collect())
    }

    fn instruments(&self, py: Python<'_>) -> PyResult<Vec<(u32, String)>> {
        self.ask(py, Reader::instruments)
    }
}

fn status_of(name: &str) -> PyResult<OrdStatus> {
    let found = OrdStatus::ALL.iter().find(|status| status.name() == name);
    found
        .copied()
        .ok_or_else(|| PyValueError::new_err(format!("no status of an order: {name}")))
}
