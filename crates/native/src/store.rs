//! The recorder and the queries of the store.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use journal::ReadError;
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use store::history::{self, Stretch};
use store::{
    Beginning, EventSource, LogSource, OrderQuery, Position, Reader, Runner, StoreError, Told,
    read_kept,
};
use wire::record::OrdStatus;
use wire::record::numbers::COUNTER;
use wire::text::TradeState;

use crate::engine::Engine;
use crate::journal::MemoryLog;
use crate::settings::StoreSettings;
use crate::sums::{BarFields, SumFields, bar_fields, sum_fields};

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

/// A log in memory as a source; reading it needs no GIL.
struct MemorySource(Py<MemoryLog>);

impl EventSource for MemorySource {
    fn read(&mut self, from: u64, bytes_max: usize) -> Result<Vec<(u64, Vec<u8>)>, String> {
        read_kept(from, |from| self.0.get().0.read(from, bytes_max))
    }

    fn last(&mut self) -> Result<Option<u64>, String> {
        let next = self.0.get().0.next_offset();
        Ok(next.checked_sub(1).filter(|last| *last > 0))
    }

    fn journal_id(&mut self) -> Result<u64, String> {
        Ok(self.0.get().0.journal_id())
    }

    fn chain(&mut self, offset: u64) -> Result<Option<u64>, String> {
        match self.0.get().0.read(offset, 1) {
            Ok(entries) => Ok(entries.first().map(|entry| entry.chain)),
            Err(ReadError::Deleted { .. } | ReadError::Beyond { .. }) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// The events log: a file, or a log in memory.
#[derive(FromPyObject)]
enum Events {
    Memory(Py<MemoryLog>),
    File(PathBuf),
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
            let source: Box<dyn EventSource> = match events {
                Events::Memory(log) => Box::new(MemorySource(log)),
                Events::File(path) => Box::new(LogSource::open(&path).map_err(StoreError::Source)?),
            };
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

    /// Offset and sequence number up to which everything is recorded; zeros when nothing is.
    fn position(&self) -> (u64, u64) {
        ends(self.0.stats().position)
    }

    /// The same for what no power cut takes back: the log may delete up to here.
    fn durable(&self) -> (u64, u64) {
        ends(self.0.stats().durable)
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
        let recorded = ends(stats.position).0;
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

fn ends(position: Option<Position>) -> (u64, u64) {
    position.map_or((0, 0), |at| (at.offset, at.seq))
}

/// What a store proves to have been told, as far as it has come: offset, sequence number, hash, offset
/// and part of the command batch, id of the events log, its chain there, highest order id (the part of it
/// that counts) and trade id; the
/// first event that it has, and when that was (0: unknown), or nothing where it has all.
type ToldRow = (
    u64,
    u64,
    u64,
    u64,
    u16,
    u64,
    u64,
    u64,
    u64,
    u64,
    Option<u64>,
);

/// Read it from a store that nobody writes; `None` when nothing is recorded in it.  With `settled` it is
/// what the disk holds, and not what memory does.
#[pyfunction]
#[pyo3(signature = (path, *, settled=false))]
pub fn store_at_rest(py: Python<'_>, path: PathBuf, settled: bool) -> PyResult<Option<ToldRow>> {
    let told = py.detach(|| {
        if settled {
            journal::settle(&path)?;
        }
        Told::at_rest(&path)
    });
    let told = told.map_err(|error| failed(&error))?;
    Ok(told.map(|told| {
        let at = told.position;
        (
            at.offset,
            at.seq,
            at.hash,
            at.command_offset,
            at.part,
            at.origin.journal_id,
            at.origin.chain,
            told.order_id & COUNTER,
            told.trade_id,
            at.first_seq,
            told.late_ns,
        )
    }))
}

/// What an engine knows of entries, instruments and open orders, as a recorder's `seed`.
#[pyfunction]
pub fn recorder_seed<'py>(py: Python<'py>, engine: &Engine) -> Bound<'py, PyBytes> {
    let engine = &engine.inner;
    PyBytes::new(py, &py.detach(|| store::seed_of(engine)))
}

type Json<'py> = Bound<'py, PyBytes>;
/// A JSON array, how many there are in it and in all (where that is known), and how many stand before the next page.
type StretchFields<'py> = (Json<'py>, u64, Option<u64>, Option<u64>);
/// Order id, time of the first event, entries of the history, fills.
type BeginningFields = (u64, u64, u64, u64);
type Page<'py> = (Vec<(u64, Json<'py>)>, Option<u64>);
type TradeFields = (u64, u64, i64, i64, u8);
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

    fn position(&self, py: Python<'_>) -> PyResult<(u64, u64)> {
        self.ask(py, |reader| reader.position().map(ends))
    }

    /// An order as JSON, and whether more may happen to it.
    fn order<'py>(&self, py: Python<'py>, order_id: u64) -> PyResult<Option<(Json<'py>, bool)>> {
        let order = self.ask(py, |reader| reader.order(order_id))?;
        Ok(order.map(|order| (PyBytes::new(py, &order.json), order.open)))
    }

    /// A page of an order's history.
    #[pyo3(signature = (order_id, *, after, limit, bytes_max))]
    fn history<'py>(
        &self,
        py: Python<'py>,
        order_id: u64,
        after: u64,
        limit: u64,
        bytes_max: usize,
    ) -> PyResult<Option<StretchFields<'py>>> {
        let page = history::Page {
            after,
            limit,
            bytes_max,
        };
        let stretch = self.ask(py, |reader| reader.history(order_id, &page))?;
        Ok(stretch.map(|stretch| stretch_fields(py, &stretch)))
    }

    /// A page of an order's fills.
    #[pyo3(signature = (order_id, *, after, limit, bytes_max))]
    fn fills<'py>(
        &self,
        py: Python<'py>,
        order_id: u64,
        after: u64,
        limit: u64,
        bytes_max: usize,
    ) -> PyResult<Option<StretchFields<'py>>> {
        let page = history::Page {
            after,
            limit,
            bytes_max,
        };
        let stretch = self.ask(py, |reader| reader.fills(order_id, &page))?;
        Ok(stretch.map(|stretch| stretch_fields(py, &stretch)))
    }

    /// When orders began and how much happened to them up to the sequence number that comes with it.
    fn beginnings(
        &self,
        py: Python<'_>,
        order_ids: Vec<u64>,
    ) -> PyResult<(Vec<BeginningFields>, u64)> {
        let (beginnings, sequence) = self.ask(py, |reader| reader.beginnings(&order_ids))?;
        let fields = |x: &Beginning| (x.order_id, x.created_ns, x.history, x.fills);
        Ok((beginnings.iter().map(fields).collect(), sequence))
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
    fn orders<'py>(
        &self,
        py: Python<'py>,
        account: u32,
        before: Option<u64>,
        limit: usize,
        bytes_max: usize,
        status: Option<&str>,
        instrument: Option<u32>,
    ) -> PyResult<Page<'py>> {
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
        let orders = page
            .orders
            .iter()
            .map(|(id, json)| (*id, PyBytes::new(py, json)));
        Ok((orders.collect(), page.next))
    }

    #[pyo3(signature = (instrument, *, before=None, limit=100))]
    fn trades<'py>(
        &self,
        py: Python<'py>,
        instrument: u32,
        before: Option<u64>,
        limit: usize,
    ) -> PyResult<Vec<(u64, Json<'py>)>> {
        let trades = self.ask(py, |reader| reader.trades(instrument, before, limit))?;
        let show = |trade: &TradeState| {
            let mut json = Vec::with_capacity(160);
            trade.write(&mut json);
            (trade.trade_id, PyBytes::new(py, &json))
        };
        Ok(trades.iter().map(show).collect())
    }

    /// Trades as (trade id, time, price, quantity, taker's side).
    #[pyo3(signature = (instrument, from_ns, to_ns, *, after=0, limit=1_000))]
    fn trades_between(
        &self,
        py: Python<'_>,
        instrument: u32,
        from_ns: u64,
        to_ns: u64,
        after: u64,
        limit: usize,
    ) -> PyResult<Vec<TradeFields>> {
        let trades = self.ask(py, |reader| {
            reader.trades_between(instrument, (from_ns, to_ns), after, limit)
        })?;
        let fields = |t: TradeState| (t.trade_id, t.time_ns, t.price, t.qty, t.taker_side.code());
        Ok(trades.into_iter().map(fields).collect())
    }

    fn sum_between(
        &self,
        py: Python<'_>,
        instrument: u32,
        after_ns: u64,
        before_ns: u64,
    ) -> PyResult<Option<SumFields>> {
        let sum = self.ask(py, |reader| {
            reader.sum_between(instrument, after_ns, before_ns)
        })?;
        Ok(sum.map(|bar| sum_fields(&bar.sum)))
    }

    /// Bars as (minute, time of the first trade, time of the last, sum).
    fn bars(&self, py: Python<'_>, instrument: u32, from_ns: u64) -> PyResult<Vec<BarFields>> {
        let bars = self.ask(py, |reader| reader.bars(instrument, from_ns))?;
        let fields = bars.iter().map(|(minute, bar)| bar_fields(*minute, bar));
        Ok(fields.collect())
    }

    fn instruments(&self, py: Python<'_>) -> PyResult<Vec<(u32, String)>> {
        self.ask(py, Reader::instruments)
    }
}

fn stretch_fields<'py>(py: Python<'py>, stretch: &Stretch) -> StretchFields<'py> {
    let json = PyBytes::new(py, &stretch.json);
    (json, stretch.count, stretch.of, stretch.next)
}

fn status_of(name: &str) -> PyResult<OrdStatus> {
    let found = OrdStatus::ALL.iter().find(|status| status.name() == name);
    found
        .copied()
        .ok_or_else(|| PyValueError::new_err(format!("no status of an order: {name}")))
}
