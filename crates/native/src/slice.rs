//! The calling thread's place in the scheduler.

use pyo3::prelude::*;

/// Ask for short slices of a processor for this thread; whether the system has them.
#[pyfunction]
pub fn shorten_slice() -> bool {
    ::slice::shorten().is_ok()
}
