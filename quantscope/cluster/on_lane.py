"""What a gateway and a facade have in common: a lane, and the engine that it begins behind."""

import asyncio
import contextlib

from core import Engine, EventsEnd
from engine.followed import FollowedEngine
from journal.kafka import KafkaLane, Tenure
from quantscope.cluster.learning import learned
from quantscope.cluster.surroundings import Surroundings


class OnLane:
    """A number's lane to the engines, from where one of them stands."""

    def __init__(self, around: Surroundings, number: int) -> None:
        """Nothing is learned yet; no other gateway or facade has this number."""
        process = around.process
        config, clock = process.config, process.clock
        # The engine that is followed is the preferred one.
        name = config.kafka.engines[0]
        self.followed = FollowedEngine(around.clients, around.topics, name, around.snapshots())
        self.lane = KafkaLane(
            around.clients,
            around.topics,
            name,
            number,
            config.journal,
            clock,
            Tenure(around.control, f"gateway.{number}", clock),
            engine_behind=self.followed.behind,
            faults=process.faults,
        )
        self._stop_deadline_s = config.server.stop_deadline_s
        self._begins: tuple[int, EventsEnd, int]
        """Where the lane begins to read, and what is known of the events before that."""

    async def learn(self) -> Engine:
        """The engine as it stands, which is waited for; the lane goes on from there."""
        standing = await learned(self.followed)
        self._begins = (standing.offset, standing.end, standing.command_offset)
        return standing.engine

    async def run(self) -> None:
        """Have the lane work, from what was learned; raises as ``KafkaLane.run`` does."""
        await self.lane.run(*self._begins)

    async def drain(self) -> None:
        """Wait until what was asked is answered, or as long as a stop may take."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._stop_deadline_s):
                await self.lane.drain()
