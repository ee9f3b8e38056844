"""The states of engines in their topic."""

import asyncio
import logging
from collections.abc import Iterator

from core import Engine, JournalError, Position
from journal.kafka.bases import NEW, Bases
from journal.kafka.clients import Clients
from journal.kafka.control import Journal
from journal.kafka.halts import Eras
from journal.kafka.judged import KeptSnapshots
from journal.kafka.logs import Logs
from journal.kafka.portions import Description, Good, Portions, marks_of, state_of
from journal.kafka.topics import Topics

log = logging.getLogger("quantscope.kafka")


class KafkaSnapshots(Portions):
    """All states of engines that there are."""

    def __init__(
        self,
        clients: Clients,
        topics: Topics,
        *,
        deadline_s: float,
        bases: Bases = NEW,
        eras: Eras | None = None,
    ) -> None:
        """See ``Portions``."""
        super().__init__(clients, topics.snapshots, deadline_s=deadline_s, bases=bases)
        self._logs = Logs(clients, topics, bases)
        self.eras = eras or Eras()
        """What of them counts."""

    async def publish(self, maker: str, journal: Journal, at: Position, state: bytes) -> None:
        """Publish the state of an engine that stands there; raises as ``Portions.write`` does."""
        begin = await asyncio.to_thread(self.end)
        command_hash = await asyncio.to_thread(self._logs.command_hash, at.command_offset)
        what = Description(
            maker=maker,
            journal=journal,
            command_offset=at.command_offset,
            event_seq=at.event_seq,
            event_hash=at.event_hash,
            state_hash=Engine.hash_of(state),
            command_hash=command_hash,
        )
        await self.write(what, state, begin)

    def check(self, good: Good) -> None:
        """See ``Portions``; also the state's own hash is compared."""
        with self.kept() as kept:
            if Engine.hash_of(state_of(kept, good)) != good.state_hash:
                raise ValueError("its state has another hash")

    def judged(self) -> KeptSnapshots:
        """Those that are there now, for who looks at all of them."""
        return KeptSnapshots(self.kept(), self._bases, self.eras)

    def newest_journal(self) -> Journal | None:
        """Which journal the states are of, as the one of the newest era says it; it blocks."""
        with self.kept() as kept:
            journals = [good.journal for good, _ in marks_of(kept)]
        return max(journals, key=lambda journal: journal.era, default=None)

    def engines(self, up_to: int | None = None) -> Iterator[Engine]:
        """The engines of all good states, the newest first; it blocks.

        With ``up_to``: of those behind this command or an earlier one.  One that can't be restored
        is passed over with a word in the log.
        """
        with self.kept() as kept:
            for good, _ in self.marks(kept):
                if up_to is not None and good.command_offset > up_to:
                    continue
                if self.eras.voids(good.maker, good.journal.era, good.command_offset):
                    continue
                try:
                    yield Engine.restore(state_of(kept, good))
                except (ValueError, JournalError) as error:
                    log.error("the snapshot at command batch %d: %s", good.command_offset, error)
