//! How reports get to the socket of a connection.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rustix::fd::{BorrowedFd, OwnedFd, RawFd};
use rustix::io::{fcntl_dupfd_cloexec, write};

/// A descriptor of our own for a socket, if that is one and there is room for another.
fn copy(socket: RawFd) -> Option<OwnedFd> {
    if socket < 0 {
        return None;
    }
    // SAFETY: it is not -1, and it is borrowed for this call only, in which no Python runs that could
    // close it.  Should it not be open, the system says so.
    #[allow(unsafe_code)]
    let socket = unsafe { BorrowedFd::borrow_raw(socket) };
    fcntl_dupfd_cloexec(socket, 0).ok()
}

/// The socket of a connection, and what writes to its transport.
#[derive(Debug)]
pub struct Writer {
    /// A descriptor of our own: the transport's is closed when it likes, and its number given away.
    socket: Option<OwnedFd>,
    write: Py<PyAny>,
    /// Whether the transport holds nothing back, so that the socket can take more at once.
    pub direct: bool,
}

impl Writer {
    /// Write to a socket; what it does not take goes to `write`, and all where there is no descriptor
    /// to spare.
    pub fn new(socket: RawFd, write: Py<PyAny>) -> Self {
        Self {
            socket: copy(socket),
            write,
            direct: true,
        }
    }

    /// Write; what is left for Python to write, and by what.
    pub fn write<'py>(
        &self,
        py: Python<'py>,
        bytes: &[u8],
    ) -> Option<(Py<PyAny>, Bound<'py, PyBytes>)> {
        let taken = match &self.socket {
            // Whatever is wrong with the socket, the transport will meet it, too.
            Some(socket) if self.direct => write(socket, bytes).unwrap_or(0),
            _ => 0,
        };
        let left = &bytes[taken..];
        (!left.is_empty()).then(|| (self.write.clone_ref(py), PyBytes::new(py, left)))
    }
}
