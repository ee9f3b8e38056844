"""Who says that engines differ, and who is right."""

import asyncio
import logging

from core import Clock
from journal.kafka.appender import AppendFailed
from journal.kafka.control import Control, Standing
from journal.kafka.halts import At, Halt, Trust
from journal.kafka.reader import KafkaError
from journal.kafka.security import Unavailable
from journal.kafka.words import in_words
from settings import KafkaSettings

log = logging.getLogger("quantscope.kafka")

RETRY_S = 0.3


class NothingToTrust(Exception):
    """Nobody has seen that engines differ."""


class Referee:
    """Writes halts, and who is trusted, for one process."""

    def __init__(
        self, control: Control, settings: KafkaSettings, clock: Clock, seen_by: str
    ) -> None:
        """``seen_by`` is this process, by its role and name."""
        self._control = control
        self._settings = settings
        self._clock = clock
        self._seen_by = seen_by

    async def differ(self, era: int, at: At, engines: tuple[str, ...]) -> None:
        """Engines tell otherwise of a place: halt, unless that is known or decided.

        Where the configuration names one that is trusted, it goes on at once.  Brokers that are
        away are waited for.
        """
        while True:
            try:
                standing = await self._control.read()
                if standing.known().era > era:
                    return
                halt = standing.halt
                if halt is None or (halt.command_offset, halt.part) > at:
                    halt = Halt(
                        era, at.command_offset, at.part, engines, self._seen_by, self._now()
                    )
                    log.error("%s", halt)
                    await self._control.say(halt)
                if trusted := self._settings.trusted_engine:
                    await self._lift(standing, halt, trusted)
            except (AppendFailed, KafkaError, TimeoutError, Unavailable) as error:
                log.error("that engines differ can't be said yet: %s", in_words(error))
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def trust(self, engine: str) -> Trust:
        """Lift the halt that stands; raises ``NothingToTrust``, or as ``Control`` does."""
        standing = await self._control.read()
        if standing.halt is None:
            raise NothingToTrust("no engines are known to differ: nothing is halted")
        return await self._lift(standing, standing.halt, engine)

    async def _lift(self, standing: Standing, halt: Halt, engine: str) -> Trust:
        era = standing.known().era + 1
        trust = Trust(engine, era, halt.command_offset, halt.part, self._now())
        await self._control.say(trust)
        log.error(
            "engine %s is trusted from command batch %d on, and era %d begins: what others have "
            "told from there on is void",
            engine,
            halt.command_offset,
            era,
        )
        return trust

    def _now(self) -> int:
        return self._clock.now_ns()
