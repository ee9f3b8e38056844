"""Every link of a cluster delayed, cut, hung and half-opened: as with kills, nothing is lost."""

import asyncio
import itertools
import random
import sys
from pathlib import Path

import pytest

from testing.linked import LinkedBrokers, LinkedExchange
from testing.market import QUICK, LiveMarket, in_turns, trading
from testing.proxy import Trouble
from testing.redis import RedisServer

DELAY_S = (0.02, 0.5)
LASTS_S = (0.2, 6.0)


@pytest.mark.timeout(7200)
async def test_nothing_is_lost_or_doubled_when_any_link_is_in_trouble(
    tmp_path: Path, redis: RedisServer, pytestconfig: pytest.Config, seed: int
) -> None:
    chance = random.Random(seed)
    with (
        LinkedBrokers(tmp_path / "kafka") as brokers,
        LinkedExchange(tmp_path, brokers, redis, *QUICK) as exchange,
    ):
        await asyncio.to_thread(exchange.start)
        market = LiveMarket(
            exchange,
            chance,
            gateways=exchange.seen_gateways,
            facade=exchange.seen_facade,
            lines_hang=True,
        )
        kinds = [kind for kind in Trouble if kind is not Trouble.NONE]
        order = in_turns(itertools.product(exchange.links, kinds), chance)
        async with trading(exchange, market):
            for link, trouble in itertools.islice(order, pytestconfig.getoption("kills")):
                lasts_s = chance.uniform(*LASTS_S)
                sys.stderr.write(f"{link}: what goes through {trouble.value}, {lasts_s:.1f} s\n")
                exchange.links[link].make(trouble, delay_s=chance.uniform(*DELAY_S))
                await asyncio.sleep(lasts_s)
                exchange.links[link].heal()
                await market.goes_on()
