"""A store that has recorded what the journal has lost since is again what it was before."""

import logging
from pathlib import Path

from core import LogRecord, StoreFailed, event_head, recorder_seed, store_at_rest, take_back
from engine.followed import FollowedEngine
from engine.recovery import READ_BYTES
from journal.kafka import KafkaKept, KafkaSnapshots, Logs

log = logging.getLogger("quantscope")


def taken_back(path: Path, logs: Logs, replica: str, snapshots: KafkaSnapshots) -> None:
    """Have the store at ``path``, if there is one, know nothing of lost places; it blocks.

    Its recorder is not at work.  Raises ``JournalError`` and ``StoreFailed``.
    """
    told = store_at_rest(path) if path.exists() else None
    if told is None or not logs.bases.lost(told.command_offset):
        return
    kept = logs.bases.kept_before(told.command_offset)
    with logs.events(replica) as events:
        to = _last_of(events, kept)
    if to is None:
        raise StoreFailed(
            f"{path} knows of command batch {told.command_offset}, which the journal has lost, and "
            f"the events log does not hold batch {kept}, from which it goes on: put a copy of it "
            "back that was made before, or move it away with its -wal and -shm"
        )
    seed = recorder_seed(FollowedEngine(logs, replica, snapshots).behind(kept))
    before = Logs(logs.clients, logs.topics, logs.bases.until_lost(told.command_offset))
    with before.events(replica) as events:
        lost = _between(events, kept, (told.command_offset, told.part))
    taken = take_back(path, lost, seed, to, told.journal_id)
    log.warning(
        "%s: what was lost behind command batch %d is taken back: %d orders, %d trades, and what "
        "became of %d older orders",
        path,
        kept,
        taken.orders,
        taken.trades,
        taken.changed,
    )


def _last_of(events: KafkaKept, command: int) -> LogRecord | None:
    """The last event batch that a command has made, where it is there."""
    at = events.batch_after(command) - 1
    found = events.read(at, 1) if at >= events.first_offset else []
    return found[0] if found and event_head(found[0].batch).command_offset == command else None


def _between(events: KafkaKept, command: int, last: tuple[int, int]) -> bytes:
    """The event batches behind those of a command, up to a command batch and part."""
    found: list[bytes] = []
    at = events.batch_after(command)
    while records := events.read(at, READ_BYTES):
        for record in records:
            head = event_head(record.batch)
            if (head.command_offset, head.part) > last:
                return b"".join(found)
            found.append(record.batch)
        at = records[-1].offset + 1
    return b"".join(found)
