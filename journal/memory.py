"""The log in memory: durable at once, for as long as the process lives."""

import core
from journal.port import Log

KEPT_BYTES_MAX = 1 << 30


def open_memory(journal_id: int = 1, bytes_max: int = KEPT_BYTES_MAX) -> Log:
    """Make an empty log that holds up to ``bytes_max`` of batches."""
    return core.MemoryLog(journal_id=journal_id, bytes_max=bytes_max)
