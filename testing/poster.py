"""A REST client under load: places orders without end, and remembers which were acknowledged."""

from typing import Any

import httpx

from testing.checkers import check_acknowledged
from testing.fold import Fold
from testing.port import Exchange
from testing.requests import PLAIN


class Poster:
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
        order = {**PLAIN, "symbol": "ETHUSD", "price": "10"}
        order |= {"user_id": "rest", "client_order_id": client_id}
        answer = await http.post("/orders", json=order)
        assert answer.status_code in (200, 201), answer.text
        self.acknowledged[client_id] = answer.json()["order_id"]

    async def check(self, exchange: Exchange) -> None:
        """Nothing that was acknowledged is lost, and nothing stands for two orders."""
        assert len(self.acknowledged) == len(set(self.acknowledged.values()))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{exchange.http}") as http:
            for client_id, order_id in self.acknowledged.items():
                answer = await http.get(f"/orders/{order_id}")
                assert answer.status_code == 200, answer.text
                assert answer.json()["client_order_id"] == client_id

    def check_recorded(self, fold: Fold) -> None:
        """What happened has each order that was acknowledged, and each one once."""
        orders: list[dict[str, Any]] = list(fold.orders.values())
        recorded = [order["client_order_id"] for order in orders if order["user_id"] == "rest"]
        check_acknowledged(self.acknowledged, recorded)
