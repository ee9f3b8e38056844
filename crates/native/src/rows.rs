//! What the store answers, as Python sees it.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::named::named;

/// A number (an order id or a trade id), and the JSON of what has it.
pub type NumberedJson = (u64, Py<PyBytes>);

/// For Python.
pub fn numbered(py: Python<'_>, rows: &[(u64, Vec<u8>)]) -> Vec<NumberedJson> {
    let rows = rows.iter();
    rows.map(|(number, json)| (*number, PyBytes::new(py, json).unbind()))
        .collect()
}

named! {
    /// How far the recorder has come.
    Recorded {
        offset: u64,
        sequence: u64,
        command_offset: u64,
    }
}

impl Recorded {
    /// Nothing where there is no position.
    pub fn of(position: Option<&store::Position>) -> Self {
        Self {
            offset: position.map_or(0, |at| at.offset),
            sequence: position.map_or(0, |at| at.seq),
            command_offset: position.map_or(0, |at| at.command_offset),
        }
    }
}

named! {
    /// What a store at rest proves to have been told.
    StoreEnd {
        offset: u64,
        sequence: u64,
        hash: u64,
        command_offset: u64,
        part: u16,
        journal_id: u64,
        chain: u64,
        orders: u64,
        trades: u64,
        first_sequence: u64,
        late_ns: Option<u64>,
    }
}

named! {
    /// What a store has taken back.
    TakenBack {
        orders: u64,
        changed: u64,
        trades: u64,
    }
}

/// An order as JSON.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen, get_all)]
pub struct StoredOrder {
    pub(crate) json: Py<PyBytes>,
    pub(crate) open: bool,
}

#[pymethods]
impl StoredOrder {
    #[new]
    #[pyo3(signature = (*, json, open))]
    const fn new(json: Py<PyBytes>, open: bool) -> Self {
        Self { json, open }
    }
}

/// A page of what happened to an order.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen, get_all)]
pub struct Stretch {
    json: Py<PyBytes>,
    count: u64,
    of: Option<u64>,
    next: Option<u64>,
}

#[pymethods]
impl Stretch {
    #[new]
    #[pyo3(signature = (*, json, count, of, next))]
    const fn new(json: Py<PyBytes>, count: u64, of: Option<u64>, next: Option<u64>) -> Self {
        Self {
            json,
            count,
            of,
            next,
        }
    }
}

impl Stretch {
    /// For Python.
    pub fn of(py: Python<'_>, stretch: &store::history::Stretch) -> Self {
        Self {
            json: PyBytes::new(py, &stretch.json).unbind(),
            count: stretch.count,
            of: stretch.of,
            next: stretch.next,
        }
    }
}

named! {
    /// The beginning of an order, and how much has happened to it.
    Beginning {
        order_id: u64,
        created_ns: u64,
        history: u64,
        fills: u64,
    }
}

named! {
    /// Beginnings of orders, as they stood at an event.
    Beginnings {
        orders: Vec<Beginning>,
        sequence: u64,
    }
}

/// A page of an account's orders.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen, get_all)]
pub struct OrdersPage {
    pub(crate) orders: Vec<NumberedJson>,
    pub(crate) next: Option<u64>,
}

#[pymethods]
impl OrdersPage {
    #[new]
    #[pyo3(signature = (*, orders, next))]
    const fn new(orders: Vec<NumberedJson>, next: Option<u64>) -> Self {
        Self { orders, next }
    }
}

named! {
    /// A trade.
    Trade {
        trade_id: u64,
        time_ns: u64,
        price: i64,
        quantity: i64,
        taker_side: u8,
    }
}
