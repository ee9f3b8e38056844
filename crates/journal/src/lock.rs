//! One process at a time in a data directory, and whether it is still there.
//!
//! A directory is held by its descriptor, beside the lock: a path may lead elsewhere at any moment, a
//! descriptor does not.  Whoever holds it writes its files by that descriptor, and looks now and then
//! whether the path still leads to it ([`DataDir::lost`]).

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, FileType, FlockOperation, Mode, OFlags, Stat, StatxFlags, flock, fstat, openat, stat,
    statat, statx,
};
use rustix::io::Errno;

/// The file that is locked; it holds the process id.
const LOCK: &str = "lock";

/// A data directory that this process holds; dropping it lets go.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    folder: File,
    lock: Option<File>,
}

/// What tells a file from its copy: a copy has another time of birth, and mostly another number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Number of the device.
    pub device: u64,
    /// Number of the file there.
    pub inode: u64,
    /// When it was made, in nanoseconds since the epoch; 0 where the file system doesn't say.
    pub birth_ns: u64,
}

/// Why the directory was not taken.
#[derive(Debug)]
pub enum LockError {
    /// Another process holds it.
    Held {
        /// The directory.
        path: PathBuf,
        /// The process, as its lock file says.
        pid: String,
    },
    /// What stands at the path is no directory, or was exchanged meanwhile.
    Foreign(String),
    /// The directory or its lock file can't be used.
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl LockError {
    fn io(path: &Path, error: impl Into<io::Error>) -> Self {
        Self::Io {
            path: path.to_owned(),
            error: error.into(),
        }
    }
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { path, pid } => write!(
                f,
                "the data directory {} is in use by process {pid}: stop it, or name another directory",
                path.display()
            ),
            Self::Foreign(what) => f.write_str(what),
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for LockError {}

impl DataDir {
    /// Take the directory, and make it if there is none.
    ///
    /// The lock is `flock` on the file `lock`, which holds the process id: the system lets go of it
    /// when the process ends, however it ends.
    ///
    /// # Errors
    /// `Held` when another process has it, `Foreign` when no directory can stand there.
    pub fn lock(path: impl AsRef<Path>) -> Result<Self, LockError> {
        let path = path.as_ref();
        no_directory(path)?;
        std::fs::create_dir_all(path).map_err(|error| LockError::io(path, error))?;
        let folder = open_folder(path)?;
        let file = path.join(LOCK);
        no_file(&folder, &file)?;
        let (flags, mode) = (OFlags::RDWR | OFlags::CREATE, Mode::from(0o644));
        let lock = openat(&folder, LOCK, flags | OFlags::CLOEXEC, mode)
            .map(File::from)
            .map_err(|errno| LockError::io(&file, errno))?;
        hold(path, &lock)?;
        sign(&lock).map_err(|error| LockError::io(&file, error))?;
        Self::held(path, folder, Some(lock))
    }

    /// Keep others out of a directory that is only looked at: nothing is made in it.  Where there is no
    /// lock file, nobody ever had it.
    ///
    /// # Errors
    /// `Held` when another process has it; `Io` when there is no such directory.
    pub fn at_rest(path: impl AsRef<Path>) -> Result<Self, LockError> {
        let path = path.as_ref();
        no_directory(path)?;
        let folder = open_folder(path)?;
        let file = path.join(LOCK);
        no_file(&folder, &file)?;
        let open =
            |flags| openat(&folder, LOCK, flags | OFlags::CLOEXEC, Mode::empty()).map(File::from);
        let lock = match open(OFlags::RDONLY) {
            Ok(lock) => {
                hold(path, &lock)?;
                // Who finds it held is told by whom, if that can be written.
                if let Ok(signed) = open(OFlags::WRONLY) {
                    sign(&signed).map_err(|error| LockError::io(&file, error))?;
                }
                Some(lock)
            }
            Err(Errno::NOENT) => None,
            Err(errno) => return Err(LockError::io(&file, errno)),
        };
        Self::held(path, folder, lock)
    }

    /// What was exchanged between its opening and its locking is not held.
    fn held(path: &Path, folder: File, lock: Option<File>) -> Result<Self, LockError> {
        let held = Self {
            path: path.to_owned(),
            folder,
            lock,
        };
        match held.lost() {
            None => Ok(held),
            Some(what) => Err(LockError::Foreign(what)),
        }
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its descriptor: what is opened by it is in this directory, wherever its path leads.
    #[must_use]
    pub fn folder(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }

    /// What has become of the directory, in a sentence; `None` while its path leads to it and the lock
    /// in it is the one that is held.
    #[must_use]
    pub fn lost(&self) -> Option<String> {
        let path = self.path.display();
        match (stat(&self.path), fstat(&self.folder)) {
            (Err(Errno::NOENT | Errno::NOTDIR), _) => {
                return Some(format!("the data directory {path} is gone"));
            }
            (Err(errno), _) | (_, Err(errno)) => {
                return Some(format!(
                    "the data directory {path} can't be looked at: {errno}"
                ));
            }
            (Ok(there), Ok(ours)) if !same(&there, &ours) => {
                return Some(format!("another directory stands at {path} now"));
            }
            _ => {}
        }
        let lock = fstat(self.lock.as_ref()?);
        match (statat(&self.folder, LOCK, AtFlags::empty()), lock) {
            (Ok(there), Ok(ours)) if same(&there, &ours) => None,
            (Err(Errno::NOENT), _) => Some(format!("the file {path}/{LOCK} is gone")),
            (Ok(_), Ok(_)) => Some(format!("the file {path}/{LOCK} is another's now")),
            (Err(errno), _) | (_, Err(errno)) => Some(format!(
                "the file {path}/{LOCK} can't be looked at: {errno}"
            )),
        }
    }

    /// Which file has this name in the directory; `None` when there is none.
    ///
    /// # Errors
    /// Those of the system.
    pub fn identity(&self, name: impl AsRef<OsStr>) -> io::Result<Option<Identity>> {
        identity_at(self.folder(), Path::new(name.as_ref()))
    }
}

/// Which file has this name in a directory.
fn identity_at(folder: BorrowedFd<'_>, name: &Path) -> io::Result<Option<Identity>> {
    let found = match statat(folder, name, AtFlags::empty()) {
        Ok(found) => found,
        Err(Errno::NOENT) => return Ok(None),
        Err(errno) => return Err(errno.into()),
    };
    // Where the system or the file system doesn't tell, a file has no birth.
    let born = statx(folder, name, AtFlags::empty(), StatxFlags::BTIME).ok();
    let known = |mask: u32| mask & StatxFlags::BTIME.bits() != 0;
    let birth_ns = born.filter(|it| known(it.stx_mask)).map_or(0, |it| {
        let seconds = u64::try_from(it.stx_btime.tv_sec).unwrap_or(0);
        seconds
            .saturating_mul(1_000_000_000)
            .saturating_add(u64::from(it.stx_btime.tv_nsec))
    });
    Ok(Some(Identity {
        device: found.st_dev,
        inode: found.st_ino,
        birth_ns,
    }))
}

fn same(one: &Stat, other: &Stat) -> bool {
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}

/// What stands at the path and is no directory, in words that say what to do.
fn no_directory(path: &Path) -> Result<(), LockError> {
    let shown = path.display();
    let Ok(itself) = std::fs::symlink_metadata(path) else {
        return Ok(());
    };
    let what = match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => format!("{shown} is a file, not a directory: name another data directory"),
        Err(error) if error.kind() == ErrorKind::NotFound && itself.is_symlink() => {
            let to = std::fs::read_link(path).unwrap_or_default();
            format!(
                "{shown} is a link to {}, which does not exist: make that directory, or name \
                 another data directory",
                to.display()
            )
        }
        Err(error) => return Err(LockError::io(path, error)),
    };
    Err(LockError::Foreign(what))
}

/// What stands under the name of the lock and is no file, in words that say what to do.
fn no_file(folder: &File, file: &Path) -> Result<(), LockError> {
    let shown = file.display();
    let Ok(itself) = statat(folder, LOCK, AtFlags::SYMLINK_NOFOLLOW) else {
        return Ok(());
    };
    let what = match statat(folder, LOCK, AtFlags::empty()) {
        Ok(found) if FileType::from_raw_mode(found.st_mode).is_file() => return Ok(()),
        Ok(_) => format!("{shown} is not a file: move it away, and make sure that no server runs"),
        Err(Errno::NOENT) if FileType::from_raw_mode(itself.st_mode).is_symlink() => format!(
            "{shown} is a link to what does not exist: move it away, and make sure that no server runs"
        ),
        Err(errno) => return Err(LockError::io(file, errno)),
    };
    Err(LockError::Foreign(what))
}

fn open_folder(path: &Path) -> Result<File, LockError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty())
        .map(File::from)
        .map_err(|errno| LockError::io(path, errno))
}

/// Lock the file, or say who has.
fn hold(path: &Path, mut lock: &File) -> Result<(), LockError> {
    let io = |error| LockError::Io {
        path: path.join(LOCK),
        error,
    };
    match flock(lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(()),
        Err(Errno::WOULDBLOCK) => {
            let mut pid = String::new();
            lock.read_to_string(&mut pid).map_err(io)?;
            Err(LockError::Held {
                path: path.to_owned(),
                pid: pid.trim().to_owned(),
            })
        }
        Err(errno) => Err(io(errno.into())),
    }
}

/// Write down who has it.
fn sign(mut lock: &File) -> io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    writeln!(lock, "{}", std::process::id())
}
