"""Two builds side by side: each role is replaced under load, then newer rules decide."""

import asyncio
import random
import sys
from pathlib import Path

import pytest

from core import RULES
from testing.another_build import another_build
from testing.cluster_process import ClusterProcess, set_up
from testing.kafka import Brokers
from testing.market import QUICK, LiveMarket, trading
from testing.pair_exchange import PairExchange
from testing.redis import RedisServer

ENGINE = "crates/matching/src/engine.rs"
GAP_S_MAX = 4.0
"""How long nobody may be told anything while newer rules begin to decide, in seconds."""


@pytest.mark.timeout(3600)
async def test_nothing_is_lost_when_another_build_with_newer_rules_takes_over(
    tmp_path: Path, redis: RedisServer, kafka: Brokers, pytestconfig: pytest.Config, seed: int
) -> None:
    if not pytestconfig.getoption("builds"):
        pytest.skip("only with --builds: it compiles the exchange once more")
    before, after = (f"pub const RULES: u32 = {rules};" for rules in (RULES, RULES + 1))
    newer = await asyncio.to_thread(another_build, tmp_path, {ENGINE: (before, after)})
    exchange = PairExchange(tmp_path, kafka, redis, *QUICK)
    await asyncio.to_thread(exchange.start)
    market = LiveMarket(exchange, random.Random(seed))
    first, second = exchange.engines.values()
    async with trading(exchange, market):
        for role in _readers_first(exchange):
            await _replace(role, newer)
            await market.goes_on()
        # One engine is of the old build still: it does not know what it is told now.
        lines = [trader.client for trader in market.traders]
        said, gap_s = await asyncio.gather(
            asyncio.to_thread(set_up, exchange.path, root=newer), _longest_silence(market, 8.0)
        )
        assert f"rules: version {RULES} -> {RULES + 1}" in said
        assert gap_s <= GAP_S_MAX
        assert [trader.client for trader in market.traders] == lines
        assert await asyncio.to_thread(second.ends) != 0
        assert f"the journal goes on by rules of version {RULES + 1}" in second.said()
        second.root = newer
        await asyncio.to_thread(second.start)
        # The only one that had not stopped is replaced, so that the other one is heard.
        await asyncio.to_thread(first.stop)
        assert await _longest_silence(market, 3.0) <= GAP_S_MAX / 2
        await asyncio.to_thread(first.start)
        exchange.root = newer
    sys.stderr.write(f"nobody was told anything for {gap_s:.2f} s at most\n")


def _readers_first(exchange: PairExchange) -> list[ClusterProcess]:
    """All but the second engine, in the order that docs/operations.md gives."""
    recorders = [exchange.archive, exchange.into_redis]
    return [*recorders, exchange.facade, *exchange.gateways, next(iter(exchange.engines.values()))]


async def _replace(role: ClusterProcess, root: Path) -> None:
    await asyncio.to_thread(role.stop)
    role.root = root
    await asyncio.to_thread(role.start)


async def _longest_silence(market: LiveMarket, seconds: float) -> float:
    """For how long no trader was told anything, while it looked, in seconds."""
    loop = asyncio.get_running_loop()
    end, last, longest = loop.time() + seconds, loop.time(), 0.0
    count = -1
    while loop.time() < end:
        now = sum(len(trader.told) for trader in market.traders)
        if now != count:
            longest, last, count = max(longest, loop.time() - last), loop.time(), now
        await asyncio.sleep(0.01)
    return max(longest, loop.time() - last)
