"""A topic that has one writer at a time: a later one of its name ends the one before it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    KafkaError,
    ProducerFenced,
)

from core import Clock
from journal.kafka.appender import AppendFailed, check_size
from journal.kafka.clients import Clients, abandon
from journal.kafka.sending import send
from journal.kafka.words import in_words

log = logging.getLogger("quantscope.kafka")

Work = Callable[[AIOKafkaProducer, Sequence[bytes]], Awaitable[None]]

FENCED = (ProducerFenced, InvalidProducerEpoch, InvalidProducerIdMapping)
"""How brokers say that a producer is over; also after an outage longer than its transaction."""


class Fenced(Exception):
    """A later writer of this name has begun, or the brokers think so after a long outage."""


class FencedLog:
    """The one writer of a partition.

    Everything is appended within one transaction that stays open, so that brokers know who may
    write; readers do not wait for its end, and what was acknowledged is final.  It is ended and
    begun anew long before the brokers would end it, and its ends take offsets.
    """

    def __init__(
        self, clients: Clients, topic: str, partition: int, name: str, clock: Clock
    ) -> None:
        """``name`` is what only one writer at a time may have."""
        self._clients = clients
        self._topic, self._partition = topic, partition
        self._name = name
        self._clock = clock
        self._producer: AIOKafkaProducer | None = None
        self._began_ns = 0
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Begin to write: whoever wrote before can no more, once this returns.

        Only now may the end of what is there be read: nothing is appended behind it but here.
        Raises ``Unavailable``.
        """
        producer = await self._clients.fenced_producer(self._name)
        try:
            await self._begin(producer)
        except BaseException:
            await abandon(producer)
            raise
        self._producer = producer
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of the brokers; what was appended stays."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            async with asyncio.timeout(self._clients.settings.request_timeout_s):
                await producer.commit_transaction()
        except (TimeoutError, KafkaError) as error:
            why = in_words(error)
            log.debug("the last transaction of %s is left to its timeout: %s", self._name, why)
        await abandon(producer)

    async def append(self, batches: Sequence[bytes]) -> None:
        """Return once all of them are there, in order.

        Raises ``TooLarge`` before anything is sent, ``Fenced``, and ``AppendFailed`` where it is
        not known what is there: then this writer is over, and a new one reads the end first.
        """
        for batch in batches:
            check_size(batch, self._clients.settings.message_bytes_max)
        await self.renew()
        async with self._turn:
            await self._within(self._append, batches)

    async def renew(self) -> None:
        """End the transaction, if it is old, and begin another; raises as ``append`` does.

        Who appends nothing for long has to call it.
        """
        async with self._turn:
            age_ns = self._clock.monotonic_ns() - self._began_ns
            if age_ns > self._clients.settings.transaction_renew_s * 1e9:
                await self._within(self._renew, ())

    async def _within(self, work: Work, batches: Sequence[bytes]) -> None:
        producer = self._producer
        if producer is None:
            raise AppendFailed(f"the writer {self._name} is over")
        try:
            async with asyncio.timeout(self._clients.settings.request_timeout_s):
                await work(producer, batches)
        except FENCED as error:
            await self._end(producer)
            raise Fenced(
                f"another writer {self._name} has begun to write {self._topic}, or the brokers "
                "have ended this one's transaction in a long outage"
            ) from error
        except (TimeoutError, KafkaError) as error:
            await self._end(producer)
            raise AppendFailed(
                f"{len(batches)} batch(es) for {self._topic} are not known to be there: "
                f"{in_words(error)}"
            ) from error

    async def _append(self, producer: AIOKafkaProducer, batches: Sequence[bytes]) -> None:
        await send(producer, self._topic, self._partition, batches)

    async def _renew(self, producer: AIOKafkaProducer, _: Sequence[bytes]) -> None:
        await producer.commit_transaction()
        await self._begin(producer)

    async def _begin(self, producer: AIOKafkaProducer) -> None:
        await producer.begin_transaction()
        self._began_ns = self._clock.monotonic_ns()

    async def _end(self, producer: AIOKafkaProducer) -> None:
        self._producer = None
        await abandon(producer)
