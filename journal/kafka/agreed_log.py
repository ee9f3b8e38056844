"""The events on which the engines agree, for who writes them down for good.

While several engines live a batch is given only once all of them hold it alike; from one alone only
after the others have lacked it for a second.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Self

from core import (
    EventHead,
    JournalError,
    JournalRange,
    LogRecord,
    event_head,
    first_batch_after,
)
from journal.kafka.engines_log import TURN_BITS
from journal.kafka.halts import At, Eras
from journal.kafka.kept import KafkaKept
from journal.kafka.reader import Record
from journal.kafka.trailing import Trailing

log = logging.getLogger("quantscope.kafka")

READ_BYTES = 2**20
OnDiffers = Callable[[At, tuple[str, ...]], None]


class Copy:
    """Another engine's log, read beside the one that is recorded."""

    def __init__(self, kept: KafkaKept) -> None:
        """It is open."""
        self._kept = kept
        self._offset: int | None = None
        self.at: At | None = None
        """Up to where it was read."""
        self._hashes: dict[At, int] = {}

    def newest(self) -> At | None:
        """Where it ends."""
        self._kept.look()
        return place_of(self._kept.newest)

    def reach(self, place: At) -> bool:
        """Read up to a place; whether it is as far."""
        if self.at is not None and self.at >= place:
            return True
        if self._offset is None:
            self._kept.look()
            self._offset = self._kept.batch_after(place.command_offset - 1)
        if self._offset >= self._kept.next_offset:
            self._kept.look()
        while (self.at is None or self.at < place) and self._offset < self._kept.next_offset:
            records = self._kept.read(self._offset, READ_BYTES)
            if not records:
                break
            for record in records:
                head = event_head(record.batch)
                self.at = At(head.command_offset, head.part)
                self._hashes[self.at] = head.hash
            self._offset = records[-1].offset + 1
        return self.at is not None and self.at >= place

    def take(self, place: At) -> int | None:
        """The hash of the batch there, once; None where there is none."""
        return self._hashes.pop(place, None)

    def forget(self) -> None:
        """Read from another place on, next time."""
        self._offset, self.at, self._hashes = None, None, {}


