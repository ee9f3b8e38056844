//! The log as its owner sees it.

#![allow(
    clippy::disallowed_methods,
    reason = "from when on the writer may write: nothing that is written follows from it"
)]

use std::os::fd::{BorrowedFd, RawFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use crate::Record;
use crate::checkpoint::{Checkpoints, Frames};
use crate::error::{AppendError, OpenError, ReadError};
use crate::files::beside;
use crate::gate::{Gate, Owned};
use crate::open::prepare;
use crate::options::LogOptions;
use crate::reader::{Ends, Reader};
use crate::schema::connect_writer;
use crate::shared::{Shared, lock};
use crate::stats::Stats;
use crate::writer::Writer;

/// An open log.  Dropping it closes it.
#[derive(Debug)]
pub struct Log {
    shared: Arc<Shared>,
    options: LogOptions,
    path: PathBuf,
    journal_id: u64,
    reader: Mutex<Option<Reader>>,
    owned: Mutex<Option<Owned>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Log {
    /// Open the log at `path`, or make one.
    ///
    /// The files are synced and read back from the disk; the write-ahead log is inspected and a
    /// commit that was cut off is dropped from it; then the newest part of the log is verified.
    ///
    /// # Errors
    /// `Damaged` when the files don't hold what was written to them, `Io` for the rest.
    pub fn open(path: impl AsRef<Path>, options: LogOptions) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let gate = Gate::of(path);
        let owned = gate.own().ok_or_else(|| OpenError::Io {
            file: path.to_owned(),
            what: "it is open in this process already".to_owned(),
        })?;
        let (mut connection, meta) = {
            let alone = gate.alone();
            gate.disconnect(&alone);
            prepare(path, &options)?;
            connect_writer(path, options.synchronous, options.beginning)?
        };
        let read = |error| OpenError::read(path, error);
        let reader = Reader::open(path).map_err(read)?;
        let ends = reader.ends().map_err(read)?;
        reader.verify(options.verify_bytes_max).map_err(read)?;
        let wal = beside(path, "-wal");
        let io = |error| OpenError::io(&wal, "opening", &error);
        let shared = Arc::new(Shared::new(ends.first, ends.next).map_err(io)?);
        let frames = Arc::new(Frames::default());
        let written = Arc::clone(&frames);
        connection
            .wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: i32| {
                let pages = u64::try_from(pages).unwrap_or(0);
                written.written.store(pages, Ordering::Release);
                Ok(())
            }))
            .map_err(|error| OpenError::sqlite(path, "opening", &error))?;
        let writer = Writer {
            wal: std::fs::File::open(&wal).map_err(io)?,
            checkpoints: Checkpoints::start(path, &options, frames, gate, Arc::clone(&shared))?,
            shared: Arc::clone(&shared),
            options,
            path: path.to_owned(),
            connection,
            meta,
            next: ends.next,
            chain: ends.chain,
            taken: Vec::new(),
            not_before: Instant::now(),
        };
        let writer = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| OpenError::io(path, "starting a thread", &error))?;
        Ok(Self {
            shared,
            options,
            path: path.to_owned(),
            journal_id: meta.journal_id,
            reader: Mutex::new(Some(reader)),
            owned: Mutex::new(Some(owned)),
            writer: Mutex::new(Some(writer)),
        })
    }

    /// Queue batches for the writer; the first gets the offset that is returned, the others follow it.
    ///
    /// # Errors
    /// `Full` when more than `queue_bytes_max` waits already, `Failed` and `Closed` when nothing is taken any more.
    pub fn append(&self, append_ns: u64, batches: &[&[u8]]) -> Result<u64, AppendError> {
        self.shared
            .append(append_ns, batches, self.options.queue_bytes_max)
    }

    /// What it was opened with.
    #[must_use]
    pub const fn options(&self) -> &LogOptions {
        &self.options
    }

    /// Names the log; a new one for each log that is made.
    #[must_use]
    pub fn journal_id(&self) -> u64 {
        self.journal_id
    }

    /// Highest offset that survives the loss of power; 0 when there is none.
    #[must_use]
    pub fn durable_offset(&self) -> u64 {
        self.shared.durable.load(Ordering::Acquire)
    }

    /// Highest offset that survives the death of the process, and can be read; 0 when there is none.
    #[must_use]
    pub fn written_offset(&self) -> u64 {
        self.shared.written.load(Ordering::Acquire)
    }

    /// First offset that is kept.
    #[must_use]
    pub fn first_offset(&self) -> u64 {
        self.shared.first.load(Ordering::Acquire)
    }

    /// The offset that the next batch appended gets.
    #[must_use]
    pub fn next_offset(&self) -> u64 {
        self.shared.state().next_offset
    }

    /// Why nothing is taken any more, if it is so: drop this log and open it afresh.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        if !self.shared.failed.load(Ordering::Acquire) {
            return None;
        }
        self.shared.state().failure.clone()
    }

    /// An eventfd that becomes readable after each commit, sync and failure.
    #[must_use]
    pub fn notify_fd(&self) -> RawFd {
        self.shared.fd()
    }

    /// The same, borrowed.
    #[must_use]
    pub fn notify(&self) -> BorrowedFd<'_> {
        self.shared.notify()
    }

    /// Make the eventfd wait for the next one.  Call it before looking at the offsets.
    pub fn clear_notify(&self) {
        self.shared.clear_signal();
    }

    /// Records from `from` on: what is written, at least one if there is one, up to `bytes_max` of
    /// batches; none when `from` is the next to be written.
    ///
    /// # Errors
    /// `Damaged` where the chain breaks or a row is missing, `Deleted` before the log's beginning,
    /// `Beyond` behind its end.
    pub fn read(&self, from: u64, bytes_max: usize) -> Result<Vec<Record>, ReadError> {
        self.with_reader(|reader| reader.read(from, bytes_max))
    }

    /// Batches from `from` on that are appended and not written yet, up to `bytes_max` of them, but one at
    /// least if there is one; none when `from` is written, or not appended.
    ///
    /// Behind [`Log::read`] it gives all there is: what is not in the one is in the other, or, where a commit
    /// fell between the two, in the next read.
    #[must_use]
    pub fn waiting(&self, from: u64, bytes_max: usize) -> Vec<Arc<[u8]>> {
        let state = self.shared.state();
        let first = state.next_offset - state.pending.len() as u64;
        let Some(skip) = from.checked_sub(first) else {
            return Vec::new();
        };
        let mut bytes = 0;
        let batches = state
            .pending
            .iter()
            .skip(usize::try_from(skip).unwrap_or(usize::MAX));
        batches
            .map(|pending| Arc::clone(&pending.batch))
            .take_while(|batch| {
                let fits = bytes == 0 || bytes + batch.len() <= bytes_max;
                bytes += batch.len();
                fits
            })
            .collect()
    }

    /// The ends of what is written.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn ends(&self) -> Result<Ends, ReadError> {
        self.with_reader(Reader::ends)
    }

    fn with_reader<T>(
        &self,
        ask: impl FnOnce(&Reader) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        match lock(&self.reader).as_ref() {
            Some(reader) => ask(reader),
            None => Err(ReadError::Io("the log is closed".to_owned())),
        }
    }

    /// Have records before `offset` deleted, by and by; their space is used again.
    pub fn delete_before(&self, offset: u64) {
        let mut state = self.shared.state();
        state.delete_before = state.delete_before.max(offset);
        drop(state);
        self.shared.wake.notify_one();
    }

    /// Ask that what was appended so far becomes durable; [`Log::durable_offset`] tells when it is.
    pub fn request_sync(&self) {
        self.shared.state().sync_asked += 1;
        self.shared.wake.notify_one();
    }

    /// Wait until what was appended so far is durable.
    ///
    /// # Errors
    /// `Failed` or `Closed` when it did not become so.
    pub fn sync(&self) -> Result<(), AppendError> {
        let mut state = self.shared.state();
        state.sync_asked += 1;
        let mine = state.sync_asked;
        self.shared.wake.notify_one();
        while state.sync_done < mine {
            if let Some(failure) = &state.failure {
                return Err(AppendError::Failed(failure.clone()));
            }
            if state.closed {
                return Err(AppendError::Closed);
            }
            state = self
                .shared
                .done
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }

    /// Bytes of the database file that hold something: without what deleting left free.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn bytes_used(&self) -> Result<u64, ReadError> {
        self.with_reader(Reader::bytes_used)
    }

    /// Bytes of the log's files.
    #[must_use]
    pub fn bytes_on_disk(&self) -> u64 {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |data| data.len());
        size(&self.path) + size(&beside(&self.path, "-wal"))
    }

    /// Bytes that wait for the writer.
    #[must_use]
    pub fn queue_bytes(&self) -> u64 {
        self.shared.state().pending_bytes
    }

    /// What was counted since the log was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut stats = self.shared.stats().clone();
        let state = self.shared.state();
        stats.queue_records = state.pending.len() as u64;
        stats.queue_bytes = state.pending_bytes;
        stats
    }

    /// Commit what waits, move it to the database file, empty the write-ahead log, and let go of the files.
    pub fn close(&self) {
        self.shared.state().closing = true;
        self.shared.wake.notify_one();
        if let Some(writer) = lock(&self.writer).take()
            && writer.join().is_err()
        {
            self.shared.fail("the writer thread panicked".to_owned());
        }
        drop(lock(&self.reader).take());
        drop(lock(&self.owned).take());
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.close();
    }
}
