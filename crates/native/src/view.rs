//! The view: what the facade keeps in memory.

use projection::order::Since;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use view::Limits;
use view::orders::Found;
use view::show::Filter;
use wire::record::OrdStatus;
use wire::text::decimal;

use crate::engine::Engine;
use crate::fault::{Fault, caught};
use crate::gateway_outcomes::Failed;
use crate::gil::without_gil;
use crate::ports::EventReader;
use crate::rows::{Beginnings, numbered};
use crate::settings::FacadeSettings;
use crate::sums::{Bar, Sum};
use crate::view_outcomes::{
    DayEdge, InMemory, InStore, OrderFound, OrderStands, OrdersInMemory, RecentOrders, TradesPage,
    ViewOutput,
};

/// What the facade is given.
#[derive(Debug, IntoPyObject)]
pub enum Output {
    /// Answers to requests, and frames for listeners.
    Events(ViewOutput),
    /// The view failed, and knows nothing any more.
    Failed(Failed),
}

/// See `view::View`; owned by one thread.
///
/// A fault in it is no fault of the exchange: it is told once, and events are passed over until the view
/// is made again.
#[derive(Debug)]
#[pyclass(module = "core._native")]
pub struct View {
    inner: view::View,
    gateway: u16,
    limits: Limits,
    /// What the last events made, until it is asked for.
    output: view::Published,
    /// Why it knows nothing any more.
    fault: Fault,
}

fn status_of(name: &str) -> PyResult<OrdStatus> {
    OrdStatus::ALL
        .iter()
        .copied()
        .find(|status| status.name() == name)
        .ok_or_else(|| PyValueError::new_err(format!("no status is called {name}")))
}

impl View {
    fn of(inner: view::View, gateway: u16, limits: Limits) -> Self {
        Self {
            inner,
            gateway,
            limits,
            output: view::Published::default(),
            fault: Fault::default(),
        }
    }

    /// Take event batches; whether somebody is told something.
    fn take(&mut self, py: Python<'_>, batches: &[u8]) -> bool {
        if self.fault.reason().is_some() {
            return self.fault.is_news();
        }
        let inner = &mut self.inner;
        let outcome = without_gil(py, batches.len(), || caught(|| inner.apply(batches)));
        match outcome {
            Ok(Ok(output)) => {
                self.output = output;
                !self.output.replies.is_empty() || !self.output.notices.is_empty()
            }
            Ok(Err(error)) => self.fail(error.to_string()),
            Err(panic) => self.fail(panic),
        }
    }

    fn fail(&mut self, fault: String) -> bool {
        self.fault.set(fault);
        true
    }

    /// Change what it knows; a panic in that is a fault, which is told with the next events.
    fn change<T>(&mut self, change: impl FnOnce(&mut view::View) -> T) -> PyResult<T> {
        let inner = &mut self.inner;
        caught(|| change(inner)).map_err(|panic| {
            self.fail(panic.clone());
            PyRuntimeError::new_err(panic)
        })
    }

    /// What follows from the last events, once.
    fn output(&mut self, py: Python<'_>) -> PyResult<Output> {
        if let Some(reason) = self.fault.news() {
            return Ok(Output::Failed(Failed { reason }));
        }
        let output = std::mem::take(&mut self.output);
        ViewOutput::of(py, &output).map(Output::Events)
    }
}

impl EventReader for Py<View> {
    fn take<'py>(&self, py: Python<'py>, batches: &[u8]) -> PyResult<Option<Bound<'py, PyAny>>> {
        let mut view = self.try_borrow_mut(py)?;
        if !view.take(py, batches) {
            return Ok(None);
        }
        Ok(Some(view.output(py)?.into_pyobject(py)?.into_any()))
    }
}

#[pymethods]
impl View {
    #[new]
    fn new(gateway: u16, settings: FacadeSettings) -> Self {
        let limits = settings.limits();
        Self::of(view::View::new(gateway, limits), gateway, limits)
    }

