"""A market on a cluster of processes, and what must hold when it has ended."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec
import pytest

from core import StoreReader
from store.redis import RedisStore
from testing.engine_logs import EngineLogs, fold_of
from testing.fold import Fold, shown
from testing.pair_exchange import PairExchange
from testing.port import Exchange
from testing.poster import Poster
from testing.stored import check
from testing.trader import Trader

THING = TypeVar("THING")
TRADERS = 4
BACK_S = 180
"""Within which all have heard of something again, on a machine that does much else."""
QUICK = (
    "[journal]",
    "snapshot_interval_s = 2.0",
    "snapshot_commands_min = 10",
    "[store]",
    "recorder_interval_s = 0.05",
    "recorder_retry_interval_s_max = 0.5",
)


class LiveMarket:
    """Clients of a cluster that trade without end, and all that they were told."""

    def __init__(
        self,
        exchange: PairExchange,
        chance: random.Random,
        *,
        gateways: Sequence[Exchange] = (),
        facade: Exchange | None = None,
        lines_hang: bool = False,
    ) -> None:
        """They reach gateways and facade directly, unless other ways are told.

        ``lines_hang``: see ``Trader.live``.
        """
        self.exchange = exchange
        self.gateways = gateways or exchange.gateways
        self.facade = facade or exchange.facade
        self.chance = chance
        self._lines_hang = lines_hang
        self.rest = Poster()
        self.traders = [
            Trader(f"demo{n}", random.Random(chance.random()), in_flight_max=8, pause_s=0.05)
            for n in range(1, TRADERS + 1)
        ]

    def somewhere(self) -> Exchange:
        """A gateway, whether it serves or not."""
        return self.chance.choice(self.gateways)

    def begin(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Let all trade."""
        parts = [
            trader.live(self.somewhere, lines_hang=self._lines_hang) for trader in self.traders
        ]
        parts.append(self.rest.live(self.facade, self.chance, 0.05))
        return [group.create_task(part) for part in parts]

    async def goes_on(self) -> None:
        """Wait until each has heard of something new."""

        def heard() -> list[int]:
            return [*(len(trader.told) for trader in self.traders), len(self.rest.acknowledged)]

        before = heard()
        try:
            async with asyncio.timeout(BACK_S):
                while any(now < then + 5 for now, then in zip(heard(), before, strict=True)):
                    assert not self.exchange.ended()
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pytest.fail(f"heard {heard()}, and {before} before that")

    async def settle(self) -> None:
        """Let each have an answer to all that it has asked, and be told all of it once more."""
        for trader in self.traders:
            await trader.settle(self.somewhere)
            assert not trader.unanswered
        await self.rest.settle(self.facade)
        for trader in self.traders:
            assert await trader.check(self.exchange.gateways[0]) == 1
        await self.rest.check(self.exchange.facade)


def in_turns(things: Iterable[THING], chance: random.Random) -> Iterator[THING]:
    """Each of them in turn, in another order each time, without end."""
    order = list(things)
    while True:
        chance.shuffle(order)
        yield from order


@contextlib.asynccontextmanager
async def trading(exchange: PairExchange, market: LiveMarket) -> AsyncIterator[None]:
    """Let all trade while the block runs; then no client and no store lacks or doubles a thing."""
    with EngineLogs(exchange.config.kafka) as logs:
        async with asyncio.TaskGroup() as group:
            tasks = [*market.begin(group), group.create_task(logs.follow())]
            await market.goes_on()
            yield
            for task in tasks:
                task.cancel()
        await market.settle()
        told = await asyncio.to_thread(end, exchange, logs)
        await check_stores(exchange, logs, told)


async def check_stores(exchange: PairExchange, logs: EngineLogs, told: int) -> None:
    """Archive and Redis hold what the engines' logs tell, which is the same in both.

    They do at least up to the command up to which was told when the recorders were stopped.
    """
    batches = logs.agreed()
    archive = exchange.archive_dir / "store.db"
    archived = StoreReader(archive).position()
    assert archived.command_offset >= told > 0
    await asyncio.to_thread(check, archive, fold_of(batches, archived.sequence))
    store = RedisStore(exchange.config.redis)
    try:
        position = await store.position()
        assert position.command_offset >= told
        await check_redis(store, fold_of(batches, position.sequence))
    finally:
        await store.close()


async def check_redis(store: RedisStore, fold: Fold) -> None:
    """All orders, and no other, as they are shown; all trades."""
    for number, expected in fold.orders.items():
        order = await store.order(number)
        assert order is not None
        assert msgspec.json.decode(order.json) == shown(expected)
    assert await store.order(max(fold.orders) + 1) is None
    for instrument, trades in fold.trades.items():
        newest = await store.trades(instrument, limit=1_000)
        assert [msgspec.json.decode(trade) for _, trade in newest] == trades[:1_000]


def end(exchange: PairExchange, logs: EngineLogs) -> int:
    """Stop all in order, the engines last, having compared all that they told.

    The last command of which all of them had told before.
    """
    assert not exchange.faults()
    for role in (exchange.facade, *exchange.gateways):
        role.stop()
    exchange.verified()
    logs.read()
    told = logs.common()
    for role in (exchange.archive, exchange.into_redis, *exchange.engines.values()):
        role.stop()
    logs.read()
    return told
