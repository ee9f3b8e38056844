"""Servers that are away for long, or hang: nothing is lost, no role ends, all is back by itself.

pytest tests/cluster/test_outages.py --outage-s 30
"""

import asyncio
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from testing.kafka import Brokers
from testing.market import QUICK, LiveMarket, trading
from testing.pair_exchange import PairExchange, Part
from testing.redis import RedisServer

Change = Callable[[Part], object]
OUTAGES: list[tuple[str, str, Change, Change]] = [
    ("broker 1", "stopped", lambda part: part.stop(), lambda part: part.start()),
    ("broker 1", "frozen", lambda part: part.freeze(), lambda part: part.thaw()),
    ("Redis", "stopped", lambda part: part.stop(), lambda part: part.start()),
    ("Redis", "frozen", lambda part: part.freeze(), lambda part: part.thaw()),
]
SHORT = ("transaction_timeout_s = 10.0", "transaction_renew_s = 3.0")
"""A writer's transaction does not outlive a long outage."""


@pytest.mark.timeout(3600)
async def test_what_is_away_for_long_takes_nothing_along(
    tmp_path: Path, redis: RedisServer, pytestconfig: pytest.Config, seed: int
) -> None:
    chance, lasts_s = random.Random(seed), pytestconfig.getoption("outage_s")
    with Brokers(tmp_path / "kafka") as brokers:
        exchange = PairExchange(tmp_path, brokers, redis, *QUICK, kafka=SHORT)
        await asyncio.to_thread(exchange.start)
        market = LiveMarket(exchange, chance)
        async with trading(exchange, market):
            for name, how, begin, over in OUTAGES:
                begun = time.monotonic()
                await asyncio.to_thread(begin, exchange.parts[name])
                await asyncio.sleep(lasts_s)
                await asyncio.to_thread(over, exchange.parts[name])
                back = time.monotonic()
                await market.goes_on()
                sys.stderr.write(
                    f"{name} was {how} for {back - begun:.1f} s, and all had heard of something "
                    f"new {time.monotonic() - back:.1f} s later\n"
                )
            await asyncio.to_thread(redis.ask, "FLUSHALL")
            await market.goes_on()
