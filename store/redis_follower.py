"""A store on Redis that another process fills: followed as far as it is.

Redis syncs each second, and a crash takes back what it has not synced: so memory is to be let go of
only for what Redis has had for some seconds.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable

from core import RedisPlace, StoreFailed
from settings import FacadeSettings
from store.redis import RedisStore
from store.redis_recorder import DURABLE_S

log = logging.getLogger("quantscope.store")


class RedisFollower:
    """Looks how far a recorder on Redis is; nothing here writes."""

    def __init__(
        self,
        store: RedisStore,
        journal_id: int,
        limits: FacadeSettings,
        *,
        on_recorded: Callable[[int, int], None] = lambda _recorded, _durable: None,
        on_resumed: Callable[[], None] = lambda: None,
    ) -> None:
        """Nothing is asked yet: ``run`` does it.

        ``on_recorded`` is called with the numbers of the events up to which all is recorded, and
        is there for good, whenever one is another, also a lower one.  ``on_resumed`` is called when
        the store may be asked again.
        """
        self.store = store
        self._journal_id = journal_id
        self._interval_s = limits.store_poll_interval_s
        self._on_recorded = on_recorded
        self._on_resumed = on_resumed
        self._seen: deque[tuple[float, int]] = deque()
        """When it was seen to be how far; the first is that of some seconds ago."""
        self._said = (0, 0)
        self._woken = asyncio.Event()
        self._reason = ""
        """What was logged last."""
        self.away: str | None = "it was not asked yet"
        """Why it can't be asked now; None while it can."""
        self.recorded = 0
        """The event up to which all was recorded when it was looked at last."""

    def wake(self) -> None:
        """Look now: somebody waits for what is recorded."""
        self._woken.set()

    async def run(self) -> None:
        """Follow it until canceled."""
        while True:
            try:
                self._look(await self.store.place())
            except StoreFailed as error:
                self._lose(str(error))
            if self.away is not None:
                # Whoever waits does not make it be asked more often.
                await asyncio.sleep(self._interval_s)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval_s):
                    await self._woken.wait()
            self._woken.clear()

    def _look(self, place: RedisPlace | None) -> None:
        if place is None or place.sequence == 0:
            self._tell(0)
            raise StoreFailed("nothing is recorded on Redis yet")
        if place.journal_id != self._journal_id:
            raise StoreFailed(
                f"what is on Redis is of journal {place.journal_id:016x}, and this is "
                f"{self._journal_id:016x}"
            )
        self._tell(place.sequence)
        if self.away is not None:
            log.info("the store on Redis can be read, up to event %d", place.sequence)
            self.away = None
            self._on_resumed()

    def _tell(self, recorded: int) -> None:
        now = asyncio.get_running_loop().time()
        if recorded < self.recorded:
            # It has stepped back: nothing of it is known to be there for good.
            self._seen.clear()
        self.recorded = recorded
        self._seen.append((now, recorded))
        while len(self._seen) > 1 and self._seen[1][0] <= now - DURABLE_S:
            self._seen.popleft()
        stood = self._seen[0][0] <= now - DURABLE_S
        said = (recorded, self._seen[0][1] if stood else 0)
        if said != self._said:
            self._said = said
            self._on_recorded(*said)

    def _lose(self, reason: str) -> None:
        if reason != self._reason or self.away is None:
            log.warning("the store on Redis can't be read, and is tried again: %s", reason)
        # Where it is, and why it fails, is no matter of clients.
        self._reason, self.away = reason, "it is asked again and again"
