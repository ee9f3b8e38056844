"""After a fault of order entry: it begins again from what the engine knows and the log holds."""

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple

from core import FAULTS, Engine, Faults, OrderEntry
from core.faults import RESTART_MAX_S, RESTART_S
from gateway.retention import first_command
from journal.port import KeptLog
from journal.sequencer import Sequencer

log = logging.getLogger("quantscope.gateway")


class Fresh(NamedTuple):
    """What order entry can begin again with."""

    order_entry: OrderEntry
    """Has the sessions as the engine knows them now, and nothing else."""
    next_offset: int
    """Of the events log, now."""
    learn: Callable[[], None]
    """Reads in the events log where the sessions' messages before that stand; it blocks."""


class Restart:
    """Begins order entry again whenever it has failed.

    What happens meanwhile is told from the moment on at which the engine was at rest and the
    sessions were taken from it; what was told before is looked up in the log.  Until both are known
    nobody logs in, for a session is to get all that it has missed.
    """

    def __init__(
        self,
        order_entry: OrderEntry,
        sequencer: Sequencer,
        events: Callable[[], KeptLog],
        fresh: Callable[[Engine], Fresh],
        faults: Faults,
    ) -> None:
        """``fresh`` is given the engine at rest; ``events`` is the log as it is open."""
        self._order_entry = order_entry
        self._sequencer = sequencer
        self._events = events
        self._fresh = fresh
        self._faults = faults
        self._failed = asyncio.Event()

    def begin(self) -> None:
        """It has failed."""
        self._failed.set()

    async def run(self) -> None:
        """Begin it again, with growing pauses where that fails, until canceled."""
        while True:
            await self._failed.wait()
            self._failed.clear()
            pause = RESTART_S
            while self._order_entry.fault is not None:
                # Lest one that fails at once takes the loop.
                await asyncio.sleep(pause)
                pause = min(2 * pause, RESTART_MAX_S)
                try:
                    await self._restore()
                except FAULTS as error:
                    self._faults.caught("gateway", "order entry can't begin again yet", error)
            log.warning("order entry has begun again: sessions may log in")

    async def _restore(self) -> None:
        order_entry = self._order_entry
        # It goes on with the sessions as they are while nothing is under way.
        async with self._sequencer.at_rest() as engine:
            fresh = self._fresh(engine)
            order_entry.begin_again(fresh.order_entry, fresh.next_offset)
        faults = order_entry.faults
        await asyncio.to_thread(fresh.learn)
        if order_entry.faults == faults:
            order_entry.complete(fresh.order_entry)
            order_entry.forget_before(first_command(self._events()))
