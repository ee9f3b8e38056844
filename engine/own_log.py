"""Logs on Kafka as a recovery in a thread has them."""

import asyncio
import threading
from collections.abc import Callable, Sequence

from core import JournalError, LogRecord
from journal.kafka import FencedLog, KafkaKept


class UntilEnded:
    """A log that gives nothing more once nobody waits for what is made of it."""

    def __init__(
        self,
        kept: KafkaKept,
        ended: threading.Event,
        on_read: Callable[[Sequence[LogRecord]], None] = lambda _: None,
    ) -> None:
        """``ended`` says when: a thread can't be told to stop.  ``on_read`` gets what is read."""
        self._kept = kept
        self._on_read = on_read
        self._ended = ended

    @property
    def first_offset(self) -> int:
        """See ``KeptLog``."""
        return self._kept.first_offset

    @property
    def written_offset(self) -> int:
        """See ``KeptLog``."""
        return self._kept.written_offset

    @property
    def next_offset(self) -> int:
        """See ``KeptLog``."""
        return self._kept.next_offset

    def read(self, start: int, bytes_max: int) -> list[LogRecord]:
        """See ``KeptLog``; raises ``JournalError`` at the end."""
        if self._ended.is_set():
            raise JournalError("the engine ends")
        records = self._kept.read(start, bytes_max)
        self._on_read(records)
        return records


class OwnLog(UntilEnded):
    """The engine's own log, which a recovery also writes on."""

    def __init__(
        self,
        kept: KafkaKept,
        ended: threading.Event,
        writer: FencedLog,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """``loop`` is the writer's."""
        super().__init__(kept, ended)
        self._writer = writer
        self._loop = loop

    def append(self, append_ns: int, batches: list[bytes]) -> int:
        """Wait until they are there."""
        asyncio.run_coroutine_threadsafe(self._writer.append(batches), self._loop).result()
        return 0