class AgreedLog:
    """A ``NamedLog``: the log of an engine that lives, held to those of the others."""

    def __init__(
        self,
        logs: Mapping[str, KafkaKept],
        trailing: Trailing,
        *,
        eras: Eras,
        journal_id: int,
        on_differs: OnDiffers,
    ) -> None:
        """Nothing is connected yet.  ``on_differs`` is called in the thread that reads."""
        self._logs = logs
        self._trailing = trailing
        self._on_differs = on_differs
        self.journal_id = journal_id
        """Name of the journal."""
        self._opened = ExitStack()
        self._void = {name for name in logs if eras.void_from(name) is not None}
        self._turn = 0
        self._held: list[LogRecord] = []
        """What was read and may not be given yet."""
        self._halted: str | None = None
        self._agreed_to = At(0, 0)
        """Up to where they have agreed, as was found in an earlier life."""
        counted = [name for name in logs if name not in self._void]
        self.chosen = counted[0] if counted else next(iter(logs))
        """The engine whose log is given."""
        self._copies = {name: Copy(logs[name]) for name in counted if name != self.chosen}

    def __enter__(self) -> Self:
        """Connect; raises ``JournalError`` where no broker answers."""
        with ExitStack() as opening:
            for kept in self._logs.values():
                opening.enter_context(kept)
            self._opened = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the brokers."""
        self._opened.close()

    # -- which engine ------------------------------------------------------------------------

    @property
    def to_change(self) -> bool:
        """Whether the engine whose log is given is silent, and another is not."""
        others = [name for name in self._copies if not self._trailing.is_silent(name)]
        return bool(others) and self._trailing.is_silent(self.chosen)

    def change(self) -> None:
        """Give another engine's log from now on: offsets of the one before mean nothing there.

        Nobody is to read meanwhile.
        """
        others = [name for name in self._copies if not self._trailing.is_silent(name)]
        if not others:
            return
        before, self.chosen = self.chosen, others[0]
        self._turn += 1
        self._held = []
        copies = {name: copy for name, copy in self._copies.items() if name != self.chosen}
        # Another dict: whether it is to be changed is asked in other threads.
        self._copies = copies | {before: Copy(self._logs[before])}
        for copy in self._copies.values():
            copy.forget()
        log.warning("engine %s is silent: the log of engine %s is recorded", before, self.chosen)

    # -- the contract ------------------------------------------------------------------------

    @property
    def _log(self) -> KafkaKept:
        return self._logs[self.chosen]

    @property
    def _base(self) -> int:
        return self._turn << TURN_BITS

    @property
    def of_chosen(self) -> KafkaKept:
        """The log of that engine, whatever others hold."""
        return self._log

    def recorded(self, place: At) -> None:
        """What is recorded already needs nobody's consent."""
        self._agreed_to = place

    @property
    def newest(self) -> Record | None:
        """The last record, as far as it was looked at."""
        return self._log.newest

    @property
    def first_offset(self) -> int:
        """See ``KeptLog``."""
        return self._base + self._log.first_offset

    @property
    def written_offset(self) -> int:
        """See ``KeptLog``."""
        return self._base + self._log.written_offset

    @property
    def next_offset(self) -> int:
        """See ``KeptLog``."""
        return self._base + self._log.next_offset

    def look(self) -> None:
        """Learn the ends once more, and which engines are behind."""
        self._log.look()
        if not self._copies:
            return
        if (at := place_of(self._log.newest)) is not None:
            self._trailing.told(self.chosen, at)
        for name, copy in self._copies.items():
            if (at := copy.newest()) is not None:
                self._trailing.told(name, at)

    def chain_at(self, offset: int) -> int | None:
        """See ``NamedLog``."""
        own = offset - self._base
        return None if own < 0 or own >> TURN_BITS else self._log.chain_at(own)

    def batch_after(self, command: int) -> int:
        """Where the events of later commands begin."""
        return self._base + self._log.batch_after(command)

    def holds_another(self, command_offset: int, part: int, chain: int) -> bool:
        """Whether another batch stands at this place than the one of this chain; it blocks."""
        if self._log.written_offset < self._log.first_offset:
            return False
        before = (command_offset, part - 1) if part else (command_offset - 1,)
        at = first_batch_after(self._log, *before)
        found = self._log.read(at, 1) if at < self._log.next_offset else []
        return any(
            place_in(record) == (command_offset, part) and record.chain != chain for record in found
        )

    def read(self, start: int, bytes_max: int) -> list[LogRecord]:
        """Those records on which the engines agree; raises ``JournalError`` where they differ."""
        if self._halted is not None:
            raise JournalError(self._halted)
        own = start - self._base
        if own < 0 or own >> TURN_BITS:
            raise JournalRange("the log of another engine is read now")
        if self._held and self._held[0].offset == own:
            records, self._held = self._held, []
        else:
            records = self._log.read(own, bytes_max)
        if self._copies:
            records = self._agreed(records)
        if not self._turn:
            return records
        return [_moved(record, self._base) for record in records]

    def _agreed(self, records: Sequence[LogRecord]) -> list[LogRecord]:
        heads = [event_head(record.batch) for record in records]
        count = 0
        for head in heads:
            if not self._is_agreed(head, heads[-1]):
                break
            count += 1
        self._held = list(records[count:])
        return list(records[:count])

    def _is_agreed(self, head: EventHead, last: EventHead) -> bool:
        """Whether all that live hold this batch alike."""
        place = At(head.command_offset, head.part)
        if place <= self._agreed_to:
            return True
        for name, copy in self._copies.items():
            if self._trailing.is_silent(name):
                copy.forget()
                continue
            copy.reach(At(last.command_offset, last.part))
            if copy.at is not None:
                self._trailing.told(name, copy.at)
            if copy.at is None or copy.at < place:
                self._trailing.told(self.chosen, place)
                return False
            other = copy.take(place)
            if other is not None and other != head.hash:
                self._halted = (
                    f"engines {self.chosen} and {name} tell otherwise of command batch "
                    f"{place.command_offset}"
                )
                self._on_differs(place, (self.chosen, name))
                raise JournalError(self._halted)
        return True


def place_of(record: Record | None) -> At | None:
    """Where a log that ends with this record ends."""
    if record is None:
        return None
    head = event_head(record.value)
    return At(head.command_offset, head.part)


def place_in(record: LogRecord) -> At:
    """Which place a record is of."""
    head = event_head(record.batch)
    return At(head.command_offset, head.part)


def _moved(record: LogRecord, base: int) -> LogRecord:
    return LogRecord(
        offset=base + record.offset,
        append_ns=record.append_ns,
        chain=record.chain,
        batch=record.batch,
    )
