//! The files of a log.

use std::path::{Path, PathBuf};

/// The file beside `path` that SQLite gives this ending.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
