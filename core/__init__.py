"""The Python face of the native module: the one door to ``core._native``.

What is done per message stands in Rust behind it and is crossed once per batch.  Imports nothing of
the project but ``protocol``; every role may import it.
"""

from core._native import (
    Commands,
    DataDirLock,
    DataDirLocked,
    JournalDamaged,
    JournalError,
    JournalFailed,
    JournalFull,
    JournalRange,
    Log,
    LogReader,
    MemoryLog,
    View,
    describe_commands,
    describe_events,
    load_main,
    parse_decimal,
)

__all__ = [
    "Commands",
    "DataDirLock",
    "DataDirLocked",
    "JournalDamaged",
    "JournalError",
    "JournalFailed",
    "JournalFull",
    "JournalRange",
    "Log",
    "LogReader",
    "MemoryLog",
    "View",
    "describe_commands",
    "describe_events",
    "load_main",
    "parse_decimal",
]
