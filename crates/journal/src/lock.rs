//! One process at a time in a data directory.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// A data directory that this process holds; dropping it lets go.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: Option<File>,
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
    /// The directory or its lock file can't be used.
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { path, pid } => write!(
                f,
                "the data directory {} is in use by process {pid}: stop it, or name another directory",
                path.display()
            ),
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
    /// `Held` when another process has it.
    pub fn lock(path: impl AsRef<Path>) -> Result<Self, LockError> {
        let path = path.as_ref();
        let file = path.join("lock");
        let io = |error| LockError::Io {
            path: file.clone(),
            error,
        };
        std::fs::create_dir_all(path).map_err(io)?;
        let lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&file)
            .map_err(io)?;
        hold(path, &lock)?;
        sign(&lock).map_err(io)?;
        Ok(Self {
            path: path.to_owned(),
            _lock: Some(lock),
        })
    }

    /// Keep others out of a directory that is only looked at: nothing is made in it.  Where there is no
    /// lock file, nobody ever had it.
    ///
    /// # Errors
    /// `Held` when another process has it; `Io` when there is no such directory.
    pub fn at_rest(path: impl AsRef<Path>) -> Result<Self, LockError> {
        let path = path.as_ref();
        let of = |file: &Path, error| LockError::Io {
            path: file.to_owned(),
            error,
        };
        std::fs::read_dir(path).map_err(|error| of(path, error))?;
        let file = path.join("lock");
        let lock = match File::open(&file) {
            Ok(lock) => {
                hold(path, &lock)?;
                // Who finds it held is told by whom, if that can be written.
                if let Ok(signed) = OpenOptions::new().write(true).open(&file) {
                    sign(&signed).map_err(|error| of(&file, error))?;
                }
                Some(lock)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(of(&file, error)),
        };
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Lock the file, or say who has.
fn hold(path: &Path, mut lock: &File) -> Result<(), LockError> {
    let io = |error| LockError::Io {
        path: path.join("lock"),
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
