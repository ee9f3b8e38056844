//! Writing back in portions.

#![allow(
    clippy::disallowed_methods,
    reason = "pauses between portions of a file: nothing that is written follows from it"
)]

use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

/// What is written back at once: less than a millisecond of a disk that writes 200 MB/s.
const PORTION_BYTES: u64 = 128 << 10;
/// A file of any size is gone through in at most so many portions.
const PORTIONS_MAX: u64 = 4096;
/// A portion that took no longer had nothing to write.
const NOTHING: Duration = Duration::from_micros(100);
/// The longest rest after a portion.
const REST_MAX: Duration = Duration::from_millis(20);

/// Write the file's changed pages to the disk, a portion at a time, and rest after each as long as it
/// took.  When `hurry` says so it ends at once.
///
/// It syncs nothing: a sync must follow, and has little left to do.  On a system other than Linux the
/// sync has it all to do.
///
/// # Errors
/// When the disk refuses.
pub fn write_back(file: &File, hurry: &dyn Fn() -> bool) -> io::Result<()> {
    let bytes = file.metadata()?.len();
    let portion = PORTION_BYTES.max(bytes.div_ceil(PORTIONS_MAX));
    let mut from = 0;
    while from < bytes && !hurry() {
        let start = Instant::now();
        write_range(file, from, portion)?;
        let took = start.elapsed();
        if took > NOTHING {
            std::thread::sleep(took.min(REST_MAX));
        }
        from += portion;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn write_range(file: &File, from: u64, bytes: u64) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let out_of_range = |_| io::Error::from(io::ErrorKind::InvalidInput);
    let from = libc::off64_t::try_from(from).map_err(out_of_range)?;
    let bytes = libc::off64_t::try_from(bytes).map_err(out_of_range)?;
    let whole = libc::SYNC_FILE_RANGE_WAIT_BEFORE
        | libc::SYNC_FILE_RANGE_WRITE
        | libc::SYNC_FILE_RANGE_WAIT_AFTER;
    // SAFETY: the call takes numbers only and touches no memory of this process; the descriptor is open,
    // for `file` is borrowed until it returns.
    let result = unsafe { libc::sync_file_range(file.as_raw_fd(), from, bytes, whole) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(not(target_os = "linux"))]
#[allow(clippy::unnecessary_wraps)]
fn write_range(_: &File, _: u64, _: u64) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::io::Write;

    fn scratch(name: &str, bytes: usize) -> File {
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        let mut options = File::options();
        let options = options.read(true).write(true).create(true).truncate(true);
        let mut file = options.open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        file.write_all(&vec![7; bytes]).unwrap();
        file
    }

    #[test]
    fn a_file_is_gone_through_portion_by_portion() {
        let file = scratch("write-back", 3 * PORTION_BYTES as usize + 1);
        let calls = Cell::new(0);
        let count = || {
            calls.set(calls.get() + 1);
            false
        };
        write_back(&file, &count).unwrap();
        assert_eq!(calls.get(), 4);
    }

    #[test]
    fn haste_ends_it() {
        let file = scratch("haste", 3 * PORTION_BYTES as usize);
        let calls = Cell::new(0);
        let second = || {
            calls.set(calls.get() + 1);
            calls.get() == 2
        };
        write_back(&file, &second).unwrap();
        assert_eq!(calls.get(), 2);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_cannot_be_written_back_is_an_error() {
        let (pipe, mut other) = std::io::pipe().unwrap();
        other.write_all(b"x").unwrap();
        let pipe = File::from(std::os::fd::OwnedFd::from(pipe));
        assert!(write_range(&pipe, 0, 1).is_err());
    }
}
