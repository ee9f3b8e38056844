"""The library's clients, set as they measured best, and started however long that takes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from journal.kafka.connections import ClosesAll
from journal.kafka.refusal import KNOCK_S, Doors
from journal.kafka.security import NothingToShow, Security, Unavailable
from journal.kafka.words import in_words
from settings import KafkaSettings

log = logging.getLogger("quantscope.kafka")


Client = AIOKafkaAdminClient | AIOKafkaConsumer | AIOKafkaProducer
CLIENT = TypeVar("CLIENT", bound=Client)
STOP_S = 1.0
"""What a client that holds nothing may take to stop, in seconds."""


class Clients:
    """Makes clients of one cluster of brokers.

    None of them compresses: that takes longer on the event loop than the bytes that it saves.  Each
    reads or writes one partition: a client of several waits for the slowest.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        """Nothing is connected yet."""
        self.settings = settings
        self._security = Security(settings)
        self._doors = Doors(settings, self._security)

    def check(self) -> None:
        """Raise ``ConfigError`` where what brokers are to be shown can't be had."""
        self._security.check()

    async def producer(self) -> AIOKafkaProducer:
        """One whose repeated sends within the library count once."""
        return await self._started(
            lambda: AIOKafkaProducer(**self._writes(), enable_idempotence=True)
        )

    async def fenced_producer(self, name: str) -> AIOKafkaProducer:
        """One of which there is one of this name: all before it can write no more."""
        timeout_ms = int(self.settings.transaction_timeout_s * 1_000)
        return await self._started(
            lambda: AIOKafkaProducer(
                **self._writes(), transactional_id=name, transaction_timeout_ms=timeout_ms
            )
        )

    async def consumer(self, wait_s: float, patience_s: float | None = None) -> AIOKafkaConsumer:
        """One that is told where to read, and notes nothing on the brokers.

        ``wait_s`` is how long a broker holds back an answer that would be empty.  New data ends
        that at once: who follows waits long, and shorter only takes processor time.  But so long
        is also waited by who has come to the end and then reads somewhere else.  ``patience_s`` is
        how long brokers are waited for: ``start_deadline_s``, unless told.
        """
        settings = self.settings
        reads: dict[str, Any] = {
            "group_id": None,
            "enable_auto_commit": False,
            "auto_offset_reset": "none",
            "fetch_min_bytes": 1,
            "fetch_max_wait_ms": self.wait_ms(wait_s),
            "max_partition_fetch_bytes": settings.read_bytes_max,
            "fetch_max_bytes": max(settings.read_bytes_max, settings.message_bytes_max),
            # A transaction is no unit of anything here: what was acknowledged is there.
            "isolation_level": "read_uncommitted",
        }
        return await self._started(lambda: AIOKafkaConsumer(**self._all(), **reads), patience_s)

    def wait_ms(self, wait_s: float) -> int:
        """How long a broker is to hold back an empty answer; it has longer for that, in ms."""
        return int(min(wait_s, self.settings.request_timeout_s / 2) * 1_000)

    async def admin(self) -> AIOKafkaAdminClient:
        """One that makes and describes topics."""
        return await self._started(lambda: AIOKafkaAdminClient(**self._all()))

    @asynccontextmanager
    async def administering(self) -> AsyncIterator[AIOKafkaAdminClient]:
        """An ``admin`` while it is needed."""
        admin = await self.admin()
        try:
            yield admin
        finally:
            await stop(admin)

    def _all(self) -> dict[str, Any]:
        settings = self.settings
        return {
            "bootstrap_servers": list(settings.bootstrap_servers),
            "request_timeout_ms": int(settings.request_timeout_s * 1_000),
            "retry_backoff_ms": 20,
            **self._security.arguments(),
        }

    def _writes(self) -> dict[str, Any]:
        size = self.settings.message_bytes_max
        return self._all() | {
            "acks": "all",
            "linger_ms": 0,
            "compression_type": None,
            "max_batch_size": size,
            "max_request_size": size,
        }

    async def _started(self, make: Callable[[], CLIENT], patience_s: float | None = None) -> CLIENT:
        """A client that is started; it fails at once while no broker answers.

        An attempt is not broken off, but by whoever waits for it: the library would leave what it
        was connecting.  Each begins with what files say then.
        """
        settings = self.settings
        loop = asyncio.get_running_loop()
        deadline_s = settings.start_deadline_s if patience_s is None else patience_s
        end, why, said = loop.time() + deadline_s, "", patience_s is not None
        while True:
            begun = loop.time()
            client = await self._attempt(make)
            if client is not None:
                return client
            over = loop.time() >= end
            # Whoever refuses does it at once.
            if loop.time() - begun < KNOCK_S and (over or not (said and self._doors.let_in)):
                why = await self._doors.why()
            if over:
                named = "start_deadline_s" if patience_s is None else "request_timeout_s"
                raise Unavailable(
                    f"no broker of {self._servers} (kafka.bootstrap_servers) answered within "
                    f"{deadline_s:g} s (kafka.{named}){why}"
                )
            if not said:
                said = True
                away = "no broker of %s answers yet: waited for %g s%s"
                log.warning(away, self._servers, deadline_s, why)
            await asyncio.sleep(settings.retry_interval_s)

    @property
    def _servers(self) -> str:
        return ", ".join(self.settings.bootstrap_servers)

    async def _attempt(self, make: Callable[[], CLIENT]) -> CLIENT | None:
        """A client that is started; None where no broker answers, or what it is shown is away."""
        try:
            client = make()
        except NothingToShow:
            if not self._doors.let_in:
                raise
            return None
        try:
            await _start(client)
            await self._doors.look()
        except (KafkaError, TimeoutError, AssertionError) as error:
            # A broker that has just begun knows of none, over which the library asserts.
            log.debug("no broker answers yet: %s", in_words(error))
            await self._give_up(client)
            return None
        except BaseException:
            await self._give_up(client)
            raise
        return client

    @staticmethod
    async def _give_up(client: Client) -> None:
        if isinstance(client, AIOKafkaProducer):
            await abandon(client)
        else:
            await stop(client)


