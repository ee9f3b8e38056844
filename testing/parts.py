"""Clocks, logs and recorders as tests want them: the defaults, but for what a test names."""

from pathlib import Path
from typing import Any

from core import Clock, Log, MemoryLog, Recorder
from journal import open_commands, open_events
from settings import JournalSettings, ServerSettings, StoreSettings


def system_clock() -> Clock:
    """The clock of an exchange, by the system's."""
    return Clock(ServerSettings())


def memory_log(journal_id: int = 1) -> MemoryLog:
    """A log in memory that nothing here fills."""
    return MemoryLog(journal_id=journal_id, bytes_max=1 << 30)


def commands_log(path: Path, **changed: Any) -> Log:
    """A log of commands."""
    return open_commands(path, JournalSettings(**changed))


def events_log(path: Path, **changed: Any) -> Log:
    """A log of events."""
    return open_events(path, JournalSettings(**changed))


def new_recorder(
    path: str | Path, events: str | Path | MemoryLog, seed: bytes | None = None, **changed: Any
) -> Recorder:
    """A recorder at work."""
    return Recorder(path, events, StoreSettings(**changed), seed)
