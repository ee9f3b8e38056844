//! A thread that others wait for asks the scheduler for short time slices.
//!
//! Linux runs a thread until its time slice is used up, some milliseconds, before one that has just
//! become ready gets its turn; of two such threads the one with the shorter slice goes first
//! (`sched_setattr(2)`: `sched_runtime` of `SCHED_OTHER`, since Linux 6.12).  So the threads on an
//! order's way, which run for microseconds at a time, need not wait for those that work in the
//! background.  It takes no share from anybody, and needs no permission.

use std::io;

/// Shorter than those of others, in nanoseconds, and long enough for what is done at a time.
const SLICE_NS: u64 = 1_000_000;

/// Ask for short time slices for the thread that calls.  Nothing depends on it: where the system does
/// not know it, or somebody has chosen a policy for this thread, all stays as it is.
///
/// # Errors
/// What the system says.
pub fn shorten() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    linux::shorten(SLICE_NS)?;
    Ok(())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;

    /// `struct sched_attr`, version 0 (`sched_setattr(2)`).
    #[repr(C)]
    #[derive(Debug, Default)]
    pub struct SchedAttr {
        size: u32,
        policy: u32,
        flags: u64,
        nice: i32,
        priority: u32,
        pub runtime: u64,
        deadline: u64,
        period: u64,
    }

    const SIZE: u32 = size_of::<SchedAttr>() as u32;
    const SCHED_OTHER: u32 = 0;

    pub fn shorten(slice_ns: u64) -> io::Result<()> {
        let mut attr = read()?;
        if attr.policy != SCHED_OTHER {
            return Ok(());
        }
        attr.size = SIZE;
        attr.runtime = slice_ns;
        call(libc::SYS_sched_setattr, &mut attr, 0)
    }

    pub fn read() -> io::Result<SchedAttr> {
        let mut attr = SchedAttr::default();
        call(libc::SYS_sched_getattr, &mut attr, SIZE)?;
        Ok(attr)
    }

    #[allow(unsafe_code)]
    fn call(number: libc::c_long, attr: &mut SchedAttr, third: u32) -> io::Result<()> {
        // SAFETY: both calls take (thread, struct, number): the thread is this one (0), and the struct is
        // borrowed exclusively, lives until the call returns, and is as large as `size`, its first
        // field, or the third argument says.  `sched_getattr` takes flags, 0, as a fourth.
        let result = unsafe { libc::syscall(number, 0, attr, third, 0) };
        if result == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_keeps_all_else_and_other_threads_keep_theirs() {
        let before = format!("{:?}", linux::read().unwrap());
        std::thread::spawn(|| {
            let mut before = linux::read().unwrap();
            shorten().unwrap();
            let after = linux::read().unwrap();
            // A system that does not know of time slices says 0.
            assert!(after.runtime == SLICE_NS || after.runtime == 0);
            before.runtime = after.runtime;
            assert_eq!(format!("{before:?}"), format!("{after:?}"));
        })
        .join()
        .unwrap();
        assert_eq!(before, format!("{:?}", linux::read().unwrap()));
    }
}
