"""The recorder of a cluster: a store beside no engine, filled from the engines' events on Kafka."""

import asyncio
import contextlib
import itertools
import logging
import pathlib
import shutil
from collections.abc import Mapping
from contextlib import AsyncExitStack

from core import (
    JournalError,
    Recorded,
    Recorder,
    StoreFailed,
    event_head,
    recorder_seed,
    store_at_rest,
)
from engine.recovery import begins_with
from journal.datadir import DataDir, DataDirLost
from journal.kafka import Standing
from quantscope.acceptor import Acceptor
from quantscope.cluster.reader_place import ReaderPlace
from quantscope.cluster.recorded_log import RecordedLog
from quantscope.cluster.surroundings import Surroundings
from quantscope.cluster.taking_back import taken_back
from quantscope.metrics.exposition import Part
from quantscope.metrics.recorder import BehindFigures, RecorderFigures
from quantscope.recording import recorder_on
from store.lag import Behind
from store.recorder import RecorderService

log = logging.getLogger("quantscope")

WATCH_INTERVAL_S = 0.25
"""How often lag and directory are looked at, in seconds."""


class ClusterRecorder:
    """Fills the store of a directory that it alone has.

    Brokers that are away are waited for; at a start, as long as ``kafka.start_deadline_s`` says.
    """

    ports: Mapping[str, Acceptor] = {}

    def __init__(self, around: Surroundings, name: str) -> None:
        """Nothing is opened yet."""
        config = around.process.config
        self._process = around.process
        self._data_dir = pathlib.Path(config.server.data_dir)
        self._journal_id = around.journal.journal_id
        self._logs = around.logs
        self._recorded = RecordedLog(around, name)
        self._events = self._recorded.events
        self._directory: DataDir
        self._snapshots = around.snapshots()
        self._opened = AsyncExitStack()
        self.name = name
        """Under which its place is kept."""
        self._place = ReaderPlace(around, name, self.durable)
        self.lag = Behind(around.process.clock.monotonic_ns)
        self.service: RecorderService

    @property
    def figures(self) -> tuple[Part, ...]:
        """See ``ClusterRole``."""
        return (RecorderFigures(self.service), BehindFigures(self.lag, self.standing))

    @property
    def heard(self) -> int:
        """See ``ClusterRole``."""
        return self.position().command_offset

    async def open(self) -> None:
        """Take the directory, and begin to record.

        Raises ``DataDirLocked`` where another has it, ``JournalError`` where no broker answers, and
        ``StoreFailed`` where the store can't be brought up from the log.
        """
        directory = await asyncio.to_thread(DataDir, self._data_dir)
        self._directory = self._opened.enter_context(directory)
        await self._place.take()
        await self._opened.enter_async_context(self._recorded.opened())
        self.service = RecorderService(
            self._make, prepare=self._prepare, faults=self._process.faults
        )
        await self._opened.enter_async_context(self.service)

    async def run(self, stop: asyncio.Event) -> None:
        """Begin it again whenever it ends."""
        watch = self._process.faults.keep(
            "watch", "the look at the recorder's lag", self._watch, ends=(DataDirLost,)
        )
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self.service.run()),
                group.create_task(watch),
                group.create_task(self._place.keep()),
                group.create_task(self._recorded.run()),
            ]
            await stop.wait()
            for task in tasks:
                task.cancel()

    async def close(self) -> None:
        """Record what the log holds, and let go of store, brokers and directory."""
        await self._opened.aclose()
        await self._place.end()

    # -- for who keeps the log for it, and for who asks how it is ----------------------------

    def position(self) -> Recorded:
        """Up to where all is recorded."""
        return self.service.recorder.position()

    def durable(self) -> Recorded:
        """The same for what no power cut takes back.

        The log may be deleted before this place, and not this place itself: its record proves
        that the log goes on from the store.
        """
        return self.service.recorder.durable()

    def standing(self) -> list[str]:
        """What fails now, for ``/ready``."""
        reason = self.service.failed or self.service.recorder.failure
        failed = [] if reason is None else [f"recorder {self.name} failed: {reason}"]
        return [*self._recorded.standing(), *failed]

    def on_standing(self, standing: Standing) -> None:
        """See ``ClusterRole``."""
        self._recorded.on_standing(standing)

    # -- the recorder ------------------------------------------------------------------------

    def _make(self) -> Recorder:
        path = self._directory.store
        try:
            self._events.look()
            taken_back(path, self._logs, self._events.chosen, self._snapshots)
            self._put_aside(path)
            seed = self._learn(path)
        except JournalError as error:
            raise StoreFailed(f"{path} can't be brought up: {error}") from error
        return recorder_on(path, self._events, self._process.config.store, seed)

    def _learn(self, path: pathlib.Path) -> bytes | None:
        """What a new store can't learn from a log without its beginning, or that is empty still."""
        events = self._events.of_chosen
        events.look()
        empty = events.written_offset < events.first_offset
        if self._is_begun(path) or (not empty and begins_with(events) == 1):
            return None
        engine = next(self._snapshots.engines(), None)
        return None if engine is None else recorder_seed(engine)

    def _is_begun(self, path: pathlib.Path) -> bool:
        """Whether a store of this journal is there, that needs to learn nothing."""
        try:
            told = store_at_rest(path)
        except StoreFailed:
            return False
        return told is not None and told.journal_id == self._journal_id

    def _put_aside(self, path: pathlib.Path) -> None:
        """Put a store aside that recorded what is void, and a copy back that did not, if any."""
        if not self._is_void(path):
            return
        aside = next(
            name
            for number in itertools.count(1)
            if not (name := path.with_name(f"{path.name}.aside-{number}")).exists()
        )
        path.rename(aside)
        log.error(
            "%s was put aside as %s: it recorded what an engine told that is not trusted",
            path,
            aside.name,
        )
        copies = pathlib.Path(self._process.config.store.backup_dir or path.parent / "backup")
        found = sorted(copies.glob("*.db"), key=lambda copy: copy.stat().st_mtime, reverse=True)
        for copy in found:
            if self._is_begun(copy) and not self._is_void(copy):
                shutil.copyfile(copy, path)
                log.warning("%s is gone on from, a copy of before", copy)
                return
        log.error(
            "there is no copy of before in %s: the store begins anew with what the log keeps",
            copies,
        )

    def _is_void(self, path: pathlib.Path) -> bool:
        """Whether a store has recorded what does not count any more."""
        try:
            told = store_at_rest(path)
        except StoreFailed:
            return False
        return told is not None and self._recorded.is_void(
            told.command_offset, told.part, told.chain
        )

    async def _prepare(self) -> None:
        await asyncio.to_thread(self._directory.check)
        if self._events.to_change:
            await asyncio.to_thread(self._events.change)

    async def _watch(self) -> None:
        """Look how far it is behind, and whether it still writes for anybody."""
        while True:
            if self.standing():
                # It does not read meanwhile, so nobody else sees what comes.
                with contextlib.suppress(JournalError):
                    await asyncio.to_thread(self._events.of_chosen.look)
            newest = self._events.newest
            if newest is not None:
                self.lag.look(event_head(newest.value).last_seq, self.position().sequence)
            if self._events.to_change:
                self.service.begin_again("the engine whose log is recorded is silent")
            await asyncio.to_thread(self._directory.check)
            await asyncio.sleep(WATCH_INTERVAL_S)
