//! The way of commands to a log that others append to as well, and of events back from where they come.
//!
//! Where the engine is in another process nobody waits for a commit here: what is sealed is sent, and the
//! events say what became of it.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::adapters::{Reader, Source};
use crate::batches::Batches;
use crate::clock::Clock;
use crate::engine::GatewayState;
use crate::ports::{CommandSource, Sequencer};
use crate::readers::Readers;
use crate::settings::PipelineSettings;
use crate::sources::Sources;

/// The sources of one gateway, and the readers beside them; one thread owns it.
#[derive(Debug)]
#[pyclass(module = "core._native")]
pub struct Lane {
    gateway: u16,
    settings: PipelineSettings,
    clock: Py<Clock>,
    /// Called when a source has something to send.
    on_waiting: Py<PyAny>,
    sources: Sources,
    readers: Readers,
    batches: Batches,
    /// Number of the last batch that was sealed under this incarnation.
    #[pyo3(get)]
    sealed: u64,
    /// Whether commands are taken.
    #[pyo3(get, set)]
    ready: bool,
    /// Whether a request is under way: what comes meanwhile gathers.
    #[pyo3(get, set)]
    under_way: bool,
}

impl Sequencer for Py<Lane> {
    fn under_way(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.try_borrow(py)?.under_way)
    }

    fn advance(&self, py: Python<'_>) -> PyResult<()> {
        let on_waiting = self.try_borrow(py)?.on_waiting.clone_ref(py);
        on_waiting.call0(py).map(drop)
    }
}

#[pymethods]
impl Lane {
    #[new]
    #[pyo3(signature = (gateway, clock, settings, *, on_waiting, on_undelivered))]
    fn new(
        gateway: u16,
        clock: Py<Clock>,
        settings: PipelineSettings,
        on_waiting: Py<PyAny>,
        on_undelivered: Py<PyAny>,
    ) -> Self {
        let mut sources = Sources::new(None);
        sources.recovered(vec![state(gateway, 0)]);
        Self {
            gateway,
            settings,
            clock,
            on_waiting,
            sources,
            readers: Readers::new(on_undelivered),
            batches: Batches::default(),
            sealed: 0,
            ready: false,
            under_way: false,
        }
    }

    /// From now on `source` is asked for commands, and `reader` reads events; Python is told by `on_output`.
    fn attach(
        slf: &Bound<'_, Self>,
        source: Source,
        reader: Option<Reader>,
        on_output: Py<PyAny>,
    ) -> PyResult<()> {
        let source: Box<dyn CommandSource> = source.into();
        source.attached(slf.py(), Arc::new(slf.clone().unbind()))?;
        let mut this = slf.try_borrow_mut()?;
        let gateway = this.gateway;
        this.sources.attach(gateway, source)?;
        this.readers.add(reader, on_output);
        Ok(())
    }

    /// From now on batches travel under this incarnation, and are counted from 1.
    fn opened(&mut self, incarnation: u32) {
        self.sources
            .recovered(vec![state(self.gateway, incarnation)]);
        self.sealed = 0;
        self.ready = true;
    }

    /// Whoever sends nothing of its own sends a tick with what is sealed next.
    fn tick(&mut self) {
        self.sources.tick();
    }

    /// What waits, as batches; none while nothing does.
    fn seal<'py>(&mut self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let stamp_ns = self.clock.try_borrow_mut(py)?.now(py)?;
        let bounds = (
            self.settings.batch_commands_max,
            self.settings.group_batches_max,
        );
        self.batches.clear();
        self.sources.seal(py, stamp_ns, bounds, &mut self.batches)?;
        self.sealed = self.sealed.saturating_add(self.batches.len() as u64);
        Ok(self
            .batches
            .iter()
            .map(|batch| PyBytes::new(py, batch))
            .collect())
    }

    /// Tell event batches that stand one after the other.
    fn tell(slf: &Bound<'_, Self>, batches: &[u8]) -> PyResult<()> {
        let py = slf.py();
        let readers = slf.try_borrow()?.readers.len();
        for reader in 0..readers {
            // Nobody holds the lane while somebody is told something.
            let delivery = slf.try_borrow()?.readers.read(py, reader, batches)?;
            if let Some(delivery) = delivery {
                let on_undelivered = slf.try_borrow()?.readers.on_undelivered(py);
                Readers::deliver(py, delivery, &on_undelivered)?;
            }
        }
        Ok(())
    }

    /// It is over: let go of all who stand at its ends and are called, for they hold it, too.
    fn close(&mut self, py: Python<'_>) {
        self.ready = false;
        self.sources.close();
        self.readers.close(py);
        self.on_waiting = py.None();
    }
}

fn state(gateway: u16, incarnation: u32) -> GatewayState {
    GatewayState {
        gateway,
        incarnation,
        number: 0,
    }
}
