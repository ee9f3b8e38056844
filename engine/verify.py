"""``quantscope verify``: replay what is kept and compare every event and every snapshot's hash."""

from collections.abc import Callable
from dataclasses import dataclass

from core import Engine
from engine.recovery import READ_BYTES, JournalGap, ReplayDiffers, StoredEvents
from engine.snapshots import Snapshots
from journal.port import Log


@dataclass(frozen=True)
class Verified:
    """What was compared."""

    from_command: int
    """The first command batch that was replayed."""
    commands: int
    """Command batches replayed."""
    event_bytes: int
    """Bytes of events compared."""
    missing_bytes: int
    """Bytes of events that the log did not hold yet: the last moments before a crash."""
    snapshots: int
    """Snapshots whose state hash was compared."""
    state_hash: int
    last_seq: int


def verify(
    snapshots: Snapshots,
    commands: Log,
    events: Log,
    *,
    progress: Callable[[int], None] = lambda _done: None,
) -> Verified:
    """Replay from the oldest good snapshot; raise ``ReplayDiffers`` at the first difference."""
    engine = snapshots.oldest() or Engine()
    start = place = engine.position().command_offset + 1
    if place < commands.first_offset:
        raise JournalGap(f"the commands log begins at {commands.first_offset}, not at {place}")
    marks = {
        good.position().command_offset: good.state_hash()
        for good in snapshots.good()
        if good.position().command_offset >= place
    }
    stored = StoredEvents(events, place - 1)
    compared = missing = 0
    while entries := commands.read(place, READ_BYTES):
        stop = min((mark for mark in marks if mark >= place), default=entries[-1][0])
        entries = [entry for entry in entries if entry[0] <= stop]
        produced = engine.replay(entries)
        rest = stored.match(produced)
        compared += len(produced) - len(rest)
        missing += len(rest)
        place = entries[-1][0] + 1
        if marks.get(entries[-1][0], engine.state_hash()) != engine.state_hash():
            raise ReplayDiffers(
                f"the state after command batch {entries[-1][0]} is not that of its snapshot"
            )
        progress(len(entries))
    if stored.surplus():
        raise ReplayDiffers("the events log holds more than the commands make")
    engine.validate()
    position = engine.position()
    return Verified(
        start, place - start, compared, missing, len(marks), engine.state_hash(), position.event_seq
    )
