"""The events as any engine's log holds them, for who reads back what was told."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Self

from core import JournalRange, LogRecord
from journal.kafka.kept import KafkaKept

TURN_BITS = 48
"""Above these bits an offset says of which choice it is."""


class EnginesLog:
    """Reads one engine's log, and another's once that engine falls silent; a ``ReplayedLog``.

    Offsets of one log mean nothing in another: after a change they are out of range, and who reads
    begins again from a place.
    """

    def __init__(self, logs: Mapping[str, KafkaKept], first: str) -> None:
        """Nothing is connected yet; ``first`` is read first."""
        self._logs = logs
        self._opened = ExitStack()
        self._turn = 0
        self.chosen = first
        """The engine whose log is read."""

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

    def choose(self, is_silent: Callable[[str], bool], preferred: str) -> Self:
        """Read another engine's log from now on, where the one that was read has fallen silent."""
        if preferred != self.chosen and is_silent(self.chosen):
            self._take(preferred)
        return self

    def _take(self, name: str) -> None:
        self.chosen = name
        self._turn += 1

    @property
    def _log(self) -> KafkaKept:
        return self._logs[self.chosen]

    @property
    def _base(self) -> int:
        return self._turn << TURN_BITS

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
        """Learn the ends once more."""
        self._log.look()

    def read(self, start: int, bytes_max: int) -> list[LogRecord]:
        """See ``KeptLog``."""
        return self._moved(self._log.read(self._own(start), bytes_max))

    def waiting(self, start: int, bytes_max: int) -> list[bytes]:
        """See ``ReplayedLog``."""
        return self._log.waiting(self._own(start), bytes_max)

    def batch_after(self, command: int) -> int:
        """Where the events of later commands begin."""
        return self._base + self._log.batch_after(command)

    def _moved(self, records: list[LogRecord]) -> list[LogRecord]:
        """Records of the chosen log as they are called here."""
        base = self._base
        if not base:
            return records
        return [
            LogRecord(
                offset=base + record.offset,
                append_ns=record.append_ns,
                chain=record.chain,
                batch=record.batch,
            )
            for record in records
        ]

    def _own(self, offset: int) -> int:
        own = offset - self._base
        if own < 0 or own >> TURN_BITS:
            raise JournalRange("the log of another engine is read now")
        return own
