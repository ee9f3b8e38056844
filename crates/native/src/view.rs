//! The view: what the facade keeps in memory.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use view::show::Filter;
use view::tape::{Bar, Sum};
use view::{Limits, ViewError};
use wire::record::OrdStatus;
use wire::text::decimal;

use crate::detached::detached;
use crate::engine::Engine;

type Answer<'py> = (u64, u16, Bound<'py, PyBytes>, u64, u64);
type Frames<'py> = (u32, Bound<'py, PyBytes>);
/// Answers to requests, and frames for listeners.
type Told<'py> = (Vec<Answer<'py>>, Vec<Frames<'py>>);
type SumFields = (i64, i64, i64, i64, i128, i128, u64);

/// See `view::View`; owned by one thread.
#[derive(Debug)]
#[pyclass(module = "core._native")]
pub struct View {
    inner: view::View,
    /// What the last events made, until it is asked for.
    told: view::Told,
}

fn bad(error: ViewError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn sum((open, high, low, close, qty, quote, count): SumFields) -> Sum {
    Sum {
        open,
        high,
        low,
        close,
        qty,
        quote,
        count,
    }
}

fn status_of(name: &str) -> PyResult<OrdStatus> {
    OrdStatus::ALL
        .iter()
        .copied()
        .find(|status| status.name() == name)
        .ok_or_else(|| PyValueError::new_err(format!("no status is called {name}")))
}

impl View {
    /// Take event batches; whether somebody is told something.
    pub(crate) fn take(&mut self, py: Python<'_>, batches: &[u8]) -> PyResult<bool> {
        let inner = &mut self.inner;
        self.told = detached(py, batches.len(), || inner.apply(batches)).map_err(bad)?;
        Ok(!self.told.replies.is_empty() || !self.told.notices.is_empty())
    }

    /// Who is told what.
    pub(crate) fn told<'py>(&mut self, py: Python<'py>) -> Told<'py> {
        let told = std::mem::take(&mut self.told);
        let replies = told.replies.iter().map(|reply| {
            let body = PyBytes::new(py, &reply.body);
            (
                reply.num,
                reply.status,
                body,
                reply.order_id,
                reply.sequence,
            )
        });
        let notices = told
            .notices
            .iter()
            .map(|(connection, frames)| (*connection, PyBytes::new(py, frames)));
        (replies.collect(), notices.collect())
    }
}

