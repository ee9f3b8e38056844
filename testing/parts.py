"""Clocks, logs and recorders as tests want them: the defaults, but for what a test names."""

from pathlib import Path
from typing import Any

from core import Clock, EngineLimits, Log, MemoryLog, Recorder
from journal import open_commands, open_events
from journal.port import NamedLog
from settings import JournalSettings, ServerSettings, StoreSettings


def system_clock() -> Clock:
    """The clock of an exchange, by the system's."""
    return Clock(ServerSettings())


def engine_limits(**changed: int) -> EngineLimits:
    """The engine's limits."""
    wanted = {
        "accounts_max": 100,
        "client_ids_per_account_max": 100,
        "client_ids_per_session_max": 100,
        "closed_orders_per_session_max": 100,
        "closed_orders_bytes_max": 1 << 20,
        "instruments_max": 10,
        "event_batch_bytes_max": 1 << 20,
        "stamp_ahead_ns_max": 10**9,
        "stamp_behind_ns_max": 10**10,
        "gateway_lease_ns": 5 * 10**9,
        "handover_grace_ns": 0,
        "claim_interval_ns": 10**9,
    }
    return EngineLimits(**(wanted | changed))


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
    path: str | Path,
    events: str | Path | MemoryLog | NamedLog,
    seed: bytes | None = None,
    **changed: Any,
) -> Recorder:
    """A recorder at work."""
    return Recorder(path, events, StoreSettings(**changed), seed)
