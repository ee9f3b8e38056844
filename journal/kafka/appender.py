"""Appending batches where others append too, so that each is there once it matters."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from journal.kafka.clients import Clients, abandon
from journal.kafka.measured import Measured
from journal.kafka.security import Unavailable
from journal.kafka.sending import send
from journal.kafka.words import in_words
from settings.kafka import RECORD_OVERHEAD_BYTES

log = logging.getLogger("quantscope.kafka")


class AppendFailed(Exception):
    """Batches may be there or not, and may still come."""


class TooLarge(ValueError):
    """A batch is larger than topics take; it was not sent."""


class Appender:
    """Sends batches to one partition, one request at a time, in order.

    After an error the library's client is not to be trusted: the same batches go again with a new
    one, until they are there or the deadline has passed.  So a batch may stand there twice; whoever
    reads knows it by its number.
    """

    def __init__(
        self,
        clients: Clients,
        topic: str,
        partition: int = 0,
        *,
        deadline_s: float,
        measured: Measured | None = None,
    ) -> None:
        """``deadline_s`` is how long an append may take before its outcome is left open.

        ``measured`` is told of each request.
        """
        self._clients = clients
        self._topic, self._partition = topic, partition
        self._deadline_s = deadline_s
        self._producer: AIOKafkaProducer | None = None
        self._measured = measured
        self._turn = asyncio.Lock()
        self.retries = 0
        """Requests that were sent again."""

    async def __aenter__(self) -> Self:
        """Connect; raises ``Unavailable``."""
        self._producer = await self._clients.producer()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of the brokers."""
        await self._drop()

    async def append(self, batches: Sequence[bytes], *, key: bytes | None = None) -> None:
        """Return once all of them are there; raises ``AppendFailed`` after the deadline.

        ``key`` is theirs in a topic that keeps the newest of each.  Raises ``TooLarge`` before
        anything is sent.
        """
        for batch in batches:
            check_size(batch, self._clients.settings.message_bytes_max)
        async with self._turn:
            try:
                async with asyncio.timeout(self._deadline_s):
                    await self._until_there(list(batches), key)
            except (TimeoutError, Unavailable) as error:
                await self._drop()
                raise AppendFailed(
                    f"{len(batches)} batch(es) for {self._topic} are not known to be there after "
                    f"{self._deadline_s:g} s"
                ) from error

    async def _until_there(self, batches: list[bytes], key: bytes | None) -> None:
        while True:
            try:
                if self._producer is None:
                    self._producer = await self._clients.producer()
                await self._send(self._producer, batches, key)
            except KafkaError as error:
                why = in_words(error)
                log.warning("%s: an append failed, and is repeated: %s", self._topic, why)
                self.retries += 1
                await self._drop()
                await asyncio.sleep(self._clients.settings.retry_interval_s)
            else:
                return

    async def _send(
        self, producer: AIOKafkaProducer, batches: list[bytes], key: bytes | None
    ) -> None:
        if self._measured is not None:
            self._measured.begin()
        append_ms = await send(producer, self._topic, self._partition, batches, key)
        if self._measured is not None:
            self._measured.end(append_ms)

    async def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            # What it still holds would come behind what is sent next.
            await abandon(producer)


def check_size(batch: bytes, bytes_max: int) -> None:
    """Raise ``TooLarge``: a broker that refuses a record leaves its producer unusable."""
    if len(batch) > bytes_max - RECORD_OVERHEAD_BYTES:
        raise TooLarge(
            f"a batch of {len(batch)} bytes is above kafka.message_bytes_max = {bytes_max}"
        )
