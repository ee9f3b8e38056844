//! The load generator, as a call that blocks until it has printed its result.

use pyo3::prelude::*;

/// Run the generator's command line, the program's name first; gives the exit code.
#[pyfunction]
pub fn load_main(py: Python<'_>, args: Vec<String>) -> u8 {
    py.detach(|| load::cli::main(args))
}
