//! A connection's socket reads, without a frame of Python between the event loop and the order entry.

use pyo3::prelude::*;

use crate::gateway::OrderEntry;
use crate::gateway_outcomes::ReadOutcome;

/// The part of a protocol of the event loop that runs for every read.
///
/// What the order entry asks because of a read is given to `decide` of the class that inherits.
#[derive(Debug)]
#[pyclass(module = "core._native", subclass)]
pub struct OrderEntryConnection {
    entry: Py<OrderEntry>,
    /// The number that the order entry gave; -1 before that, and the connection is not read.
    #[pyo3(get, set)]
    number: i64,
}

#[pymethods]
impl OrderEntryConnection {
    #[new]
    const fn new(order_entry: Py<OrderEntry>) -> Self {
        Self {
            entry: order_entry,
            number: -1,
        }
    }

    /// A socket read: one request passes at once, several do at the end of the loop's turn.
    fn data_received(slf: &Bound<'_, Self>, data: &[u8]) -> PyResult<()> {
        match Self::receive(slf, data)? {
            Some(asked) => slf.call_method1("decide", (asked,)).map(drop),
            None => Ok(()),
        }
    }

    /// Take bytes that were read; what is asked because of them.
    fn receive(slf: &Bound<'_, Self>, data: &[u8]) -> PyResult<Option<ReadOutcome>> {
        let (entry, number) = {
            let this = slf.try_borrow()?;
            (this.entry.bind(slf.py()).clone(), this.number)
        };
        u32::try_from(number).map_or(Ok(None), |number| OrderEntry::receive(&entry, number, data))
    }
}
