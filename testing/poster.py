"""A REST client under load: places orders without end, and remembers which were acknowledged."""

import asyncio
import random
from typing import Any

import httpx

from testing.checkers import check_acknowledged
from testing.fold import Fold
from testing.port import Exchange
from testing.requests import PLAIN

AWAY = (503,)
"""What is answered while something of the exchange is away."""
BACK_S = 0.1
LOOKS = 0.2
"""How often an order of before is looked at."""
PATIENCE_S = 30
"""Above what the exchange allows itself for an answer."""


class Poster:
    """Posts orders one after the other, and knows which were acknowledged."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, str] = {}
        self.unknown: list[str] = []
        self._count = 0

    async def live(self, exchange: Exchange, chance: random.Random, pause_s: float) -> None:
        """Post and look until canceled, and again what is not known to have happened.

        What was acknowledged may be not known for now, and is never said not to be.
        """
        async with _client(exchange) as http:
            while True:
                await asyncio.sleep(pause_s)
                try:
                    await self._go_on(http)
                    if self.acknowledged and chance.random() < LOOKS:
                        client_id = chance.choice(list(self.acknowledged))
                        await self._look(http, client_id, AWAY)
                except httpx.TransportError:
                    continue

    async def _go_on(self, http: httpx.AsyncClient) -> None:
        """Post what is not known, or else another one."""
        if not self.unknown:
            self._count += 1
            self.unknown.append(f"rest-{self._count}")
        for client_id in tuple(self.unknown):
            if await self._post(http, client_id, AWAY):
                self.unknown.remove(client_id)

    async def settle(self, exchange: Exchange) -> None:
        """Post what is not known until all is acknowledged."""
        async with _client(exchange) as http:
            while self.unknown:
                await self._go_on(http)
                await asyncio.sleep(BACK_S)

    async def trade(self, exchange: Exchange) -> None:
        """Post until the server is gone."""
        async with _client(exchange) as http:
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

    async def _post(
        self, http: httpx.AsyncClient, client_id: str, away: tuple[int, ...] = ()
    ) -> bool:
        """Whether it was acknowledged; else the answer is one of these statuses."""
        order = {**PLAIN, "symbol": "ETHUSD", "price": "10"}
        order |= {"user_id": "rest", "client_order_id": client_id}
        answer = await http.post("/orders", json=order)
        if answer.status_code in away:
            return False
        assert answer.status_code in (200, 201), answer.text
        self.acknowledged[client_id] = answer.json()["order_id"]
        return True

    async def _look(
        self, http: httpx.AsyncClient, client_id: str, away: tuple[int, ...] = ()
    ) -> None:
        answer = await http.get(f"/orders/{self.acknowledged[client_id]}")
        if answer.status_code not in away:
            assert answer.status_code == 200, answer.text
            assert answer.json()["client_order_id"] == client_id

    async def check(self, exchange: Exchange) -> None:
        """Nothing that was acknowledged is lost, and nothing stands for two orders."""
        assert len(self.acknowledged) == len(set(self.acknowledged.values()))
        async with _client(exchange) as http:
            for client_id in self.acknowledged:
                await self._look(http, client_id)

    def check_recorded(self, fold: Fold) -> None:
        """What happened has each order that was acknowledged, and each one once."""
        orders: list[dict[str, Any]] = list(fold.orders.values())
        recorded = [order["client_order_id"] for order in orders if order["user_id"] == "rest"]
        check_acknowledged(self.acknowledged, recorded)


def _client(exchange: Exchange) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{exchange.http}", timeout=PATIENCE_S)