#[pymethods]
impl View {
    #[new]
    #[pyo3(signature = (
        gateway, *, recent_orders_max=20_000, overlay_orders_max=200_000, trades_max=1_000
    ))]
    fn new(
        gateway: u16,
        recent_orders_max: usize,
        overlay_orders_max: usize,
        trades_max: usize,
    ) -> Self {
        let limits = Limits {
            recent_orders_max,
            overlay_orders_max,
            trades_max,
        };
        Self {
            inner: view::View::new(gateway, limits),
            told: view::Told::default(),
        }
    }

    /// A view that begins where a restored engine stands.
    #[staticmethod]
    #[pyo3(signature = (
        engine, gateway, *, recent_orders_max=20_000, overlay_orders_max=200_000, trades_max=1_000
    ))]
    fn restore(
        py: Python<'_>,
        engine: &Engine,
        gateway: u16,
        recent_orders_max: usize,
        overlay_orders_max: usize,
        trades_max: usize,
    ) -> Self {
        let limits = Limits {
            recent_orders_max,
            overlay_orders_max,
            trades_max,
        };
        let engine = &engine.inner;
        Self {
            inner: py.detach(|| view::View::restore(gateway, limits, engine)),
            told: view::Told::default(),
        }
    }

    #[getter]
    fn trade_id(&self) -> u64 {
        self.inner.trade_id()
    }

    /// Put bars (minute, first and last time, sum) before those of the trades that were seen.
    fn fill(&mut self, symbol: &str, bars: Vec<(u64, u64, u64, SumFields)>) {
        let bars = bars
            .into_iter()
            .map(|(minute, first_ns, last_ns, fields)| Bar {
                minute,
                first_ns,
                last_ns,
                sum: sum(fields),
            });
        self.inner.fill(symbol, bars);
    }

    #[getter]
    fn sequence(&self) -> u64 {
        self.inner.sequence()
    }

    #[getter]
    fn time_ns(&self) -> u64 {
        self.inner.time_ns()
    }

    #[getter]
    fn full(&self) -> bool {
        self.inner.full()
    }

    #[getter]
    fn counts(&self) -> (usize, usize) {
        self.inner.counts()
    }

    fn apply<'py>(&mut self, py: Python<'py>, batches: &[u8]) -> PyResult<Told<'py>> {
        self.take(py, batches)?;
        Ok(self.told(py))
    }

    fn recorded(&mut self, sequence: u64) {
        self.inner.recorded(sequence);
    }

    fn listen(&mut self, connection: u32, user: &str) {
        self.inner.listen(connection, user);
    }

    fn unlisten(&mut self, connection: u32, user: &str) {
        self.inner.unlisten(connection, user);
    }

    fn instruments(&self) -> Vec<(u32, String)> {
        let symbols = self.inner.symbols().into_iter();
        symbols
            .map(|(number, symbol)| (number, symbol.to_owned()))
            .collect()
    }

    fn instruments_json<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.show_instruments())
    }

    fn book_json<'py>(
        &self,
        py: Python<'py>,
        symbol: &str,
        depth: usize,
    ) -> Option<Bound<'py, PyBytes>> {
        Some(PyBytes::new(py, &self.inner.show_book(symbol, depth)?))
    }

    fn trades<'py>(
        &self,
        py: Python<'py>,
        symbol: &str,
        limit: usize,
    ) -> Vec<(u64, Bound<'py, PyBytes>)> {
        let trades = self.inner.show_trades(symbol, limit).unwrap_or_default();
        trades
            .iter()
            .map(|(id, json)| (*id, PyBytes::new(py, json)))
            .collect()
    }

    fn ticker_edge(&self, symbol: &str, now_ns: u64) -> Option<(u64, u64)> {
        let edge = self.inner.ticker_edge(symbol, now_ns)?;
        Some((edge.after_ns, edge.before_ns))
    }

    #[pyo3(signature = (symbol, now_ns, edge=None))]
    fn ticker_json<'py>(
        &self,
        py: Python<'py>,
        symbol: &str,
        now_ns: u64,
        edge: Option<SumFields>,
    ) -> Option<Bound<'py, PyBytes>> {
        let edge = edge.map(sum);
        let json = self.inner.show_ticker(symbol, now_ns, edge.as_ref())?;
        Some(PyBytes::new(py, &json))
    }

    fn order_json<'py>(&self, py: Python<'py>, order_id: u64) -> Option<Bound<'py, PyBytes>> {
        Some(PyBytes::new(py, &self.inner.order(order_id)?))
    }

    #[pyo3(signature = (user, *, before, limit, status=None, symbol=None))]
    fn recent<'py>(
        &self,
        py: Python<'py>,
        user: &str,
        before: u64,
        limit: usize,
        status: Option<&str>,
        symbol: Option<&str>,
    ) -> PyResult<Vec<(u64, Bound<'py, PyBytes>)>> {
        let status = status.map(status_of).transpose()?;
        let filter = Filter {
            before,
            status,
            symbol,
            limit,
        };
        let orders = self.inner.show_recent(user, filter);
        Ok(orders
            .iter()
            .map(|(id, json)| (*id, PyBytes::new(py, json)))
            .collect())
    }

    fn keeps(&self, order_id: u64) -> bool {
        self.inner.keeps(order_id)
    }

    fn lacks_entry(&self, user: &str) -> bool {
        self.inner.lacks_entry(user)
    }

    fn wait_for(&self, order_id: u64) -> u64 {
        self.inner.wait_for(order_id)
    }

    fn wait_for_user(&self, user: &str) -> u64 {
        self.inner.wait_for_user(user)
    }
}

/// A decimal as it stands in JSON, a number or a string, in units of 10^-8.
#[pyfunction]
pub fn parse_decimal(text: &[u8]) -> PyResult<i64> {
    let inner = match text {
        [b'"', inner @ .., b'"'] => inner,
        text => text,
    };
    decimal::parse(inner).map_err(|error| PyValueError::new_err(error.to_string()))
}
