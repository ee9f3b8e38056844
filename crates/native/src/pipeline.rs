//! The way of commands to the disk and through the engine, and of events to those who are told.
//!
//! One group of batches is under way at a time.  It is given to the commands log, and applied while
//! that commits; its events are held until the commit has returned.  Then the next group goes to the
//! disk first, the readers are told, and last the events log is given what they were told.
//!
//! Here is what Python sees; `stages` is the way itself.

use std::sync::Arc;
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::adapters::{Reader, Source};
use crate::batches::Batches;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::fault::caught;
use crate::log::AnyLog;
use crate::ports::{CommandSource, Sequencer};
use crate::readers::{Delivery, Readers};
use crate::settings::PipelineSettings;
use crate::sources::Sources;

/// Engine and logs, from one recovery to the next failure.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) engine: Py<Engine>,
    pub(crate) commands: AnyLog,
    pub(crate) events: AnyLog,
}

/// Batches that the commands log has been given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) stamp_ns: u64,
}

/// What one turn of the loop has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A group.
    Delivered,
    /// A group, and another one can be told: in the next turn.
    More,
}

/// Everything between the sources of commands and the readers of events; one thread owns it.
#[derive(Debug)]
#[pyclass(module = "core._native")]
pub struct Pipeline {
    pub(crate) settings: PipelineSettings,
    /// Slows the engine on purpose, by this much a batch: the benchmarks' own test.
    pub(crate) apply_delay: Duration,
    /// Stamps batches.
    clock: Py<Clock>,
    /// Called with what went wrong.
    on_fault: Py<PyAny>,
    /// Called when the events log has too much to write, and nothing is sealed for a while.
    on_congested: Py<PyAny>,
    /// Called when there is more to tell than is told at a time: `advance` is asked for again.
    on_more: Py<PyAny>,
    pub(crate) sources: Sources,
    /// Who is told of events.
    pub(crate) readers: Readers,
    pub(crate) life: Option<Life>,
    /// Whether commands are taken.
    #[pyo3(get, set)]
    ready: bool,
    /// Nothing more is sealed, so that soon nothing is under way.
    #[pyo3(get, set)]
    pub(crate) resting: bool,
    /// Batches of the group that is to be applied next.
    pub(crate) sealed: Batches,
    pub(crate) to_apply: Option<Group>,
    /// The group whose events wait for its commit.
    pub(crate) held: Option<Group>,
    pub(crate) held_events: Vec<u8>,
    /// Events that are being told, and the reader whose turn it is.
    pub(crate) delivering: Option<usize>,
    pub(crate) delivered_events: Vec<u8>,
    /// Offset of the last command batch of which the readers know.
    #[pyo3(get, set)]
    pub(crate) delivered: u64,
    pub(crate) congested: bool,
    /// What this turn has told; nothing yet, without.
    pub(crate) turn: Option<Turn>,
}

impl Sequencer for Py<Pipeline> {
    fn under_way(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.try_borrow(py)?.held.is_some())
    }

    fn advance(&self, py: Python<'_>) -> PyResult<()> {
        Pipeline::advance(self.bind(py))
    }
}

