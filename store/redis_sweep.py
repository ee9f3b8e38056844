"""Deleting the oldest closed orders from Redis, and the trades of their time."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from core import RedisPlace, RedisSwept
from settings import RedisSettings
from store.redis import DAY_NS, DAYS_KEPT, ENTRY_BYTES, numbers

CHUNKS = 256
"""Chunks of orders that are looked at in one go."""
REMNANTS = 64
"""Those of them that were looked at before, and had open orders left."""
FULL_PERCENT = 90
"""Of what Redis itself allows, it is to use no more: a full one takes nothing."""
DEAD_MAX = 256
"""Chunks without an account's orders that its list may name, before it is written again."""


class Sweep:
    """What is to be deleted next: commands, and what is true once they are executed."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.commands: list[list[bytes]] = []
        self.gone: list[str] = []
        """Keys that go as a whole."""
        self.swept = 0
        self.deleted_ns = 0
        self.orders = 0

    def say(self, *words: str | int | bytes) -> None:
        """One more command."""
        self.commands.append([x if isinstance(x, bytes) else str(x).encode() for x in words])

    def delete(self, key: str) -> None:
        """Delete a key."""
        self.gone.append(key)
        self.say("UNLINK", key)


class Sweeper:
    """Looks for what can be deleted, between two transactions."""

    def __init__(self, redis: Redis, settings: RedisSettings) -> None:
        """``redis`` is asked for what it holds."""
        self._redis = redis
        self._prefix = settings.key_prefix
        self._bytes_max = settings.redis_bytes_max
        self._cursor = 0
        self._dead: Counter[int] = Counter()
        self.bytes_used = 0
        """Of memory, as Redis said last."""

    async def needed(self) -> bool:
        """Whether Redis uses more than it may."""
        memory = await self._redis.info("memory")
        self.bytes_used = int(memory["used_memory"])
        most = int(memory["maxmemory"]) * FULL_PERCENT // 100
        return self.bytes_used > min(self._bytes_max, most or self._bytes_max)

    async def find(self, place: RedisPlace) -> Sweep | None:
        """The next that can go; None where nothing can.  The newest chunk stays."""
        sweep = Sweep()
        swept = place.last if place.swept is None else place.swept
        chunks = list(range(swept, min(swept + CHUNKS, place.last)))
        sweep.swept = swept + len(chunks)
        sweep.deleted_ns = place.deleted_ns
        before = await self._remnants()
        for chunk, value in await self._values(chunks + before):
            self._sweep(sweep, chunk, value, was_remnant=chunk < swept)
        if not sweep.commands and not chunks:
            return None
        await self._shorten_lists(sweep)
        await self._delete_trades(sweep)
        return sweep

    async def _values(self, chunks: Sequence[int]) -> list[tuple[int, bytes | None]]:
        if not chunks:
            return []
        keys = [f"{self._prefix}orders:{chunk}" for chunk in chunks]
        return list(zip(chunks, await self._redis.mget(keys), strict=True))

    async def _remnants(self) -> list[int]:
        """Some of those with open orders left; all of them in turn."""
        self._cursor, some = await self._redis.sscan(
            f"{self._prefix}remnants", self._cursor, count=REMNANTS
        )
        return [int(chunk) for chunk in some]

    def _sweep(self, sweep: Sweep, chunk: int, value: bytes | None, *, was_remnant: bool) -> None:
        key, remnants = f"{self._prefix}orders:{chunk}", f"{self._prefix}remnants"
        if value is None:
            return
        found = RedisSwept(value)
        if not found.deleted and was_remnant:
            return
        sweep.deleted_ns = max(sweep.deleted_ns, found.deleted_ns)
        sweep.orders += found.deleted
        if found.left:
            if found.deleted:
                sweep.say("SET", key, found.left)
            if not was_remnant:
                sweep.say("SADD", remnants, chunk)
            return
        sweep.delete(key)
        self._dead.update(found.accounts)
        if was_remnant:
            sweep.say("SREM", remnants, chunk)

    async def _shorten_lists(self, sweep: Sweep) -> None:
        """Take what was deleted out of the lists of accounts, where that is much."""
        much = [account for account, dead in self._dead.items() if dead >= DEAD_MAX]
        gone = {int(key.rpartition(":")[2]) for key in sweep.gone}
        for account in much:
            key = f"{self._prefix}account:{account}"
            listed = numbers(await self._redis.get(key))
            old = [chunk for chunk in listed if chunk < sweep.swept]
            if self._dead[account] * 2 < len(listed):
                continue
            keys = [f"{self._prefix}orders:{chunk}" for chunk in old]
            there = await self._present(keys)
            kept = [x for x, is_there in zip(old, there, strict=True) if is_there and x not in gone]
            kept += listed[len(old) :]
            value = b"".join(chunk.to_bytes(ENTRY_BYTES, "little") for chunk in kept)
            if value:
                sweep.say("SET", key, value)
            else:
                sweep.delete(key)
            del self._dead[account]

    async def _present(self, keys: list[str]) -> list[Any]:
        pipeline = self._redis.pipeline(transaction=False)
        for key in keys:
            pipeline.exists(key)
        return await pipeline.execute()

    async def _delete_trades(self, sweep: Sweep) -> None:
        """Trades go with the orders of their time, and bars some days later."""
        for instrument in await self._instruments():
            key = f"{self._prefix}blocks:{instrument}"
            listed = numbers(await self._redis.get(key))
            blocks, times = listed[::2], listed[1::2]
            old = 0
            while old + 1 < len(blocks) and times[old + 1] <= sweep.deleted_ns:
                old += 1
            if not old:
                continue
            for block in sorted(set(blocks[:old]) - {blocks[old]}):
                sweep.delete(f"{self._prefix}trades:{instrument}:{block}")
            first_day = times[0] // DAY_NS - DAYS_KEPT
            for day in range(max(first_day, 0), times[old] // DAY_NS - DAYS_KEPT):
                sweep.delete(f"{self._prefix}minutes:{instrument}:{day}")
            kept = listed[2 * old :]
            sweep.say("SET", key, b"".join(x.to_bytes(ENTRY_BYTES, "little") for x in kept))

    async def _instruments(self) -> list[int]:
        found: list[bytes] = await self._redis.execute_command(
            "HKEYS", f"{self._prefix}instruments"
        )
        return [int(number) for number in found]
