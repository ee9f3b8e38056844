"""What a gateway and a facade have in common: a lane, and the engine that it begins behind."""

import asyncio
import contextlib

from core import Differs, Engine
from engine.followed import FollowedEngines
from journal.kafka import At, Beginning, KafkaLane, Referee, Standing, StartAgain, Tenure
from quantscope.cluster.learning import learned
from quantscope.cluster.surroundings import Surroundings

NS = 1_000_000_000


class OnLane:
    """A number's lane to the engines, from where one of them stands."""

    def __init__(self, around: Surroundings, number: int) -> None:
        """Nothing is learned yet; no other gateway or facade has this number."""
        process = around.process
        config, clock = process.config, process.clock
        names = config.kafka.engines
        self._era = around.journal.era
        self._referee = Referee(around.control, config.kafka, clock, f"gateway {number}")
        self.followed = FollowedEngines(around.logs, names, around.snapshots())
        self.lane = KafkaLane(
            around.clients,
            around.topics,
            names,
            number,
            config.journal,
            clock,
            Tenure(around.control, f"gateway.{number}", clock),
            engine_behind=self.followed.behind,
            on_differs=self._differ,
            bases=around.bases,
            faults=process.faults,
        )
        self._stop_deadline_s = config.server.stop_deadline_s
        self._behind_s_max = config.engine.stamp_behind_s_max
        self._begins: Beginning

    def standing(self) -> list[str]:
        """Why orders may soon be dropped, where the clock is so far off; see ``ClusterRole``."""
        off_s = self.lane.requests.skew_ns / NS
        if abs(off_s) <= self._behind_s_max / 2:
            return []
        return [
            f"the clock is {abs(off_s):.1f} s {'ahead of' if off_s > 0 else 'behind'} that of the "
            f"brokers: commands are dropped beyond engine.stamp_behind_s_max = "
            f"{self._behind_s_max:g} s"
        ]

    async def learn(self) -> Engine:
        """The engine as it stands, which is waited for; the lane goes on from there."""
        standing = await learned(self.followed)
        self._begins = standing.beginning
        return standing.engine

    async def run(self) -> None:
        """Have the lane work, from what was learned; raises as ``KafkaLane.run`` does."""
        await self.lane.run(self._begins)

    async def _differ(self, name: str, differs: Differs) -> None:
        """An engine tells otherwise than the others did."""
        names = self.lane.replicas
        others = tuple(other for other in names if other != name)
        at = At(differs.command_offset, differs.part)
        await self._referee.differ(self._era, at, (*others, name))

    def on_standing(self, standing: Standing) -> None:
        """See ``ClusterRole``."""
        if standing.halt is not None:
            self.lane.halt(str(standing.halt))
        if (era := standing.known().era) > self._era:
            raise StartAgain(f"era {era} has begun")

    async def drain(self) -> None:
        """Wait until what was asked is answered, or as long as a stop may take."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._stop_deadline_s):
                await self.lane.drain()
