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
LIVES_MORE_MAX = 10
"""Lives that may follow until retention has had something to delete."""
FAST = (
    "journal.snapshot_interval_s=0.05",
    "journal.snapshot_commands_min=10",
    "gateway.session_replay_messages_min=5000",
)
"""Snapshots, and deleting what they cover, at a pace that a kill can't miss."""


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


class Events:
    """All events there ever were, read before retention can delete them."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._batches: list[bytes] = []
        self._place = 1

    def read(self) -> None:
        """Read on to the end of the log; an error where it no longer has what was not read."""
        log = LogReader(self._data_dir / "events.db")
        while entries := log.read(self._place, 1 << 20):
            self._batches += [entry[3] for entry in entries]
            self._place = entries[-1][0] + 1

    async def follow(self, ended: asyncio.Event) -> None:
        """Read on while the exchange lives, ahead of what retention deletes."""
        while not ended.is_set():
            await asyncio.to_thread(self.read)
            await asyncio.sleep(0.01)

    def deleted(self) -> bool:
        """Whether both logs have lost their beginning to retention."""
        logs = [LogReader(self._data_dir / f"{name}.db") for name in ("commands", "events")]
        return all(log.ends()[1] > 1 for log in logs)

    def check_store(self) -> Fold:
        """The store holds what the events say, no more and no less: what that is."""
        self.read()
        fold = Fold()
        fold.add(b"".join(self._batches))
        store = self._data_dir / "store.db"
        assert StoreReader(store).position()[0] == self._place - 1
        check(store, fold)
        return fold


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("settings", [(), FAST], ids=["all-kept", "snapshots-and-retention"])
async def test_nothing_acknowledged_is_lost_or_doubled_when_the_exchange_is_killed(
    tmp_path: Path, pytestconfig: pytest.Config, seed: int, settings: tuple[str, ...]
) -> None:
    chance = random.Random(seed)
    # The option's default is for tests of the journal, whose lives are shorter.
    asked = pytestconfig.getoption("kills")
    kills = asked if asked > KILLS_MIN + 1 else KILLS_MIN
    exchange = Exchange(tmp_path / "data", *settings)
    events = Events(exchange.data_dir)
    traders = [Trader(f"demo{n}", random.Random(chance.random())) for n in range(1, TRADERS + 1)]
    rest = RestUser()
    life, deleted = 0, not settings
    while life < kills or not deleted:
        assert life < kills + LIVES_MORE_MAX, "nothing was ever deleted"
        exchange.start()
        if life % 10 == 1:
            # Leaves a snapshot: from here on recovery begins there.
            exchange.stop()
            exchange.start()
        events.read()
        deleted = deleted or events.deleted()
        life += 1
        for trader in traders:
            await trader.come_back(exchange)
        ended = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for trader in traders:
                group.create_task(trader.trade())
            group.create_task(rest.trade(exchange))
            group.create_task(events.follow(ended))
            await asyncio.sleep(chance.uniform(0.05, 1.2))
            exchange.kill()
            ended.set()
    exchange.start()
    events.read()
    oldest = []
    for trader in traders:
        await trader.come_back(exchange)
        assert not trader.unanswered
        oldest.append(await trader.check(exchange))
    assert settings or set(oldest) == {1}
    assert len(rest.acknowledged) == len(set(rest.acknowledged.values()))
    for client_id, order_id in rest.acknowledged.items():
        status, order = await asyncio.to_thread(exchange.get, f"/orders/{order_id}")
        assert (status, order["client_order_id"]) == (200, client_id)
    exchange.stop()
    assert exchange.verified().startswith("verified from")
    orders = events.check_store().orders.values()
    of_rest = [order["client_order_id"] for order in orders if order["user_id"] == "rest"]
    assert len(of_rest) == len(set(of_rest))
    assert set(rest.acknowledged) <= set(of_rest)
