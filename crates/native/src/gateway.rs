//! Order entry, as Python sees it.

use std::sync::Arc;

use gateway::fix::{Fix, Names};
use gateway::{FixEntry, OrderEntry as Binary, Replayed, Row};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use wire::fix::Version;
use wire::record::command::EntryOpen;
use wire::record::{CommandBatchHeader, EntryKind, RecordError, Stp};

use crate::clock::Clock;
use crate::engine::Engine;
use crate::fault::{Fault, caught};
use crate::fix_settings::{FixSettings, FlatDictionary};
use crate::gateway_outcomes::{
    Claimed, ConnectionDue, Failed, ReadOutcome, ReplayPortion, Routed, Session, SessionIndex,
    TallyRow, Traffic, Wake,
};
use crate::gil::without_gil;
use crate::histogram::Histogram;
use crate::ports::{CommandSource, EventReader, Sequencer};
use crate::protocols::{Entries, each};
use crate::settings::GatewaySettings;
use crate::tally::rows;
use crate::writer::Writer;

/// Every connection and session of order entry by one protocol.
///
/// A fault in it is no fault of the exchange: it is told once.  Its state is thrown away then, and it goes
/// on `bare`, without sessions, until it is given new ones; it is whole again when these know where their
/// messages stand in the log.  What it counts, it goes on counting.
#[derive(Debug)]
#[pyclass(module = "core._native")]
pub struct OrderEntry {
    inner: Entries,
    /// By which connections and requests are timed.
    clock: Py<Clock>,
    /// What it showed last.
    now_ns: u64,
    /// What writes to each connection.
    writers: Vec<Option<Writer>>,
    /// Where requests pass as soon as they are read.
    sequencer: Option<Arc<dyn Sequencer>>,
    /// Gateway and incarnation under which requests are sealed.
    own: (u16, u32),
    fault: Fault,
    /// It has no sessions, for it has failed.
    bare: bool,
}

/// No gateway: nothing that is told is the answer to a request.
const NOBODY: (u16, u32) = (u16::MAX, u32::MAX);

fn bad(error: RecordError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

impl OrderEntry {
    /// The time now.
    fn look(&mut self, py: Python<'_>) -> PyResult<u64> {
        self.now_ns = self.clock.try_borrow(py)?.monotonic_ns(py)?;
        if self.inner.needs_time() {
            let wall_ns = self.clock.try_borrow_mut(py)?.now(py)?;
            self.inner.tell_time(wall_ns);
        }
        Ok(self.now_ns)
    }

    /// Throw away a state that is not to be trusted.
    fn fail(&mut self, reason: String) {
        self.inner = self.inner.bare(self.now_ns);
        self.writers.clear();
        // Whatever else it stumbles over while it has no sessions is the same fault still.
        if !self.bare {
            self.bare = true;
            self.fault.set(reason);
        }
    }

    /// Do something with the state; a panic is the end of that.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut Entries) -> T) -> PyResult<T> {
        let inner = &mut self.inner;
        caught(|| work(inner)).map_err(|panic| {
            self.fail(panic.clone());
            PyRuntimeError::new_err(panic)
        })
    }

    /// Append up to `commands_max` requests as one batch; false when none waits.
    fn seal(&mut self, header: CommandBatchHeader, commands_max: usize, out: &mut Vec<u8>) -> bool {
        self.own = (header.gateway, header.incarnation);
        let (inner, end) = (&mut self.inner, out.len());
        caught(|| each!(inner, inner => inner.seal(header, commands_max, out))).unwrap_or_else(
            |panic| {
                out.truncate(end);
                self.fail(panic);
                false
            },
        )
    }

    /// Take event batches.
    fn take(&mut self, py: Python<'_>, batches: &[u8]) -> PyResult<()> {
        let (gateway, incarnation) = self.own;
        let now_ns = self.look(py)?;
        let inner = &mut self.inner;
        let outcome = without_gil(py, batches.len(), || {
            caught(|| each!(inner, inner => inner.route(gateway, incarnation, batches, now_ns)))
        });
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.fail(error.to_string()),
            Err(panic) => self.fail(panic),
        }
        Ok(())
    }

    /// What a socket read asks.
    fn asked(
        &mut self,
        py: Python<'_>,
        connection: u32,
        data: &[u8],
    ) -> PyResult<Option<ReadOutcome>> {
        let now_ns = self.look(py)?;
        Ok(self.inner.read(connection, data, now_ns))
    }

    /// Take a socket read; what is asked because of it.
    ///
    /// A single request passes at once: what follows may be told before this returns.  Where several
    /// wait, a turn of the loop is asked for (`Wake`), so that what other connections send in the same turn
    /// travels with them.  While a commit is under way nothing is asked: its end does that.
    pub(crate) fn receive(
        slf: &Bound<'_, Self>,
        connection: u32,
        data: &[u8],
    ) -> PyResult<Option<ReadOutcome>> {
        let mut this = slf.try_borrow_mut()?;
        if this.bare {
            return Ok(None);
        }
        let asked = this.asked(slf.py(), connection, data)?;
        let waiting = each!(&this.inner, inner => inner.waiting());
        if asked.is_some() || waiting == 0 {
            return Ok(asked);
        }
        let Some(sequencer) = this.sequencer.clone() else {
            return Ok(None);
        };
        drop(this);
        if sequencer.under_way(slf.py())? {
            return Ok(None);
        }
        if waiting > 1 {
            return Ok(Some(ReadOutcome::Wake(Wake)));
        }
        sequencer.advance(slf.py())?;
        Ok(None)
    }

    /// Write because of them, until Python is to write something: what, and by whom.
    fn next_written<'py>(&mut self, py: Python<'py>) -> Option<(Py<PyAny>, Bound<'py, PyBytes>)> {
        let (inner, writers) = (&mut self.inner, &self.writers);
        let mut next = || loop {
            let write = |connection: u32, out: &[u8]| {
                let writer = writers.get(connection as usize)?.as_ref()?;
                writer.write(py, out)
            };
            let written = each!(&mut *inner, inner => inner.take_touched(write))?;
            if written.is_some() {
                return written;
            }
        };
        caught(&mut next).unwrap_or_else(|panic| {
            self.fail(panic);
            None
        })
    }
}

