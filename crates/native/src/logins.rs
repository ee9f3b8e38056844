//! Answers to logins of the binary protocol, which belong to no session.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use wire::soup::{self, LoginAccepted, LoginRejected};

/// Packets that the gateway sends by itself.
#[pyfunction]
pub fn login_accepted<'py>(
    py: Python<'py>,
    session: &str,
    sequence: u64,
    debug: &str,
) -> Bound<'py, PyBytes> {
    let mut out = Vec::new();
    LoginAccepted { session, sequence }.push(&mut out);
    soup::push_debug(debug, &mut out);
    PyBytes::new(py, &out)
}

/// A Login Rejected packet: not authorized, or else no such session.
#[pyfunction]
pub fn login_rejected(py: Python<'_>, authorized: bool) -> Bound<'_, PyBytes> {
    let reason = if authorized {
        LoginRejected::SessionNotAvailable
    } else {
        LoginRejected::NotAuthorized
    };
    let mut out = Vec::new();
    reason.push(&mut out);
    PyBytes::new(py, &out)
}
