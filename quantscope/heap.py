"""What the C library does with memory that Python gives back; Rust has an allocator of its own.

By default each thread gets an arena, and a block is mapped by itself only above the largest that
was ever freed, up to 32 MiB.  So what a thread once needed at most stays with the process, for each
of its threads: memory grows for as long as another thread has not had its turn.
"""

import ctypes

M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8
"""From ``malloc.h`` of the GNU C library; see "Malloc Tunable Parameters" in its manual."""

MAPPED_BYTES = 256 * 2**10
"""From so many bytes on, a block goes back to the system as soon as it is freed."""
TRIM_BYTES = 2**20
"""So much may stay at the end of the heap."""
ARENAS = 1
"""Python's threads take memory one at a time anyhow."""


def bound_heap() -> bool:
    """Keep less of what was freed; False where the C library is another, which has its own ways."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    wanted = {M_ARENA_MAX: ARENAS, M_MMAP_THRESHOLD: MAPPED_BYTES, M_TRIM_THRESHOLD: TRIM_BYTES}
    done = [bool(mallopt(name, value)) for name, value in wanted.items()]
    return all(done)
