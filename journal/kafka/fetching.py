"""What comes next in one partition, asked for while what came is worked on."""

import asyncio
import logging
from typing import NamedTuple

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    CorruptRecordException,
    IncompatibleBrokerVersion,
    KafkaError,
    NodeNotReadyError,
    NoError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.record.memory_records import MemoryRecords

from journal.kafka.straight import Fetch, Fetched, request
from journal.kafka.words import in_words

log = logging.getLogger("quantscope.kafka")

MS_NS = 1_000_000
BACKOFF_S = 0.02
"""Before a broker is asked again that did not answer, in seconds."""


class Record(NamedTuple):
    """A record as it stands in a partition."""

    offset: int
    """Kafka's."""
    append_ns: int
    """When the broker took it, in ns since the epoch, UTC; Kafka counts ms."""
    value: bytes


class Fetching:
    """Fetches of one partition, one at a time, over the connections of a client of the library's.

    The next is under way as soon as one has brought something, and its answer is kept until it is
    asked for.
    """

    def __init__(
        self, client: AIOKafkaClient, at: TopicPartition, *, wait_ms: int, bytes_max: int
    ) -> None:
        """``wait_ms`` is how long a broker holds back an answer that would be empty.

        ``bytes_max`` is how much is asked for at a time; a record batch is given whole.
        """
        self._client = client
        self._at = at
        self._wait_ms = wait_ms
        self._bytes_max = bytes_max
        self._asked: asyncio.Task[Fetched] | None = None
        self._offset = -1
        """From where on was asked."""
        self._failed = False

    def let_go(self) -> None:
        """Wait for no answer any more: the client is stopped next, or asked for something else."""
        asked, self._asked = self._asked, None
        if asked is not None and not asked.cancel() and not asked.cancelled():
            # Nobody asks any more how it failed.
            asked.exception()

    async def take(self, offset: int, seconds: float) -> tuple[list[Record], int]:
        """The records from ``offset`` on, and where to go on; none where none comes in time.

        Waits for brokers that are away.  Raises ``OffsetOutOfRangeError``,
        ``CorruptRecordException`` where what stands at ``offset`` does not match its checksum, and
        ``TopicAuthorizationFailedError``.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while True:
            asked = self._ask(offset)
            await asyncio.wait([asked], timeout=max(0.0, end - loop.time()))
            if not asked.done():
                return [], offset
            self._asked = None
            why = self._failure(asked, offset)
            if why is None:
                self._failed = False
                records, following = _unpacked(asked.result().records, offset)
                if following > offset:
                    self._ask(following)
                    return records, following
            else:
                self._fails(why)
                await asyncio.sleep(BACKOFF_S)
            if loop.time() >= end:
                return [], offset

    def _ask(self, offset: int) -> asyncio.Task[Fetched]:
        """What was asked already, where that was the same."""
        if self._asked is not None and self._offset == offset:
            return self._asked
        self.let_go()
        self._offset = offset
        self._asked = asyncio.create_task(self._fetch(offset))
        return self._asked

    async def _fetch(self, offset: int) -> Fetched:
        if (leader := self._leader) is None:
            await self._client.force_metadata_update()
            leader = self._leader
        if leader is None:
            raise NodeNotReadyError(f"no broker leads {self._at.topic}")
        fetch = Fetch(self._at, offset, wait_ms=self._wait_ms, bytes_max=self._bytes_max)
        answer: Fetched = await self._client.send(leader, request(fetch))
        return answer

    @property
    def _leader(self) -> int | None:
        """The broker to be asked, as far as the client knows."""
        leader: int | None = self._client.cluster.leader_for_partition(self._at)
        return None if leader == -1 else leader

    def _failure(self, asked: asyncio.Task[Fetched], offset: int) -> BaseException | None:
        """Why it is to be asked again, where that is so; raises what will not be otherwise then."""
        if asked.cancelled():
            return NodeNotReadyError("the connection was closed")
        failure = asked.exception()
        if failure is not None:
            if isinstance(failure, IncompatibleBrokerVersion) or not isinstance(
                failure, KafkaError
            ):
                raise failure
            return failure
        error = for_code(asked.result().error_code)
        if error is OffsetOutOfRangeError:
            raise OffsetOutOfRangeError({self._at: offset})
        if error is TopicAuthorizationFailedError:
            raise TopicAuthorizationFailedError(self._at.topic)
        return None if error is NoError else error(f"{self._at.topic} is not given")

    def _fails(self, error: BaseException) -> None:
        """Say it once, and learn who leads now."""
        if not self._failed:
            log.warning("%s is waited for: %s", self._at.topic, in_words(error))
        self._failed = True
        self._client.force_metadata_update()


def _unpacked(content: bytes, offset: int) -> tuple[list[Record], int]:
    """The records of whole batches from ``offset`` on, and the offset behind them."""
    batches, records, following = MemoryRecords(content), list[Record](), offset
    new = tuple.__new__
    while (batch := batches.next_batch()) is not None:
        if not batch.validate_crc():
            if following > offset:
                break
            raise CorruptRecordException("a record batch does not match its checksum")
        # The ends of transactions are records of the brokers' own.
        if not batch.is_control_batch:
            # In a replay each record's time counts: a NamedTuple's own constructor takes longer.
            records += [
                new(Record, (record.offset, (record.timestamp or 0) * MS_NS, record.value or b""))
                for record in batch
                if record.offset >= offset
            ]
        following = max(following, batch.next_offset)
    return records, following
