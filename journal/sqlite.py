"""The log on SQLite."""

from pathlib import Path

import msgspec

import core
from journal.port import Log


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The limits of a log in a file."""

    wal_bytes_max: int = 16 << 20
    """Size of the write-ahead log, which is filled with zeros and written again and again."""
    checkpoint_bytes: int = 2 << 20
    """Pages are moved to the database file when so much has gathered in the write-ahead log."""
    queue_bytes_max: int = 64 << 20
    """What may wait for the writer thread: when more waits, an append is refused."""
    commit_bytes_max: int = 4 << 20
    """What one transaction takes of the queue."""
    verify_bytes_max: int = 256 << 20
    """How much of the log's newest part is checked when it is opened."""
    delete_entries_max: int = 64
    """How many entries a transaction deletes at most, when deleting is due."""
    linger_ms: int = 0
    """How long after a commit of the events log the next one begins, where nobody waits for it."""
    linger_bytes: int = 256 << 10
    """When so much waits, it is committed at once."""


def open_commands(
    path: Path,
    limits: Limits | None = None,
    journal_id: int | None = None,
    *,
    settled: bool = False,
) -> Log:
    """Open the log of commands: each commit is durable and never lingers, and damage is refused.

    One that is not there is made, with the name ``journal_id``.  ``settled``: its files have just
    been synced and read back from the disk.
    """
    named = msgspec.structs.asdict(limits or Limits()) | {"linger_ms": 0}
    return core.Log(path, synchronous="full", journal_id=journal_id, settled=settled, **named)


def open_events(
    path: Path,
    limits: Limits | None = None,
    journal_id: int | None = None,
    *,
    settled: bool = False,
) -> Log:
    """Open the log of events: durable when synced; a bad tail is dropped, for it is made again."""
    named = msgspec.structs.asdict(limits or Limits())
    return core.Log(
        path,
        synchronous="normal",
        on_damage="drop_tail",
        journal_id=journal_id,
        settled=settled,
        **named,
    )