impl CommandSource for Py<OrderEntry> {
    fn seal(
        &self,
        py: Python<'_>,
        header: CommandBatchHeader,
        commands_max: usize,
        out: &mut Vec<u8>,
    ) -> PyResult<bool> {
        Ok(self.try_borrow_mut(py)?.seal(header, commands_max, out))
    }

    fn attached(&self, py: Python<'_>, sequencer: Arc<dyn Sequencer>) -> PyResult<()> {
        self.try_borrow_mut(py)?.sequencer = Some(sequencer);
        Ok(())
    }
}

impl EventReader for Py<OrderEntry> {
    fn take<'py>(&self, py: Python<'py>, batches: &[u8]) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.try_borrow_mut(py)?.take(py, batches)?;
        // Nobody holds the order entry meanwhile: a writer may ask something of it.
        let next = || PyResult::Ok(self.try_borrow_mut(py)?.next_written(py));
        while let Some((writer, bytes)) = next()? {
            if let Err(error) = writer.call1(py, (bytes,)) {
                self.try_borrow_mut(py)?.fail(error.to_string());
            }
        }
        let mut this = self.try_borrow_mut(py)?;
        if let Some(fault) = this.take_fault() {
            let failed = Failed { reason: fault };
            return Ok(Some(failed.into_pyobject(py)?.into_any()));
        }
        let routed = each!(&mut this.inner, inner => Routed {
            resumed: inner.take_resumed(),
            claimed: inner.take_claimed().into_iter().map(Claimed::of).collect(),
            moved: inner.take_moved(),
            ended: inner.take_ended().into_iter().map(|(it, why)| (it, why.to_owned())).collect(),
            behind: inner.take_behind(),
            opened: Vec::new(),
        });
        let mut routed = routed;
        if let Entries::Fix(inner) = &mut this.inner {
            routed.opened = std::mem::take(&mut inner.protocol.opened);
        }
        if routed.is_empty() {
            return Ok(None);
        }
        Ok(Some(routed.into_pyobject(py)?.into_any()))
    }
}

