"""The engines' states as ``verify`` looks at them: all of them, each held to its mark."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from core import Engine, JournalError
from journal.kafka.bases import NEW, Bases
from journal.kafka.halts import Eras
from journal.kafka.kept import KafkaKept
from journal.kafka.portions import Good, Portion, read_record, records_of, state_of


@dataclass(frozen=True)
class JudgedState:
    """A state by its mark, and what is wrong with it; or a record of the topic that is none."""

    name: str
    offset: int = 0
    state_hash: int = 0
    fault: Exception | None = None
    good: Good | None = None


class KeptSnapshots:
    """The states up to the end at which the topic was opened; it blocks."""

    def __init__(self, kept: KafkaKept, bases: Bases = NEW, eras: Eras | None = None) -> None:
        """Nothing is connected yet.  What is void, or behind a lost place, is not looked at."""
        self._eras = eras or Eras()
        self.kept = kept
        """The topic."""
        self._bases = bases

    def __enter__(self) -> Self:
        """Connect, and learn the end; raises ``JournalError``."""
        self.kept.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the brokers."""
        self.kept.__exit__()

    def judge(self) -> Iterator[JudgedState]:
        """Read every state that is marked, the newest first, and hold it to its mark."""
        found = []
        for record in records_of(self.kept, self.kept.first_offset, self.kept.next_offset):
            decoded = read_record(record)
            if not (isinstance(decoded, Portion) or self._lost(decoded)):
                found.append((record.offset, decoded))
        for at, good in reversed(found):
            yield self._judged(f"at record {at} of {self.kept.topic}", good)

    def _lost(self, good: Good | None) -> bool:
        if good is None:
            return False
        void = self._eras.voids(good.maker, good.journal.era, good.command_offset)
        return void or self._bases.lost(good.command_offset)

    def _judged(self, name: str, good: Good | None) -> JudgedState:
        if good is None:
            return JudgedState(name, fault=ValueError("it is neither a portion of one nor a mark"))
        name = f"of engine {good.maker} at command batch {good.command_offset}, {name}"
        try:
            if Engine.hash_of(state_of(self.kept, good)) != good.state_hash:
                raise ValueError("its state has another hash than its mark says")
        except (ValueError, JournalError) as error:
            return JudgedState(name, good.command_offset, fault=error)
        return JudgedState(name, good.command_offset, good.state_hash, good=good)

    def restored(self, found: JudgedState) -> Engine:
        """The engine of a good one; ValueError where it can't be, or stands elsewhere."""
        good = found.good
        if good is None:
            raise ValueError("it is no good one")
        engine = Engine.restore(state_of(self.kept, good))
        at = engine.position()
        if (at.command_offset, at.event_seq, at.event_hash) != (
            good.command_offset,
            good.event_seq,
            good.event_hash,
        ):
            raise ValueError("its state stands elsewhere than its mark says")
        return engine
