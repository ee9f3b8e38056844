"""A partition as a log, for code without an event loop: recovery, ``verify``, ``journal``."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack
from typing import Any, Self, TypeVar

from core import JournalDamaged, JournalError, JournalRange, LogRecord, xxh3_64
from journal.kafka.clients import Clients, Unavailable
from journal.kafka.reader import Damaged, Ends, KafkaError, Record, TopicReader
from journal.kafka.topics import FIRST_OFFSET

T = TypeVar("T")
WAIT_S = 0.01
"""It looks here and there, and seldom waits for what comes next."""


def log_record(record: Record, base: int) -> LogRecord:
    """A record of Kafka's as one of a log; its chain is the hash of what it holds."""
    return LogRecord(
        offset=record.offset + base,
        append_ns=record.append_ns,
        chain=xxh3_64(record.value),
        batch=record.value,
    )


class KafkaKept:
    """What one partition holds, up to the end at which it was opened; a ``journal.port.KeptLog``.

    Its offsets are Kafka's and ``base``.  Where a transaction has ended there is an offset without
    a record: a read from there begins with the next one.  It has a loop in a thread of its own.
    """

    def __init__(
        self, clients: Clients, topic: str, partition: int = 0, *, base: int = FIRST_OFFSET
    ) -> None:
        """Nothing is connected yet."""
        self._reader = TopicReader(clients, topic, partition, wait_s=WAIT_S)
        self._base = base
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="kafka", daemon=True)
        self._opened = AsyncExitStack()
        self._ends = Ends(0, 0)
        self._rest: list[Record] = []
        self._rest_begins = 0
        """Where in the partition what was fetched and not handed on yet goes on."""
        self._one_at_a_time = threading.Lock()
        self._turn = asyncio.Lock()
        """Whose the reader is: to look is also to read."""
        self._looking: Future[None] | None = None

    def __enter__(self) -> Self:
        """Connect, and learn the ends; raises ``JournalError`` where no broker answers."""
        self._thread.start()
        try:
            self._call(self._opened.enter_async_context(self._reader))
            self.look()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the brokers."""
        self._close()

    @property
    def topic(self) -> str:
        """What it is of."""
        return self._reader.topic

    @property
    def first_offset(self) -> int:
        """First offset that is kept, or one before it."""
        return self._ends.first + self._base

    @property
    def written_offset(self) -> int:
        """Highest offset that can be read."""
        return self.next_offset - 1

    @property
    def next_offset(self) -> int:
        """The offset behind the last one, as it was opened or looked at last."""
        return self._ends.next + self._base

    def look(self) -> None:
        """Learn the ends once more."""
        self._call(self._look())

    async def _look(self) -> None:
        async with self._turn:
            self._ends = await self._records_end()

    async def _fetch(self, at: int) -> list[Record]:
        async with self._turn:
            return await self._reader.read(at, self._ends.next)

    async def _records_end(self) -> Ends:
        """The ends of what is there: behind the last record only transactions may have ended."""
        first, end = await self._reader.ends()
        width = 1
        while True:
            start = max(first, end - width)
            following = start
            while records := await self._reader.read(following, end):
                following = records[-1].offset + 1
            if following > start or start == first:
                return Ends(first, following)
            width *= 4

    def read(self, start: int, bytes_max: int) -> list[LogRecord]:
        """Return records from ``start`` on: one at least, if there is one.

        Raises ``JournalRange`` before the first and behind the next offset, ``JournalError`` where
        no broker gives them.
        """
        if not self.first_offset <= start <= self.next_offset:
            raise JournalRange(
                f"{self._reader.topic} holds offsets from {self.first_offset} to "
                f"{self.next_offset - 1}, and {start} is asked for"
            )
        at = start - self._base
        with self._one_at_a_time:
            if not self._rest or at != self._rest_begins:
                self._rest = self._call(self._fetch(at))
            return [log_record(record, self._base) for record in self._take(bytes_max)]

    def waiting(self, start: int, bytes_max: int) -> list[bytes]:
        """Nothing waits here to be written; but the end is looked at once more meanwhile."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.run_coroutine_threadsafe(self._look(), self._loop)
        return []

    def _take(self, bytes_max: int) -> list[Record]:
        """The first of what was fetched, as many as fit."""
        size = taken = 0
        for record in self._rest:
            size += len(record.value)
            if size > bytes_max and taken:
                break
            taken += 1
        records, self._rest = self._rest[:taken], self._rest[taken:]
        if records:
            self._rest_begins = records[-1].offset + 1
        return records

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except Damaged as error:
            raise JournalDamaged(str(error)) from error
        except (KafkaError, TimeoutError, Unavailable) as error:
            raise JournalError(f"{self._reader.topic}: {error!r}") from error

    def _close(self) -> None:
        self._call(self._opened.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
