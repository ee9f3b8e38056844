"""``quantscope verify``: replay what is kept and compare every event and every snapshot's hash."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from core import Engine, EventsEnd, check_events
from engine.recovery import (
    READ_BYTES,
    JournalGap,
    ReplayDiffers,
    StoredEvents,
    check_rules,
    replayed,
    unreadable_of,
)
from engine.snapshots import Judged, Snapshots
from journal.port import KeptLog


class Listener(Protocol):
    """Is told what the journal says, to compare something else with it."""

    def told(self, batches: bytes) -> None:
        """Event batches, in order and without a gap: all that are stored, then those to come."""

    def ended(self, engine: Engine) -> None:
        """The engine behind all of them."""


class Nobody:
    """Listens to nothing."""

    def told(self, batches: bytes) -> None:
        """See ``Listener``."""

    def ended(self, engine: Engine) -> None:
        """See ``Listener``."""


@dataclass(frozen=True)
class Verified:
    """What was compared."""

    from_command: int
    """The first command batch that was replayed; 1 needs no snapshot."""
    commands: int
    """Command batches replayed."""
    event_bytes: int
    """Bytes of events compared."""
    gone_bytes: int
    """Bytes of events that the log holds no more: it begins later than the replay."""
    missing_bytes: int
    """Bytes of events that the log did not hold yet: the last moments before a crash."""
    snapshots: int
    """Snapshots whose state hash was compared."""
    unreadable: int
    """Records among the command batches replayed that are none: they were passed over."""
    bad_snapshots: tuple[str, ...]
    """What is wrong with those that could not be compared."""
    state_hash: int
    last_seq: int


def verify(
    snapshots: Snapshots,
    commands: KeptLog,
    events: KeptLog,
    *,
    own: Collection[int] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    listener: Listener | None = None,
) -> Verified:
    """Replay from the oldest point that allows it; raise ``ReplayDiffers`` at a difference.

    That is the first command while the log begins with it, later the oldest good snapshot that the
    log goes on from.  ``own`` are the snapshots of this journal, where not all are.  Events of
    before are held to their own hashes.
    """
    judged = [x for x in snapshots.judge() if own is None or x.offset in own or x.fault]
    total = sum(log.next_offset - log.first_offset for log in (commands, events))

    def passed(count: int) -> None:
        progress(count, total)

    listener = listener or Nobody()
    _check_events(events, passed, listener.told)
    engine = _begin(snapshots, judged, commands)
    check_rules(engine)
    start = offset = engine.position().command_offset + 1
    unreadable = unreadable_of(engine)
    _check_rows(commands, start, passed)
    # One that the replay begins with was compared when it was restored.
    marks = {x.offset: x.state_hash for x in judged if x.fault is None and x.offset >= start - 1}
    bad = [f"snapshot {x.name}: {x.fault}" for x in judged if x.fault is not None]
    bad += [
        f"snapshot {x.name} is of a command that the log does not hold"
        for x in judged
        if x.fault is None and x.offset >= commands.next_offset
    ]
    bad += _not_restored(snapshots, judged)
    stored = StoredEvents(events, start - 1)
    compared = missing = 0
    while records := commands.read(offset, READ_BYTES):
        stop = min((mark for mark in marks if mark >= offset), default=records[-1].offset)
        records = [record for record in records if record.offset <= stop]
        produced = replayed(engine, records)
        gone = stored.gone_bytes
        rest = stored.match(produced)
        compared += len(produced) - len(rest) - (stored.gone_bytes - gone)
        missing += len(rest)
        listener.told(rest)
        offset = records[-1].offset + 1
        if offset - 1 in marks and marks[offset - 1] != engine.state_hash():
            raise ReplayDiffers(
                f"the state after command batch {offset - 1} is not that of its snapshot"
            )
        passed(len(records))
    if stored.surplus():
        raise ReplayDiffers("the events log holds more than the commands make")
    engine.validate()
    listener.ended(engine)
    return Verified(
        from_command=start,
        commands=offset - start,
        event_bytes=compared,
        gone_bytes=stored.gone_bytes,
        missing_bytes=missing,
        snapshots=sum(mark < offset for mark in marks),
        unreadable=unreadable_of(engine) - unreadable,
        bad_snapshots=tuple(bad),
        state_hash=engine.state_hash(),
        last_seq=engine.position().event_seq,
    )


def _not_restored(snapshots: Snapshots, judged: list[Judged]) -> list[str]:
    """Which of the good ones these rules can't go on from."""
    bad = []
    for found in judged:
        if found.fault is None:
            try:
                snapshots.restore(found.offset)
            except (OSError, ValueError) as error:
                bad.append(f"snapshot {found.name}: {error}")
    return bad


def _check_rows(log: KeptLog, end: int, passed: Callable[[int], None]) -> None:
    """Read the rows before ``end``: each is held to its checksum, and to the one before it."""
    offset = log.first_offset
    while offset < end:
        records = log.read(offset, READ_BYTES)
        if not records:
            return
        offset = records[-1].offset + 1
        passed(len(records))


def _check_events(
    events: KeptLog, passed: Callable[[int], None], tell: Callable[[bytes], None]
) -> None:
    """Hold all event batches to their hashes, and to those before them."""
    offset = events.first_offset
    at: EventsEnd | None = None
    while records := events.read(offset, READ_BYTES):
        batches = b"".join(record.batch for record in records)
        try:
            at = check_events(batches, at)
        except ValueError as error:
            raise ReplayDiffers(f"events.db: {error}") from error
        tell(batches)
        offset = records[-1].offset + 1
        passed(len(records))


def _begin(snapshots: Snapshots, judged: list[Judged], commands: KeptLog) -> Engine:
    """The engine from which the most can be replayed."""
    first = commands.first_offset
    if first == 1:
        return Engine()
    offsets = [x.offset for x in judged if x.fault is None and x.offset >= first - 1]
    if offsets:
        try:
            return snapshots.restore(min(offsets))
        except (OSError, ValueError) as error:
            raise JournalGap(f"the snapshot at command batch {min(offsets)}: {error}") from error
    damaged = "".join(f"; {x.name}: {x.fault}" for x in judged if x.fault is not None)
    raise JournalGap(
        f"the commands log begins at offset {first}, and there is no good snapshot to go on from"
        f"{damaged}"
    )