    /// A view that begins where a restored engine stands.
    #[staticmethod]
    fn restore(py: Python<'_>, engine: &Engine, gateway: u16, settings: FacadeSettings) -> Self {
        let (limits, engine) = (settings.limits(), &engine.inner);
        let inner = py.detach(|| view::View::restore(gateway, limits, engine));
        Self::of(inner, gateway, limits)
    }

    /// What it took of the configuration.
    #[getter]
    const fn settings(&self) -> FacadeSettings {
        FacadeSettings::of(&self.limits)
    }

    /// Begin again where an engine stands of which every event has been told; nobody listens.
    fn begin_again(&mut self, py: Python<'_>, engine: &Engine) {
        let (gateway, limits, engine) = (self.gateway, self.limits, &engine.inner);
        self.inner = py.detach(|| view::View::restore(gateway, limits, engine));
        self.output = view::Published::default();
        self.fault.clear();
    }

    /// Why it knows nothing any more, until it begins again.
    #[getter]
    fn fault(&self) -> Option<String> {
        self.fault.reason().cloned()
    }

    #[getter]
    fn trade_id(&self) -> u64 {
        self.inner.trade_id()
    }

    /// Put bars before those of the trades that were seen.
    fn fill(&mut self, symbol: &str, bars: Vec<Bar>) -> PyResult<()> {
        self.change(|view| view.fill(symbol, bars.iter().map(Bar::read)))
    }

    #[getter]
    fn sequence(&self) -> u64 {
        self.inner.sequence()
    }

    #[getter]
    const fn newest_order(&self) -> u64 {
        self.inner.newest_order()
    }

    #[getter]
    fn time_ns(&self) -> u64 {
        self.inner.time_ns()
    }

    #[getter]
    fn counts(&self) -> OrdersInMemory {
        let (kept, dropped) = self.inner.counts();
        OrdersInMemory { kept, dropped }
    }

    fn apply(&mut self, py: Python<'_>, batches: &[u8]) -> PyResult<Output> {
        self.take(py, batches);
        self.output(py)
    }

    fn recorded(&mut self, sequence: u64) -> PyResult<()> {
        self.change(|view| view.recorded(sequence))
    }

    fn listen(&mut self, connection: u32, user: &str) -> PyResult<()> {
        self.change(|view| view.listen(connection, user))
    }

    fn unlisten(&mut self, connection: u32, user: &str) -> PyResult<()> {
        self.change(|view| view.unlisten(connection, user))
    }

    fn instruments(&self) -> Vec<(u32, String)> {
        let symbols = self.inner.symbols().into_iter();
        symbols
            .map(|(number, symbol)| (number, symbol.to_owned()))
            .collect()
    }

