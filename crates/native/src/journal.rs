//! The log, on disk and in memory, and the lock of a data directory.

use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use journal::{
    AppendError, Beginning, LogOptions, OnDamage, OpenError, ReadError, Record, Synchronous,
};
use pyo3::exceptions::{PyException, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use pyo3::{PyTypeInfo, create_exception};

use crate::histogram::Histogram;
use crate::named::named;
use crate::settings::LogSettings;

create_exception!(
    core._native,
    JournalError,
    PyException,
    "What the journal refuses."
);
create_exception!(
    core._native,
    JournalDamaged,
    JournalError,
    "A file of the journal does not hold what was written to it; says which, and where."
);
create_exception!(
    core._native,
    JournalFailed,
    JournalError,
    "The log has failed or is closed; drop it and open it afresh."
);
create_exception!(
    core._native,
    JournalMissing,
    JournalFailed,
    "There is no log at that path, or nothing was ever appended to it."
);
create_exception!(
    core._native,
    JournalFull,
    JournalError,
    "More waits (in memory: is kept) than the log's limit allows."
);
create_exception!(
    core._native,
    JournalRange,
    JournalError,
    "The offset was deleted, or is behind the log's end."
);
create_exception!(
    core._native,
    DataDirLocked,
    PyException,
    "Another process holds the data directory."
);

fn raise<E: PyTypeInfo>(what: &impl ToString) -> PyErr {
    PyErr::new::<E, _>(what.to_string())
}

fn open_error(error: &OpenError) -> PyErr {
    match error {
        OpenError::Damaged(_) => raise::<JournalDamaged>(error),
        OpenError::Missing(_) => raise::<JournalMissing>(error),
        OpenError::Io { .. } => raise::<JournalFailed>(error),
    }
}

/// What Python is told of an append that was refused.
pub fn append_error(error: &AppendError) -> PyErr {
    match error {
        AppendError::Full { .. } => raise::<JournalFull>(error),
        AppendError::Closed | AppendError::Failed(_) => raise::<JournalFailed>(error),
    }
}

pub(crate) fn read_error(error: &ReadError) -> PyErr {
    match error {
        ReadError::Damaged(_) => raise::<JournalDamaged>(error),
        ReadError::Deleted { .. } | ReadError::Beyond { .. } => raise::<JournalRange>(error),
        ReadError::Io(_) => raise::<JournalFailed>(error),
    }
}

/// A record of a log, as it was written.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen, get_all)]
pub struct LogRecord {
    pub(crate) offset: u64,
    pub(crate) append_ns: u64,
    pub(crate) chain: u64,
    pub(crate) batch: Py<PyBytes>,
}

#[pymethods]
impl LogRecord {
    #[new]
    #[pyo3(signature = (*, offset, append_ns, chain, batch))]
    const fn new(offset: u64, append_ns: u64, chain: u64, batch: Py<PyBytes>) -> Self {
        Self {
            offset,
            append_ns,
            chain,
            batch,
        }
    }
}

fn records(py: Python<'_>, read: Result<Vec<Record>, ReadError>) -> PyResult<Vec<LogRecord>> {
    let read = read.map_err(|error| read_error(&error))?;
    let record = |record: Record| LogRecord {
        offset: record.offset,
        append_ns: record.append_ns,
        chain: record.chain,
        batch: PyBytes::new(py, &record.batch).unbind(),
    };
    Ok(read.into_iter().map(record).collect())
}

named! {
    /// The ends of a log.
    LogEnds {
        journal_id: u64,
        first: u64,
        next: u64,
        chain: u64,
    }
}

named! {
    /// Which file stands under a name.
    FileIdentity {
        device: u64,
        inode: u64,
        birth_ns: u64,
    }
}

/// The methods of a log's class: its own, and those that are the same for each.
macro_rules! log_methods {
    ($log:ident { $($own:tt)* }) => {
        #[pymethods]
        impl $log {
            $($own)*

            fn append(&self, append_ns: u64, batches: Vec<Bound<'_, PyBytes>>) -> PyResult<u64> {
                self.0
                    .append(append_ns, &slices(&batches))
                    .map_err(|error| append_error(&error))
            }

            #[getter]
            fn journal_id(&self) -> u64 {
                self.0.journal_id()
            }

            #[getter]
            fn durable_offset(&self) -> u64 {
                self.0.durable_offset()
            }

            #[getter]
            fn first_offset(&self) -> u64 {
                self.0.first_offset()
            }

            #[getter]
            fn next_offset(&self) -> u64 {
                self.0.next_offset()
            }

            fn notify_fd(&self) -> i32 {
                self.0.notify_fd()
            }

            fn clear_notify(&self) {
                self.0.clear_notify();
            }

            pub(crate) fn read(
                &self,
                py: Python<'_>,
                start: u64,
                bytes_max: usize,
            ) -> PyResult<Vec<LogRecord>> {
                records(py, py.detach(|| self.0.read(start, bytes_max)))
            }

            fn delete_before(&self, offset: u64) {
                self.0.delete_before(offset);
            }
        }
    };
}

fn slices<'a>(batches: &'a [Bound<'_, PyBytes>]) -> Vec<&'a [u8]> {
    batches.iter().map(|batch| batch.as_bytes()).collect()
}

fn synchronous(name: &str) -> PyResult<Synchronous> {
    match name {
        "full" => Ok(Synchronous::Full),
        "normal" => Ok(Synchronous::Normal),
        _ => Err(PyValueError::new_err("synchronous is 'full' or 'normal'")),
    }
}

fn on_damage(name: &str) -> PyResult<OnDamage> {
    match name {
        "refuse" => Ok(OnDamage::Refuse),
        "drop_tail" => Ok(OnDamage::DropTail),
        _ => Err(PyValueError::new_err(
            "on_damage is 'refuse' or 'drop_tail'",
        )),
    }
}

/// A log in a file of its own.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen)]
pub struct Log(pub(crate) journal::Log);

log_methods!(Log {
    #[allow(clippy::too_many_arguments, reason = "as many as there are, all named")]
    #[new]
    #[pyo3(signature = (path, settings, *, synchronous, on_damage, journal_id, behind, settled))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        settings: LogSettings,
        synchronous: &str,
        on_damage: &str,
        journal_id: Option<u64>,
        behind: Option<(u64, u64)>,
        settled: bool,
    ) -> PyResult<Self> {
        let synchronous = self::synchronous(synchronous)?;
        let taken = settings.options()?;
        let options = LogOptions {
            synchronous,
            // Somebody waits for each of these commits.
            linger: match synchronous {
                Synchronous::Full => Duration::ZERO,
                Synchronous::Normal => taken.linger,
            },
            on_damage: self::on_damage(on_damage)?,
            beginning: journal_id.map(|journal_id| Beginning { journal_id, behind }),
            settled,
            ..taken
        };
        let log = py.detach(|| journal::Log::open(path, options));
        log.map(Self).map_err(|error| open_error(&error))
    }

    /// What it took of the configuration.
    #[getter]
    fn settings(&self) -> LogSettings {
        LogSettings::of(self.0.options())
    }

    #[getter]
    fn written_offset(&self) -> u64 {
        self.0.written_offset()
    }

    #[getter]
    fn failure(&self) -> Option<String> {
        self.0.failure()
    }

    fn waiting<'py>(
        &self,
        py: Python<'py>,
        start: u64,
        bytes_max: usize,
    ) -> Vec<Bound<'py, PyBytes>> {
        let waiting = self.0.waiting(start, bytes_max);
        waiting
            .iter()
            .map(|batch| PyBytes::new(py, batch))
            .collect()
    }

    fn request_sync(&self) {
        self.0.request_sync();
    }

    fn sync(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.0.sync())
            .map_err(|error| append_error(&error))
    }

    fn bytes_used(&self, py: Python<'_>) -> PyResult<u64> {
        py.detach(|| self.0.bytes_used())
            .map_err(|error| read_error(&error))
    }

    #[getter]
    fn queue_bytes(&self) -> u64 {
        self.0.queue_bytes()
    }

    fn bytes_on_disk(&self) -> u64 {
        self.0.bytes_on_disk()
    }

    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let stats = self.0.stats();
        let dict = PyDict::new(py);
        for (name, value) in [
            ("commits", stats.commits),
            ("records", stats.records),
            ("bytes", stats.bytes),
            ("commit_ns", stats.commit_ns),
            ("deleted", stats.deleted),
            ("checkpoints", stats.checkpoints),
            ("checkpoint_ns", stats.checkpoint_ns),
            ("checkpoint_stall_ns", stats.checkpoint_stall_ns),
            ("wal_restarts", stats.wal_restarts),
            ("wal_bytes", stats.wal_bytes),
            ("queue_records", stats.queue_records),
            ("queue_bytes", stats.queue_bytes),
        ] {
            dict.set_item(name, value)?;
        }
        Ok(dict)
    }

    /// Time of each commit, in ns.
    fn commit_buckets(&self) -> Histogram {
        let stats = self.0.stats();
        Histogram {
            bounds: journal::COMMIT_BOUNDS_NS.to_vec(),
            counts: stats.commit_buckets.to_vec(),
            total: stats.commit_ns.into(),
        }
    }

    /// Records in each commit.
    fn records_buckets(&self) -> Histogram {
        let stats = self.0.stats();
        Histogram {
            bounds: journal::ENTRIES_BOUNDS.to_vec(),
            counts: stats.records_buckets.to_vec(),
            total: stats.records.into(),
        }
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }
});

