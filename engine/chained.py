"""The events that an engine's log on Kafka holds, known by its last batch.

Each event batch holds the hash of the one before it: where the last is the one that the engine
makes, all before it are.  So an engine that starts need not read its own log again, which takes
most of the time of a start without a snapshot.  ``quantscope verify`` compares every byte.
"""

from core import EventHead, event_head, split_batches
from engine.recovery import ReplayDiffers
from journal.port import KeptLog

Place = tuple[int, int]


class ChainedEvents:
    """What is stored of the time behind a command: see ``engine.recovery.Stored``."""

    gone_bytes = 0

    def __init__(self, events: KeptLog, after_command: int) -> None:
        """Read the last event batch, where there is one."""
        last = _last(events)
        self._end = None if last is None or last.command_offset <= after_command else last

    def match(self, produced: bytes) -> bytes:
        """Return the part of ``produced`` that is not stored yet; raises ``ReplayDiffers``."""
        if self._end is None:
            return produced
        batches, end = split_batches(produced), _place(self._end)
        if not batches or _place(event_head(batches[-1])) < end:
            return b""
        rest = iter(batches)
        head = next(head for head in map(event_head, rest) if _place(head) >= end)
        if head.hash != self._end.hash:
            raise ReplayDiffers(
                "the engine makes other events than its log holds, up to command batch "
                f"{self._end.command_offset}: quantscope verify says from where on"
            )
        self._end = None
        return b"".join(rest)

    def surplus(self) -> bool:
        """Whether events are stored that no stored command made."""
        return self._end is not None


def _last(events: KeptLog) -> EventHead | None:
    if events.written_offset < events.first_offset:
        return None
    # A log that is just about to begin anew has no record there.
    found = events.read(events.written_offset, 1)
    return event_head(found[0].batch) if found else None


def _place(head: EventHead) -> Place:
    return head.command_offset, head.part