    fn instrument_json<'py>(
        &self,
        py: Python<'py>,
        instrument: u32,
    ) -> Option<Bound<'py, PyBytes>> {
        Some(PyBytes::new(py, &self.inner.show_instrument(instrument)?))
    }

    fn book_json<'py>(
        &self,
        py: Python<'py>,
        symbol: &str,
        depth: usize,
    ) -> Option<Bound<'py, PyBytes>> {
        Some(PyBytes::new(py, &self.inner.show_book(symbol, depth)?))
    }

    /// A page of trades, as far as memory goes.
    #[pyo3(signature = (symbol, *, before, limit, bytes_max))]
    fn trades(
        &self,
        py: Python<'_>,
        symbol: &str,
        before: u64,
        limit: usize,
        bytes_max: usize,
    ) -> TradesPage {
        let page = self.inner.show_trades(symbol, before, limit, bytes_max);
        let page = page.unwrap_or_default();
        TradesPage {
            trades: numbered(py, &page.trades),
            next: page.next,
            store_needs: page.store_needs,
        }
    }

    fn ticker_edge(&self, symbol: &str, now_ns: u64) -> Option<DayEdge> {
        let edge = self.inner.ticker_edge(symbol, now_ns)?;
        Some(DayEdge {
            after_ns: edge.after_ns,
            before_ns: edge.before_ns,
        })
    }

    #[pyo3(signature = (symbol, now_ns, edge=None, complete_since=None))]
    fn ticker_json<'py>(
        &self,
        py: Python<'py>,
        symbol: &str,
        now_ns: u64,
        edge: Option<Sum>,
        complete_since: Option<u64>,
    ) -> Option<Bound<'py, PyBytes>> {
        let edge = edge.as_ref().map(projection::Sum::from);
        let inner = &self.inner;
        let json = inner.show_ticker(symbol, now_ns, edge.as_ref(), complete_since)?;
        Some(PyBytes::new(py, &json))
    }

    /// What is known of an order id; nothing where no order has it.
    fn find(&self, py: Python<'_>, order_id: u64) -> Option<OrderFound> {
        match self.inner.find(order_id) {
            Found::Whole(order) => {
                let json = self.inner.order_json(order, Since::default());
                let json = PyBytes::new(py, &json).unbind();
                Some(OrderFound::Memory(InMemory { json }))
            }
            Found::Stored(sequence) => Some(OrderFound::Store(InStore { sequence })),
            Found::Unknown => None,
        }
    }

    /// The sequence number that the store must have to know all that happened to an order; `None` where no
    /// order has this id.
    fn store_needs(&self, order_id: u64) -> Option<u64> {
        self.inner.store_needs(order_id)
    }

    /// Orders of a user that are whole in memory, by id, and down to which id memory was looked through.
    #[pyo3(signature = (user, *, before, limit, bytes_max, status=None, symbol=None))]
    #[allow(clippy::too_many_arguments)]
    fn recent(
        &self,
        py: Python<'_>,
        user: &str,
        before: u64,
        limit: usize,
        bytes_max: usize,
        status: Option<&str>,
        symbol: Option<&str>,
    ) -> PyResult<RecentOrders> {
        let status = status.map(status_of).transpose()?;
        let filter = Filter {
            before,
            status,
            symbol,
            limit,
            bytes_max,
        };
        let recent = self.inner.show_recent(user, filter);
        Ok(RecentOrders {
            orders: numbered(py, &recent.orders),
            down_to: recent.down_to,
        })
    }

    /// Number of the account of a user; `None` for who has none.
    fn account(&self, user: &str) -> Option<u32> {
        self.inner.account(user)
    }

    fn keeps(&self, order_id: u64) -> bool {
        self.inner.keeps(order_id)
    }

    /// Status and executed quantity of an order that memory holds, whole or not.
    fn stands(&self, order_id: u64) -> Option<OrderStands> {
        let state = self.inner.state(order_id)?;
        let mut filled = Vec::with_capacity(20);
        decimal::write(state.cum, &mut filled);
        Some(OrderStands {
            status: state.status.name().to_owned(),
            filled_quantity: filled.into_iter().map(char::from).collect(),
        })
    }

    fn exists(&self, order_id: u64) -> bool {
        self.inner.exists(order_id)
    }

    /// The user that a user id stands for.
    fn user(&self, user: &str) -> String {
        self.inner.user(user)
    }

    fn lacks_entry(&self, user: &str) -> bool {
        self.inner.lacks_entry(user)
    }

    fn wait_for_user(&self, user: &str) -> u64 {
        self.inner.wait_for_user(user)
    }

    fn lacking(&mut self, most: usize) -> PyResult<Vec<u64>> {
        self.change(|view| view.lacking(most))
    }

    /// What the store knows of the beginnings of orders.
    fn set_beginnings(&mut self, beginnings: Beginnings) -> PyResult<()> {
        self.change(|view| {
            for order in &beginnings.orders {
                let beginning = view::orders::Beginning {
                    order_id: order.order_id,
                    created_ns: order.created_ns,
                    history: order.history,
                    fills: order.fills,
                };
                view.set_beginning(&beginning, beginnings.sequence);
            }
        })
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
