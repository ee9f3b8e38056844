"""The recorder's role: the store, what fills it, and how far it is behind."""

import asyncio
import contextlib
import logging
import pathlib
from collections.abc import Callable, Mapping

from core import MemoryLog, Recorder, recorder_seed
from engine.recovery import begins_with
from quantscope.acceptor import Acceptor
from quantscope.journals import store_file
from quantscope.recording import recorder_on
from quantscope.refusals import text_of
from quantscope.roles.engine import EngineRole
from quantscope.roles.role import Process
from store.lag import Lag
from store.recorder import RecorderService
from store.sqlite import SqliteStore

log = logging.getLogger("quantscope")

LAG_INTERVAL_S = 0.25
"""How often the recorder's lag is compared with its limit, in seconds."""


class RecorderRole:
    """Fills the store from the events log, and opens it for those who ask."""

    ports: Mapping[str, Acceptor] = {}

    def __init__(self, process: Process, engine: EngineRole) -> None:
        """Nothing is opened yet."""
        self._process = process
        self._service = engine.service
        self._directory = engine.directory
        self._seed: bytes | None = None
        self._opened = contextlib.AsyncExitStack()
        self.on_recorded: Callable[[int], None] = lambda _: None
        """Called with the sequence number up to which all is recorded."""
        self.on_resumed: Callable[[], None] = lambda: None
        """Called when the store may be asked again; it may be another file by then."""
        self.service: RecorderService
        self.store: SqliteStore
        self.lag = Lag(lambda: self._service.journals.events, lambda: self.recorder)

    @property
    def recorder(self) -> Recorder:
        """The recorder at work, or the last one: one that has ended is begun again."""
        return self.service.recorder

    async def open(self) -> None:
        """Open the store, and begin to record."""
        path = self._opened.enter_context(store_file(self._process.config, self._directory))
        self._seed = self._learn()
        self.service = RecorderService(
            lambda: self.make_recorder(path),
            lambda sequence: self.on_recorded(sequence),
            on_failed=self._on_failed,
            prepare=self._prepare,
            faults=self._process.faults,
        )
        await self._opened.enter_async_context(self.service)
        self.store = SqliteStore(path)
        self._opened.push_async_callback(self.store.close)
        if self.store.complete_since is not None:
            since = text_of(self.store.complete_since)
            log.info("the store has everything since %s, and of before what was open", since)

    async def run(self, stop: asyncio.Event) -> None:
        """Begin it again whenever it ends; refuse new orders while it is too far behind."""
        keep = self._process.faults.keep
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self.service.run()),
                group.create_task(keep("watch", "the look at the recorder's lag", self._watch_lag)),
            ]
            await stop.wait()
            for task in tasks:
                task.cancel()

    async def close(self) -> None:
        """Record what the log holds, and close the store."""
        await self._opened.aclose()

    # -- a reader of the events log ----------------------------------------------------------

    def first_needed(self) -> int:
        """The first offset of the events log that is not recorded yet."""
        # Not ``position``: a power cut may take back what no checkpoint has synced yet.
        return self.recorder.durable().offset + 1

    # -- the recorder ------------------------------------------------------------------------

    def make_recorder(self, path: pathlib.Path) -> Recorder:
        """One more recorder at work on the store of this path; it blocks."""
        events = self._service.journals.events
        source = events if isinstance(events, MemoryLog) else self._directory.events
        return recorder_on(path, source, self._process.config.store, self._seed)

    def _learn(self) -> bytes | None:
        """What a new store can't learn from an events log that no longer has its beginning."""
        whole = begins_with(self._service.journals.events) == 1
        return None if whole else recorder_seed(self._service.engine)

    async def _prepare(self) -> None:
        """Before another recorder: what it is told of is durable by the time it is made."""
        service = self._service
        self._directory.check()
        while True:
            outages, offset = service.outages, service.engine.position().command_offset
            self._seed = self._learn()
            while service.delivered < offset and service.outages == outages:
                await asyncio.sleep(LAG_INTERVAL_S)
            if service.outages == outages:
                return

    async def _on_failed(self, reason: str | None) -> None:
        if reason is None:
            await self.store.resume()
            self.on_resumed()
        else:
            await self.store.suspend(reason)

    async def _watch_lag(self) -> None:
        service, limit = self._service, self._process.config.journal.journal_bytes_max
        while True:
            await asyncio.sleep(LAG_INTERVAL_S)
            if not service.ready:
                continue
            busy = self.lag.bytes() > limit
            if busy != service.busy:
                log.warning("new orders are %s: the recorder's lag", "refused" if busy else "taken")
            service.busy = busy