/// A log in memory.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen)]
pub struct MemoryLog(pub(crate) journal::MemoryLog);

log_methods!(MemoryLog {
    #[new]
    #[pyo3(signature = (*, journal_id, bytes_max))]
    fn new(journal_id: u64, bytes_max: u64) -> PyResult<Self> {
        let log = journal::MemoryLog::new(journal_id, bytes_max);
        log.map(Self)
            .map_err(|error| PyOSError::new_err(error.to_string()))
    }

    #[getter]
    fn written_offset(&self) -> u64 {
        self.0.durable_offset()
    }

    #[getter]
    fn failure(&self) -> Option<String> {
        None
    }

    /// What is appended is written.
    #[allow(clippy::unused_self, unused_variables)]
    const fn waiting(&self, start: u64, bytes_max: usize) -> Vec<Py<PyBytes>> {
        Vec::new()
    }

    #[allow(clippy::unused_self)]
    fn request_sync(&self) {}

    #[allow(clippy::unused_self)]
    fn sync(&self) {}

    fn bytes_used(&self) -> u64 {
        self.0.bytes_kept()
    }

    #[allow(clippy::unused_self)]
    #[getter]
    fn queue_bytes(&self) -> u64 {
        0
    }

    fn bytes_on_disk(&self) -> u64 {
        0
    }

    #[allow(clippy::unused_self)]
    fn stats<'py>(&self, py: Python<'py>) -> Bound<'py, PyDict> {
        PyDict::new(py)
    }

    #[allow(clippy::unused_self)]
    const fn commit_buckets(&self) -> Histogram {
        Histogram::EMPTY
    }

    #[allow(clippy::unused_self)]
    const fn records_buckets(&self) -> Histogram {
        Histogram::EMPTY
    }

    fn close(&self) {
        self.0.close();
    }
});