#[pymethods]
impl Pipeline {
    #[allow(clippy::too_many_arguments, reason = "as many as there are, all named")]
    #[new]
    #[pyo3(signature = (
        system, clock, settings, *, on_fault, on_undelivered, on_congested, on_more, apply_delay_ns
    ))]
    fn new(
        system: Source,
        clock: Py<Clock>,
        settings: PipelineSettings,
        on_fault: Py<PyAny>,
        on_undelivered: Py<PyAny>,
        on_congested: Py<PyAny>,
        on_more: Py<PyAny>,
        apply_delay_ns: u64,
    ) -> Self {
        Self {
            settings,
            apply_delay: Duration::from_nanos(apply_delay_ns),
            clock,
            on_fault,
            on_congested,
            on_more,
            sources: Sources::new(Some(system.into())),
            readers: Readers::new(on_undelivered),
            life: None,
            ready: false,
            resting: false,
            sealed: Batches::default(),
            to_apply: None,
            held: None,
            held_events: Vec::new(),
            delivering: None,
            delivered_events: Vec::new(),
            delivered: 0,
            congested: false,
            turn: None,
        }
    }

    /// What it took of the configuration.
    #[getter]
    const fn settings(&self) -> PipelineSettings {
        self.settings
    }

    /// Go on with this engine and these logs, which have nothing under way.
    fn begin(
        &mut self,
        py: Python<'_>,
        engine: Py<Engine>,
        commands: AnyLog,
        events: AnyLog,
    ) -> PyResult<()> {
        self.forget();
        self.sources.recovered(engine.try_borrow(py)?.gateways());
        self.life = Some(Life {
            engine,
            commands,
            events,
        });
        Ok(())
    }

    /// From now on `source` is asked for commands, and `reader` reads events; Python is told by `on_output`.
    ///
    /// ValueError when the engine does not know the gateway.
    fn attach(
        slf: &Bound<'_, Self>,
        gateway: u16,
        source: Source,
        reader: Option<Reader>,
        on_output: Py<PyAny>,
    ) -> PyResult<()> {
        let source: Box<dyn CommandSource> = source.into();
        source.attached(slf.py(), Arc::new(slf.clone().unbind()))?;
        let mut this = slf.try_borrow_mut()?;
        this.sources.attach(gateway, source)?;
        this.readers.add(reader, on_output);
        Ok(())
    }

    /// The journal failed: forget engine, logs, and all that is under way.
    fn forget(&mut self) {
        self.life = None;
        self.ready = false;
        self.sealed.clear();
        self.to_apply = None;
        self.held = None;
        self.held_events.clear();
        self.delivering = None;
        self.congested = false;
    }

    /// It is over: let go of all who stand at its ends and are called, for they hold it, too.
    fn close(&mut self, py: Python<'_>) {
        self.forget();
        self.sources.close();
        self.readers.close(py);
        for called in [
            &mut self.on_fault,
            &mut self.on_congested,
            &mut self.on_more,
        ] {
            *called = py.None();
        }
    }

    /// Whoever sends nothing of its own sends a tick with what is sealed next.
    fn tick(&mut self) {
        self.sources.tick();
    }

    /// Whether a commit is waited for.
    #[getter]
    const fn under_way(&self) -> bool {
        self.held.is_some()
    }

    /// Let commands and events pass as far as they can.
    #[pyo3(name = "advance")]
    fn advance_py(slf: &Bound<'_, Self>) -> PyResult<()> {
        Self::advance(slf)
    }

    /// Tell events that were held to be told already.
    fn publish(slf: &Bound<'_, Self>, batches: &[u8]) -> PyResult<()> {
        let readers = slf.try_borrow()?.readers.len();
        for reader in 0..readers {
            let delivery = slf.try_borrow()?.readers.read(slf.py(), reader, batches)?;
            if let Some(delivery) = delivery {
                Self::deliver(slf, delivery)?;
            }
        }
        Ok(())
    }
}

impl Pipeline {
    /// Let commands and events pass as far as they can; what goes wrong is told to the owner.
    fn advance(slf: &Bound<'_, Self>) -> PyResult<()> {
        let py = slf.py();
        if !slf.try_borrow()?.ready {
            return Ok(());
        }
        match Self::pass(slf) {
            Ok(()) => {
                let this = slf.try_borrow()?;
                let congested = this.congested.then(|| this.on_congested.clone_ref(py));
                let more = (this.turn == Some(Turn::More)).then(|| this.on_more.clone_ref(py));
                drop(this);
                for callback in [congested, more].into_iter().flatten() {
                    callback.call0(py)?;
                }
                Ok(())
            }
            Err(error) => {
                let on_fault = slf.try_borrow()?.on_fault.clone_ref(py);
                on_fault.call1(py, (error,)).map(drop)
            }
        }
    }

    /// As far as it can.
    fn pass(slf: &Bound<'_, Self>) -> PyResult<()> {
        let py = slf.py();
        let stamp_ns = slf.try_borrow()?.now(py)?;
        slf.try_borrow_mut()?.turn = None;
        loop {
            // Nobody holds the pipeline while somebody is told something.
            let step = || slf.try_borrow_mut()?.step(py, stamp_ns);
            // A panic is a fault like any other: the owner must hear of it, whoever called.
            let delivery =
                caught(step).unwrap_or_else(|panic| Err(PyRuntimeError::new_err(panic)))?;
            let Some(delivery) = delivery else {
                return Ok(());
            };
            Self::deliver(slf, delivery)?;
        }
    }

    fn deliver(slf: &Bound<'_, Self>, delivery: Delivery<'_>) -> PyResult<()> {
        let py = slf.py();
        let on_undelivered = slf.try_borrow()?.readers.on_undelivered(py);
        Readers::deliver(py, delivery, &on_undelivered)
    }

    fn now(&self, py: Python<'_>) -> PyResult<u64> {
        self.clock.try_borrow_mut(py)?.now(py)
    }
}
