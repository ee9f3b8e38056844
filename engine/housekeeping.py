"""Snapshots in time, and retention: what the journal no longer has to keep is deleted."""

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

from core import FAULTS, Faults, JournalError, Position, first_batch_after
from engine.recovery import ReplayDiffers
from engine.replica import replica
from engine.service import Service
from engine.snapshot_header import SnapshotHeader
from engine.snapshots import Snapshots
from journal.datadir import DataDirLost
from settings import JournalSettings

log = logging.getLogger("quantscope.engine")

POLL_S = 0.002
"""How often to look whether the events of a snapshot's commands have been told, in seconds."""
SMALL_BYTES = 2 * 2**20
"""A state of so many bytes is written down between two turns of the loop, in a millisecond."""
NICE = 10
"""Nice value of the thread that makes larger ones."""


class EventsReader(Protocol):
    """Who reads the events log again after a restart: what it needs then is kept for it."""

    def first_needed(self) -> int:
        """The first offset of the events log that it still has to read."""


class Sessions(EventsReader, Protocol):
    """The sessions, which know where their messages stand in the events log."""

    def deleted_before(self, offset: int) -> None:
        """The log begins there now."""

    def capture(self) -> Callable[[], None]:
        """Called between two turns of the loop; what it returns writes, in a thread and after the
        snapshot, what is to be kept of that moment.
        """


class Housekeeping:
    """Makes snapshots and deletes what nobody needs any more."""

    def __init__(
        self,
        service: Service,
        snapshots: Snapshots,
        settings: JournalSettings,
        *,
        era: Callable[[], int],
        check: Callable[[], None],
        faults: Faults | None = None,
    ) -> None:
        """``check`` raises what ends the server where the data directory is no longer its own.

        ``era`` is the directory's, once it has been recovered.
        """
        self._faults = faults or Faults()
        self._service = service
        self._snapshots = snapshots
        self._settings = settings
        self._era = era
        self._check = check
        self._readers: list[EventsReader] = []
        self._sessions: list[Sessions] = []
        # Who ends the server wants a last snapshot, perhaps while one is being written.
        self._one_at_a_time = asyncio.Lock()
        self.snapshots_written = 0
        self._newest_bytes: int | None = None

    def keep_for(self, reader: EventsReader) -> None:
        """Delete nothing that this reader needs."""
        self._readers.append(reader)

    def keep_for_sessions(self, sessions: Sessions) -> None:
        """The same, and write down with each snapshot where their messages stand."""
        self._readers.append(sessions)
        self._sessions.append(sessions)

    async def run(self) -> None:
        """A snapshot every interval, until canceled."""
        while True:
            await asyncio.sleep(self._settings.snapshot_interval_s)
            await self._try(self._snapshot_and_retain)

    async def last_snapshot(self) -> None:
        """Before a clean stop: the next start then has nothing to replay."""
        await self._try(partial(self.snapshot, commands_min=1, at_once=True))

    async def _snapshot_and_retain(self) -> None:
        if await self.snapshot():
            await self.retain()

    async def _try(self, work: Callable[[], Awaitable[object]]) -> None:
        """The exchange goes on without a snapshot, and has more to read at the next start."""
        try:
            await work()
        except DataDirLost:
            raise
        except (OSError, JournalError) as error:
            log.error("no snapshot: %s", error)
            self._failed(error)
        except ReplayDiffers as error:
            log.critical("no snapshot, for the engine can't be made again: %s", error)
            self._failed(error)
        except FAULTS as error:
            self._faults.caught("snapshots", "no snapshot", error)
            self._faults.standing["snapshots"] = f"no snapshot: {error}"
        else:
            self._faults.standing.pop("snapshots", None)

    def _failed(self, error: Exception) -> None:
        """The journal grows until one can be written: who looks at ``/ready`` is to see it."""
        self._faults.counts["snapshots"] += 1
        self._faults.standing["snapshots"] = f"no snapshot: {error}"

    async def snapshot(self, commands_min: int | None = None, *, at_once: bool = False) -> bool:
        """Write a snapshot of the engine as it is now, if enough has happened since the last.

        ``at_once`` takes it from the engine that serves, however long that takes.
        """
        least = commands_min or self._settings.snapshot_commands_min
        async with self._one_at_a_time:
            return await self._snapshot(least, at_once=at_once)

    async def _snapshot(self, commands_min: int, *, at_once: bool) -> bool:
        service = self._service
        if not service.ready:
            return False
        outages = service.outages
        position = service.engine.position()
        offset = position.command_offset
        newest = max(self._snapshots.offsets(), default=0)
        if offset - newest < commands_min:
            return False
        small = self._newest_bytes is not None and self._newest_bytes <= SMALL_BYTES
        taken = service.engine.snapshot() if small or at_once else None
        while service.delivered < offset:
            if service.outages != outages:
                return False
            await asyncio.sleep(POLL_S)
        beside = [sessions.capture() for sessions in self._sessions]

        def write() -> int:
            data = taken or replica(self._snapshots, service.journals.commands, position).snapshot()
            service.journals.events.sync()
            self._check()
            self._snapshots.write(self._header(position), data)
            for write_index in beside:
                write_index()
            return len(data)

        self._newest_bytes = await _aside(write)
        self.snapshots_written += 1
        log.info("snapshot at command batch %d, %d bytes", offset, self._newest_bytes)
        return True

    def _header(self, at: Position) -> SnapshotHeader:
        commands = self._service.journals.commands
        chain = commands.read(at.command_offset, 1)[0].chain
        return SnapshotHeader(
            commands.journal_id,
            self._era(),
            at.command_offset,
            chain,
            at.event_seq,
            at.event_hash,
        )

    async def retain(self) -> None:
        """Delete what the second newest snapshot, the readers and the sessions no longer need."""
        covered = self._snapshots.retention_offset()
        if not covered:
            return
        journals = self._service.journals
        first = await asyncio.to_thread(first_batch_after, journals.events, covered)
        first = min([first, *(reader.first_needed() for reader in self._readers)])
        journals.commands.delete_before(covered + 1)
        journals.events.delete_before(first)
        for sessions in self._sessions:
            sessions.deleted_before(first)


async def _aside(work: Callable[[], int]) -> int:
    """Do this in a thread that yields to the loop's."""
    with ThreadPoolExecutor(1, "snapshot", initializer=_yield) as executor:
        doing = asyncio.get_running_loop().run_in_executor(executor, work)
        try:
            return await asyncio.shield(doing)
        except asyncio.CancelledError:
            # What is being written is written to its end, as a thread can't be stopped.
            with contextlib.suppress(Exception):
                await doing
            raise


def _yield() -> None:
    # Where it is not allowed, or the system knows no threads' priorities, it is as all others.
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
