"""The engine of a cluster: a recovery that does not end.

It reads the commands of all gateways from their topic, applies them, and publishes what follows in
a log of its own.  It decides nothing that another engine would not decide alike.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack

from core import Clock, Commands, Engine, LogRecord, split_batches
from engine.recovery import Recovered, recover, replayed
from journal.kafka import (
    FIRST_OFFSET,
    Appender,
    AppendFailed,
    Clients,
    FencedLog,
    KafkaKept,
    TopicReader,
    Topics,
    log_record,
)
from protocol.terms import Gateway
from settings import JournalSettings

log = logging.getLogger("quantscope.engine")

RETRY_S = 0.3
"""Before it is tried again what brokers did not do, in seconds."""


class _OwnLog:
    """The engine's own log, as a recovery reads it and writes it on, from a thread."""

    def __init__(self, kept: KafkaKept, writer: FencedLog, loop: asyncio.AbstractEventLoop) -> None:
        """``loop`` is the writer's."""
        self._kept = kept
        self._writer = writer
        self._loop = loop

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
        """See ``KeptLog``."""
        return self._kept.read(start, bytes_max)

    def append(self, append_ns: int, batches: list[bytes]) -> int:
        """Wait until they are there."""
        asyncio.run_coroutine_threadsafe(self._writer.append(batches), self._loop).result()
        return 0


class Follower:
    """One replica of the engine."""

    def __init__(
        self,
        clients: Clients,
        topics: Topics,
        name: str,
        journal: JournalSettings,
        clock: Clock,
        *,
        append_deadline_s: float,
        engines: Callable[[], Iterator[Engine]] = lambda: iter(()),
    ) -> None:
        """``engines`` are those of snapshots from which it may go on, the newest first."""
        self._clients = clients
        self._topics = topics
        self._journal = journal
        self._clock = clock
        self._append_deadline_s = append_deadline_s
        self._engines = engines
        self.name = name
        self.engine: Engine
        self.recovered: Recovered
        self.ready = False
        """Whether it is at the end of the commands."""
        self.restarts = 0
        """How often it has begun again, because brokers failed."""

    async def run(self) -> None:
        """Follow the commands until canceled; raises ``Fenced`` when a later one has begun."""
        while True:
            try:
                await self._live()
            except (AppendFailed, TimeoutError) as error:
                self.ready = False
                self.restarts += 1
                log.error("engine %s begins again at the end of its log: %s", self.name, error)
                await asyncio.sleep(RETRY_S)

    async def _live(self) -> None:
        """From the taking of its log to the next failure of the brokers."""
        clients, topics = self._clients, self._topics
        async with AsyncExitStack() as stack:
            writer = FencedLog(clients, topics.events(self.name), 0, self._writer_name, self._clock)
            await stack.enter_async_context(writer)
            commands = await stack.enter_async_context(TopicReader(clients, topics.commands))
            ticks = await stack.enter_async_context(
                Appender(clients, topics.commands, deadline_s=self._append_deadline_s)
            )
            self.recovered = await asyncio.to_thread(
                self._recover, writer, asyncio.get_running_loop()
            )
            self.engine = self.recovered.engine
            log.info(
                "engine %s: %d command batches replayed in %.2f s, %d event batches published",
                self.name,
                self.recovered.commands,
                self.recovered.seconds,
                self.recovered.events,
            )
            self.ready = True
            await self._follow(commands, writer, ticks)

    @property
    def _writer_name(self) -> str:
        return f"{self._topics.events(self.name)}.writer"

    def _recover(self, writer: FencedLog, loop: asyncio.AbstractEventLoop) -> Recovered:
        with ExitStack() as stack:
            commands = stack.enter_context(KafkaKept(self._clients, self._topics.commands))
            own = KafkaKept(self._clients, self._topics.events(self.name))
            events = _OwnLog(stack.enter_context(own), writer, loop)
            return recover(self._engines(), commands, events, self._clock)

    async def _follow(self, commands: TopicReader, writer: FencedLog, ticks: Appender) -> None:
        """Apply what comes, publish what follows; where nothing comes, let time go on."""
        engine = self.engine
        at = engine.position().command_offset + 1 - FIRST_OFFSET
        while True:
            records = await commands.follow(at, self._journal.tick_interval_s)
            if records:
                at = records[-1].offset + 1
                produced = replayed(engine, [log_record(x, FIRST_OFFSET) for x in records])
                await writer.append(split_batches(produced))
            else:
                await ticks.append(self._tick())
            await writer.renew()

    def _tick(self) -> list[bytes]:
        tick = Commands()
        tick.tick()
        batch = tick.seal(Gateway.ENGINE, 0, 0, self._clock.now_ns(), 1)
        return [] if batch is None else [batch]
