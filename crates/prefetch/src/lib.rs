//! Prefetching: a hint to the processor, what will be read soon.
//!
//! It changes nothing but time.  Elsewhere than on x86-64 it does nothing.

/// Bytes of a cache line.
const LINE: usize = 64;

/// Prefetch the cache line where a value begins.
#[inline(always)]
pub fn line<T>(value: &T) {
    hint(std::ptr::from_ref(value).cast());
}

/// Prefetch all cache lines of a value.
#[inline(always)]
pub fn value<T>(value: &T) {
    let begin: *const i8 = std::ptr::from_ref(value).cast();
    for line in 0..size_of::<T>().div_ceil(LINE) {
        hint(begin.wrapping_add(line * LINE));
    }
}

#[inline(always)]
fn hint(address: *const i8) {
    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code)]
    // SAFETY: a prefetch is a hint: it reads and writes nothing that a program can see and never
    // faults, whatever the address, which is one within a live value here.  SSE is part of x86-64.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
