"""``quantscope verify``: replay what is kept and compare every event and every snapshot's hash."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from core import (
    Engine,
    EventsEnd,
    JournalError,
    LogRecord,
    check_events,
    event_head,
    first_batch_after,
    split_batches,
)
from engine.recovery import (
    READ_BYTES,
    JournalGap,
    ReplayDiffers,
    StoredEvents,
    check_rules,
    replayed,
    unreadable_of,
)
from journal.port import KeptLog


class JudgedSnapshot(Protocol):
    """A snapshot: what it says of itself, or what is wrong with it."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def offset(self) -> int:
        """The command batch behind which it stands."""

    @property
    def state_hash(self) -> int:
        """The hash of its state."""

    @property
    def fault(self) -> Exception | None:
        """Why it is none that can be gone on from."""


FOUND = TypeVar("FOUND", bound=JudgedSnapshot)


class JudgedSnapshots(Protocol[FOUND]):
    """All snapshots of a journal, in files or on Kafka."""

    def judge(self) -> Iterator[FOUND]:
        """Each of them, the newest first, with its bytes held to its checksums."""

    def restored(self, found: FOUND) -> Engine:
        """The engine of a good one; OSError, JournalError or ValueError where there is none."""


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
    snapshots: JudgedSnapshots[FOUND],
    commands: KeptLog,
    events: KeptLog,
    *,
    events_name: str = "events.db",
    own: Collection[int] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    listener: Listener | None = None,
) -> Verified:
    """Replay from the oldest point that allows it; raise ``ReplayDiffers`` at a difference.

    That is the first command while the log begins with it, later the oldest good snapshot that the
    log goes on from.  ``own`` are the snapshots of this journal, where not all are.  Events of
    before are held to their own hashes.  ``events_name`` is what the events log is called.
    """
    judged = [x for x in snapshots.judge() if own is None or x.offset in own or x.fault]
    total = sum(log.next_offset - log.first_offset for log in (commands, events))

    def passed(count: int) -> None:
        progress(count, total)

    listener = listener or Nobody()
    _check_events(events, events_name, passed, listener.told)
    engine = _begin(snapshots, judged, commands)
    check_rules(engine)
    start = offset = engine.position().command_offset + 1
    unreadable = unreadable_of(engine)
    _check_rows(commands, start, passed)
    # One that the replay begins with was compared when it was restored.
    marks = [x for x in judged if x.fault is None and x.offset >= start - 1]
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
        ahead = (mark.offset for mark in marks if mark.offset >= offset)
        stop = min(ahead, default=records[-1].offset)
        records = [record for record in records if record.offset <= stop]
        produced = replayed(engine, records)
        gone = stored.gone_bytes
        try:
            rest = stored.match(produced)
        except ReplayDiffers as error:
            at = _differs_at(events, produced)
            raise ReplayDiffers(f"{events_name}, offset {at}: {error}") from error
        compared += len(produced) - len(rest) - (stored.gone_bytes - gone)
        missing += len(rest)
        listener.told(rest)
        offset = records[-1].offset + 1
        _check_marks([mark for mark in marks if mark.offset == offset - 1], engine)
        passed(len(records))
    if stored.surplus():
        behind = first_batch_after(events, engine.position().command_offset)
        at = min((x.offset for x in events.read(behind, 1)), default=events.written_offset)
        raise ReplayDiffers(f"{events_name} holds more than the commands make, from offset {at} on")
    engine.validate()
    listener.ended(engine)
    return Verified(
        from_command=start,
        commands=offset - start,
        event_bytes=compared,
        gone_bytes=stored.gone_bytes,
        missing_bytes=missing,
        snapshots=sum(mark.offset < offset for mark in marks),
        unreadable=unreadable_of(engine) - unreadable,
        bad_snapshots=tuple(bad),
        state_hash=engine.state_hash(),
        last_seq=engine.position().event_seq,
    )


def _check_marks(marks: Collection[JudgedSnapshot], engine: Engine) -> None:
    """Hold the engine to the snapshots that stand where it does."""
    state_hash = engine.state_hash() if marks else 0
    for mark in marks:
        if mark.state_hash != state_hash:
            raise ReplayDiffers(
                f"the state after command batch {mark.offset} is not that of its snapshot "
                f"{mark.name}"
            )


def _differs_at(events: KeptLog, made: bytes) -> int:
    """The offset of the first record that is none of these batches, in their order."""
    begin = _key(events.read(events.first_offset, 1)[0].batch)
    # What is older than the log has nothing to differ from.
    batches = [batch for batch in split_batches(made) if _key(batch) >= begin]
    offset = first_batch_after(events, _key(batches[0])[0] - 1)
    for batch in batches:
        record = events.read(offset, 1)[0]
        if record.batch != batch:
            break
        offset = record.offset + 1
    return record.offset


def _key(batch: bytes) -> tuple[int, int]:
    head = event_head(batch)
    return head.command_offset, head.part


def _not_restored(snapshots: JudgedSnapshots[FOUND], judged: list[FOUND]) -> list[str]:
    """Which of the good ones these rules can't go on from."""
    bad = []
    for found in judged:
        if found.fault is None:
            try:
                snapshots.restored(found)
            except (OSError, JournalError, ValueError) as error:
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
    events: KeptLog, name: str, passed: Callable[[int], None], tell: Callable[[bytes], None]
) -> None:
    """Hold all event batches to their hashes, and to those before them."""
    offset = events.first_offset
    at: EventsEnd | None = None
    while records := events.read(offset, READ_BYTES):
        batches = b"".join(record.batch for record in records)
        try:
            at = check_events(batches, at)
        except ValueError as error:
            wrong = _first_wrong(records, at)
            raise ReplayDiffers(f"{name}, offset {wrong}: {error}") from error
        tell(batches)
        offset = records[-1].offset + 1
        passed(len(records))


def _first_wrong(records: list[LogRecord], at: EventsEnd | None) -> int:
    """The offset of the first record that does not go on from the one before it."""
    for record in records:
        try:
            at = check_events(record.batch, at)
        except ValueError:
            break
    return record.offset


def _begin(snapshots: JudgedSnapshots[FOUND], judged: list[FOUND], commands: KeptLog) -> Engine:
    """The engine from which the most can be replayed."""
    first = commands.first_offset
    if first == 1:
        return Engine()
    good = [x for x in judged if x.fault is None and x.offset >= first - 1]
    if good:
        oldest = min(good, key=lambda x: x.offset)
        beside = [x for x in good if x.offset == oldest.offset]
        if len({x.state_hash for x in beside}) > 1:
            names = ", ".join(x.name for x in beside)
            raise ReplayDiffers(
                f"these snapshots stand at one command batch, and their states differ: {names}"
            )
        try:
            return snapshots.restored(oldest)
        except (OSError, JournalError, ValueError) as error:
            raise JournalGap(f"the snapshot at command batch {oldest.offset}: {error}") from error
    damaged = "".join(f"; {x.name}: {x.fault}" for x in judged if x.fault is not None)
    raise JournalGap(
        f"the commands log begins at offset {first}, and there is no good snapshot to go on from"
        f"{damaged}"
    )
