"""The role of the engine: journal, matching engine, snapshots, and their directory."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping

from core import JournalError
from engine.housekeeping import Housekeeping
from engine.service import Service
from journal.datadir import DataDir, DataDirLost
from quantscope import translate
from quantscope.acceptor import Acceptor
from quantscope.journals import Journaling, snapshots_of
from quantscope.roles.role import Process

log = logging.getLogger("quantscope")

DIRECTORY_INTERVAL_S = 0.5
"""How often to look whether the data directory is still there, in seconds."""


class EngineRole:
    """Owner of the data directory and of the service that the other roles are attached to."""

    ports: Mapping[str, Acceptor] = {}

    def __init__(self, process: Process, directory: DataDir) -> None:
        """Nothing is opened yet."""
        config = process.config
        self.directory = directory
        self.durable = config.journal.adapter != "memory"
        self.snapshots = snapshots_of(directory, config)
        self._process = process
        self._journaling = Journaling(config, directory, self.snapshots, process.clock)
        self._stopped = False
        self.service = Service(
            self._journaling.open_and_recover,
            translate.setup(config),
            config.journal,
            config.server,
            process.clock,
            apply_delay_ns=config.engine.fault_apply_delay_ns,
            faults=process.faults,
        )
        self.housekeeping = Housekeeping(
            self.service,
            self.snapshots,
            config.journal,
            era=lambda: directory.era.number,
            check=directory.check,
            faults=process.faults,
        )

    async def open(self) -> None:
        """Recover, before the loop serves."""
        self.service.start()
        recovered = self.service.recovered
        counts = recovered.engine.counts()
        if counts["orders"]:
            log.info(
                "%s: restored %d open orders, %d command batches replayed in %.2f s; "
                "to start afresh, stop the server and delete that directory",
                self.directory.path,
                counts["open_orders"],
                recovered.commands,
                recovered.seconds,
            )

    async def run(self, stop: asyncio.Event) -> None:
        """Take commands; at the end a last snapshot: the next start has nothing to replay."""
        watch = self._process.faults.keep(
            "watch", "the look at the data directory", self._watch, ends=(DataDirLost,)
        )
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.service.run()), group.create_task(watch)]
            if self.durable:
                tasks.append(group.create_task(self.housekeeping.run()))
            await stop.wait()
            if self.durable:
                await self.housekeeping.last_snapshot()
            for task in tasks:
                task.cancel()
        await self._write_events()
        self._stopped = True

    async def _write_events(self) -> None:
        """Have all events in the log before the recorder takes its last look at it."""
        try:
            await asyncio.to_thread(self.service.journals.events.sync)
        except JournalError as error:
            log.error(
                "the last events are not written, and made again at the next start: %s", error
            )

    async def close(self) -> None:
        """Commit what is queued, and write that this was the end; after a fault, nothing."""
        if not self._stopped:
            return
        self.service.close()
        if self.service.whole:
            self._journaling.stopped(self.service.engine)

    async def drain(self) -> None:
        """Wait until nothing is under way, or as long as a stop may take."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._process.config.server.stop_deadline_s):
                await self.service.drain()

    async def _watch(self) -> None:
        """End the server when what it writes can no longer be found."""
        while True:
            await asyncio.sleep(DIRECTORY_INTERVAL_S)
            await asyncio.to_thread(self.directory.check)
            missing = await asyncio.to_thread(self.directory.missing)
            if missing is not None and self.service.ready:
                await self._give_up(missing)

    async def _give_up(self, missing: str) -> None:
        # The directory is this server's still: what is only in memory now is kept there.
        log.error("%s", missing)
        # What is acknowledged behind the snapshot would be nowhere.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._process.config.server.stop_deadline_s):
                await self.service.end()
        await self.housekeeping.last_snapshot()
        raise DataDirLost(
            f"{missing}: this server ends, with a snapshot of what it had acknowledged; "
            "the next start says how to go on from it"
        )
