"""One stretch of recording on Redis, over one connection, until something fails."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable
from typing import Protocol

from redis.asyncio import Redis

from core import (
    LogRecord,
    RedisBuffer,
    RedisPlace,
    RedisWriter,
    StoreFailed,
    event_head,
    first_batch_after,
)
from journal.kafka import Displaced
from journal.port import NamedLog
from settings import RedisSettings, StoreSettings
from store.redis_link import Link, Unwritten
from store.redis_sweep import Sweeper

log = logging.getLogger("quantscope.store")

SWEEP_INTERVAL_S = 1.0
"""How often it is looked how much memory Redis uses, and whether another writes, in seconds."""
KEYS_AT_ONCE = 1_000
"""Keys that are deleted at once where the store is begun anew."""
MUCH_EVENTS = 1_000
"""A transaction at the end of the log with so many events makes the next pause longer."""


class Claim:
    """Whose the store is: the later writer's, which has the higher number.

    Of two that begin at once the one that writes first is the earlier: who has never written comes
    after whoever has.  So one of them goes on, and it is no matter when Redis came.
    """

    def __init__(self) -> None:
        """Nobody's yet."""
        self.nonce = secrets.randbits(63)
        self.life = 0
        self.written = False
        """Whether it stands in Redis, or did."""

    def take(self, place: RedisPlace | None) -> None:
        """Be its writer from now on, or still; raises ``Displaced`` where a later one has it."""
        before = 0 if place is None else place.life
        if not self.written:
            self.life = max(self.life, before + 1)
        elif place is not None and place.nonce != self.nonce and before >= self.life:
            raise Displaced("another recorder has begun to write to this store: this one ends")
        # One that is earlier stands there where Redis has lost what this one wrote.


class Told(Protocol):
    """Who is told what was written."""

    async def begins(self) -> None:
        """Writing begins; raises ``Displaced`` where this recorder has none to do any more."""

    def written(self, buffer: RedisBuffer, place: RedisPlace) -> None:
        """Redis has executed a transaction."""

    def swept(self, orders: int, bytes_used: int) -> None:
        """So many orders were deleted, and so much memory is used."""


IsVoid = Callable[[int, int, int], bool]
"""Whether what was recorded does not count any more, up to a command, a part and a chain there."""


