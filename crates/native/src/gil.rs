//! When the GIL is released.

use pyo3::Python;

/// Less work than so many bytes of batches are is over sooner than another thread has taken the GIL.
const BYTES_MIN: usize = 16 * 1024;

/// Do `work` over `bytes` of batches: without the GIL where that is worth its while.
pub fn without_gil<T: Send>(py: Python<'_>, bytes: usize, work: impl FnOnce() -> T + Send) -> T {
    if bytes < BYTES_MIN {
        work()
    } else {
        py.detach(work)
    }
}
