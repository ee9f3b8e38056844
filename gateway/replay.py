"""The pump of old messages: reads the events log for connections that are not live yet."""

import asyncio
import logging
from collections.abc import Callable

from core import (
    FAULTS,
    Faults,
    JournalError,
    JournalRange,
    OrderEntry,
    ReplayPortion,
    first_batch_after,
)
from gateway.connection import Connection
from gateway.retention import first_command
from journal.port import ReplayedLog

log = logging.getLogger("quantscope.gateway")

READ_BYTES = 2**20
"""Bytes of events that are read at a time for one connection."""
MESSAGES_MAX = 256
"""Messages that are made at a time, before whoever else waits for the loop goes on."""
WRITER_PAUSE_S = 0.002
"""How long to wait for a commit that fell between two looks, in seconds."""


class Replayer:
    """One pump per connection, at the pace of its reader."""

    def __init__(
        self, order_entry: OrderEntry, events: Callable[[], ReplayedLog], faults: Faults
    ) -> None:
        """``events`` gives the events log as it is open now."""
        self._faults = faults
        self._order_entry = order_entry
        self._events = events
        self._waiting: asyncio.Queue[Connection] = asyncio.Queue()

    def begin(self, connection: Connection) -> None:
        """A connection has logged in that wants old messages first."""
        self._waiting.put_nowait(connection)

    async def run(self) -> None:
        """Pump until canceled."""
        async with asyncio.TaskGroup() as group:
            while True:
                connection = await self._waiting.get()
                group.create_task(self._pump(connection))

    async def _pump(self, connection: Connection) -> None:
        try:
            await self._replay(connection)
        except JournalRange as error:
            await self._deleted(connection, error)
        except (OSError, ValueError, JournalError) as error:
            log.error("replay to %s failed: %s", connection.peer, error)
            connection.abort("replay failed")
        except FAULTS as error:
            self._faults.caught("connection", f"replay to {connection.peer} failed", error)
            connection.abort("replay failed")

    async def _replay(self, connection: Connection) -> None:
        offset = await self._beginning(connection)
        while not connection.transport.is_closing():
            batches, offset = await self._read(offset)
            if connection.transport.is_closing():
                return
            if not batches:
                # What the session was told last is not written yet: taken in this very turn of
                # the loop, it is all there is, however fast more comes.
                batches = self._events().waiting(offset, READ_BYTES)
                offset += len(batches)
            told = await self._tell(connection, b"".join(batches))
            if told.live:
                return
            if told.elsewhere:
                offset = await self._beginning(connection)
            elif not batches:
                await asyncio.sleep(WRITER_PAUSE_S)

    async def _beginning(self, connection: Connection) -> int:
        """Where the messages stand that a connection is to be told next."""
        command = self._order_entry.replay_command(connection.number) or 1
        return await asyncio.to_thread(self._first, command)

    async def _read(self, offset: int) -> tuple[list[bytes], int]:
        """Some batches from an offset on, and the offset behind them."""
        # Beyond what is written there is nothing to be read, and asking is an error.
        if offset > self._events().written_offset:
            return [], offset
        records = await asyncio.to_thread(self._events().read, offset, READ_BYTES)
        following = records[-1].offset + 1 if records else offset
        return [record.batch for record in records], following

    async def _tell(self, connection: Connection, batches: bytes) -> ReplayPortion:
        """Tell what these hold, at the pace of its reader; how far that went."""
        at = 0
        while True:
            told = self._order_entry.replay(connection.number, batches, at, MESSAGES_MAX)
            at = told.at
            connection.write(self._order_entry.take_out(connection.number))
            await connection.drained.wait()
            over = told.live or told.elsewhere or at >= len(batches)
            if over or connection.transport.is_closing():
                return told
            await asyncio.sleep(0)

    def _first(self, command: int) -> int:
        """Where the events of a command begin; raises ``JournalRange`` where they are gone."""
        events = self._events()
        while True:
            first = events.first_offset
            try:
                offset = first_batch_after(events, command - 1)
                gone = offset == first and first_command(events) > command
            except JournalRange:
                if events.first_offset == first:
                    raise
                continue  # the oldest was deleted meanwhile
            if gone:
                raise JournalRange(f"the events of command batch {command} were deleted")
            return offset

    async def _deleted(self, connection: Connection, error: JournalRange) -> None:
        """What it was to be told is gone: whoever logs in again is told what the oldest is now."""
        log.warning("replay to %s: %s", connection.peer, error)
        try:
            self._order_entry.forget_before(await asyncio.to_thread(first_command, self._events()))
        except JournalError as failed:
            log.error("what is the oldest message can't be read: %s", failed)
        connection.abort("what it is to be told was deleted: log in again")
