"""The Store on Redis.

``crates/store/src/redis`` says what stands under which key; here are the questions.  What is asked
at once is of one moment, and the position comes with it; names are asked behind it.  What Redis
answers is folded, held to its checksums and shown by native code.
"""

import asyncio
import bisect
from collections.abc import AsyncIterator
from typing import Any, TypeVar

from redis.exceptions import OutOfMemoryError, RedisError

from core import (
    Bar,
    Beginnings,
    OrdersPage,
    Recorded,
    RedisPlace,
    RedisRows,
    StoreDamaged,
    StoredOrder,
    StoreFailed,
    Stretch,
    Sum,
    Trade,
    redis_bars,
    redis_symbol,
    redis_trades,
    sum_of,
    trade_json,
)
from settings import RedisSettings
from store.redis_access import look_at
from store.redis_link import client, where

T = TypeVar("T")

CHUNK_BITS = 4
"""So many of an order id's lowest bits tell the orders of one key apart."""
BLOCK_BITS = 10
"""The same of a trade id."""
ENTRY_BYTES = 8
"""Of an account's list of chunks; an instrument's list of blocks has two such numbers for each."""
MINUTE_NS = 60 * 10**9
DAY_NS = 86_400 * 10**9
DAYS_KEPT = 2
"""Days of which bars are kept before the oldest trade that is."""
SCAN_ORDERS_MAX = 20_000
"""Most orders that one page examines."""
LIMIT_MAX = 1_000
"""Most orders or trades that one answer holds."""
CHUNKS_AT_ONCE = 64
"""Chunks of orders, or blocks of trades, that are asked for at once at most."""
LIST_BYTES = 4_096
"""Bytes of an account's list that are read at once."""
NEVER = 2**64 - 1
CUT = "the store is damaged: a list in Redis is cut"

Command = tuple[str | int, ...]


def numbers(value: bytes | None) -> list[int]:
    """The numbers of 8 bytes that a value is made of."""
    try:
        return list(memoryview(value or b"").cast("Q"))
    except TypeError as error:
        raise StoreDamaged(CUT) from error


def pairs(value: bytes | None) -> dict[int, int]:
    """The first of each of such numbers, and what stood behind it."""
    listed = numbers(value)
    found: dict[int, int] = {}
    for number, beside in zip(listed[::2], listed[1::2], strict=False):
        found.setdefault(number, beside)
    return found


