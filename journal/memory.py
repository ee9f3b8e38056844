"""The log in memory: durable at once, for as long as the process lives."""

import core
from journal.port import Log


def open_memory(journal_id: int, bytes_max: int) -> Log:
    """Make an empty log that holds up to ``bytes_max`` of batches."""
    return core.MemoryLog(journal_id=journal_id, bytes_max=bytes_max)
