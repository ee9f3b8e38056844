"""``kill -9`` of every process of a cluster under load: nothing acknowledged is lost or doubled."""

import asyncio
import itertools
import random
import sys
from pathlib import Path

import pytest

from testing.kafka import Brokers
from testing.market import QUICK, LiveMarket, in_turns, trading
from testing.pair_exchange import PairExchange
from testing.redis import RedisServer


@pytest.mark.timeout(7200)
async def test_nothing_is_lost_or_doubled_when_any_process_is_killed(
    tmp_path: Path, redis: RedisServer, pytestconfig: pytest.Config, seed: int
) -> None:
    chance = random.Random(seed)
    with Brokers(tmp_path / "kafka", pytestconfig.getoption("brokers")) as brokers:
        exchange = PairExchange(tmp_path, brokers, redis, *QUICK)
        await asyncio.to_thread(exchange.start)
        market = LiveMarket(exchange, chance)
        order = in_turns(exchange.parts, chance)
        async with trading(exchange, market):
            for name in itertools.islice(order, pytestconfig.getoption("kills")):
                await asyncio.sleep(chance.uniform(0.05, 1.0))
                sys.stderr.write(f"killing {name}\n")
                await asyncio.to_thread(exchange.parts[name].kill)
                await asyncio.sleep(chance.choice((0.0, chance.uniform(0, 3.0))))
                await asyncio.to_thread(exchange.parts[name].start)
                await market.goes_on()
