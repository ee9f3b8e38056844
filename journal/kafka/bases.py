"""Where a command stands in its topic, and which command stands there: the list of bases.

A place, the offset of a command, never comes twice.  Kafka's offsets do, where a topic has lost its
end: what is appended then stands where something else stood.  So from there on another base is
added to them, above all places that are known.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

FIRST_OFFSET = 1
"""The offset of the first command of a journal, where Kafka's own begin with 0."""
ENDLESS = 2**63


class Base(msgspec.Struct, frozen=True):
    """From one of Kafka's offsets of ``commands`` on, a command's offset is that and ``base``."""

    kafka_offset: int
    base: int
    kafka_end: int = 0
    """Kafka's offset behind the last record before it that counts; those between are nobody's."""
    behind: int = 0
    """The place that it goes on from: those behind that and before its own first were lost."""

    @property
    def first(self) -> int:
        """Its first place."""
        return self.kafka_offset + self.base


class _Stretch(NamedTuple):
    """Records that follow each other, as Kafka counts them, and their base."""

    begin: int
    end: int
    base: int
    behind: int
    """The place that it goes on from."""
    whole_from: int
    """The place from which on no command is missing up to its end, but in a snapshot."""


class Bases:
    """Every conversion between Kafka's offsets of ``commands`` and places."""

    def __init__(self, rows: Sequence[Base] = (Base(0, FIRST_OFFSET),)) -> None:
        """``rows`` are in the order in which they were added; there is one at least."""
        self.rows = tuple(rows)
        self._stretches = _stretches(self.rows)
        self._base = self._stretches[0].base if self.all_count else None
        """The base of all records, where it is one: a replay asks for each."""

    def command(self, kafka_offset: int) -> int:
        """The place of what stands there; where nothing counts, that of the next that does."""
        if self._base is not None:
            return kafka_offset + self._base
        for begin, end, base, *_ in self._stretches:
            if kafka_offset < end:
                return max(kafka_offset, begin) + base
        raise ValueError(f"{kafka_offset} is no offset")

    def first_place(self, kafka_first: int) -> int:
        """The first place from which on nothing is missing, where a topic begins so.

        Between the place that a base goes on from and its own first nothing ever comes.
        """
        stretch = next(x for x in self._stretches if kafka_first < x.end)
        begins = stretch.behind + 1 if kafka_first <= stretch.begin else kafka_first + stretch.base
        return max(begins, self._stretches[-1].whole_from)

    def kafka_offset(self, command: int) -> int:
        """Where a place stands; of one that never was or was lost, where the next one does."""
        for begin, end, base, *_ in self._stretches:
            if command - base < end:
                return max(command - base, begin)
        raise ValueError(f"{command} is no place")

    @property
    def all_count(self) -> bool:
        """Whether whatever stands there is a command of this journal: nothing was ever lost."""
        return len(self._stretches) == 1 and self._stretches[0].begin == 0

    def counts(self, kafka_offset: int) -> bool:
        """Whether what stands there is a command of this journal."""
        return any(x.begin <= kafka_offset < x.end for x in self._stretches)

    def lost(self, command: int) -> bool:
        """Whether whatever knows of this place knows of what the journal has lost."""
        return any(row.behind < command < row.first for row in self.rows)

    def kept_before(self, command: int) -> int:
        """The last place up to there that was not lost."""
        while losing := [row.behind for row in self.rows if row.behind < command < row.first]:
            command = min(losing)
        return command

    def until_lost(self, command: int) -> "Bases":
        """Those by which a place was told of that is lost now."""
        rows = enumerate(self.rows)
        count = next((at for at, row in rows if row.behind < command < row.first), len(self.rows))
        return Bases(self.rows[:count])


def _stretches(rows: Sequence[Base]) -> tuple[_Stretch, ...]:
    found: list[_Stretch] = []
    for row in rows:
        # A topic that was cut again may have lost what an earlier base was for.
        while found and found[-1].begin >= row.kafka_end:
            found.pop()
        whole_from = row.behind + 1
        if found:
            found[-1] = before = found[-1]._replace(end=row.kafka_end)
            if before.end + before.base == whole_from:
                whole_from = before.whole_from
        found.append(_Stretch(row.kafka_offset, ENDLESS, row.base, row.behind, whole_from))
    return tuple(found)


NEW = Bases()
"""Of a journal that has lost nothing; the offsets of events are counted so, too."""
PLAIN = Bases((Base(0, 0, behind=-1),))
"""Offsets as Kafka counts them."""