/// A log that is only read; another process may be writing it.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen)]
pub struct LogReader(Mutex<journal::Reader>);

impl LogReader {
    fn ask<T: Send>(&self, py: Python<'_>, ask: impl FnOnce(&journal::Reader) -> T + Send) -> T {
        py.detach(|| ask(&self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

#[pymethods]
impl LogReader {
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        py.detach(|| journal::Reader::open(&path))
            .map(|reader| Self(Mutex::new(reader)))
            .map_err(|error| read_error(&error))
    }

    /// Read a log that nobody writes, without a change to its folder; see `journal::Reader::at_rest`, and
    /// `settled` there.
    #[staticmethod]
    #[pyo3(signature = (path, *, on_damage="refuse", settled=false))]
    fn at_rest(py: Python<'_>, path: PathBuf, on_damage: &str, settled: bool) -> PyResult<Self> {
        let on_damage = self::on_damage(on_damage)?;
        let open = match settled {
            true => journal::Reader::settled,
            false => journal::Reader::at_rest,
        };
        py.detach(|| open(&path, on_damage))
            .map(|reader| Self(Mutex::new(reader)))
            .map_err(|error| open_error(&error))
    }

    /// Where it begins and ends now.
    fn ends(&self, py: Python<'_>) -> PyResult<LogEnds> {
        let ends = self.ask(py, journal::Reader::ends);
        let ends = ends.map_err(|error| read_error(&error))?;
        Ok(LogEnds {
            journal_id: ends.journal_id,
            first: ends.first,
            next: ends.next,
            chain: ends.chain,
        })
    }

    /// The version of the log.
    fn version(&self, py: Python<'_>) -> PyResult<i64> {
        self.ask(py, journal::Reader::version)
            .map_err(|error| read_error(&error))
    }

    /// The chain at an offset, from the one before the first on.
    fn chain_at(&self, py: Python<'_>, offset: u64) -> PyResult<u64> {
        self.ask(py, |reader| reader.chain_at(offset))
            .map_err(|error| read_error(&error))
    }

    /// Check the newest records; see `journal::Reader::verify`.
    fn verify(&self, py: Python<'_>, bytes_max: u64) -> PyResult<()> {
        self.ask(py, |reader| reader.verify(bytes_max))
            .map_err(|error| read_error(&error))
    }

    fn read(&self, py: Python<'_>, start: u64, bytes_max: usize) -> PyResult<Vec<LogRecord>> {
        records(py, self.ask(py, |reader| reader.read(start, bytes_max)))
    }
}

/// Delete the records of a closed log behind offset `last`; how many there were.
#[pyfunction]
pub fn delete_after(py: Python<'_>, path: PathBuf, last: u64) -> PyResult<u64> {
    py.detach(|| journal::delete_after(path, last))
        .map_err(|error| open_error(&error))
}

/// A data directory that this process holds, until it is closed or the process ends.
#[derive(Debug)]
#[pyclass(module = "core._native", frozen)]
pub struct DataDirLock(Mutex<Option<journal::DataDir>>);

impl DataDirLock {
    fn held(taken: Result<journal::DataDir, journal::LockError>) -> PyResult<Self> {
        match taken {
            Ok(held) => Ok(Self(Mutex::new(Some(held)))),
            Err(error @ journal::LockError::Held { .. }) => Err(raise::<DataDirLocked>(&error)),
            Err(error) => Err(PyOSError::new_err(error.to_string())),
        }
    }

    fn ask<T>(&self, ask: impl FnOnce(&journal::DataDir) -> PyResult<T>) -> PyResult<T> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(held) => ask(held),
            None => Err(PyOSError::new_err("the data directory was let go")),
        }
    }
}

#[pymethods]
impl DataDirLock {
    #[new]
    fn new(path: PathBuf) -> PyResult<Self> {
        Self::held(journal::DataDir::lock(path))
    }

    /// The same for a directory that is only looked at: nothing is made in it.
    #[staticmethod]
    fn at_rest(path: PathBuf) -> PyResult<Self> {
        Self::held(journal::DataDir::at_rest(path))
    }

    /// The directory's descriptor, to open files by; it is closed with the lock.
    fn fd(&self) -> PyResult<i32> {
        self.ask(|held| Ok(held.folder().as_raw_fd()))
    }

    /// What has become of the directory, in a sentence; `None` while all is as it was.
    fn lost(&self, py: Python<'_>) -> PyResult<Option<String>> {
        py.detach(|| self.ask(|held| Ok(held.lost())))
    }

    /// Which file has this name in the directory; `None` when there is none.
    fn identity(&self, name: &str) -> PyResult<Option<FileIdentity>> {
        self.ask(|held| {
            let found = held.identity(name)?;
            Ok(found.map(|it| FileIdentity {
                device: it.device,
                inode: it.inode,
                birth_ns: it.birth_ns,
            }))
        })
    }

    fn close(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
