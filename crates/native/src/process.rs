//! What the process and the calling thread ask of the system.

use pyo3::prelude::*;
use rustix::thread::disable_transparent_huge_pages;

/// Ask for short slices of a processor for this thread; whether the system has them.
#[pyfunction]
pub fn shorten_slice() -> bool {
    ::timeslice::shorten().is_ok()
}

/// Whether this process may have memory in pages of 2 MiB (`prctl(2)`: `PR_SET_THP_DISABLE`); whether
/// the system takes it.
///
/// Such a page is cleared when it is touched first: the thread that did stands still for as long.
#[pyfunction]
pub fn huge_pages(allowed: bool) -> bool {
    disable_transparent_huge_pages(!allowed).is_ok()
}
