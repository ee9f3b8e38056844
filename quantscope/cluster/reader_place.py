"""How far a recorder is, said where those read it that keep the log for it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from core import Recorded
from journal.kafka import (
    AppendFailed,
    Displaced,
    KafkaError,
    Place,
    Tenure,
    Unavailable,
    in_words,
)
from quantscope.cluster.surroundings import Surroundings

log = logging.getLogger("quantscope")

INTERVAL_S = 1.0
"""How often it is said, lest what is needed be deleted, in seconds."""


class ReaderPlace:
    """The name of a recorder, and the place that is kept under it."""

    def __init__(self, around: Surroundings, name: str, durable: Callable[[], Recorded]) -> None:
        """Nothing is said yet."""
        self._control = around.control
        self._clock = around.process.clock
        self._durable = durable
        self._tenure = Tenure(around.control, f"recorder.{name}", around.process.clock)
        self._told = -1
        """The command of which was said last that it is recorded."""
        self.name = name

    async def take(self) -> None:
        """Have the name from now on; raises ``AppendFailed``."""
        await self._tenure.take()

    async def check(self) -> None:
        """Raise ``Displaced`` where a later one has its name; or as brokers fail."""
        await self._tenure.check()

    async def keep(self) -> None:
        """Say how far it is; raises ``Displaced`` where a later one has its name."""
        while True:
            await self._tell()
            await asyncio.sleep(INTERVAL_S)

    async def end(self) -> None:
        """Say it once more, where it was said before."""
        if self._told >= 0:
            with contextlib.suppress(Displaced):
                await self._tell()

    async def _tell(self) -> None:
        try:
            await self._tenure.check()
            durable = self._durable()
            if durable.command_offset != self._told:
                now_ns = self._clock.now_ns()
                reader = f"recorder.{self.name}"
                await self._control.say(
                    Place(reader, durable.command_offset, durable.sequence, now_ns)
                )
                self._told = durable.command_offset
        except (AppendFailed, KafkaError, TimeoutError, Unavailable) as error:
            log.warning("recorder %s can't say how far it is: %s", self.name, in_words(error))