class Writing:
    """A recorder at work."""

    def __init__(
        self,
        events: NamedLog,
        link: Link,
        redis: Redis,
        settings: RedisSettings,
        store: StoreSettings,
        claim: Claim,
        told: Told,
        stop: asyncio.Event,
        *,
        share: int,
    ) -> None:
        """A transaction has one ``share``-th of what it may have."""
        self._events = events
        self._link = link
        self._redis = redis
        self._settings = settings
        self._store = store
        self._claim = claim
        self._told = told
        self._stop = stop
        self._share = share
        self._sweeper = Sweeper(redis, settings)
        self._sweep_at = 0.0
        self._writer: RedisWriter
        self._place: RedisPlace
        self._value = b""
        """What Redis holds of the position."""
        self._under_way: asyncio.Task[None] | None = None
        self._records: list[LogRecord] = []
        self._offset = 0
        """Where the log is read on."""

    # -- where it begins ---------------------------------------------------------------------

    async def begin(self, *, anew: bool, seed: Callable[[], bytes | None], is_void: IsVoid) -> None:
        """Go on from what Redis holds, or begin anew, as where that does not count any more."""
        value = await self._link.begin()
        # From here on nothing is written that another has come before.
        await self._told.begins()
        self._value = value or b""
        place = None if value is None else RedisPlace(value)
        self._claim.take(place)
        await asyncio.to_thread(self._events.look)
        if anew or value is None or place is None or not place.offset:
            await self._begin_anew(seed)
        elif await asyncio.to_thread(is_void, place.command_offset, place.part, place.chain):
            log.error("recorder: what Redis holds up to event %d is void or lost", place.sequence)
            await self._begin_anew(seed)
        elif not await self._goes_on(value, place):
            log.warning("recorder: the log lacks what follows on event %d", place.sequence)
            await self._begin_anew(seed)

    async def _goes_on(self, value: bytes, place: RedisPlace) -> bool:
        """Whether the log goes on from what is recorded; it is read from there on."""
        if place.journal_id != self._events.journal_id:
            raise StoreFailed(
                f"Redis holds a store of another journal: delete all {self._settings.key_prefix}*, "
                "or take another redis.key_prefix"
            )
        here = await asyncio.to_thread(self._find, place)
        if here > self._events.written_offset:
            raise StoreFailed(
                f"Redis has recorded event {place.sequence}, and the events log ends before it"
            )
        await self._take_over(value)
        self._offset = here
        await self._read()
        try:
            self._records = self._records[self._writer.take(self._records[:2]) :]
        except StoreFailed:
            if self._events.first_offset > here or here > place.offset:
                return False
            raise
        return True

    def _find(self, place: RedisPlace) -> int:
        """The offset of the batch that is recorded last, or of the first behind it."""
        if place.part:
            return first_batch_after(self._events, place.command_offset, place.part - 1)
        return first_batch_after(self._events, place.command_offset - 1)

    async def _begin_anew(self, seed: Callable[[], bytes | None]) -> None:
        await self._take_over(None)
        await self._delete_all()
        self._offset = 0
        while not await self._read():
            if await self._rest(self._store.recorder_interval_s):
                return
            await asyncio.to_thread(self._events.look)
        head = event_head(self._records[0].batch)
        if head.first_seq > 1:
            log.warning(
                "recorder: the events log begins at event %d: so does Redis", head.first_seq
            )
            known = await asyncio.to_thread(seed)
            for buffer in self._writer.seed(known or b"", head.time_ns):
                await self._execute(buffer)

    async def _take_over(self, value: bytes | None) -> None:
        """Write whose the store is from now on."""
        bars = {}
        if value is not None:
            asked = self._redis.execute_command("HGETALL", f"{self._settings.key_prefix}bars")
            found: dict[bytes, bytes] = await asked
            bars = {int(instrument): bar for instrument, bar in found.items()}
        self._writer = RedisWriter(
            self._settings.key_prefix,
            value,
            before=self._value,
            life=self._claim.life,
            nonce=self._claim.nonce,
            journal_id=self._events.journal_id,
            bars=bars,
            orders_max=max(self._settings.transaction_orders_max // self._share, 1),
            bytes_max=max(self._settings.redis_transaction_bytes_max // self._share, 1),
        )
        buffer = self._writer.delete([], swept=0, deleted_ns=0)
        await self._execute(buffer)

    async def _delete_all(self) -> None:
        prefix = self._settings.key_prefix
        position = f"{prefix}position".encode()
        found: list[bytes] = []
        async for key in self._redis.scan_iter(match=f"{prefix}*", count=KEYS_AT_ONCE):
            found += [key] if key != position else []
            if len(found) >= KEYS_AT_ONCE:
                await self._redis.unlink(*found)
                found.clear()
        if found:
            await self._redis.unlink(*found)

    # -- going on ----------------------------------------------------------------------------

    async def run(self, *, full: bool) -> None:
        """Record until it is stopped and has all; where Redis is full, make room first."""
        if full:
            await self._sweep(full=True)
        pause = self._store.recorder_interval_s
        try:
            while True:
                stopping = self._stop.is_set()
                more, events = await self._turn()
                if self._sweep_is_due():
                    await self._executed()
                    await self._look()
                    await self._sweep(full=False)
                if more:
                    continue
                await self._executed()
                if stopping:
                    return
                pause = self._next_pause(pause, events)
                await self._rest(pause)
                await asyncio.to_thread(self._events.look)
        finally:
            if self._under_way is not None:
                self._under_way.cancel()
                await asyncio.gather(self._under_way, return_exceptions=True)

    async def _turn(self) -> tuple[bool, int]:
        """Send a transaction; whether there may be more than that, and how many events it has.

        The next is made while the one before is under way.
        """
        more = await self._gather()
        if self._writer.empty:
            return more, 0
        buffer = await asyncio.to_thread(self._writer.seal)
        await self._executed()
        self._under_way = asyncio.create_task(self._execute(buffer))
        return more, buffer.events

    async def _executed(self) -> None:
        """Wait for the transaction that is under way."""
        if self._under_way is not None:
            await self._under_way
            self._under_way = None

    def _next_pause(self, pause: float, events: int) -> float:
        least = self._store.recorder_interval_s
        if events < MUCH_EVENTS:
            return least
        return min(2 * pause, max(self._store.recorder_interval_busy_s, least))

    async def _gather(self) -> bool:
        """Take records for a transaction; whether there may be more than that."""
        while not self._writer.full:
            if not self._records and not await self._read():
                return False
            taken = await asyncio.to_thread(self._writer.take, self._records)
            self._records = self._records[taken:]
        return True

    async def _read(self) -> bool:
        """Read on in the log; whether there was something."""
        self._records = await asyncio.to_thread(self._read_now)
        if self._records:
            self._offset = self._records[-1].offset + 1
        return bool(self._records)

    def _read_now(self) -> list[LogRecord]:
        start = max(self._offset, self._events.first_offset)
        if start >= self._events.next_offset:
            return []
        return self._events.read(start, self._store.recorder_read_bytes_max)

    async def _execute(self, buffer: RedisBuffer) -> None:
        if await self._link.execute(buffer) != buffer.place:
            raise Unwritten
        self._value = buffer.place
        self._place = RedisPlace(buffer.place)
        self._claim.written = True
        self._told.written(buffer, self._place)

    async def _rest(self, seconds: float) -> bool:
        """Wait, unless it is stopped: then true."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
        return self._stop.is_set()

    async def _look(self) -> None:
        """Notice, also while nothing is to be written, that another writes, or Redis forgot."""
        if await self._redis.get(f"{self._settings.key_prefix}position") != self._value:
            raise Unwritten

    # -- making room -------------------------------------------------------------------------

    def _sweep_is_due(self) -> bool:
        return asyncio.get_running_loop().time() >= self._sweep_at

    async def _sweep(self, *, full: bool) -> None:
        """Delete the oldest closed orders while Redis uses more than it may."""
        deleted = 0
        while await self._sweeper.needed() or full:
            sweep = await self._sweeper.find(self._place)
            if sweep is None:
                break
            deleted += sweep.orders
            full = False
            await self._execute(
                self._writer.delete(sweep.commands, swept=sweep.swept, deleted_ns=sweep.deleted_ns)
            )
        self._sweep_at = asyncio.get_running_loop().time() + SWEEP_INTERVAL_S
        self._told.swept(deleted, self._sweeper.bytes_used)
