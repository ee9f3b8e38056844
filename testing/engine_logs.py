"""All that the engines of a cluster have told, kept by one who reads along."""

import asyncio
import threading
from contextlib import ExitStack, suppress
from typing import Self

from core import EventHead, JournalError, event_head
from journal.kafka import Clients, KafkaKept, Topics
from settings import KafkaSettings
from testing.fold import Fold

READ_BYTES = 2**20
PAUSE_S = 0.2
Place = tuple[int, int]


class EngineLogs:
    """The events of each engine, read before retention can delete them."""

    def __init__(self, settings: KafkaSettings) -> None:
        """Nothing is read yet; brokers that are away later are waited for."""
        clients, topics = Clients(settings), Topics(settings)
        self._logs = {name: KafkaKept(clients, topics.events(name)) for name in settings.engines}
        self._at: dict[str, int] = {}
        self._told: dict[str, dict[Place, bytes]] = {name: {} for name in settings.engines}
        self._opened = ExitStack()
        self._turn = threading.Lock()
        """Nobody can break off a read in a thread."""

    def __enter__(self) -> Self:
        """Connect; raises ``JournalError``."""
        with ExitStack() as opening:
            for name, kept in self._logs.items():
                opening.enter_context(kept)
                self._at[name] = kept.first_offset
            self._opened = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the brokers."""
        self._opened.close()

    def read(self) -> None:
        """Read on to the end of each log; raises ``JournalError``."""
        with self._turn:
            for name, kept in self._logs.items():
                kept.look()
                while records := kept.read(self._at[name], READ_BYTES):
                    for record in records:
                        self._take(name, record.batch)
                    self._at[name] = records[-1].offset + 1

    def _take(self, name: str, batch: bytes) -> None:
        told, head = self._told[name], event_head(batch)
        place = (head.command_offset, head.part)
        last = next(reversed(told), (0, 0))
        assert place > last, f"engine {name} told of {place} behind {last}"
        told[place] = batch

    async def follow(self) -> None:
        """Read on until canceled, ahead of what is deleted."""
        while True:
            # Brokers may be away.
            with suppress(JournalError):
                await asyncio.to_thread(self.read)
            await asyncio.sleep(PAUSE_S)

    def agreed(self) -> list[bytes]:
        """All events from the first one on, which the engines have told alike.

        Where one of them was away for long its log may begin anew behind that.
        """
        merged: dict[Place, bytes] = {}
        for name, told in self._told.items():
            for place, batch in told.items():
                assert merged.setdefault(place, batch) == batch, f"{name} differs at {place}"
        batches = [batch for _, batch in sorted(merged.items())]
        before: EventHead | None = None
        for batch in batches:
            head = event_head(batch)
            assert head.previous_hash == (before.hash if before else 0)
            before = head
        return batches

    def common(self) -> int:
        """The last command of which all of them have told."""
        return min(next(reversed(told), (0, 0))[0] for told in self._told.values())


def fold_of(batches: list[bytes], sequence: int) -> Fold:
    """What a store that has recorded up to this event should hold."""
    fold = Fold()
    fold.add(b"".join(batch for batch in batches if event_head(batch).last_seq <= sequence))
    return fold
