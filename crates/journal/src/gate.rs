//! Who has a log's files open in this process.
//!
//! SQLite's connections of one process share what they know of the write-ahead log, and closing any
//! descriptor of a file lets go of the process's locks on it.  So the files are prepared only while
//! no connection to them is open: whoever opens the log takes the readers' connections away, and
//! they connect again at their next call.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{
    Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
};

use rusqlite::Connection;

use crate::shared::lock;

/// A reader's connection, when it has one.
pub(crate) type Slot = Mutex<Option<Connection>>;

/// The gate to the files of one path.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    /// Held shared while somebody reads.
    turns: RwLock<()>,
    readers: Mutex<Vec<Weak<Slot>>>,
    owned: AtomicBool,
}

/// The one `Log` of a path; dropping it makes room for the next.
#[derive(Debug)]
pub(crate) struct Owned(Arc<Gate>);

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.owned.store(false, Ordering::Release);
    }
}

impl Gate {
    /// The gate of this path: one for all who name it.
    pub fn of(path: &Path) -> Arc<Self> {
        static GATES: OnceLock<Mutex<HashMap<PathBuf, Weak<Gate>>>> = OnceLock::new();
        let mut gates = lock(GATES.get_or_init(Mutex::default));
        gates.retain(|_, gate| gate.strong_count() > 0);
        let known = gates.entry(name(path)).or_default();
        known.upgrade().unwrap_or_else(|| {
            let gate = Arc::new(Self::default());
            *known = Arc::downgrade(&gate);
            gate
        })
    }

    /// Become the path's one log; `None` when there is another.
    pub fn own(self: &Arc<Self>) -> Option<Owned> {
        let taken = self.owned.swap(true, Ordering::AcqRel);
        (!taken).then(|| Owned(Arc::clone(self)))
    }

    /// Room for a reader's connection.
    pub fn slot(&self) -> Arc<Slot> {
        let slot = Arc::new(Slot::default());
        let mut readers = lock(&self.readers);
        readers.retain(|reader| reader.strong_count() > 0);
        readers.push(Arc::downgrade(&slot));
        slot
    }

    /// Read: others may, too.
    pub fn read(&self) -> RwLockReadGuard<'_, ()> {
        self.turns.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wait for a moment without a reader.
    pub fn alone(&self) -> RwLockWriteGuard<'_, ()> {
        self.turns.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A moment without a reader, if this is one.
    pub fn alone_now(&self) -> Option<RwLockWriteGuard<'_, ()>> {
        self.turns.try_write().ok()
    }

    /// Close the readers' connections, at a moment without a reader.
    pub fn disconnect(&self, _alone: &RwLockWriteGuard<'_, ()>) {
        for slot in lock(&self.readers).iter().filter_map(Weak::upgrade) {
            drop(lock(&slot).take());
        }
    }
}

/// One name for all ways to name the file.
fn name(path: &Path) -> PathBuf {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder.join(path.file_name().unwrap_or_default())
}
