"""The events on which the engines agree, for who writes them down for good.

While several engines live a batch is given only once all of them hold it alike; from one alone only
after the others have lacked it for a second.
"""

import logging
from collections.abc import Callable, Mapping, Sequence

from core import (
    EventHead,
    JournalError,
    JournalRange,
    LogRecord,
    event_head,
    first_batch_after,
)
from journal.kafka.engines_log import EnginesLog
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

    def reach(self, place: At) -> None:
        """Read up to a place, or to the end."""
        if self.at is not None and self.at >= place:
            return
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

    def take(self, place: At) -> int | None:
        """The hash of the batch there, once; None where there is none."""
        return self._hashes.pop(place, None)

    def forget(self) -> None:
        """Read from another place on, next time."""
        self._offset, self.at, self._hashes = None, None, {}


class AgreedLog(EnginesLog):
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
        counted = [name for name in logs if eras.void_from(name) is None]
        super().__init__(logs, counted[0] if counted else next(iter(logs)))
        self._trailing = trailing
        self._on_differs = on_differs
        self.journal_id = journal_id
        """Name of the journal."""
        self._held: list[LogRecord] = []
        """What was read and may not be given yet."""
        self._halted: str | None = None
        self._agreed_to = At(0, 0)
        """Up to where they have agreed, as was found in an earlier life."""
        self._copies = {name: Copy(logs[name]) for name in counted if name != self.chosen}

    # -- which engine ------------------------------------------------------------------------

    def _living(self) -> list[str]:
        """The others that are not silent."""
        return [name for name in self._copies if not self._trailing.is_silent(name)]

    @property
    def to_change(self) -> bool:
        """Whether the engine whose log is given is silent, and another is not."""
        return self._trailing.is_silent(self.chosen) and bool(self._living())

    def change(self) -> None:
        """Give another engine's log from now on: offsets of the one before mean nothing there.

        Nobody is to read meanwhile.
        """
        living = self._living()
        if not living:
            return
        before = self.chosen
        self._take(living[0])
        self._held = []
        # Another dict: whether it is to be changed is asked in other threads.
        others = [name for name in (*self._copies, before) if name != self.chosen]
        self._copies = {name: Copy(self._logs[name]) for name in others}
        log.warning("engine %s is silent: the log of engine %s is recorded", before, self.chosen)

    # -- the contract ------------------------------------------------------------------------

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
        try:
            return self._log.chain_at(self._own(offset))
        except JournalRange:
            return None

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
        own = self._own(start)
        if self._held and self._held[0].offset == own:
            records, self._held = self._held, []
        else:
            records = self._log.read(own, bytes_max)
        if self._copies:
            records = self._agreed(records)
        return self._moved(records)

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
        living = self._living()
        for name in self._copies.keys() - living:
            self._copies[name].forget()
        # All are to be as far before any is compared: what was compared is let go of.
        if not all(self._reaches(name, place, last) for name in living):
            self._trailing.told(self.chosen, place)
            return False
        for name in living:
            other = self._copies[name].take(place)
            if other is not None and other != head.hash:
                self._differ(name, place)
        return True

    def _reaches(self, name: str, place: At, last: EventHead) -> bool:
        """Whether another engine has told of a place, as far as its log is there."""
        copy = self._copies[name]
        copy.reach(At(last.command_offset, last.part))
        if copy.at is None:
            return False
        self._trailing.told(name, copy.at)
        return copy.at >= place

    def _differ(self, name: str, place: At) -> None:
        self._halted = (
            f"engines {self.chosen} and {name} tell otherwise of command batch "
            f"{place.command_offset}"
        )
        self._on_differs(place, (self.chosen, name))
        raise JournalError(self._halted)


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
