"""``kill -9`` at random moments under load: what was acknowledged is there, once."""

import asyncio
import random
from pathlib import Path
from typing import Any

import httpx
import pytest

from core import StoreReader
from journal import LogReader
from tests.store.content import check
from tests.store.fold import Fold
from tests.system.exchange import Exchange
from tests.system.trader import Trader

TRADERS = 4
KILLS_MIN = 3


class RestUser:
    """Posts orders one after the other, and knows which were acknowledged."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, str] = {}
        self.unknown: list[str] = []
        self._count = 0

    async def trade(self, exchange: Exchange) -> None:
        """Post until the server is gone."""
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{exchange.http}") as http:
            try:
                for client_id in self.unknown:
                    await self._post(http, client_id)
                self.unknown.clear()
                while True:
                    self._count += 1
                    client_id = f"rest-{self._count}"
                    self.unknown.append(client_id)
                    await self._post(http, client_id)
                    self.unknown.remove(client_id)
            except httpx.TransportError:
                return

    async def _post(self, http: httpx.AsyncClient, client_id: str) -> None:
        order: dict[str, Any] = {"symbol": "ETHUSD", "side": "BUY", "order_type": "LIMIT"}
        order |= {"price": "10", "quantity": "1", "user_id": "rest", "client_order_id": client_id}
        answer = await http.post("/orders", json=order)
        assert answer.status_code in (200, 201), answer.text
        self.acknowledged[client_id] = answer.json()["order_id"]


def check_store(data_dir: Path) -> Fold:
    """The store holds what the events say, no more and no less."""
    fold, log, place = Fold(), LogReader(data_dir / "events.db"), 1
    while entries := log.read(place, 1 << 20):
        fold.add(b"".join(entry[3] for entry in entries))
        place = entries[-1][0] + 1
    assert StoreReader(data_dir / "store.db").position()[0] == place - 1
    check(data_dir / "store.db", fold)
    return fold


@pytest.mark.timeout(3600)
async def test_nothing_acknowledged_is_lost_or_doubled_when_the_exchange_is_killed(
    tmp_path: Path, pytestconfig: pytest.Config, seed: int
) -> None:
    chance = random.Random(seed)
    # The option's default is for tests of the journal, whose lives are shorter.
    asked = pytestconfig.getoption("kills")
    kills = asked if asked > KILLS_MIN + 1 else KILLS_MIN
    exchange = Exchange(tmp_path / "data")
    traders = [Trader(f"demo{n}", random.Random(chance.random())) for n in range(1, TRADERS + 1)]
    rest = RestUser()
    for life in range(kills):
        exchange.start()
        if life % 10 == 1:
            # Leaves a snapshot: from here on recovery begins there.
            exchange.stop()
            exchange.start()
        for trader in traders:
            await trader.come_back(exchange)
        async with asyncio.TaskGroup() as group:
            for trader in traders:
                group.create_task(trader.trade())
            group.create_task(rest.trade(exchange))
            await asyncio.sleep(chance.uniform(0.05, 1.2))
            exchange.kill()
    exchange.start()
    for trader in traders:
        await trader.come_back(exchange)
        assert not trader.unanswered
        await trader.check(exchange)
    assert len(rest.acknowledged) == len(set(rest.acknowledged.values()))
    for client_id, order_id in rest.acknowledged.items():
        status, order = await asyncio.to_thread(exchange.get, f"/orders/{order_id}")
        assert (status, order["client_order_id"]) == (200, client_id)
    exchange.stop()
    assert exchange.verified().startswith("verified from")
    fold = check_store(exchange.data_dir)
    of_rest = [
        order["client_order_id"] for order in fold.orders.values() if order["user_id"] == "rest"
    ]
    assert len(of_rest) == len(set(of_rest))
    assert set(rest.acknowledged) <= set(of_rest)
