"""The facade's role in a cluster: REST and WebSocket on a lane to the engines."""

import asyncio
from collections.abc import Mapping

from core import VERSION, View
from facade.app import Facade
from journal.datadir import STORE_NAME
from journal.kafka import Standing
from quantscope.acceptor import Acceptor
from quantscope.cluster.on_lane import OnLane
from quantscope.cluster.surroundings import Surroundings
from quantscope.journals import data_dir
from quantscope.metrics.exposition import Part
from quantscope.metrics.facade import FacadeFigures, own_faults
from quantscope.metrics.lane import LaneFigures
from quantscope.metrics.ports import PortFigures
from quantscope.metrics.store import StoreFigures
from quantscope.roles.facade import origins, serve_requests
from store.follower import StoreFollower
from store.redis import RedisStore
from store.redis_follower import RedisFollower


class ClusterFacade:
    """The facade of one number.  Its own pages say how the process is."""

    def __init__(self, around: Surroundings, number: int) -> None:
        """Nothing is opened yet; no other gateway or facade has this number."""
        process = around.process
        config = process.config
        self._around = around
        self._number = number
        self._config = config
        self._on_lane = OnLane(around, number)
        self.lane = self._on_lane.lane
        self.ports: Mapping[str, Acceptor] = {}
        self.follower = self._follower()
        self.rest: Facade

    def _follower(self) -> StoreFollower | RedisFollower:
        """The store, of which another process says how far it is."""
        config, journal_id = self._config, self._around.journal.journal_id
        if config.store.adapter == "redis":
            return RedisFollower(
                RedisStore(config.redis),
                journal_id,
                config.facade,
                on_recorded=lambda *places: self.rest.on_recorded(*places),
                on_resumed=lambda: self.rest.archive.damage.clear(),
            )
        return StoreFollower(
            data_dir(config) / STORE_NAME,
            journal_id,
            config.facade,
            on_recorded=lambda sequence: self.rest.on_recorded(sequence),
            on_resumed=lambda: self.rest.archive.damage.clear(),
        )

    @property
    def heard(self) -> int:
        """See ``ClusterRole``."""
        return self.lane.heard

    def standing(self) -> list[str]:
        """It is ready while commands are taken; without the store trading goes on."""
        fault = self.lane.fault
        faults = self._on_lane.standing() if fault is None else [fault, *self._on_lane.standing()]
        return [*faults, *self.rest.wrong()]

    @property
    def figures(self) -> tuple[Part, ...]:
        """See ``ClusterRole``."""
        return (
            LaneFigures(self.lane),
            FacadeFigures(self.rest),
            StoreFigures(self.follower),
            PortFigures(tuple(self.ports.values())),
        )

    def own_faults(self) -> dict[str, int]:
        """See ``CountsFaults``."""
        return own_faults(self.rest)

    def on_standing(self, standing: Standing) -> None:
        """See ``ClusterRole``."""
        self._on_lane.on_standing(standing)

    async def open(self) -> None:
        """Learn what stands in the books from an engine's log, and listen."""
        process, config = self._around.process, self._config
        engine = await self._on_lane.learn()
        self.rest = Facade(
            View.restore(engine, self._number, config.facade),
            self.lane,
            self.follower.store,
            config.facade,
            origins(config),
            process.clock,
            version=VERSION,
            metrics=self._around.metrics,
            gateway=self._number,
            others=True,
            wake_recorder=self.follower.wake,
            store_away=lambda: self.follower.away,
            standing=self._around.standing,
            faults=process.faults,
        )
        self.lane.attach(self.rest)
        server = config.server
        await self._around.about_to_listen()
        acceptor = await Acceptor.listen(
            "http",
            server.host,
            server.http_port,
            self.rest.server.connect,
            process.descriptors_max,
            process.faults,
            process.handshakes("http"),
        )
        self.ports = {"http": acceptor}

    async def run(self, stop: asyncio.Event) -> None:
        """Take connections; at the end answer what was asked, and close them."""
        keep = self._around.process.faults.keep
        deadline_s = self._config.server.stop_deadline_s
        async with asyncio.TaskGroup() as group:
            working = [
                group.create_task(self._on_lane.run()),
                group.create_task(self.rest.run()),
                group.create_task(keep("facade", "following the store", self.follower.run)),
            ]
            await serve_requests(
                self.rest, self.ports["http"], stop, self._on_lane.drain, deadline_s
            )
            for task in working:
                task.cancel()

    async def close(self) -> None:
        """Let go of the brokers and of the store, and listen no more where it never ran."""
        for acceptor in self.ports.values():
            acceptor.close()
        self.lane.close()
        await self.follower.store.close()
