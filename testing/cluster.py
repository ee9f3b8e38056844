"""An exchange on Kafka whose roles run in this process, with topics of its own on any brokers."""

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from core import Engine, OrderEntry, first_batch_after, security_list, split_batches
from engine.follower import Follower
from engine.recovery import replay
from engine.setup import batches_of
from gateway.binary import BinaryGateway
from gateway.connection import Connection
from gateway.restart import Fresh
from journal.kafka import (
    FIRST_OFFSET,
    Appender,
    Clients,
    KafkaKept,
    KafkaLane,
    KafkaSnapshots,
    Topics,
    make_topics,
)
from protocol.terms import Gateway
from quantscope import translate
from quantscope.roles.sessions import users_of
from settings import Config, KafkaSettings
from testing.kafka import Brokers
from testing.parts import system_clock
from testing.waiting import SECONDS_MAX

DEADLINE_S = 5.0
"""How long an append may take before its outcome is left open."""
READ_BYTES = 2**20
_numbers = itertools.count(1)


def settings_of(brokers: Brokers, **changed: Any) -> KafkaSettings:
    """Topics that nobody else has, and little patience."""
    prefix = f"t{next(_numbers)}-{secrets.token_hex(3)}"
    wanted: dict[str, Any] = {
        "bootstrap_servers": tuple(brokers.bootstrap_servers.split(",")),
        "topic_prefix": prefix,
        "request_timeout_s": 3.0,
        "start_deadline_s": 20.0,
    }
    return KafkaSettings(**(wanted | changed))


