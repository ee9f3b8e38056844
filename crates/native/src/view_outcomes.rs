//! What the view answers, as Python sees it: a class for each outcome.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use view::answers::Body;

use crate::named::named;
use crate::rows::NumberedJson;

/// A request has been answered.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen, get_all)]
pub struct Answered {
    num: u64,
    status: u16,
    body: Py<PyBytes>,
}

/// A request would change an order that is not open.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen, get_all)]
pub struct NotOpen {
    num: u64,
    status: u16,
    body: Py<PyBytes>,
}

named! {
    /// A request has been answered with an order that only the store has.
    AnsweredByStore {
        num: u64,
        status: u16,
        order_id: u64,
    }
}

/// What became of a request.
#[derive(Debug, IntoPyObject)]
enum Reply {
    Answered(Answered),
    NotOpen(NotOpen),
    Store(AnsweredByStore),
}

impl Reply {
    fn of(py: Python<'_>, reply: &view::answers::Reply) -> Self {
        let (num, status) = (reply.num, reply.status);
        match &reply.body {
            Body::Order(order_id) => Self::Store(AnsweredByStore {
                num,
                status,
                order_id: *order_id,
            }),
            Body::Json(json) => Self::Answered(Answered {
                num,
                status,
                body: PyBytes::new(py, json).unbind(),
            }),
            Body::NotOpen(json) => Self::NotOpen(NotOpen {
                num,
                status,
                body: PyBytes::new(py, json).unbind(),
            }),
        }
    }
}

/// What became of requests, and what those hear who listen.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen, get_all)]
pub struct ViewOutput {
    replies: Vec<Py<PyAny>>,
    frames: Vec<(u32, Py<PyBytes>)>,
}

impl ViewOutput {
    /// For Python.
    pub fn of(py: Python<'_>, output: &view::Published) -> PyResult<Self> {
        let replies = output.replies.iter();
        let replies = replies.map(|reply| Ok(Reply::of(py, reply).into_pyobject(py)?.unbind()));
        let frames = output.notices.iter();
        let frames =
            frames.map(|(connection, frames)| (*connection, PyBytes::new(py, frames).unbind()));
        Ok(Self {
            replies: replies.collect::<PyResult<_>>()?,
            frames: frames.collect(),
        })
    }
}

/// An order is whole in memory.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen, get_all)]
pub struct InMemory {
    pub(crate) json: Py<PyBytes>,
}

named! {
    /// An order is to be had of the store.
    InStore {
        sequence: u64,
    }
}

/// Where an order is.
#[derive(Debug, IntoPyObject)]
pub enum OrderFound {
    /// See the class.
    Memory(InMemory),
    /// See the class.
    Store(InStore),
}

/// A page of trades, as far as memory goes.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen, get_all)]
pub struct TradesPage {
    pub(crate) trades: Vec<NumberedJson>,
    pub(crate) next: Option<u64>,
    pub(crate) store_needs: Option<u64>,
}

/// Orders that are whole in memory.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen, get_all)]
pub struct RecentOrders {
    pub(crate) orders: Vec<NumberedJson>,
    pub(crate) down_to: u64,
}

named! {
    /// The part of a minute that the rolling day's edge cuts off.
    DayEdge {
        after_ns: u64,
        before_ns: u64,
    }
}

named! {
    /// How an order stands.
    OrderStands {
        status: String,
        filled_quantity: String,
    }
}

named! {
    /// How many orders there are in memory.
    OrdersInMemory {
        kept: usize,
        dropped: u64,
    }
}
