"""The exchange of ``testing.in_process`` on Kafka: engine, gateway and facade with a lane each.

Its words are the same; a test that reaches into a part which there is not here is of one process.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import NoReturn, Self

import httpx
import msgspec
import pytest

from core import Commands, Engine
from engine.follower import Follower
from journal.kafka import KafkaLane
from protocol.terms import Gateway
from settings import FacadeSettings
from testing.client import hang_up
from testing.cluster import Cluster, Served
from testing.in_process import InProcess
from testing.kafka import Brokers
from testing.waiting import until


class InCluster(InProcess):
    """Serves while its block runs."""

    partition = 0

    def __init__(self, brokers: Brokers, facade: FacadeSettings | None = None) -> None:
        """Nothing is made yet."""
        super().__init__(facade)
        del self.service, self.logs
        # Whoever says nothing for long has lost its lease.
        journal = msgspec.structs.replace(self.config.journal, tick_interval_s=1.0)
        self.config = msgspec.structs.replace(self.config, journal=journal)
        self.cluster = Cluster(brokers, self.config)
        self.lane: KafkaLane
        self._follower: Follower
        self._served: Served

    async def __aenter__(self) -> Self:
        """Make the topics, and serve."""
        await self.cluster.make()
        enter = self._stack.enter_async_context
        self._follower = await enter(self.cluster.following())
        self._served = await enter(self.cluster.gateway())
        control = await enter(self.cluster.control())
        self.lane = self.cluster.lane(Gateway.FACADE, control)
        self._stack.callback(self.lane.close)
        begins = await asyncio.to_thread(self.cluster.engines().standing)
        self._build_facade(begins.engine, self.lane, others=True)
        self.lane.attach(self.facade)
        running = self.lane.run(begins.beginning)
        await enter(_running(running, self.facade.run()))
        await enter(self._listening())
        await until(lambda: self.lane.ready)
        self.record_all()
        base_url = f"http://127.0.0.1:{self.http}"
        hooks = {"response": [self._is_documented]}
        self.client = await enter(httpx.AsyncClient(base_url=base_url, event_hooks=hooks))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close whatever is open, the lines of clients first."""
        await hang_up()
        self.facade.close()
        await self._stack.aclose()

    @contextlib.asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        async with self._listening_http():
            self.binary = self._served.binary
            yield

    @property
    def engine(self) -> Engine:
        """The engine that serves."""
        return self._follower.engine

    def _of_one_process(self) -> NoReturn:
        pytest.skip("it reaches into the pipeline of one process")

    def __getattr__(self, name: str) -> NoReturn:
        """What a test asks of parts that there are not here."""
        if name in ("service", "logs", "gateway"):
            self._of_one_process()
        raise AttributeError(name)

    hold = release = _of_one_process

    async def lose_journal(self) -> None:
        """There is no file that could be lost."""
        self._of_one_process()

    async def command(self, write: Callable[[Commands], object]) -> None:
        """A command of nobody's, as ``quantscope setup`` makes it."""
        commands = Commands()
        write(commands)
        sealed = commands.seal(Gateway.ENGINE, 0, 0, self.clock.now_ns(), 1_000)
        assert sealed is not None
        before = self.engine.position().command_offset
        async with self.cluster.appender() as out:
            await out.append([sealed])
        await until(lambda: self.lane.told is not None and self.lane.told[0] > before)

    async def session_places(self, **terms: int) -> int:
        """As in one process; the facade, which reads for itself, has seen it too."""
        order_id = await super().session_places(**terms)
        await until(lambda: self.view.newest_order >= order_id)
        return order_id


@contextlib.asynccontextmanager
async def _running(*parts: object) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(part) for part in parts]  # type: ignore[call-overload]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
