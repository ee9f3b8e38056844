//! The matching engine, as Python sees it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use matching::Engine as Inner;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use wire::record::command::Settings;
use wire::record::numbers::PARTITION_MAX;
use wire::record::{CommandBatchHeader, RecordError};
use xxhash_rust::xxh3::xxh3_64;

use crate::batches::{Batches, split};
use crate::gil::without_gil;
use crate::histogram::Histogram;
use crate::journal::LogRecord;
use crate::named::named;

named! {
    /// An instrument.
    Instrument {
        number: u32,
        symbol: String,
        tick: i64,
        lot: i64,
        qty_min: i64,
        qty_max: i64,
        notional_min: i64,
        price_band_bps: u32,
        orders_per_side_max: u32,
        session_end_s: u32,
        open: bool,
    }
}

named! {
    /// The limits in force.
    EngineLimits {
        accounts_max: u32,
        client_ids_per_account_max: u32,
        instruments_max: u32,
        event_batch_bytes_max: u32,
        stamp_ahead_ns_max: u64,
        stamp_behind_ns_max: u64,
        gateway_lease_ns: u64,
        handover_grace_ns: u64,
        claim_interval_ns: u64,
        client_ids_per_session_max: u32,
        closed_orders_per_session_max: u32,
        closed_orders_bytes_max: u64,
    }
}

impl EngineLimits {
    const fn of(settings: Settings) -> Self {
        Self {
            accounts_max: settings.accounts_max,
            client_ids_per_account_max: settings.client_ids_per_account_max,
            instruments_max: settings.instruments_max,
            event_batch_bytes_max: settings.event_batch_bytes_max,
            stamp_ahead_ns_max: settings.stamp_ahead_ns_max,
            stamp_behind_ns_max: settings.stamp_behind_ns_max,
            gateway_lease_ns: settings.gateway_lease_ns,
            handover_grace_ns: settings.handover_grace_ns,
            claim_interval_ns: settings.claim_interval_ns,
            client_ids_per_session_max: settings.client_ids_per_session_max,
            closed_orders_per_session_max: settings.closed_orders_per_session_max,
            closed_orders_bytes_max: settings.closed_orders_bytes_max,
        }
    }

    /// As a command says them.
    pub(crate) const fn settings(&self) -> Settings {
        Settings {
            accounts_max: self.accounts_max,
            client_ids_per_account_max: self.client_ids_per_account_max,
            instruments_max: self.instruments_max,
            event_batch_bytes_max: self.event_batch_bytes_max,
            stamp_ahead_ns_max: self.stamp_ahead_ns_max,
            stamp_behind_ns_max: self.stamp_behind_ns_max,
            gateway_lease_ns: self.gateway_lease_ns,
            handover_grace_ns: self.handover_grace_ns,
            claim_interval_ns: self.claim_interval_ns,
            client_ids_per_session_max: self.client_ids_per_session_max,
            closed_orders_per_session_max: self.closed_orders_per_session_max,
            closed_orders_bytes_max: self.closed_orders_bytes_max,
        }
    }
}

named! {
    /// What the engine knows of a gateway.
    GatewayState {
        gateway: u16,
        incarnation: u32,
        number: u64,
    }
}

/// How far an engine has come.
#[derive(Debug, Clone)]
#[pyclass(module = "core._native", frozen, get_all)]
pub struct Position {
    command_offset: u64,
    event_seq: u64,
    event_hash: u64,
    time_ns: u64,
    commands: u64,
}

/// An entry: the way in by which a client speaks.
#[derive(Debug, Clone)]
#[pyclass(module = "core._native", frozen, get_all)]
pub struct Entry {
    entry: u32,
    account: u32,
    kind: u8,
    name: String,
    account_name: String,
    cancel_on_disconnect: bool,
    stp: u8,
    entry_seq: u64,
    last_cl_ord_id: u64,
    epoch: u64,
    base: u64,
}

/// The matching engine of one partition; one thread owns it.
///
/// A panic inside leaves it poisoned: every later call is refused, and the process is to end.
#[derive(Debug)]
#[pyclass(module = "core._native")]
pub struct Engine {
    pub(crate) inner: Inner,
    out: Vec<u8>,
    poisoned: bool,
    /// Command batches by size: one count per bound of `BATCH_BOUNDS`, one for what is above.
    batch_sizes: [u64; BATCH_BOUNDS.len() + 1],
    /// Commands in them.
    batch_commands: u64,
}

/// Upper bounds of the histogram of batch sizes, in commands.
const BATCH_BOUNDS: [u64; 11] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000];