class RedisStore:
    """Queries of what a ``RedisRecorder`` writes."""

    def __init__(self, settings: RedisSettings) -> None:
        """Nothing is connected yet."""
        self._settings = settings
        self._prefix = settings.key_prefix
        self._redis = client(settings, settings.redis_connections_max)
        self._complete_since: int | None = None
        self.in_use = 0
        """Connections in use, or waited for, now."""

    # -- asking ------------------------------------------------------------------------------

    async def _ask(self, *commands: Command) -> tuple[RedisPlace | None, list[Any]]:
        """The position and the answers to commands, of one moment."""
        self.in_use += 1
        try:
            async with asyncio.timeout(self._settings.request_deadline_s):
                value, *answers = await self._answers(commands)
        except TimeoutError as error:
            hint = look_at(error, self._settings)
            raise StoreFailed(f"Redis at {where(self._settings)} does not answer{hint}") from error
        except (RedisError, OSError) as error:
            hint = look_at(error, self._settings)
            raise StoreFailed(f"Redis at {where(self._settings)}: {error}{hint}") from error
        finally:
            self.in_use -= 1
        place = None if value is None else RedisPlace(value)
        self._complete_since = None if place is None else place.complete_since
        return place, answers

    async def _answers(self, commands: tuple[Command, ...]) -> list[Any]:
        position: Command = ("GET", "position")
        try:
            return await self._pipeline([position, *commands], at_once=True)
        except OutOfMemoryError:
            # One that is full takes no transaction, not even of questions.
            while True:
                found = await self._pipeline([position, *commands, position], at_once=False)
                if found.pop() == found[0]:
                    return found

    async def _pipeline(self, commands: list[Command], *, at_once: bool) -> list[Any]:
        pipeline = self._redis.pipeline(transaction=at_once)
        for name, key, *words in commands:
            pipeline.execute_command(name, f"{self._prefix}{key}", *words)
        answers: list[Any] = await pipeline.execute()
        return answers

    async def _rows(self, order_ids: list[int]) -> tuple[int, RedisRows]:
        """Orders, and the number of the last event that they know."""
        chunks = sorted({order_id >> CHUNK_BITS for order_id in order_ids})
        place, found = await self._ask(*(("GET", f"orders:{chunk}") for chunk in chunks))
        return place.sequence if place else 0, RedisRows(found, order_ids=order_ids)

    async def _learn(self, rows: RedisRows) -> None:
        """Ask for the names that orders are shown with."""
        kinds = list(zip(("accounts", "entries", "instruments"), rows.needs, strict=True))
        wanted: list[Command] = [("HMGET", name, *fields) for name, fields in kinds if fields]
        _, found = await self._ask(*wanted)
        answers = iter(found)
        rows.learn(*(next(answers) if fields else [] for _, fields in kinds))

    # -- the port ----------------------------------------------------------------------------

    async def place(self) -> RedisPlace | None:
        """How far its recorder has come, and in which journal; None where there is nothing."""
        place, _ = await self._ask()
        return place

    async def position(self) -> Recorded:
        """See ``Store``."""
        place = await self.place()
        if place is None:
            return Recorded(offset=0, sequence=0, command_offset=0)
        return Recorded(
            offset=place.offset, sequence=place.sequence, command_offset=place.command_offset
        )

    @property
    def complete_since(self) -> int | None:
        """See ``Store``; as the last answer had it."""
        return self._complete_since

    async def order(self, order_id: int) -> StoredOrder | None:
        """See ``Store``."""
        _, rows = await self._rows([order_id])
        if not rows.heads:
            return None
        await self._learn(rows)
        return rows.order(0)

    async def history(
        self, order_id: int, *, after: int, limit: int, bytes_max: int
    ) -> Stretch | None:
        """See ``Store``."""
        _, rows = await self._rows([order_id])
        return rows.stretch(fills=False, after=after, limit=limit, bytes_max=bytes_max)

    async def fills(
        self, order_id: int, *, after: int, limit: int, bytes_max: int
    ) -> Stretch | None:
        """See ``Store``."""
        _, rows = await self._rows([order_id])
        return rows.stretch(fills=True, after=after, limit=limit, bytes_max=bytes_max)

    async def beginnings(self, order_ids: list[int]) -> Beginnings:
        """See ``Store``."""
        sequence, rows = await self._rows(order_ids)
        return rows.beginnings(sequence)

    async def orders(
        self,
        account: int,
        *,
        before: int | None = None,
        limit: int = 100,
        bytes_max: int = 2**18,
        status: str | None = None,
        instrument: int | None = None,
    ) -> OrdersPage:
        """See ``Store``."""
        found: list[tuple[int, bytes]] = []
        size = examined = 0
        last: int | None = None
        limit = min(limit, LIMIT_MAX)
        below = NEVER if before is None else before
        async for chunks in self._chunks(account, below >> CHUNK_BITS, limit):
            _, values = await self._ask(*(("GET", f"orders:{chunk}") for chunk in chunks))
            rows = RedisRows(values, account=account)
            await self._learn(rows)
            for at, (order_id, state, of) in enumerate(rows.heads):
                if order_id >= below:
                    continue
                if examined == SCAN_ORDERS_MAX or len(found) == limit or size >= bytes_max:
                    return OrdersPage(orders=found, next=last)
                examined, last = examined + 1, order_id
                if (status or state) == state and instrument in (None, of):
                    json = rows.order(at).json
                    size += len(json)
                    found.append((order_id, json))
        return OrdersPage(orders=found, next=last if examined == SCAN_ORDERS_MAX else None)

    async def _chunks(self, account: int, newest: int, limit: int) -> AsyncIterator[list[int]]:
        """In which chunks an account has orders, from ``newest`` on to older ones, some at once."""
        listed, key = f"account:{account}", "GETRANGE"
        _, (late, size) = await self._ask(("GET", f"late:{account}"), ("STRLEN", listed))
        old = sorted({chunk for chunk in numbers(late) if chunk <= newest})
        if size % ENTRY_BYTES:
            raise StoreDamaged(CUT)
        end = await self._end(listed, newest, size // ENTRY_BYTES) * ENTRY_BYTES
        width, given = max(1, min(CHUNKS_AT_ONCE, limit)), NEVER
        while end or old:
            begin = max(0, end - LIST_BYTES)
            _, (piece,) = await self._ask((key, listed, begin, end - 1)) if end else (None, [b""])
            # An order that a snapshot told of may have begun in the log as well.
            least = numbers(piece)[0] if begin else 0
            some = {*numbers(piece), *(chunk for chunk in old if chunk >= least)}
            old = [chunk for chunk in old if chunk < least]
            falling = sorted((chunk for chunk in some if chunk < given), reverse=True)
            given, end = min([given, *falling]), begin
            while falling:
                yield falling[:width]
                falling, width = falling[width:], CHUNKS_AT_ONCE

    async def _end(self, listed: str, newest: int, count: int) -> int:
        """How many of a list's chunks, which rise, are at most ``newest``."""
        if newest == NEVER >> CHUNK_BITS:
            return count
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            at = middle * ENTRY_BYTES
            _, (entry,) = await self._ask(("GETRANGE", listed, at, at + ENTRY_BYTES - 1))
            if not entry or numbers(entry)[0] > newest:
                high = middle
            else:
                low = middle + 1
        return low

    # -- trades ------------------------------------------------------------------------------

    async def _blocks(self, instrument: int) -> tuple[list[int], list[int]]:
        """The blocks that hold trades of an instrument, rising, and when the first of each was."""
        _, (value,) = await self._ask(("GET", f"blocks:{instrument}"))
        first = pairs(value)
        return list(first), list(first.values())

    async def _trades(self, instrument: int, blocks: list[int]) -> AsyncIterator[list[Trade]]:
        """The trades of blocks, one block after the other."""
        for at in range(0, len(blocks), CHUNKS_AT_ONCE):
            some = blocks[at : at + CHUNKS_AT_ONCE]
            asked = (("GET", f"trades:{instrument}:{block}") for block in some)
            _, values = await self._ask(*asked)
            for value in values:
                yield redis_trades(value or b"")

    async def trades(
        self, instrument: int, *, before: int | None = None, limit: int = 100
    ) -> list[tuple[int, bytes]]:
        """See ``Store``."""
        limit = min(limit, LIMIT_MAX)
        below = NEVER if before is None else before
        blocks, _ = await self._blocks(instrument)
        blocks = blocks[: bisect.bisect_right(blocks, below >> BLOCK_BITS)]
        found: list[Trade] = []
        width = 2
        while blocks and len(found) < limit:
            newest, blocks = blocks[-width:], blocks[:-width]
            width = CHUNKS_AT_ONCE
            trades = [trade async for some in self._trades(instrument, newest) for trade in some]
            found += [trade for trade in reversed(trades) if trade.trade_id < below]
        return [(trade.trade_id, trade_json(trade)) for trade in found[:limit]]

    async def trades_between(
        self, instrument: int, from_ns: int, to_ns: int, *, after: int = 0, limit: int = 1_000
    ) -> list[Trade]:
        """See ``Store``."""
        limit = min(limit, LIMIT_MAX)
        found: list[Trade] = []
        async for trade in self._each_between(instrument, from_ns, to_ns, after):
            if len(found) == limit:
                break
            found.append(trade)
        return found

    async def _each_between(
        self, instrument: int, from_ns: int, to_ns: int, after: int
    ) -> AsyncIterator[Trade]:
        blocks, times = await self._blocks(instrument)
        # The block before the first that begins there may reach into it.
        begin = max(bisect.bisect_left(times, from_ns) - 1, 0)
        begin = max(begin, bisect.bisect_left(blocks, after >> BLOCK_BITS))
        end = bisect.bisect_left(times, to_ns)
        async for some in self._trades(instrument, blocks[begin:end]):
            for trade in some:
                if trade.trade_id > after and from_ns <= trade.time_ns < to_ns:
                    yield trade

    async def sum_between(self, instrument: int, after_ns: int, before_ns: int) -> Sum | None:
        """See ``Store``."""
        trades = self._each_between(instrument, after_ns + 1, before_ns, 0)
        return sum_of([trade async for trade in trades])

    async def bars(self, instrument: int, from_ns: int) -> list[Bar]:
        """See ``Store``."""
        place, (blocks, newest) = await self._ask(
            ("GETRANGE", f"blocks:{instrument}", 0, 2 * ENTRY_BYTES - 1),
            ("HGET", "bars", instrument),
        )
        if not blocks or newest is None:
            return []
        first_ns = next(iter(pairs(blocks).values()), 0)
        if place is not None and place.deleted_ns:
            first_ns -= DAYS_KEPT * DAY_NS
        first_ns = max(from_ns, first_ns)
        last_ns = redis_bars(newest)[0].last_ns
        found: list[Bar] = []
        days = list(range(max(first_ns, 0) // DAY_NS, last_ns // DAY_NS + 1))
        for at in range(0, len(days), CHUNKS_AT_ONCE):
            some = days[at : at + CHUNKS_AT_ONCE]
            _, values = await self._ask(*(("GET", f"minutes:{instrument}:{day}") for day in some))
            for value in values:
                found += redis_bars(value or b"")
        return [bar for bar in found if bar.minute >= from_ns // MINUTE_NS]

    async def instruments(self) -> list[tuple[int, str]]:
        """See ``Store``."""
        _, (found,) = await self._ask(("HGETALL", "instruments"))
        symbols = ((int(number), value) for number, value in found.items())
        return sorted((number, redis_symbol(number, value)) for number, value in symbols)

    async def close(self) -> None:
        """See ``Store``."""
        await self._redis.aclose()
