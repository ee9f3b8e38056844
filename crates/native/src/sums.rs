//! Sums of trades as Python sees them: tuples, with integers of any width.

use projection::{Bar, Quote, Sum};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyType};

/// A [`Quote`] as an integer of Python's.
#[derive(Debug)]
pub struct Wide(Quote);

impl<'py> IntoPyObject<'py> for Wide {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        let int: Bound<'py, PyType> = py.get_type::<PyInt>();
        int.call1((self.0.to_string(),))
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

/// Open, high, low, close, quantity, price times quantity, count.
pub type SumFields = (i64, i64, i64, i64, i128, Wide, u64);
/// Minute, time of the first trade, time of the last, sum.
pub type BarFields = (u64, u64, u64, SumFields);

/// For Python.
pub const fn sum_fields(sum: &Sum) -> SumFields {
    (
        sum.open,
        sum.high,
        sum.low,
        sum.close,
        sum.qty,
        Wide(sum.quote),
        sum.count,
    )
}

/// From Python.
pub fn sum((open, high, low, close, qty, Wide(quote), count): SumFields) -> Sum {
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

/// For Python.
pub const fn bar_fields(minute: u64, bar: &Bar) -> BarFields {
    (minute, bar.first_ns, bar.last_ns, sum_fields(&bar.sum))
}

/// From Python.
pub fn bar((minute, first_ns, last_ns, fields): BarFields) -> (u64, Bar) {
    let bar = Bar {
        first_ns,
        last_ns,
        sum: sum(fields),
    };
    (minute, bar)
}