/// A snapshot ends with the hash of its state and a checksum over all before it (see `matching`).
fn hash_of(snapshot: &[u8]) -> Option<u64> {
    let (rest, checksum) = snapshot.split_last_chunk()?;
    let (_, hash) = rest.split_last_chunk()?;
    (xxh3_64(rest) == u64::from_le_bytes(*checksum)).then(|| u64::from_le_bytes(*hash))
}

/// What Python is told of bytes that are no batch.
pub fn bad(error: RecordError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

impl Engine {
    fn of(inner: Inner) -> Self {
        Self {
            inner,
            out: Vec::new(),
            poisoned: false,
            batch_sizes: [0; BATCH_BOUNDS.len() + 1],
            batch_commands: 0,
        }
    }

    #[allow(
        clippy::arithmetic_side_effects,
        reason = "batches and commands are counted one by one"
    )]
    fn count(&mut self, batch: &[u8]) {
        if let Ok(header) = CommandBatchHeader::from_bytes(batch) {
            let bucket = BATCH_BOUNDS.partition_point(|bound| *bound < u64::from(header.count));
            self.batch_sizes[bucket] += 1;
            self.batch_commands += u64::from(header.count);
        }
    }

    /// Apply the batches of a group that stand at the offset `first` and after, and append their events.
    pub(crate) fn apply_group(
        &mut self,
        py: Python<'_>,
        (first, append_ns): (u64, u64),
        batches: &Batches,
        out: &mut Vec<u8>,
    ) -> PyResult<()> {
        for batch in batches.iter() {
            self.count(batch);
        }
        self.run(py, batches.bytes.len(), |inner| {
            for (offset, batch) in (first..).zip(batches.iter()) {
                inner.apply(offset, append_ns, batch, out)?;
            }
            Ok(())
        })
    }

    /// Run `work` over `bytes` of batches.
    fn run(
        &mut self,
        py: Python<'_>,
        bytes: usize,
        work: impl FnOnce(&mut Inner) -> Result<(), RecordError> + Send,
    ) -> PyResult<()> {
        if self.poisoned {
            return Err(PyRuntimeError::new_err("engine poisoned by a panic"));
        }
        let inner = &mut self.inner;
        let outcome = without_gil(py, bytes, || catch_unwind(AssertUnwindSafe(|| work(inner))));
        match outcome {
            Ok(done) => done.map_err(bad),
            Err(panic) => {
                self.poisoned = true;
                resume_unwind(panic);
            }
        }
    }

    /// Apply batches with their offsets and append times; the event batches they make.
    ///
    /// It goes as far as it may: where newer rules decide from one of them on, those before are applied.
    fn make<'py, B: AsRef<[u8]> + Sync>(
        &mut self,
        py: Python<'py>,
        records: &[(u64, u64, B)],
    ) -> PyResult<Bound<'py, PyBytes>> {
        let mut out = std::mem::take(&mut self.out);
        out.clear();
        let made = self.run(py, usize::MAX, |inner| {
            for (offset, append_ns, batch) in records {
                match inner.apply(*offset, *append_ns, batch.as_ref(), &mut out) {
                    Err(_) if !out.is_empty() => break,
                    applied => applied?,
                }
            }
            Ok(())
        });
        let events = made.map(|()| PyBytes::new(py, &out));
        self.out = out;
        events
    }
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (partition=0))]
    fn new(partition: u16) -> PyResult<Self> {
        if partition > PARTITION_MAX {
            return Err(PyValueError::new_err(format!(
                "partition {partition} is above {PARTITION_MAX}"
            )));
        }
        Ok(Self::of(Inner::new(partition)))
    }

    /// The engine that a snapshot holds; ValueError when it is damaged or of another version.
    #[staticmethod]
    fn restore(py: Python<'_>, snapshot: &[u8]) -> PyResult<Self> {
        py.detach(|| Inner::restore(snapshot))
            .map(Self::of)
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// The hash of the state that a snapshot holds; ValueError when its bytes are not those that were
    /// written.  It is not restored: whether these rules know its version is not asked.
    #[staticmethod]
    fn hash_of(py: Python<'_>, snapshot: &[u8]) -> PyResult<u64> {
        py.detach(|| hash_of(snapshot))
            .ok_or_else(|| PyValueError::new_err("its checksum does not match its bytes"))
    }

    /// Apply command batches that stand at `first_offset` and after; the event batches they make.
    fn apply<'py>(
        &mut self,
        py: Python<'py>,
        first_offset: u64,
        append_ns: u64,
        batches: Vec<Bound<'py, PyBytes>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let batches = batches.iter().map(|batch| batch.as_bytes());
        let records: Vec<_> = (first_offset..)
            .zip(batches)
            .map(|(offset, batch)| (offset, append_ns, batch))
            .collect();
        for (_, _, batch) in &records {
            self.count(batch);
        }
        self.make(py, &records)
    }

    /// Apply records of the commands log.
    fn replay<'py>(
        &mut self,
        py: Python<'py>,
        records: Vec<Py<LogRecord>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let records: Vec<(u64, u64, &[u8])> = records
            .iter()
            .map(|entry| {
                let entry = entry.get();
                (entry.offset, entry.append_ns, entry.batch.as_bytes(py))
            })
            .collect();
        for (_, _, batch) in &records {
            self.count(batch);
        }
        self.make(py, &records)
    }

    fn snapshot<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let mut out = Vec::new();
        py.detach(|| self.inner.snapshot(&mut out));
        PyBytes::new(py, &out)
    }

    fn state_hash(&self, py: Python<'_>) -> u64 {
        py.detach(|| self.inner.state_hash())
    }

    /// RuntimeError when the state contradicts itself.
    fn validate(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.inner.validate())
            .map_err(PyRuntimeError::new_err)
    }

    fn position(&self) -> Position {
        let position = self.inner.position();
        Position {
            command_offset: position.command_offset,
            event_seq: position.event_seq,
            event_hash: position.event_hash,
            time_ns: position.time_ns,
            commands: position.commands,
        }
    }

    fn entries(&self) -> Vec<Entry> {
        let entries = self.inner.entries().map(|view| Entry {
            entry: view.opened.entry,
            account: view.opened.account,
            kind: view.opened.kind.code(),
            name: view.name.to_owned(),
            account_name: view.account.to_owned(),
            cancel_on_disconnect: view.opened.cancel_on_disconnect,
            stp: view.opened.stp.code(),
            entry_seq: view.entry_seq,
            last_cl_ord_id: view.last_cl_ord_id,
            epoch: view.epoch,
            base: view.base,
        });
        entries.collect()
    }

    fn instruments(&self) -> Vec<Instrument> {
        let rows = self.inner.instruments().map(|view| {
            let spec = view.spec;
            Instrument {
                number: view.id,
                symbol: view.symbol.to_owned(),
                tick: spec.tick,
                lot: spec.lot,
                qty_min: spec.qty_min,
                qty_max: spec.qty_max,
                notional_min: spec.notional_min,
                price_band_bps: spec.price_band_bps,
                orders_per_side_max: spec.orders_per_side_max,
                session_end_s: spec.session_end_s,
                open: spec.open,
            }
        });
        rows.collect()
    }

    /// The rules that decide; 0 where no command has set any.
    fn rules(&self) -> u32 {
        self.inner.rules()
    }

    /// The limits in force.
    fn settings(&self) -> EngineLimits {
        EngineLimits::of(self.inner.settings())
    }

    /// What is known of each gateway.
    pub(crate) fn gateways(&self) -> Vec<GatewayState> {
        let rows = self.inner.gateways();
        let rows = rows.map(|(gateway, state)| GatewayState {
            gateway,
            incarnation: state.incarnation,
            number: state.number,
        });
        rows.collect()
    }

    /// Command batches applied, by the commands in them.
    fn batch_sizes(&self) -> Histogram {
        Histogram {
            bounds: BATCH_BOUNDS.to_vec(),
            counts: self.batch_sizes.to_vec(),
            total: self.batch_commands.into(),
        }
    }

    /// How much there is of everything, by name.
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counts = self.inner.counts();
        let out = PyDict::new(py);
        out.set_item("open_orders", counts.open_orders)?;
        out.set_item("levels", counts.levels)?;
        out.set_item("orders", counts.orders)?;
        out.set_item("trades", counts.trades)?;
        out.set_item("accounts", counts.accounts)?;
        out.set_item("entries", counts.entries)?;
        out.set_item("instruments", counts.instruments)?;
        out.set_item("client_ids", counts.client_ids)?;
        out.set_item("closed_orders", counts.closed_orders)?;
        out.set_item("gaps", counts.gaps)?;
        out.set_item("unreadable", counts.unreadable)?;
        Ok(out)
    }
}

/// Event batches that stand one after the other, each by itself.
#[pyfunction]
pub fn split_batches<'py>(py: Python<'py>, batches: &[u8]) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let split = split(batches).map_err(bad)?;
    Ok(split.iter().map(|batch| PyBytes::new(py, batch)).collect())
}
