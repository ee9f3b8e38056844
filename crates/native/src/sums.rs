//! Sums of trades as Python sees them, with integers of any width.

use projection::Quote;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyType};

use crate::named::named;

/// A [`Quote`] as an integer of Python's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wide(pub Quote);

impl<'py> IntoPyObject<'py> for Wide {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        let int: Bound<'py, PyType> = py.get_type::<PyInt>();
        int.call1((self.0.to_string(),))
    }
}

impl<'py> IntoPyObject<'py> for &Wide {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        (*self).into_pyobject(py)
    }
}

impl FromPyObject<'_, '_> for Wide {
    type Error = PyErr;

    fn extract(number: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let text = number.str()?;
        let wide = text.to_str()?.parse();
        wide.map(Self)
            .map_err(|_| PyValueError::new_err(format!("{text} is no sum of products")))
    }
}

named! {
    /// The sum of a row of trades.
    Sum {
        open: i64,
        high: i64,
        low: i64,
        close: i64,
        quantity: i128,
        quote: Wide,
        count: u64,
    }
}

named! {
    /// The trades of a minute.
    Bar {
        minute: u64,
        first_ns: u64,
        last_ns: u64,
        sum: Sum,
    }
}

impl From<&projection::Sum> for Sum {
    fn from(sum: &projection::Sum) -> Self {
        Self {
            open: sum.open,
            high: sum.high,
            low: sum.low,
            close: sum.close,
            quantity: sum.qty,
            quote: Wide(sum.quote),
            count: sum.count,
        }
    }
}

impl From<&Sum> for projection::Sum {
    fn from(sum: &Sum) -> Self {
        Self {
            open: sum.open,
            high: sum.high,
            low: sum.low,
            close: sum.close,
            qty: sum.quantity,
            quote: sum.quote.0,
            count: sum.count,
        }
    }
}

impl Bar {
    /// For Python.
    pub fn of(minute: u64, bar: &projection::Bar) -> Self {
        Self {
            minute,
            first_ns: bar.first_ns,
            last_ns: bar.last_ns,
            sum: Sum::from(&bar.sum),
        }
    }

    /// From Python: the minute, and its trades.
    pub fn read(&self) -> (u64, projection::Bar) {
        let bar = projection::Bar {
            first_ns: self.first_ns,
            last_ns: self.last_ns,
            sum: projection::Sum::from(&self.sum),
        };
        (self.minute, bar)
    }
}
