"""An exchange on Kafka whose roles run in this process, with topics of its own on any brokers."""

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import msgspec

from core import Clock, Engine, Faults, Recorder, split_batches
from engine.followed import FollowedEngine, FollowedEngines
from engine.follower import Follower
from engine.recovery import replay
from gateway.checkpoints import SessionCheckpoints
from journal.kafka import (
    NEW,
    Appender,
    Bases,
    Clients,
    Control,
    Displaced,
    Eras,
    KafkaKept,
    KafkaLane,
    KafkaSnapshots,
    Logs,
    Standing,
    Tenure,
    Topics,
)
from protocol.terms import Gateway
from quantscope.cluster.engine import ClusterEngine
from quantscope.cluster.facade import ClusterFacade
from quantscope.cluster.gateway import ClusterGateway
from quantscope.cluster.process import found_in
from quantscope.cluster.setup import run_setup
from quantscope.cluster.surroundings import ClusterRole, Surroundings
from quantscope.cluster.watch import watch_exchange
from quantscope.metrics.exposition import renderer
from quantscope.roles.role import Process
from settings import Config, KafkaSettings
from testing.kafka import Brokers
from testing.parts import system_clock
from testing.recorded import recorded
from testing.rest import Rest
from testing.waiting import SECONDS_MAX

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


def on_kafka(config: Config, kafka: KafkaSettings) -> Config:
    """The same, with its journal there."""
    journal = msgspec.structs.replace(config.journal, adapter="kafka")
    return msgspec.structs.replace(config, journal=journal, kafka=kafka)


