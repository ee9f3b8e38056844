"""How the engine comes back: the last good snapshot, then the tail of the commands log.

What the replay produces is compared with the events that are stored for that stretch, byte by byte
here, by their hashes in ``chained``; a difference halts.  Only what comes after the stored events
is new.
"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from core import (
    RULES,
    Clock,
    Engine,
    EventHead,
    LogRecord,
    StoredStream,
    event_head,
    first_batch_after,
    split_batches,
)
from journal.port import ContinuedLog, KeptLog

log = logging.getLogger("quantscope.engine")

READ_BYTES = 8 * 2**20


class ReplayDiffers(Exception):
    """The engine makes other events of the commands than those that are stored."""


class NewerRules(Exception):
    """Another build decides what follows."""


class JournalGap(Exception):
    """The commands that would be needed are no longer (or not) in the log."""


def nothing() -> None:
    """There is nothing to be done first."""


@dataclass(frozen=True)
class Recovered:
    """The state after recovery."""

    engine: Engine
    commands: int
    """How many command batches were replayed."""
    events: int
    """How many event batches the log lacked; they have been appended."""
    seconds: float
    begin: Callable[[], None] = nothing
    """To be called before anything else is appended."""


class Stored(Protocol):
    """The events that are stored behind some command."""

    @property
    def gone_bytes(self) -> int:
        """Bytes that were produced of what the log holds no more."""

    def match(self, produced: bytes) -> bytes:
        """Compare ``produced`` with what is stored; return the part that is not stored yet."""

    def surplus(self) -> bool:
        """Whether events are stored that no stored command made."""


class StoredEvents:
    """The events log from the batch after a snapshot on, as one stream of bytes to compare with.

    What is produced of the time before the log begins has nothing to be compared with: it is passed
    over, and counted.
    """

    def __init__(self, events: KeptLog, after_command: int) -> None:
        """Find the first event batch that a later command than ``after_command`` made."""
        self._stream = StoredStream(_first(events))
        self._next = first_batch_after(events, after_command)
        self._end = events.next_offset
        """What recovery itself appends from here on is not what was stored."""
        self._chunks = read_ahead(events, self._next)

    @property
    def gone_bytes(self) -> int:
        """Bytes that were produced of what the log holds no more."""
        return self._stream.gone_bytes

    def match(self, produced: bytes) -> bytes:
        """Compare ``produced`` with what is stored; return the part that is not stored yet."""
        try:
            return self._stream.compare(produced, self._more)
        except ValueError as error:
            raise ReplayDiffers(str(error)) from error

    def _more(self) -> list[LogRecord]:
        """Records that are stored, the next ones."""
        if self._next >= self._end:
            return []
        records = [record for record in next(self._chunks, []) if record.offset < self._end]
        # Where another's offsets have holes, the next record is not at the next offset.
        self._next = records[-1].offset + 1 if records else self._end
        return records

    def surplus(self) -> bool:
        """Whether events are stored that no stored command made."""
        return bool(self._stream) or self._next < self._end


def _first(events: KeptLog) -> EventHead | None:
    """The head of the first event batch that is kept; None where there is none."""
    if events.written_offset < events.first_offset:
        return None
    return event_head(events.read(events.first_offset, 1)[0].batch)


def begins_with(events: KeptLog) -> int:
    """The number of the first event that is kept; 1 where there is none yet."""
    first = _first(events)
    return 1 if first is None else first.first_seq


def read_ahead(log: KeptLog, start: int) -> Iterator[list[LogRecord]]:
    """Records from ``start`` on, in chunks; the next is read while one is worked on."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(log.read, start, READ_BYTES)
        while records := coming.result():
            coming = reader.submit(log.read, records[-1].offset + 1, READ_BYTES)
            yield records


def stored_after(events: KeptLog, after_command: int) -> Iterator[bytes]:
    """Stored event batches that later commands than ``after_command`` made, in chunks."""
    offset = first_batch_after(events, after_command)
    while records := events.read(offset, READ_BYTES):
        yield b"".join(record.batch for record in records)
        offset = records[-1].offset + 1


def replay(engine: Engine, commands: KeptLog) -> Iterator[tuple[int, bytes]]:
    """Apply the commands after the engine's position; yield their number and the events."""
    start = engine.position().command_offset + 1
    if start < commands.first_offset:
        raise JournalGap(
            f"the commands log begins at offset {commands.first_offset}, "
            f"but the newest usable snapshot needs it from {start}"
        )
    for records in read_ahead(commands, start):
        yield len(records), produced(engine, records)
        check_rules(engine)


def produced(engine: Engine, records: list[LogRecord]) -> bytes:
    """The events of some commands, up to newer rules at most; who takes them checks the rules."""
    try:
        return engine.replay(records)
    except ValueError:
        check_rules(engine)
        raise


def replayed(engine: Engine, records: list[LogRecord]) -> bytes:
    """The events of commands; raises ``NewerRules`` where another build decides what follows."""
    events = produced(engine, records)
    check_rules(engine)
    return events


def check_rules(engine: Engine) -> None:
    """Raise ``NewerRules`` where this build does not know the rules that decide."""
    if engine.rules() > RULES:
        raise NewerRules(
            f"the journal goes on by rules of version {engine.rules()}, and this build knows "
            f"{RULES}: start the version that knows them"
        )


def unreadable_of(engine: Engine) -> int:
    """How many records of the commands log were no batches; each engine passes over the same."""
    count: int = engine.counts()["unreadable"]
    return count


def unreadable_text(count: int) -> str:
    """What is said of them."""
    return (
        f"{count} record(s) of the commands log are no command batches: they were passed over, and "
        "whoever sent them was not answered; quantscope journal commands shows them as UNREADABLE"
    )


def recover(
    engines: Iterator[Engine],
    commands: KeptLog,
    events: ContinuedLog,
    clock: Clock,
    before_append: Callable[[], None] = nothing,
    stored_in: Callable[[KeptLog, int], Stored] = StoredEvents,
) -> Recovered:
    """Bring an engine to the end of the commands log, and the events log with it.

    ``stored_in`` says what is stored behind a command.  ``before_append`` is called before the
    first event is appended, if any is: all that is stored has been compared by then.
    """
    begin = clock.monotonic_ns()
    engine = next(engines, None) or Engine()
    check_rules(engine)
    stored = stored_in(events, engine.position().command_offset)
    replayed = appended = 0
    unreadable = unreadable_of(engine)
    for count, events_made in replay(engine, commands):
        replayed += count
        new = split_batches(stored.match(events_made))
        if new:
            if not appended:
                before_append()
            events.append(clock.now_ns(), new)
            appended += len(new)
    if stored.surplus():
        raise ReplayDiffers(
            "the events log holds events of commands that the commands log does not hold: "
            f"it ends at offset {commands.next_offset - 1}"
        )
    if passed_over := unreadable_of(engine) - unreadable:
        log.error("%s", unreadable_text(passed_over))
    if stored.gone_bytes:
        log.warning(
            "the events log begins later than the replay: %d bytes of events before that could not "
            "be compared",
            stored.gone_bytes,
        )
    return Recovered(engine, replayed, appended, (clock.monotonic_ns() - begin) / 1e9)
