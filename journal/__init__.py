"""The Journal port, and its adapters: SQLite, memory, and a faulty one for tests.

Imports ``core`` and ``protocol``; the store, the engine, the gateway and the facade may import it.
"""

from core import (
    DataDirLocked,
    JournalDamaged,
    JournalError,
    JournalFailed,
    JournalFull,
    JournalRange,
    LogReader,
)
from journal.datadir import DataDir
from journal.faulty import FaultyLog
from journal.memory import open_memory
from journal.port import Entry, Log
from journal.sqlite import Limits, open_commands, open_events

__all__ = [
    "DataDir",
    "DataDirLocked",
    "Entry",
    "FaultyLog",
    "JournalDamaged",
    "JournalError",
    "JournalFailed",
    "JournalFull",
    "JournalRange",
    "Limits",
    "Log",
    "LogReader",
    "open_commands",
    "open_events",
    "open_memory",
]
