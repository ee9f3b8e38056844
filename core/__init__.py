"""The Python face of the native module: the one door to ``core._native``.

What is done per message stands in Rust behind it and is crossed once per batch.  Imports nothing of
the project but ``protocol``; every role may import it.
"""

from core._native import (
    Commands,
    DataDirLock,
    DataDirLocked,
    Engine,
    Entry,
    JournalDamaged,
    JournalError,
    JournalFailed,
    JournalFull,
    JournalRange,
    Log,
    LogReader,
    MemoryLog,
    OrderEntry,
    Position,
    View,
    describe_commands,
    describe_events,
    load_main,
    login_accepted,
    login_rejected,
    parse_decimal,
    security_list,
    split_batches,
)

__all__ = [
    "Commands",
    "DataDirLock",
    "DataDirLocked",
    "Engine",
    "Entry",
    "JournalDamaged",
    "JournalError",
    "JournalFailed",
    "JournalFull",
    "JournalRange",
    "Log",
    "LogReader",
    "MemoryLog",
    "OrderEntry",
    "Position",
    "View",
    "describe_commands",
    "describe_events",
    "load_main",
    "login_accepted",
    "login_rejected",
    "parse_decimal",
    "security_list",
    "split_batches",
]