class Cluster:
    """One exchange, of one partition."""

    def __init__(self, brokers: Brokers, config: Config | None = None, **changed: Any) -> None:
        """Nothing is made yet."""
        self.settings = settings_of(brokers, **changed)
        self.config = config or Config()
        self.clients = Clients(self.settings)
        self.topics = Topics(self.settings, ("a",))
        self.clock = system_clock()

    async def make(self) -> "Cluster":
        """Make the topics, and journal what the configuration says."""
        admin = await self.clients.admin()
        try:
            await make_topics(admin, self.topics)
        finally:
            await admin.close()
        engine = await asyncio.to_thread(self.replayed)
        batches = batches_of(engine, translate.setup(self.config), self.clock.now_ns(), 1_000)
        async with self.appender() as out:
            await out.append(batches)
        return self

    def appender(self) -> Appender:
        """To the commands."""
        return Appender(self.clients, self.topics.commands, deadline_s=DEADLINE_S)

    def event_appender(self, name: str = "a") -> Appender:
        """To an engine's events, for who plays the engine."""
        return Appender(self.clients, self.topics.events(name), deadline_s=DEADLINE_S)

    def follower(self, name: str = "a") -> Follower:
        """An engine."""
        return Follower(
            self.clients,
            self.topics,
            name,
            self.config.journal,
            self.clock,
            append_deadline_s=DEADLINE_S,
        )

    @asynccontextmanager
    async def following(self, name: str = "a") -> AsyncIterator[Follower]:
        """An engine at work, from when it is at the end of the commands on."""
        follower = self.follower(name)
        running = asyncio.create_task(follower.run())
        try:
            async with asyncio.timeout(SECONDS_MAX):
                while not follower.ready:
                    if running.done():
                        await running
                    await asyncio.sleep(0.01)
            yield follower
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    def lane(self, gateway: int) -> KafkaLane:
        """A gateway's."""
        return KafkaLane(
            self.clients,
            self.topics,
            "a",
            gateway,
            self.config.journal,
            self.clock,
            append_deadline_s=DEADLINE_S,
        )

    @asynccontextmanager
    async def gateway(self) -> AsyncIterator["Served"]:
        """Order entry over TCP, with sessions as they are now, from when it takes logins on."""
        engine = await asyncio.to_thread(self.replayed)
        order_entry = OrderEntry(self.config.gateway, self.clock)
        session = self.settings.topic_prefix[-6:]
        users = users_of(self.config, engine, order_entry, lambda _: session)
        lane = self.lane(Gateway.BINARY)
        async with AsyncExitStack() as stack:
            kept = await asyncio.to_thread(self._old, engine, order_entry)
            stack.push_async_callback(asyncio.to_thread, kept.events.__exit__)
            binary = BinaryGateway(
                order_entry,
                users,
                lane,
                self.config.gateway,
                self.clock,
                events=lambda: kept.events,
                security_list=lambda number, one: security_list(number, one, engine),
                last_cl_ord_ids=dict,
                fresh=self._no_fresh,
            )
            lane.attach(binary)
            tasks = [asyncio.create_task(x) for x in (lane.run(kept.offset), binary.run())]
            stack.push_async_callback(_ended, tasks)
            listen = asyncio.get_running_loop().create_server
            server = await listen(lambda: Connection(binary), "127.0.0.1", 0)
            stack.callback(server.close)
            stack.callback(binary.close)
            port = server.sockets[0].getsockname()[1]
            async with asyncio.timeout(SECONDS_MAX):
                while not lane.ready:
                    await _sound(tasks)
                    await asyncio.sleep(0.01)
            yield Served(port, lane)
            await _sound(tasks)

    def _old(self, engine: Engine, order_entry: OrderEntry) -> "OldEvents":
        """Learn where old messages stand; the events, and where they go on behind the engine."""
        command = engine.position().command_offset
        events = KafkaKept(self.clients, self.topics.events("a")).__enter__()
        at = events.first_offset
        end = first_batch_after(events, command)
        while at < end and (some := events.read(at, READ_BYTES)):
            order_entry.scan(b"".join(record.batch for record in some if record.offset < end))
            at = some[-1].offset + 1
        return OldEvents(events, end - FIRST_OFFSET)

    @staticmethod
    def _no_fresh() -> Fresh:
        raise AssertionError("order entry has failed, which no test here asks for")

    # -- what is there, for who waits for it in a thread -------------------------------------

    def replayed(self) -> Engine:
        """An engine at the end of the commands, from the newest snapshot on."""
        snapshots = KafkaSnapshots(self.clients, self.topics, deadline_s=DEADLINE_S)
        engine = next(snapshots.engines(), None) or Engine()
        with KafkaKept(self.clients, self.topics.commands) as commands:
            for _ in replay(engine, commands):
                pass
        return engine

    def compared(self, name: str = "a") -> Engine:
        """The engine that makes of the commands what stands in a log, byte by byte."""
        engine, made, stored = Engine(), list[bytes](), self.events(name)
        with KafkaKept(self.clients, self.topics.commands) as commands:
            for _, events in replay(engine, commands):
                made += split_batches(events)
        # What came last may not be published yet.
        assert stored == made[: len(stored)], "the log holds other events than the commands make"
        assert len(made) - len(stored) < 1_000
        return engine

    def events(self, name: str = "a") -> list[bytes]:
        """All event batches of an engine's log."""
        with KafkaKept(self.clients, self.topics.events(name)) as log:
            return records(log)


@dataclass(frozen=True)
class Served:
    """A gateway at work."""

    binary: int
    """Its port."""
    lane: KafkaLane
    http: int = 0


@dataclass(frozen=True)
class OldEvents:
    """The events, for who replays them."""

    events: KafkaKept
    offset: int
    """Kafka's, of what is to be told next."""


async def _sound(tasks: list[asyncio.Task[None]]) -> None:
    """Fail as one of them has."""
    for task in tasks:
        if task.done():
            await task


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def records(log: KafkaKept) -> list[bytes]:
    """All that a partition holds."""
    found: list[bytes] = []
    at = log.first_offset
    while at < log.next_offset and (some := log.read(at, READ_BYTES)):
        found += [record.batch for record in some]
        at = some[-1].offset + 1
    return found
