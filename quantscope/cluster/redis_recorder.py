"""The recorder of a cluster that fills Redis: nothing of it lies on a disk of its own."""

import asyncio
import contextlib
from collections.abc import Mapping
from contextlib import AsyncExitStack

from core import JournalError, Recorded, event_head, recorder_seed
from journal.kafka import KafkaError, Standing, Unavailable, in_words
from quantscope.acceptor import Acceptor
from quantscope.cluster.reader_place import ReaderPlace
from quantscope.cluster.recorded_log import RecordedLog
from quantscope.cluster.surroundings import Surroundings
from quantscope.metrics.exposition import Part
from quantscope.metrics.recorder import BehindFigures
from quantscope.metrics.redis_recorder import RedisRecorderFigures
from store.lag import Behind
from store.redis_recorder import RedisRecorder

WATCH_INTERVAL_S = 0.25
"""How often it is looked how far it is behind, in seconds."""


class ClusterRedisRecorder:
    """Fills a store on Redis from the engines' events on Kafka.

    Brokers that are away are waited for, at a start as long as ``kafka.start_deadline_s`` says; so
    is Redis, always.
    """

    ports: Mapping[str, Acceptor] = {}

    def __init__(self, around: Surroundings, name: str) -> None:
        """Nothing is opened yet."""
        self._process = around.process
        config = around.process.config
        self._recorded = RecordedLog(around, name)
        self._events = self._recorded.events
        self._snapshots = around.snapshots()
        self._opened = AsyncExitStack()
        self.name = name
        """Under which its place is kept."""
        self.recorder = RedisRecorder(
            self._events,
            config.redis,
            config.store,
            seed=self._learn,
            prepare=self._prepare,
            is_void=self._recorded.is_void,
            allowed=self._has_its_name,
            faults=around.process.faults,
        )
        self._place = ReaderPlace(around, name, self.recorder.durable)
        self.lag = Behind(around.process.clock.monotonic_ns)

    @property
    def figures(self) -> tuple[Part, ...]:
        """See ``ClusterRole``."""
        return (RedisRecorderFigures(self.recorder), BehindFigures(self.lag, self.standing))

    @property
    def heard(self) -> int:
        """See ``ClusterRole``."""
        return self.position().command_offset

    async def open(self) -> None:
        """Take its name and look at the log; raises ``JournalError`` where no broker answers."""
        await self._place.take()
        await self._opened.enter_async_context(self._recorded.opened())

    async def run(self, stop: asyncio.Event) -> None:
        """Record until it is to stop, and then what the log holds."""
        watch = self._process.faults.keep("watch", "the look at the recorder's lag", self._watch)
        async with asyncio.TaskGroup() as group:
            recording = group.create_task(self.recorder.run())
            beside = [
                group.create_task(watch),
                group.create_task(self._place.keep()),
                group.create_task(self._recorded.run()),
            ]
            await stop.wait()
            self.recorder.stop()
            await recording
            for task in beside:
                task.cancel()

    async def close(self) -> None:
        """Let go of the brokers."""
        await self._place.end()
        await self._opened.aclose()

    def position(self) -> Recorded:
        """Up to where all is recorded."""
        return self.recorder.position()

    def standing(self) -> list[str]:
        """What fails now, for ``/ready``."""
        reason = self.recorder.failure
        failed = [] if reason is None else [f"recorder {self.name} failed: {reason}"]
        return [*self._recorded.standing(), *failed]

    def on_standing(self, standing: Standing) -> None:
        """See ``ClusterRole``."""
        self._recorded.on_standing(standing)

    async def _has_its_name(self) -> None:
        """Raise ``Displaced`` where a later one has it: of two, Redis is to have the later one's.

        Where brokers are away, whose it is can't be known, and nothing can be read to be recorded.
        """
        try:
            await self._place.check()
        except (KafkaError, TimeoutError, Unavailable) as error:
            raise JournalError(f"no broker says whose the name is: {in_words(error)}") from error

    def _learn(self) -> bytes | None:
        """What Redis can't learn from a log without its beginning."""
        engine = next(self._snapshots.engines(), None)
        return None if engine is None else recorder_seed(engine)

    def _prepare(self) -> None:
        """Read another engine's log from now on, where that is to be: nobody reads meanwhile."""
        if self._events.to_change:
            self._events.change()

    async def _watch(self) -> None:
        """Look how far it is behind, and whether the engine is silent whose log is recorded."""
        while True:
            if self._events.to_change:
                self.recorder.begin_again()
            if self.recorder.failure is not None:
                # It does not read meanwhile, so nobody else sees what comes.
                with contextlib.suppress(JournalError):
                    await asyncio.to_thread(self._events.of_chosen.look)
            newest = self._events.newest
            if newest is not None:
                self.lag.look(event_head(newest.value).last_seq, self.position().sequence)
            await asyncio.sleep(WATCH_INTERVAL_S)