#[pymethods]
impl OrderEntry {
    /// The binary protocol's, or with `fix` that of FIX, whose versions have these dictionaries.
    #[new]
    #[pyo3(signature = (settings, clock, fix=None, dictionaries=None))]
    fn new(
        settings: GatewaySettings,
        clock: Py<Clock>,
        fix: Option<FixSettings>,
        dictionaries: Option<Vec<(String, FlatDictionary)>>,
    ) -> PyResult<Self> {
        let limits = settings.limits()?;
        let inner = match &fix {
            None => Entries::Binary(Binary::new(limits)),
            Some(fix) => Entries::Fix(FixEntry::of(
                Fix::new(fix.settings(&limits, dictionaries.unwrap_or_default())?),
                fix.limits(limits),
            )),
        };
        Ok(Self {
            inner,
            clock,
            now_ns: 0,
            writers: Vec::new(),
            sequencer: None,
            own: NOBODY,
            fault: Fault::default(),
            bare: false,
        })
    }

    /// What it took of the configuration.
    #[getter]
    fn settings(&self) -> GatewaySettings {
        GatewaySettings::of(each!(&self.inner, inner => inner.limits()))
    }

    /// Why it does not work now, until it is whole again.
    #[getter]
    fn fault(&self) -> Option<String> {
        self.fault.reason().cloned()
    }

    /// How often it has failed.
    #[getter]
    const fn faults(&self) -> u64 {
        self.fault.count
    }

    /// Why it has failed, if nobody was told yet.
    fn take_fault(&mut self) -> Option<String> {
        self.fault.news()
    }

    /// After a fault: go on with the sessions of another, as the engine knows them before the event batch
    /// at `next_offset`.  Nobody can log in before it is complete.
    fn begin_again(&mut self, of: PyRef<'_, Self>, next_offset: u64) {
        self.inner.adopt(&of.inner, next_offset);
        self.bare = false;
    }

    /// The other has found where the sessions' messages from before stand: it is whole again.
    fn complete(&mut self, of: PyRef<'_, Self>) {
        self.inner.complete(&of.inner);
        self.fault.clear();
    }

    /// Add a session of the binary protocol; `base` is the number of the event at which it was reset last, and
    /// `epoch` how often that was.
    fn add_session(
        &mut self,
        entry: u32,
        sent: u64,
        base: u64,
        epoch: u64,
        last_cl_ord_id: u64,
    ) -> PyResult<u32> {
        let inner = self.inner.binary()?;
        let slot = inner.add_session(entry, (sent, base), last_cl_ord_id);
        inner.set_epoch(slot, epoch);
        Ok(slot)
    }

