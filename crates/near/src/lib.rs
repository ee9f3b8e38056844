//! A hint to the processor: what will be read soon.
//!
//! It changes nothing but time.  Elsewhere than on x86-64 it does nothing.

/// Ask for the cache line where a value begins, and don't wait for it.
#[inline(always)]
pub fn fetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code)]
    // SAFETY: a prefetch is a hint: it reads and writes nothing that a program can see and never
    // faults, whatever the address, which is that of a live value here.  SSE is part of x86-64.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