async def _start(client: Client) -> None:
    """Start a client.  Whoever is canceled meanwhile waits a moment for the end of the attempt.

    The library forgets the connection over which it was asking for the names of the brokers.
    """
    starting: asyncio.Task[None] = asyncio.create_task(client.start())  # type: ignore[no-untyped-call]
    try:
        await asyncio.wait([starting])
    except asyncio.CancelledError:
        await _apart(starting)
        raise
    starting.result()


async def stop(client: AIOKafkaAdminClient | AIOKafkaConsumer) -> None:
    """Stop a client; one that waits for brokers that are gone is cut off."""
    await _apart(client.stop() if isinstance(client, AIOKafkaConsumer) else client.close())
    # Where that was broken off, or the client has never started, its connections are open still.
    await _let_go(client._client)


async def abandon(producer: AIOKafkaProducer) -> None:
    """Let go of a producer at once: what it was given and has not sent is never sent.

    The library has no call for it: its own ``stop`` sends all first, however long that takes.
    """
    producer._closed = True
    sender: Any = producer._sender
    if sender is not None and sender.sender_task is not None:
        sending: asyncio.Task[None] = sender.sender_task
        sending.cancel()
        await asyncio.wait([sending], timeout=STOP_S)
    await _let_go(producer.client)


async def _let_go(connected: AIOKafkaClient) -> None:
    """Close all connections of a client, also those that its tasks are still opening."""
    await _apart(connected.close())
    connected._conns = ClosesAll(connected)


async def _apart(ending: Coroutine[Any, Any, None] | asyncio.Task[None]) -> None:
    """Wait for the end of something, not too long, in a task of its own.

    The library cancels tasks of its own and waits for them, and lets that show as if its caller
    were canceled.
    """
    task = ending if isinstance(ending, asyncio.Task) else asyncio.create_task(ending)
    await asyncio.wait([task], timeout=STOP_S)
    if not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=STOP_S)
    if task.done() and not task.cancelled() and (error := task.exception()) is not None:
        log.debug("a client does not stop by itself: %s", in_words(error))
