"""The engine's role in a cluster: one replica, which follows the commands and publishes events."""

import asyncio
import logging
from collections.abc import Mapping

from core import JournalError, Tally
from engine.follower import Follower
from engine.topic_retention import TopicRetention
from journal.kafka import KafkaError, Standing, Unavailable, in_words
from quantscope.acceptor import Acceptor
from quantscope.cluster.surroundings import Surroundings
from quantscope.metrics.exposition import Part
from quantscope.metrics.follower import FollowerFigures
from quantscope.metrics.retention import RetentionFigures

log = logging.getLogger("quantscope")


class ClusterEngine:
    """The engine of one name."""

    ports: Mapping[str, Acceptor] = {}

    def __init__(self, around: Surroundings, name: str) -> None:
        """``name`` is one of ``kafka.engines``."""
        process = around.process
        tally = Tally()
        self.follower = Follower(
            around.clients,
            around.topics,
            name,
            process.config.journal,
            process.clock,
            around.control,
            on_events=tally.take,
            faults=process.faults,
        )
        self.retention = TopicRetention(
            around.clients,
            around.topics,
            name,
            process.config,
            process.clock,
            around.control,
            around.journal,
        )
        self._process = process
        self.figures: tuple[Part, ...] = (
            FollowerFigures(self.follower, tally),
            RetentionFigures(self.retention),
        )

    @property
    def heard(self) -> int:
        """See ``ClusterRole``."""
        return self.follower.heard

    def standing(self) -> list[str]:
        """It is ready at the end of the commands."""
        if self.follower.halted is not None:
            return [self.follower.halted]
        silent_s = self.follower.silent_s
        if silent_s > self._process.config.kafka.partition_silence_s:
            return [f"no broker has answered for {silent_s:.0f} s"]
        if self.follower.ready:
            return []
        return [f"engine {self.follower.name} is not at the end of the commands"]

    def on_standing(self, standing: Standing) -> None:
        """See ``ClusterRole``."""
        self.follower.on_standing(standing)

    async def open(self) -> None:
        """It has nothing to open."""

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until told to stop: what it has applied is published, or is made again."""
        async with asyncio.TaskGroup() as group:
            keep = self._process.faults.keep("journal", "deleting what is old", self._delete)
            working = [group.create_task(self.follower.run()), group.create_task(keep)]
            await stop.wait()
            for task in working:
                task.cancel()

    async def _delete(self) -> None:
        """Delete what nobody needs any more, as often as there is a new snapshot."""
        while True:
            await asyncio.sleep(self._process.config.journal.snapshot_interval_s)
            try:
                await self.retention.delete()
            except (JournalError, KafkaError, TimeoutError, Unavailable) as error:
                log.warning("what is old can't be deleted: %s", in_words(error))

    async def close(self) -> None:
        """It has nothing open."""