    /// Add a session of FIX.
    #[pyo3(signature = (
        entry, *, sent, base, epoch, last_num, begin_string, sender_comp_id, target_comp_id,
        sender_sub_id, target_sub_id, account
    ))]
    #[allow(clippy::too_many_arguments, reason = "all of them are named")]
    fn add_fix_session(
        &mut self,
        entry: u32,
        sent: u64,
        base: u64,
        epoch: u64,
        last_num: u64,
        begin_string: &str,
        sender_comp_id: &str,
        target_comp_id: &str,
        sender_sub_id: &str,
        target_sub_id: &str,
        account: &str,
    ) -> PyResult<u32> {
        let version = Version::of(begin_string.as_bytes());
        let version = version.ok_or_else(|| PyValueError::new_err("begin_string"))?;
        let comp_ids = (sender_comp_id, target_comp_id);
        let names = Names::new(version, comp_ids, (sender_sub_id, target_sub_id), account);
        self.inner
            .add_fix_session(entry, (sent, base), (epoch, last_num), names)
    }

    /// Open the entry of a session of FIX; `Routed` has it.
    fn open_fix_entry(
        &mut self,
        name: &str,
        account: &str,
        cancel_on_disconnect: bool,
        stp: u8,
    ) -> PyResult<()> {
        let stp = Stp::from_code(stp).ok_or_else(|| PyValueError::new_err("stp"))?;
        let open = EntryOpen {
            kind: EntryKind::Fix,
            cancel_on_disconnect,
            stp,
        };
        self.guarded(|inner| {
            inner.fix()?.open_entry(open, name, account);
            PyResult::Ok(())
        })?
    }

    /// Accept a connection's Logon, for a session that is this gateway's; the MsgSeqNum that is next.
    fn logon(&mut self, py: Python<'_>, connection: u32, session: u32) -> PyResult<Option<u64>> {
        let now_ns = self.look(py)?;
        self.guarded(|inner| PyResult::Ok(inner.fix()?.logon(connection, session, now_ns)))?
    }

    /// Refuse a connection's Logon: what is to be said stands in its buffer.
    fn refuse_logon(&mut self, py: Python<'_>, connection: u32) -> PyResult<()> {
        let now_ns = self.look(py)?;
        self.guarded(|inner| {
            inner.fix()?.refuse(connection, now_ns);
            PyResult::Ok(())
        })?
    }

    /// End a connection's session on it; false while that has to wait, and is to be asked for again.  Of FIX the
    /// connection is told as over when it was told; of the binary protocol what is to be said stands in its buffer.
    fn end_session(&mut self, py: Python<'_>, connection: u32, why: &str) -> PyResult<bool> {
        let now_ns = self.look(py)?;
        self.guarded(|inner| match inner {
            Entries::Binary(inner) => inner.end_session(connection),
            Entries::Fix(inner) => {
                inner.end_session(connection, why, now_ns);
                true
            }
        })
    }

    /// Somebody else wants the session of a connection that speaks FIX: where that is silent it is tested.
    fn probe(&mut self, py: Python<'_>, connection: u32) -> PyResult<()> {
        let now_ns = self.look(py)?;
        self.guarded(|inner| {
            inner.fix()?.probe(connection, now_ns);
            PyResult::Ok(())
        })?
    }

    /// Tell a connection messages again, from the first number to the last (0: the newest); whether `replay` is
    /// to be given them now.
    fn tell_again(&mut self, connection: u32, first: u64, last: u64) -> PyResult<bool> {
        self.guarded(|inner| each!(inner, inner => inner.tell_again(connection, first, last)))
    }

    /// How a session stands.
    fn session(&self, slot: u32) -> PyResult<Session> {
        let session = self.inner.session(slot);
        session.ok_or_else(|| PyValueError::new_err("no such session"))
    }

    /// The instruments as an engine has them, and how many entries; what changes of these events tell.
    fn learn_instruments(&mut self, engine: PyRef<'_, Engine>) -> PyResult<()> {
        let entries = engine.inner.counts().entries;
        self.guarded(|inner| {
            each!(&mut *inner, inner => inner.entries = entries);
            for view in engine.inner.instruments() {
                each!(&mut *inner, inner => {
                    inner.protocol.instruments.set(view.id, view.spec, view.symbol);
                });
            }
        })
    }

    /// The answer to a SecurityListRequest: the instrument that is asked for, or all.
    fn security_list<'py>(
        &mut self,
        py: Python<'py>,
        req_id: u64,
        instrument: Option<u32>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let mut out = Vec::new();
        self.guarded(|inner| {
            let instruments = &inner.binary()?.protocol.instruments;
            gateway::answer(instruments, req_id, instrument, &mut out);
            PyResult::Ok(())
        })??;
        Ok(PyBytes::new(py, &out))
    }

    fn set_busy(&mut self, busy: bool) {
        each!(&mut self.inner, inner => inner.set_busy(busy));
    }

    fn set_next_offset(&mut self, offset: u64) {
        each!(&mut self.inner, inner => inner.set_next_offset(offset));
    }

    /// A connection was opened on this socket (a descriptor, -1 for none); its number.
    ///
    /// What the socket does not take is given to `write`.  As soon as that holds something back,
    /// `set_direct` has to be told, so that nothing overtakes it.
    #[allow(clippy::arithmetic_side_effects, reason = "connections in memory")]
    fn connected(&mut self, py: Python<'_>, socket: i32, write: Py<PyAny>) -> PyResult<u32> {
        let now_ns = self.look(py)?;
        let connection = self.guarded(|inner| each!(inner, inner => inner.connected(now_ns)))?;
        let slot = connection as usize;
        if self.writers.len() <= slot {
            self.writers.resize_with(slot + 1, || None);
        }
        self.writers[slot] = Some(Writer::new(socket, write));
        Ok(connection)
    }

    /// Whether the socket of a connection that is open takes what it can first.
    fn set_direct(&mut self, connection: u32, direct: bool) {
        if let Some(Some(writer)) = self.writers.get_mut(connection as usize) {
            writer.direct = direct;
        }
    }

    fn disconnected(&mut self, connection: u32) -> PyResult<Option<u32>> {
        if let Some(writer) = self.writers.get_mut(connection as usize) {
            *writer = None;
        }
        self.guarded(|inner| each!(inner, inner => inner.disconnected(connection)))
    }

    #[getter]
    fn waiting(&self) -> usize {
        each!(&self.inner, inner => inner.waiting())
    }

    /// Whether the rest of a connection has to wait for requests to be sealed; it is then told as resumed.
    fn is_crowded(&mut self, connection: u32) -> PyResult<bool> {
        self.guarded(|inner| each!(inner, inner => inner.is_crowded(connection)))
    }

    /// Ask the engine for a session; `Routed` has the answer.
    fn claim(&mut self, entry: u32) -> PyResult<()> {
        self.guarded(|inner| each!(inner, inner => inner.claim(entry)))
    }

    fn entry_closed(&mut self, entry: u32) -> PyResult<()> {
        self.guarded(|inner| each!(inner, inner => inner.entry_closed(entry)))
    }

    /// The number of the first message the connection will get; `None` when `sequence` lies beyond the next.
    fn login(&mut self, connection: u32, session: u32, sequence: u64) -> PyResult<Option<u64>> {
        self.guarded(|inner| each!(inner, inner => inner.login(connection, session, sequence)))
    }

    fn replay_command(&self, connection: u32) -> Option<u64> {
        each!(&self.inner, inner => inner.replay_command(connection))
    }

    /// Whoever reads too slowly is told what `replay` is given from now on; false where that is so already.
    fn fall_behind(&mut self, connection: u32) -> PyResult<bool> {
        self.guarded(|inner| each!(inner, inner => inner.fall_behind(connection)))
    }

    /// Make messages again, `messages_max` at most, from event batches that begin `at` so many bytes.
    fn replay(
        &mut self,
        py: Python<'_>,
        connection: u32,
        batches: &[u8],
        at: usize,
        messages_max: u64,
    ) -> PyResult<ReplayPortion> {
        self.look(py)?;
        let rest = batches.get(at..).unwrap_or_default();
        // It takes less than what another thread may have the interpreter for.
        let replayed = caught(|| self.inner.replay(connection, rest, messages_max));
        // What it has changed is the connection's alone, which its owner cuts.
        let (used, replayed) = replayed.map_err(PyRuntimeError::new_err)?.map_err(bad)?;
        Ok(ReplayPortion {
            at: at.saturating_add(used),
            live: replayed == Replayed::Live,
            elsewhere: replayed == Replayed::Elsewhere,
        })
    }

    fn scan(&mut self, py: Python<'_>, batches: &[u8]) -> PyResult<()> {
        py.detach(|| each!(&mut self.inner, inner => inner.scan(batches)))
            .map_err(bad)
    }

    fn take_out<'py>(&mut self, py: Python<'py>, connection: u32) -> PyResult<Bound<'py, PyBytes>> {
        let out = self.guarded(|inner| each!(inner, inner => inner.take_out(connection)))?;
        Ok(PyBytes::new(py, &out))
    }

    /// Which connections have a heartbeat in their buffer, and which are to be closed.
    fn tick(&mut self, py: Python<'_>) -> PyResult<Vec<ConnectionDue>> {
        let now_ns = self.look(py)?;
        let due = self.guarded(|inner| each!(inner, inner => inner.tick(now_ns)))?;
        Ok(due.into_iter().map(ConnectionDue::of).collect())
    }

    /// What is known of where the sessions' messages stand in the events log.
    fn index(&self) -> SessionIndex {
        let known = each!(&self.inner, inner => inner.index());
        SessionIndex {
            next_offset: known.next_offset,
            entries: known.entries,
            sessions: known.rows,
        }
    }

    fn restore_index(&mut self, entries: u32, rows: Vec<Row>) -> bool {
        each!(&mut self.inner, inner => inner.restore_index(entries, &rows))
    }

    fn forget_before(&mut self, first_command: u64) -> PyResult<()> {
        self.guarded(|inner| each!(inner, inner => inner.forget_before(first_command)))
    }

    /// The oldest command whose events the sessions' last `messages` messages need.
    fn needs_command(&mut self, messages: u64) -> PyResult<Option<u64>> {
        self.guarded(|inner| each!(inner, inner => inner.needs_command(messages)))
    }

    fn outage(&mut self) -> PyResult<()> {
        self.own = NOBODY;
        self.guarded(|inner| each!(inner, inner => inner.outage()))
    }

    /// What went through so far.
    fn counts(&self) -> Traffic {
        self.inner.counts()
    }

    /// What the events say, of all gateways.
    fn tally(&self) -> Vec<TallyRow> {
        rows(each!(&self.inner, inner => &inner.tally))
    }

    /// From socket read to answer, in ns.
    fn latency(&self) -> Histogram {
        Histogram::from(each!(&self.inner, inner => &inner.latency))
    }
}
