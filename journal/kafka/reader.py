"""Reading one partition: from where is asked, in order, up to its end or beyond."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import ConnectionGroup
from aiokafka.errors import CorruptRecordException, KafkaError, OffsetOutOfRangeError

from core import xxh3_64
from journal.kafka.clients import Clients, stop
from journal.kafka.fetching import Fetching, Record
from journal.kafka.security import Unavailable
from journal.kafka.words import in_words

log = logging.getLogger("quantscope.kafka")

WATCH_S = 1.0
"""How often it is looked whether there is more than is given, in seconds: a look waits for the
poll that is under way."""
POLL_S = 0.5
"""How long a look at the end of a partition takes that brings nothing, in seconds."""
POLLS = 5
"""So often a broker may hold back an answer before it is looked whether an offset has no record."""


class Damaged(Exception):
    """What stands in a partition can't be so."""


class LostEnd(Damaged):
    """What was read in a partition is not there any more: it has lost its end."""


class Ends(NamedTuple):
    """The ends of a partition, in Kafka's offsets."""

    first: int
    """Of the oldest record, or before it: a broker that died may not know what was deleted."""
    next: int
    """Behind the newest record."""


class TopicReader:
    """A reader of one partition.

    It has places of its own, and none on the brokers.  Between two records there may be offsets
    that have none: the ends of transactions take some.
    """

    def __init__(
        self,
        clients: Clients,
        topic: str,
        partition: int = 0,
        *,
        wait_s: float = POLL_S,
        patience_s: float | None = None,
        counts: Callable[[Record], bool] | None = None,
    ) -> None:
        """Nothing is connected yet.  ``wait_s``, ``patience_s``: see ``Clients.consumer``.

        What does not ``count`` is passed over, as if there were none.
        """
        self._patience_s = patience_s
        self._counts = counts
        self._clients = clients
        self._wait_s = wait_s
        self._at = TopicPartition(topic, partition)
        self._consumer: AIOKafkaConsumer
        self._fetching: Fetching
        self._position = -1
        """Where it is asked for what stands at ``_reached``; -1 where nothing was read yet."""
        self._reached = 0
        """Behind all that was read, also where that is no record."""
        self._overlooked = False
        """Whether there was more at the last look than was given."""
        self._watched = 0.0
        """When that was, or when something was read since, by the loop's clock."""
        self._last: tuple[int, int] | None = None
        """Offset and hash of what ``follow`` gave last."""
        self._link: object = None
        """Over which connection, of which leader, that was known to be there still."""

    async def __aenter__(self) -> Self:
        """Connect; raises ``Unavailable``."""
        await self._connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of the brokers."""
        await self._let_go()

    @property
    def topic(self) -> str:
        """What it reads."""
        name: str = self._at.topic
        return name

    async def ends(self) -> Ends:
        """The ends as the leader knows them; raises ``KafkaError`` or ``TimeoutError``."""
        async with self._patience("where it begins and ends"):
            first = await self._consumer.beginning_offsets([self._at])
            following = await self._consumer.end_offsets([self._at])
        return Ends(first[self._at], following[self._at])

    async def end(self) -> int:
        """Behind the newest record, as the leader knows it; raises as ``ends`` does."""
        async with self._patience("where it ends"):
            following = await self._consumer.end_offsets([self._at])
        end: int = following[self._at]
        return end

    @contextlib.asynccontextmanager
    async def _patience(self, what: str) -> AsyncIterator[None]:
        """Raise ``TimeoutError``, with a sentence, where no broker says what is asked in time."""
        seconds = self._clients.settings.request_timeout_s
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            raise TimeoutError(
                f"no broker says of {self._at.topic} {what} within {seconds:g} s "
                "(kafka.request_timeout_s)"
            ) from error

    async def read(self, start: int, end: int) -> list[Record]:
        """The records from ``start`` on that stand before ``end``: one at least, if there is one.

        Raises ``Damaged`` where records are gone that should be there, or do not match their
        checksum, and ``TimeoutError`` where no broker gives them within ``request_timeout_s``.
        """
        while start < end:
            try:
                async with self._patience(f"what stands at {start}"):
                    found, start = await self._some(start, end)
            except OffsetOutOfRangeError as error:
                raise Damaged(
                    f"{self._at.topic} holds no record {start}: {in_words(error)}"
                ) from error
            except CorruptRecordException as error:
                raise Damaged(
                    f"{self._at.topic}: what stands at Kafka's offset {self._reached} does not "
                    "match its checksum"
                ) from error
            if found:
                return found
        return []

    async def _some(self, start: int, end: int) -> tuple[list[Record], int]:
        """A fetch's records before ``end``, and where to go on."""
        while start < end:
            found = await self._fetch(start, min(POLL_S, POLLS * self._wait_s))
            within = [record for record in found if record.offset < end]
            if within:
                return within, within[-1].offset + 1
            if found:
                return [], end
            # What stands there is the end of a transaction, which is no record.
            start = max(start, self._reached)
        return [], end

    async def follow(self, start: int, seconds: float) -> list[Record]:
        """The records from ``start`` on; none where none comes within so many seconds.

        Waits for brokers that are away.  After an outage, and where another broker leads, the last
        record is read again first.  Raises ``LostEnd`` where another stands there now, or none, and
        ``Damaged`` where older ones are gone that should be there.
        """
        try:
            records = await self._fetch(start, seconds)
            if self.link not in (None, self._link):
                records = await self._read_again(records)
        except OffsetOutOfRangeError as error:
            raise await self._out_of_range(start, error) from error
        if records:
            self._last = records[-1].offset, xxh3_64(records[-1].value)
        now = asyncio.get_running_loop().time()
        if records:
            self._overlooked = False
            self._watched = now
        elif now - self._watched >= WATCH_S:
            self._watched = now
            await self._watch()
        return records

    @property
    def link(self) -> object:
        """Leader and connection; None where there is none.

        The library connects again, and follows a change of leader, without a word.
        """
        client = self._consumer._client
        leader = client.cluster.leader_for_partition(self._at)
        connection = client._conns.get((leader, ConnectionGroup.DEFAULT))
        return None if connection is None else (leader, connection)

    async def _read_again(self, records: list[Record]) -> list[Record]:
        """The records that follow on the last one, once that has been read again."""
        link = self.link
        if self._last is None:
            self._link = link
            return records
        offset, _ = self._last
        found = await self._fetch(offset, self._clients.settings.request_timeout_s)
        if not found:
            return []
        if (found[0].offset, xxh3_64(found[0].value)) != self._last:
            raise LostEnd(
                f"{self._at.topic} holds another record at Kafka's offset {offset} than was read "
                "there"
            )
        self._link = link
        return found[1:]

    async def _out_of_range(self, start: int, error: OffsetOutOfRangeError) -> Damaged:
        if (await self.ends()).first <= start:
            # Others may have appended what stands there now.
            return LostEnd(
                f"{self._at.topic} has ended before Kafka's offset {start}, up to which it was read"
            )
        return Damaged(f"{self._at.topic} holds no record {start}: {error}")

    async def _watch(self) -> None:
        """A consumer whose broker was away may never read on (seen): then take another one."""
        try:
            behind = (await self.ends()).next > self._reached
        except (KafkaError, TimeoutError) as error:
            log.warning("%s can't be looked at: %s", self._at.topic, in_words(error))
            behind = self._overlooked = True
        # What has come between the two looks will be read by the next.
        if behind and self._overlooked:
            await self._connect_again()
        self._overlooked = behind

    async def _connect_again(self) -> None:
        while True:
            try:
                await self.reconnect()
            except Unavailable as error:
                log.error("%s is not read: %s", self._at.topic, error)
            else:
                break
        log.warning("%s is read again by a new client", self._at.topic)

    async def reconnect(self) -> None:
        """Take a new client; raises ``Unavailable``."""
        await self._let_go()
        await self._connect()

    async def _connect(self) -> None:
        clients = self._clients
        self._consumer = await clients.consumer(self._wait_s, self._patience_s)
        client = self._consumer._client
        client.add_topic(self._at.topic)
        wait_ms, bytes_max = clients.wait_ms(self._wait_s), clients.settings.read_bytes_max
        self._fetching = Fetching(client, self._at, wait_ms=wait_ms, bytes_max=bytes_max)
        self._position = -1

    async def _let_go(self) -> None:
        self._fetching.let_go()
        await stop(self._consumer)

    async def _fetch(self, start: int, seconds: float) -> list[Record]:
        if start != self._position:
            self._position = self._reached = start
        records, self._reached = await self._fetching.take(self._reached, seconds)
        if self._counts is not None:
            records = [record for record in records if self._counts(record)]
        if records:
            self._position = records[-1].offset + 1
        return records


__all__ = ["Damaged", "Ends", "KafkaError", "LostEnd", "Record", "TopicReader"]