class Cluster:
    """One exchange, of one partition."""

    def __init__(self, brokers: Brokers, config: Config | None = None, **changed: Any) -> None:
        """Nothing is made yet."""
        self.config = on_kafka(config or Config(), settings_of(brokers, **changed))
        self.settings = self.config.kafka
        self.clients = Clients(self.settings)
        self.topics = Topics(self.settings)
        self.clock = system_clock()

    async def make(self) -> "Cluster":
        """Make the topics, and journal what the configuration says."""
        await asyncio.to_thread(run_setup, self.config, lambda _: None)
        return self

    def appender(self) -> Appender:
        """To the commands."""
        deadline_s = self.settings.append_deadline_s
        return Appender(self.clients, self.topics.commands, deadline_s=deadline_s)

    @property
    def logs(self) -> Logs:
        """Of a journal that has lost nothing."""
        return Logs(self.clients, self.topics, NEW)

    def snapshots(self, bases: Bases = NEW) -> KafkaSnapshots:
        """The engines' states."""
        deadline_s = self.settings.append_deadline_s
        return KafkaSnapshots(self.clients, self.topics, deadline_s=deadline_s, bases=bases)

    def checkpoints(self, bases: Bases = NEW) -> SessionCheckpoints:
        """Those of the sessions."""
        deadline_s = self.settings.append_deadline_s
        return SessionCheckpoints(self.clients, self.topics, deadline_s=deadline_s, bases=bases)

    @asynccontextmanager
    async def around(self) -> AsyncIterator[Surroundings]:
        """What a role of it gets in a process of its own."""
        ports = msgspec.structs.replace(self.config.server, http_port=0, binary_port=0, fix_port=0)
        config = msgspec.structs.replace(self.config, server=ports)
        process = Process(config, Faults(), self.clock, 2**31)
        async with self.control() as control:
            standing = await control.read()
            yield Surroundings(
                process,
                self.clients,
                self.topics,
                control,
                standing.known(),
                bytes,
                list,
                eras=standing.eras,
            )

    def control(self) -> Control:
        """What is true of it as a whole."""
        return Control(self.clients, self.topics, deadline_s=self.settings.append_deadline_s)

    def event_appender(self, name: str = "a") -> Appender:
        """To an engine's events, for who plays the engine."""
        deadline_s = self.settings.append_deadline_s
        return Appender(self.clients, self.topics.events(name), deadline_s=deadline_s)

    @asynccontextmanager
    async def following(self, name: str = "a") -> AsyncIterator[Follower]:
        """An engine at work, from when it is at the end of the commands on."""
        async with self.around() as around:
            role = ClusterEngine(around, name)
            async with self.running(role, around):
                yield role.follower

    def follower(self, control: Control, name: str = "a") -> Follower:
        """An engine, for who runs it by hand."""
        return Follower(self.clients, self.topics, name, self.config.journal, self.clock, control)

    def lane(self, gateway: int, control: Control, clock: Clock | None = None) -> KafkaLane:
        """A gateway's."""
        return KafkaLane(
            self.clients,
            self.topics,
            self.settings.engines,
            gateway,
            self.config.journal,
            clock or self.clock,
            Tenure(control, f"gateway.{gateway}", self.clock),
            engine_behind=self.followed().behind,
        )

    def followed(self, name: str = "a") -> FollowedEngine:
        """What an engine's log tells of it."""
        return FollowedEngine(self.logs, name, self.snapshots())

    def engines(self, eras: Eras | None = None) -> FollowedEngines:
        """What all engines' logs tell of them; in the first era, unless told."""
        logs = replace(self.logs, eras=eras or Eras())
        return FollowedEngines(logs, self.settings.engines, self.snapshots())

    def standing(self) -> Standing:
        """What is true of it as a whole."""

        async def read() -> Standing:
            async with self.control() as control:
                return await control.read()

        return asyncio.run(read())

    @asynccontextmanager
    async def gateway(self, number: int = Gateway.BINARY) -> AsyncIterator["Served"]:
        """Order entry over TCP, with sessions as they are now, from when it takes logins on."""
        async with self.around() as around:
            role = ClusterGateway(around, number)
            async with self.running(role, around):
                port = int(role.ports["binary"].address.rpartition(":")[2])
                yield Served(port, role.lane, role)

    @asynccontextmanager
    async def facade(self, number: int = Gateway.FACADE) -> AsyncIterator["ServedFacade"]:
        """REST and WebSocket, from when commands are taken on."""
        async with self.around() as around:
            faults = around.process.faults
            role = ClusterFacade(
                replace(
                    around,
                    metrics=lambda: renderer(role.figures, faults, role.own_faults)(),
                    standing=lambda: role.standing(),
                ),
                number,
            )
            async with self.running(role, around):
                port = int(role.ports["http"].address.rpartition(":")[2])
                async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                    yield ServedFacade(port, role, client)

    async def recorded(
        self, path: Path, journal_id: int | None = None
    ) -> AbstractContextManager[Recorder]:
        """Have a store filled with what the engine tells, as one of this journal unless told."""
        async with self.control() as control:
            known = (await control.read()).known().journal_id
        chosen = known if journal_id is None else journal_id
        return recorded(self.clients, self.topics, chosen, path)

    @asynccontextmanager
    async def gateway_beside(self) -> AsyncIterator[tuple["Served", AsyncExitStack]]:
        """A gateway, and an engine that can be ended before it."""
        async with AsyncExitStack() as engine:
            await engine.enter_async_context(self.following())
            async with self.gateway() as served:
                yield served, engine

    @asynccontextmanager
    async def running(self, role: ClusterRole, around: Surroundings) -> AsyncIterator[None]:
        """A role at work, from when it is ready on; it is stopped as an operator would."""
        stop = asyncio.Event()
        try:
            await role.open()
            async with asyncio.TaskGroup() as group:
                running = group.create_task(role.run(stop))
                watching = group.create_task(watch_exchange(around.control, role.on_standing))
                async with asyncio.timeout(SECONDS_MAX):
                    while role.standing():
                        await asyncio.sleep(0.01)
                yield
                stop.set()
                await running
                watching.cancel()
        except BaseExceptionGroup as errors:
            if displaced := found_in(errors, Displaced):
                raise displaced from errors
            raise
        finally:
            await role.close()

    # -- what is there, for who waits for it in a thread -------------------------------------

    def replayed(self) -> Engine:
        """An engine at the end of the commands, from the newest snapshot on."""
        engine = next(self.snapshots().engines(), None) or Engine()
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
    role: ClusterGateway
    http: int = 0

    @property
    def fix(self) -> int:
        """Its port for FIX."""
        return int(self.role.ports["fix"].address.rpartition(":")[2])


@dataclass(frozen=True)
class ServedFacade(Rest):
    """A facade at work."""

    http: int
    """Its port."""
    role: ClusterFacade
    client: httpx.AsyncClient
    binary: int = 0

    @property
    def url(self) -> str:
        """Where WebSocket is."""
        return f"ws://127.0.0.1:{self.http}"


def records(log: KafkaKept) -> list[bytes]:
    """All that a partition holds."""
    found: list[bytes] = []
    at = log.first_offset
    while at < log.next_offset and (some := log.read(at, READ_BYTES)):
        found += [record.batch for record in some]
        at = some[-1].offset + 1
    return found
