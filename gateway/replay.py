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
    events_told,
    first_batch_after,
)
from gateway.connection import Connection
from gateway.retention import first_command
from journal.port import ReplayedLog

log = logging.getLogger("quantscope.gateway")

READ_BYTES = 8 * 2**20
"""Bytes of events that are looked through at a time for one connection."""
WAITING_BYTES = 2**20
"""Bytes of events that are still to be written, and are told at a time."""
MESSAGES_MAX = 256
"""Messages that are made at a time, before whoever else waits for the loop goes on."""
WRITER_PAUSE_S = 0.002
"""How long to wait for a commit that fell between two looks, in seconds."""


class Portions:
    """What tells an entry, from an offset of the events log on, a portion at a time.

    From the second one on, what follows a portion is read while that is told.
    """

    def __init__(self, events: Callable[[], ReplayedLog], entry: int, offset: int) -> None:
        """``events`` gives the log as it is open now."""
        self._events = events
        self._entry = entry
        self._offset = offset
        self._ahead: asyncio.Future[tuple[bytes, int]] | None = None
        self._goes_on = False

    async def take(self) -> bytes | None:
        """Batches in a row, maybe none; ``None``, at once, behind what is written."""
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            if self._offset > self._events().written_offset:
                return None
            ahead = self._read()
        batches, self._offset = await ahead
        # Whoever asks for little has it by the first one.
        if self._goes_on and self._offset <= self._events().written_offset:
            self._ahead = self._read()
        self._goes_on = True
        return batches

    def take_waiting(self) -> bytes:
        """What is still to be written, where nothing else is left."""
        batches = self._events().waiting(self._offset, WAITING_BYTES)
        self._offset += len(batches)
        return b"".join(batches)

    def close(self) -> None:
        """Nobody wants what is read ahead."""
        if self._ahead is not None:
            self._ahead.cancel()

    def _read(self) -> "asyncio.Future[tuple[bytes, int]]":
        loop = asyncio.get_running_loop()
        reading = loop.run_in_executor(
            None, events_told, self._events(), self._entry, self._offset, READ_BYTES
        )
        # Whoever awaits it hears of a failure; where nobody does it is none.
        reading.add_done_callback(lambda done: done.cancelled() or done.exception())
        return reading


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
        elsewhere = True
        while elsewhere and (user := connection.user) is not None:
            portions = Portions(self._events, user.entry, await self._beginning(connection))
            try:
                elsewhere = await self._tell_all(connection, portions)
            finally:
                portions.close()

    async def _tell_all(self, connection: Connection, portions: Portions) -> bool:
        """Tell what is wanted of these; whether it goes on at another offset."""
        while not connection.transport.is_closing():
            batches = await portions.take()
            if connection.transport.is_closing():
                break
            is_behind = batches is None
            if batches is None:
                # What the session was told last is not written yet: taken in this very turn of
                # the loop, it is all there is, however fast more comes.
                batches = portions.take_waiting()
            told = await self._tell(connection, batches)
            if told.live or told.elsewhere:
                return told.elsewhere
            if is_behind and not batches:
                await asyncio.sleep(WRITER_PAUSE_S)
        return False

    async def _beginning(self, connection: Connection) -> int:
        """Where the messages stand that a connection is to be told next."""
        command = self._order_entry.replay_command(connection.number) or 1
        return await asyncio.to_thread(self._first, command)

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
