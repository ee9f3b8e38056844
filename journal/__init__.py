"""The Journal port, and its adapters: SQLite and memory.

Imports ``core`` and below; the store, the engine, the gateway and the facade may import it.
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
from journal.at_rest import LogAtRest, commands_at_rest, events_at_rest
from journal.datadir import DataDir
from journal.memory import open_memory
from journal.port import KeptLog, Log
from journal.sqlite import open_commands, open_events

__all__ = [
    "DataDir",
    "DataDirLocked",
    "JournalDamaged",
    "JournalError",
    "JournalFailed",
    "JournalFull",
    "JournalRange",
    "KeptLog",
    "Log",
    "LogAtRest",
    "LogReader",
    "commands_at_rest",
    "events_at_rest",
    "open_commands",
    "open_events",
    "open_memory",
]
