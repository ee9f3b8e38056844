"""What other engines have told of the same commands: all of it is compared with one's own.

A batch holds the hash of the one before it, so one that is alike proves all before it.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

from core import Clock, JournalError, JournalRange, event_head
from engine.followed import FollowedEngine
from journal.kafka import At, Clients, Eras, Trailing
from journal.kafka.halts import base_in

log = logging.getLogger("quantscope.engine")

POLL_S = 1.0
"""How long a look for events takes that brings nothing, in seconds."""
RETRY_S = 0.3

OnDiffers = Callable[[str, At], Awaitable[None]]


class Twins:
    """The other engines, as one engine sees them."""

    def __init__(
        self,
        clients: Clients,
        name: str,
        others: Sequence[str],
        clock: Clock,
        *,
        own: Callable[[], FollowedEngine],
        on_differs: OnDiffers,
    ) -> None:
        """``own`` is the engine itself as its log tells; ``on_differs`` is awaited with a twin."""
        self._clients = clients
        self._name = name
        self.others = others
        self._own = own
        self._on_differs = on_differs
        self._recent: OrderedDict[At, int] = OrderedDict()
        """Hashes of what this engine has published last."""
        self._last: At | None = None
        self._published = asyncio.Event()
        self.trailing = Trailing((name, *others), clock.monotonic_ns)
        """Which of the engines is behind."""
        self.compared = 0
        """Event batches of others that were like one's own."""

    def published(self, batches: Sequence[bytes]) -> None:
        """This engine has told these."""
        if not self.others or not batches:
            return
        for batch in batches:
            head = event_head(batch)
            self._recent[At(head.command_offset, head.part)] = head.hash
        while len(self._recent) > self._clients.settings.compare_batches:
            self._recent.popitem(last=False)
        self._last = next(reversed(self._recent))
        self.trailing.told(self._name, self._last)
        self._published.set()

    def living(self) -> list[str]:
        """The engines that are level with the furthest, this one included, in their order."""
        return [
            name
            for name in self._clients.settings.engines
            if name == self._name or self._lives(name)
        ]

    def _lives(self, name: str) -> bool:
        return self.trailing.at(name) is not None and not self.trailing.is_silent(name)

    async def run(self, eras: Eras, command: int) -> None:
        """Compare until canceled, from the events of this engine's next command on."""
        async with asyncio.TaskGroup() as group:
            for name in self.others:
                group.create_task(self._compare(name, eras, command))

    async def _compare(self, name: str, eras: Eras, command: int) -> None:
        void = eras.void_from(name)
        at = await self._start(self._own().twin(name), command)
        async with self._own().twin(name).follow() as events:
            while True:
                records = await events.follow(at, POLL_S)
                if not records:
                    continue
                at = records[-1].offset + 1
                batches: list[bytes] = []
                for record in records:
                    base = base_in(record.value)
                    if base is not None:
                        void = None if void is None or base.era >= void.era else void
                        batches = []
                    elif void is None:
                        batches.append(record.value)
                if batches:
                    await self._hold(name, batches)

    async def _start(self, twin: FollowedEngine, command: int) -> int:
        """Where its log holds what comes behind this command."""
        while True:
            try:
                return await asyncio.to_thread(twin.offset_behind, command)
            except JournalError as error:
                log.warning("engine %s: %s", self._name, error)
                await asyncio.sleep(RETRY_S)

    async def _hold(self, name: str, batches: Sequence[bytes]) -> None:
        """Compare what stands there one after the other, once this engine is as far."""
        last = event_head(batches[-1])
        place = At(last.command_offset, last.part)
        self.trailing.told(name, place)
        while self._last is None or self._last < place:
            self._published.clear()
            await self._published.wait()
        own = await self._hash_at(place)
        if own is None or own == last.hash:
            self.compared += len(batches)
            return
        for batch in batches:
            head = event_head(batch)
            place = At(head.command_offset, head.part)
            if await self._hash_at(place) not in (None, head.hash):
                break
        log.error("engine %s tells otherwise of command batch %d", name, place.command_offset)
        await self._on_differs(name, place)
        # Nobody goes on before it is decided who is right, and then this begins anew.
        await asyncio.Event().wait()

    async def _hash_at(self, place: At) -> int | None:
        """Of this engine's batch there; None where it holds it no more."""
        if (recent := self._recent.get(place)) is not None:
            return recent
        return await asyncio.to_thread(self._stored, place)

    def _stored(self, place: At) -> int | None:
        try:
            with self._own().events() as events:
                records = events.read(events.batch_after(place.command_offset - 1), 1)
                while records:
                    head = event_head(records[0].batch)
                    found = At(head.command_offset, head.part)
                    if found >= place:
                        return head.hash if found == place else None
                    records = events.read(records[0].offset + 1, 1)
        except (JournalRange, JournalError) as error:
            log.warning("engine %s can't look up what it has told: %s", self._name, error)
        return None
