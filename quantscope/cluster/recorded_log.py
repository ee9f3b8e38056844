"""What the recorders of a cluster read, and what becomes of it when engines differ."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from journal.kafka import AgreedLog, At, Referee, Standing, StartAgain, Trailing
from quantscope.cluster.surroundings import Surroundings

log = logging.getLogger("quantscope")


class RecordedLog:
    """The events on which the engines agree, for one recorder."""

    def __init__(self, around: Surroundings, recorder: str) -> None:
        """Nothing is connected yet."""
        process, eras = around.process, around.eras
        names = process.config.kafka.engines
        self._era = around.journal.era
        self._trusts = eras.trusts
        self._bases = around.bases
        self._referee = Referee(
            around.control, process.config.kafka, process.clock, f"recorder {recorder}"
        )
        self._differences: asyncio.Queue[tuple[At, tuple[str, ...]]] = asyncio.Queue()
        self._loop: asyncio.AbstractEventLoop
        self._halted: str | None = None
        self.events = AgreedLog(
            {name: around.logs.events(name) for name in names},
            Trailing(names, process.clock.monotonic_ns),
            eras=eras,
            journal_id=around.journal.journal_id,
            on_differs=self._on_differs,
        )

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[AgreedLog]:
        """Connect; raises ``JournalError`` where no broker answers."""
        self._loop = asyncio.get_running_loop()
        opening = asyncio.create_task(asyncio.to_thread(self.events.__enter__))
        try:
            yield await asyncio.shield(opening)
        finally:
            # Its thread goes on, also where whoever waited for it was canceled.
            await asyncio.wait([opening])
            if opening.exception() is None:
                await asyncio.to_thread(self.events.__exit__)

    def _on_differs(self, at: At, engines: tuple[str, ...]) -> None:
        self._loop.call_soon_threadsafe(self._differences.put_nowait, (at, engines))

    async def run(self) -> None:
        """Say that engines differ, whenever that is seen, until canceled."""
        while True:
            at, engines = await self._differences.get()
            await self._referee.differ(self._era, at, engines)

    def on_standing(self, standing: Standing) -> None:
        """See ``ClusterRole``."""
        self._halted = None if standing.halt is None else str(standing.halt)
        era = standing.known().era
        if era > self._era:
            raise StartAgain(f"era {era} has begun")

    def standing(self) -> list[str]:
        """Why nothing is recorded, where that is so."""
        return [] if self._halted is None else [self._halted]

    def is_void(self, command_offset: int, part: int, chain: int) -> bool:
        """Whether what was recorded up to there is void, or lost with the commands; it blocks."""
        if self._bases.lost(command_offset):
            return True
        if any(command_offset >= trust.command_offset for trust in self._trusts) and (
            self.events.holds_another(command_offset, part, chain)
        ):
            return True
        self.events.recorded(At(command_offset, part))
        return False
