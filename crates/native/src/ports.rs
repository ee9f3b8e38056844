//! What the pipeline asks of those at its ends: a source of commands, a reader of events.
//!
//! The pipeline owns these traits; who sends commands or is told of events fulfils them and knows nothing
//! else of it.  `adapters` lists who does.

use std::fmt::Debug;
use std::sync::Arc;

use pyo3::prelude::*;
use wire::record::CommandBatchHeader;

/// Where commands wait.
pub trait CommandSource: Debug + Send + Sync {
    /// Append up to `commands_max` of those that wait as one batch; false when none does.
    fn seal(
        &self,
        py: Python<'_>,
        header: CommandBatchHeader,
        commands_max: usize,
        out: &mut Vec<u8>,
    ) -> PyResult<bool>;

    /// It stands at the beginning of this sequencer, and may use it as soon as a command has come.
    fn attached(&self, _py: Python<'_>, _sequencer: Arc<dyn Sequencer>) -> PyResult<()> {
        Ok(())
    }
}

/// Who is told of events.
pub trait EventReader: Debug + Send + Sync {
    /// Take event batches that stand one after the other; what Python is to be told of them, if anything.
    fn take<'py>(&self, py: Python<'py>, batches: &[u8]) -> PyResult<Option<Bound<'py, PyAny>>>;
}

/// The way of commands, as those who send them see it.
pub trait Sequencer: Debug + Send + Sync {
    /// Whether a commit is waited for.
    fn under_way(&self, py: Python<'_>) -> PyResult<bool>;

    /// Let commands and events pass as far as they can.
    fn advance(&self, py: Python<'_>) -> PyResult<()>;
}

/// The header of a batch that is to be sealed; the rest of it is set then.
pub const fn header(
    gateway: u16,
    incarnation: u32,
    number: u64,
    stamp_ns: u64,
) -> CommandBatchHeader {
    CommandBatchHeader {
        magic: 0,
        len: 0,
        gateway,
        incarnation,
        number,
        stamp_ns,
        count: 0,
    }
}
