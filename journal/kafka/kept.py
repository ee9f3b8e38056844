"""A partition as a log, for code without an event loop: recovery, ``verify``, ``journal``."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Self, TypeVar

from core import JournalDamaged, JournalError, JournalRange, LogRecord, first_batch_after, xxh3_64
from journal.kafka.bases import NEW, Bases
from journal.kafka.clients import STOP_S, Clients
from journal.kafka.halts import BASE_MAGIC
from journal.kafka.reader import Damaged, Ends, KafkaError, Record, TopicReader
from journal.kafka.security import Unavailable
from journal.kafka.words import in_words

log = logging.getLogger("quantscope.kafka")

T = TypeVar("T")
WAIT_S = 0.01
"""It looks here and there, and seldom waits for what comes next."""


def log_record(record: Record, bases: Bases) -> LogRecord:
    """A record of Kafka's as one of a log; its chain is the hash of what it holds."""
    return LogRecord(
        offset=bases.command(record.offset),
        append_ns=record.append_ns,
        chain=xxh3_64(record.value),
        batch=record.value,
    )


class _Deleted(Exception):
    """What is asked for was there when the log was looked at, and was deleted since."""


class KafkaKept:
    """What one partition holds, up to the end at which it was looked at; a ``NamedLog``.

    Its offsets are Kafka's by a list of bases.  Where a transaction has ended, or what stands there
    does not count, there is an offset without a record: a read from there begins with the next one.
    It has a loop in a thread of its own.  After a failure it takes a new client.
    """

    def __init__(
        self,
        clients: Clients,
        topic: str,
        partition: int = 0,
        *,
        bases: Bases = NEW,
        counts: Callable[[Record], bool] | None = None,
        journal_id: int = 0,
        begins: int = 0,
    ) -> None:
        """Nothing is connected yet.  ``journal_id`` is of whoever knows which journal it is of.

        What does not ``count`` is passed over; so is all before Kafka's offset ``begins``, where an
        engine's log has begun anew.
        """
        # A thread can't be told to stop: whoever waits longer for brokers does it before.
        self._reader = TopicReader(
            clients,
            topic,
            partition,
            wait_s=WAIT_S,
            patience_s=clients.settings.request_timeout_s,
            counts=counts,
        )
        self._bases = bases
        self._begins = begins
        self.journal_id = journal_id
        """Name of the journal."""
        self.newest: Record | None = None
        """The last record, as far as it was looked at."""
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread
        self._opened = AsyncExitStack()
        self._ends = Ends(0, 0)
        self._end = -1
        """Where the partition ended when it was looked at last; -1 where that is to be asked."""
        self._rest: list[Record] = []
        self._rest_begins = 0
        """Where in the partition what was fetched and not handed on yet goes on."""
        self._ahead: list[Record] = []
        """What a look has found behind all that was fetched."""
        self._fetched = -1
        """Behind the last record that was fetched."""
        self._handed: tuple[int, int] | None = None
        """Offset and chain of the last record that was handed on."""
        self._lives = self._life = 0
        """How often all was forgotten that was read, and whether that is done in either thread."""
        self._one_at_a_time = threading.Lock()
        self._turn = asyncio.Lock()
        """Whose the reader is: to look is also to read."""
        self._doubtful = False
        """Whether the client has failed: one whose broker was away may never read on."""
        self._looking: Future[None] | None = None
        self._under_way = set[asyncio.Task[Any]]()
        self._closed = self._opened_once = False
        self._closing = threading.Lock()

    def __enter__(self) -> Self:
        """Connect, and learn the ends; raises ``JournalError`` where no broker answers."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="kafka", daemon=True)
        self._thread.start()
        try:
            self._call(self._opened.enter_async_context(self._reader))
            self.look()
            self._opened_once = True
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
        return self._bases.first_place(self._ends.first)

    @property
    def written_offset(self) -> int:
        """Highest offset that can be read."""
        return self.next_offset - 1

    @property
    def next_offset(self) -> int:
        """The offset behind the last one, as it was opened or looked at last."""
        return self._bases.command(self._ends.next)

    def kafka_offset(self, offset: int) -> int:
        """Where one of its offsets stands, as Kafka counts."""
        return self._bases.kafka_offset(offset)

    def look(self) -> None:
        """Learn the ends once more; where nothing has come that is one question to a broker."""
        self._call(self._look())

    def chain_at(self, offset: int) -> int | None:
        """The chain of the record there; None where there is none, or none any more."""
        with self._one_at_a_time:
            self._forget_old()
            if self._handed is not None and self._handed[0] == offset:
                return self._handed[1]
            at = self._bases.kafka_offset(offset)
            here = self._ends.first <= at < self._ends.next
            if not here or self._bases.command(at) != offset:
                return None
            found = self._call(self._fetch(at, at + 1))
        return xxh3_64(found[0].value) if found else None

    async def _look(self) -> None:
        async with self._reading() as reader:
            end = await reader.end()
            if end < self._ends.next:
                self._forget()
            if end != self._end:
                first = max((await reader.ends()).first, self._begins)
                end = max(end, first)
                self._ends = Ends(first, await self._records_end(reader, first, end))
                self._end = end

    async def _fetch(self, at: int, end: int | None = None) -> list[Record]:
        async with self._reading() as reader:
            if end is not None:
                return await reader.read(at, end)
            found, self._ahead = self._ahead, []
            if not found or at != self._fetched:
                found = await self._read(reader, at)
            self._fetched = found[-1].offset + 1 if found else at
            return found

    async def _read(self, reader: TopicReader, at: int) -> list[Record]:
        try:
            return await reader.read(at, self._ends.next)
        except Damaged as error:
            first = max((await reader.ends()).first, self._begins)
            if at >= first:
                raise
            self._ends = Ends(first, max(first, self._ends.next))
            offset = self._bases.command(at)
            raise _Deleted(f"{reader.topic}: offset {offset} was deleted") from error

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[TopicReader]:
        """Have the reader; a new client of it, where the one before has failed."""
        async with self._turn:
            if self._doubtful:
                self._forget()
                await self._reader.reconnect()
                self._doubtful = False
            try:
                yield self._reader
            except (KafkaError, TimeoutError, Damaged):
                self._doubtful = True
                raise

    def _forget(self) -> None:
        """What was read may be there no more, or another."""
        self._end = self._fetched = -1
        self._ahead = []
        self._lives += 1

    def _forget_old(self) -> None:
        if self._life != self._lives:
            self._life = self._lives
            self._rest, self._handed = [], None

    async def _records_end(self, reader: TopicReader, first: int, end: int) -> int:
        """Behind the last record: behind it only transactions may have ended."""
        known = self._ends.next if first < self._ends.next <= end and self._end >= 0 else first
        if known == self._fetched:
            # Whoever reads is here, and will ask for this next.
            self._ahead = await reader.read(known, end)
            if not self._ahead:
                return known
            self._note(self._ahead)
            known = self._ahead[-1].offset + 1
        width = 1
        while known < end:
            start = max(known, end - width)
            following = start
            while records := await reader.read(following, end):
                self._note(records)
                following = records[-1].offset + 1
            if following > start or start == known:
                return following
            width *= 4
        return known

    def _note(self, records: list[Record]) -> None:
        """Which is the newest; that a log begins anew there is no record of one."""
        batches = [x for x in records if not x.value.startswith(BASE_MAGIC)]
        self.newest = batches[-1] if batches else self.newest

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
        at = self._bases.kafka_offset(start)
        with self._one_at_a_time:
            self._forget_old()
            if not self._rest or at != self._rest_begins:
                self._rest = self._call(self._fetch(at))
            records: list[LogRecord] = []
            while not records and (taken := self._take(bytes_max)):
                # That the log begins anew here concerns who opens it, not who is under way.
                batches = [x for x in taken if not x.value.startswith(BASE_MAGIC)]
                records = [log_record(record, self._bases) for record in batches]
            if records:
                self._handed = (records[-1].offset, records[-1].chain)
            return records

    def batch_after(self, command: int) -> int:
        """``core.first_batch_after`` of this log, also while its oldest records are deleted."""
        while True:
            first = self.first_offset
            try:
                return first_batch_after(self, command)
            except JournalRange:
                if self.first_offset == first:
                    raise

    def waiting(self, start: int, bytes_max: int) -> list[bytes]:
        """Nothing waits here to be written; but the end is looked at once more meanwhile."""
        if self._looking is None or self._looking.done():
            self._looking = self._begun(self._look())
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
            return self._begun(work).result()
        except Damaged as error:
            raise JournalDamaged(str(error)) from error
        except _Deleted as error:
            raise JournalRange(str(error)) from error
        except (TimeoutError, KafkaError, Unavailable) as error:
            log.debug("%s can't be read: %s", self._reader.topic, in_words(error))
            # Once it is open, whatever keeps brokers from answering is said alike.
            alike = self._opened_once or not isinstance(error, Unavailable)
            why = "no broker gives what it holds" if alike else error
            raise JournalError(f"{self._reader.topic} can't be read: {why}") from error
        except CancelledError as error:
            raise JournalError(f"{self._reader.topic} is closed") from error

    def _begun(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Work under way on the loop; raises ``JournalError`` once this is closed."""
        with self._closing:
            if self._closed:
                work.close()
                raise JournalError(f"{self._reader.topic} is closed")
            return asyncio.run_coroutine_threadsafe(self._counted(work), self._loop)

    async def _counted(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        try:
            return await task
        finally:
            self._under_way.discard(task)

    def _close(self) -> None:
        """Let go of the brokers; who still asks is told."""
        with self._closing:
            self._closed = True
        asyncio.run_coroutine_threadsafe(self._let_go(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _let_go(self) -> None:
        for task in tuple(self._under_way):
            task.cancel()
        if self._under_way:
            await asyncio.wait(tuple(self._under_way))
        await self._opened.aclose()
        # The library leaves tasks that were connecting while its client was stopped.
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for other in left:
            other.cancel()
        if left:
            await asyncio.wait(left, timeout=STOP_S)
