"""The log on SQLite."""

from pathlib import Path

from core import Log
from settings import JournalSettings


def open_commands(
    path: Path,
    settings: JournalSettings,
    journal_id: int | None = None,
    *,
    behind: tuple[int, int] | None = None,
    settled: bool = False,
) -> Log:
    """Open the log of commands: each commit is durable and never lingers, and damage is refused.

    One that is not there is made, with the name ``journal_id``; ``behind`` is its first offset and
    the chain before it.  ``settled``: its files have just been synced and read back from the disk.
    """
    return Log(
        path,
        settings,
        synchronous="full",
        on_damage="refuse",
        journal_id=journal_id,
        behind=behind,
        settled=settled,
    )


def open_events(
    path: Path,
    settings: JournalSettings,
    journal_id: int | None = None,
    *,
    behind: tuple[int, int] | None = None,
    settled: bool = False,
) -> Log:
    """Open the log of events: durable when synced; a bad tail is dropped, for it is made again."""
    return Log(
        path,
        settings,
        synchronous="normal",
        on_damage="drop_tail",
        journal_id=journal_id,
        behind=behind,
        settled=settled,
    )
