"""The recorder on Redis: reads an engine's events, and writes them in large transactions.

Native code makes a buffer of each transaction; the position is part of it, with the nonce of who
wrote it.  The next is sent when the answer to the one before is what that one has written.  After
any failure it begins again with what Redis holds: a Redis that stepped back is gone on from, one
that is empty is filled from the beginning of the log, or from a seed where the log lacks that.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from redis.exceptions import AuthenticationError, RedisError, ResponseError

from core import FAULTS, Faults, JournalError, Recorded, RedisBuffer, RedisPlace, StoreFailed
from journal.kafka import Displaced
from journal.port import NamedLog
from settings import RedisSettings, StoreSettings
from store.redis_access import look_at
from store.redis_link import Cut, Full, Link, Refused, Tainted, Unwritten, client, where
from store.redis_writing import Claim, IsVoid, Writing

log = logging.getLogger("quantscope.store")

RETRY_S = 0.05
"""First pause after a failure, in seconds; it doubles up to ``recorder_retry_interval_s_max``."""
SHARE_MAX = 1_024
"""As much smaller than they may be transactions become where Redis does not take them."""
GROW_TRANSACTIONS = 100
"""After so many they may be twice as large again, from the next beginning on."""
DURABLE_S = 5.0
"""What Redis has had for so many seconds no power cut takes back: it syncs each second."""
NOTHING = Recorded(offset=0, sequence=0, command_offset=0)


async def _always() -> None:
    """Nobody else has its name."""


def _recorded(place: RedisPlace | None) -> Recorded:
    if place is None:
        return NOTHING
    return Recorded(
        offset=place.offset, sequence=place.sequence, command_offset=place.command_offset
    )


class RedisRecorder:
    """Records what a log holds until it is told to stop.

    One at a time writes a store: a later one ends this one, with ``Displaced``.
    """

    def __init__(
        self,
        events: NamedLog,
        redis: RedisSettings,
        store: StoreSettings,
        *,
        seed: Callable[[], bytes | None] = lambda: None,
        prepare: Callable[[], object] = lambda: None,
        is_void: IsVoid = lambda _command, _part, _chain: False,
        allowed: Callable[[], Awaitable[None]] = _always,
        faults: Faults | None = None,
    ) -> None:
        """Nothing is connected yet.  ``seed`` is asked in a thread: see ``core.recorder_seed``.

        So is ``is_void``, whether what was recorded up to a place does not count any more, and
        ``prepare`` before each beginning.  ``allowed`` is asked each time before it begins to
        write: it raises ``Displaced`` where another has this one's name.
        """
        self._prepare = prepare
        self._is_void = is_void
        self._events = events
        self._settings = redis
        self._store = store
        self._seed = seed
        self._allowed = allowed
        self._faults = faults or Faults()
        self._claim = Claim()
        self._share = 1
        """Transactions are of this part of what they may be: Redis has not taken larger ones."""
        self._places: deque[tuple[float, RedisPlace]] = deque()
        """When it has written what, from what is durable on."""
        self._anew = False
        """Whether what Redis holds is not to be gone on from."""
        self._full = False
        self._stopped = False
        self._over = asyncio.Event()
        """Whether who writes now is to record what the log holds, and end."""
        names = ("transactions", "events", "orders", "trades", "failures")
        self._counts = dict.fromkeys((*names, "deleted", "steps_back", "full"), 0)
        self.failure: str | None = None
        """Why it can't record now, and tries again."""
        self.restarts = 0
        """How often it began again with what Redis holds."""
        self.bytes_used = 0
        """Memory that Redis uses, as it said last."""

    # -- for who asks how it is --------------------------------------------------------------

    def position(self) -> Recorded:
        """Up to where all is recorded; it falls where Redis steps back."""
        return _recorded(self._places[-1][1] if self._places else None)

    def durable(self) -> Recorded:
        """The same for what no power cut takes back: it has stood for some seconds."""
        due = asyncio.get_running_loop().time() - DURABLE_S
        while len(self._places) > 1 and self._places[1][0] <= due:
            self._places.popleft()
        stood = bool(self._places) and self._places[0][0] <= due
        return _recorded(self._places[0][1] if stood else None)

    def stats(self) -> dict[str, int]:
        """What it has counted."""
        return dict(self._counts)

    # -- told by what writes -----------------------------------------------------------------

    async def begins(self) -> None:
        """See ``Told``."""
        await self._allowed()

    def written(self, buffer: RedisBuffer, place: RedisPlace) -> None:
        """See ``Told``."""
        before = self.position()
        if place.sequence < before.sequence:
            self._counts["steps_back"] += 1
            log.warning(
                "recorder: Redis has stepped back from event %d to %d; it goes on from there",
                before.sequence,
                place.sequence,
            )
            self._places.clear()
        self._places.append((asyncio.get_running_loop().time(), place))
        self.durable()
        self._counts["transactions"] += 1
        if self._counts["transactions"] % GROW_TRANSACTIONS == 0:
            self._share = max(self._share // 2, 1)
        for name in ("events", "orders", "trades"):
            self._counts[name] += getattr(buffer, name)
        self._anew = False
        if buffer.events:
            self._recovered()

    def swept(self, orders: int, bytes_used: int) -> None:
        """See ``Told``."""
        self._counts["deleted"] += orders
        self.bytes_used = bytes_used

    # -- at work -----------------------------------------------------------------------------

    def stop(self) -> None:
        """Let it record what the log holds, and end."""
        self._stopped = True
        self._over.set()

    def begin_again(self) -> None:
        """Let it go on from what Redis holds: what it reads is to be another."""
        self._over.set()

    async def run(self) -> None:
        """Record until it is stopped; raises ``Displaced`` where a later one has begun."""
        pause = RETRY_S
        while True:
            recorded = self._counts["transactions"]
            try:
                await self._record()
            except Displaced:
                raise
            except FAULTS as error:
                self._fail(self._learned(error))
            if self._stopped:
                return
            pause = RETRY_S if self._counts["transactions"] > recorded else pause
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), pause)
            pause = min(2 * pause, self._store.recorder_retry_interval_s_max)
            self.restarts += 1

    def _learned(self, error: BaseException) -> str:
        """What a failure says; what is to be otherwise at the next beginning is so from now on."""
        said, server = str(error) or type(error).__name__, f"Redis at {where(self._settings)}"
        match error:
            case Full():
                self._full = True
                self._counts["full"] += 1
                said = f"{server} is full: {said}"
            case Refused() | Cut():
                self._share = min(2 * self._share, SHARE_MAX)
                how = "refuses a transaction" if isinstance(error, Refused) else "has hung up"
                said = f"{server} {how}: {said}"
            case Unwritten():
                # Who has written is looked at when it begins again.
                said = f"{server} was written to by another"
            case Tainted():
                # It counts as recorded, and is not.
                self._anew = True
                said = f"{server} holds what no recorder wrote: {said}"
            case ResponseError() | AuthenticationError():
                said = f"{server} refuses: {said}{look_at(error, self._settings)}"
            case RedisError() | OSError():
                said = f"{server} is away: {said}{look_at(error, self._settings)}"
            case JournalError() | StoreFailed():
                pass
            case _:
                self._faults.caught("recorder", "it begins again", error)
        return said

    def _fail(self, reason: str) -> None:
        self._counts["failures"] += 1
        if reason != self.failure:
            log.error("recorder: %s; will try again", reason)
        self.failure = reason

    def _recovered(self) -> None:
        if self.failure is not None:
            log.warning("recorder: records again")
        self.failure = None

    async def _record(self) -> None:
        if not self._stopped:
            self._over.clear()
        await asyncio.to_thread(self._prepare)
        redis = client(self._settings, 1)
        try:
            async with Link(self._settings) as link:
                writing = Writing(
                    self._events,
                    link,
                    redis,
                    self._settings,
                    self._store,
                    self._claim,
                    self,
                    self._over,
                    share=self._share,
                )
                await writing.begin(anew=self._anew, seed=self._seed, is_void=self._is_void)
                full, self._full = self._full, False
                if not full:
                    self._recovered()
                await writing.run(full=full)
        finally:
            await redis.aclose()
