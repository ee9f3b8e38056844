//! Descriptors that stay open as long as anybody has the file.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

/// Device and inode: what locks go by.
type Name = (u64, u64);

/// A descriptor of the file at `path`, which exists: one for all in the process.
///
/// Whoever has a database connection to the file keeps its share until the connection is closed; so
/// the descriptor is not closed while a connection of this process has locks on the file.
///
/// # Errors
/// When the file cannot be opened.
pub fn hold(path: &Path) -> io::Result<Arc<File>> {
    static HELD: OnceLock<Mutex<HashMap<Name, Weak<File>>>> = OnceLock::new();
    let held = HELD.get_or_init(Mutex::default);
    let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
    held.retain(|_, file| file.strong_count() > 0);
    // Not opened to be looked at: it would have to be closed again.
    let metadata = path.metadata()?;
    let known = held.entry((metadata.dev(), metadata.ino())).or_default();
    if let Some(file) = known.upgrade() {
        return Ok(file);
    }
    let file = Arc::new(File::open(path)?);
    *known = Arc::downgrade(&file);
    Ok(file)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_descriptor_until_nobody_has_it() {
        let path = std::env::temp_dir().join(format!("held-{}", std::process::id()));
        std::fs::write(&path, b"x").unwrap();
        let first = hold(&path).unwrap();
        let second = hold(&path).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        drop((first, second));
        let third = hold(&path).unwrap();
        assert_eq!(Arc::strong_count(&third), 1);
        // Another file of the same name is another file.
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, b"y").unwrap();
        assert!(!Arc::ptr_eq(&third, &hold(&path).unwrap()));
        std::fs::remove_file(&path).unwrap();
        assert!(hold(&path).is_err());
    }
}
