"""The words of ``testing.requests`` for those who share a loop with others."""

import asyncio
from typing import Any

import httpx

from testing.requests import PLAIN, parse_metrics
from testing.waiting import SECONDS_MAX


class Rest:
    """Whoever has a client of REST.  Each word expects a status, and gives the body."""

    client: httpx.AsyncClient
    user = "rest"
    """Who places an order, unless a test says otherwise."""

    async def place(self, status: int = 201, /, **fields: Any) -> Any:
        """Place an order: a buy of one at 100 unless told otherwise; ``...`` leaves a field out."""
        body = {**PLAIN, "user_id": self.user, **fields}
        body = {name: value for name, value in body.items() if value is not ...}
        return self._expect(status, await self.client.post("/orders", json=body))

    async def cancel(self, order_id: str | int, status: int = 200) -> Any:
        """Cancel an order."""
        return self._expect(status, await self.client.delete(f"/orders/{order_id}"))

    async def amend(self, order_id: str | int, status: int = 200, /, **fields: Any) -> Any:
        """Amend an order."""
        return self._expect(status, await self.client.patch(f"/orders/{order_id}", json=fields))

    async def get(self, path: str, status: int = 200, /, **params: Any) -> Any:
        """A page."""
        return self._expect(status, await self.client.get(path, params=params or None))

    async def metrics(self) -> dict[str, float]:
        """What ``/metrics`` shows, which it must: name, with labels, and value."""
        answer = await self.client.get("/metrics")
        assert answer.status_code == 200
        return parse_metrics(answer.text)

    async def faults(self) -> dict[str, float]:
        """Faults that were counted, by part."""
        counted = 'quantscope_faults_total{part="'
        found = {n: count for n, count in (await self.metrics()).items() if n.startswith(counted)}
        return {name.split('"')[1]: count for name, count in found.items() if count}

    async def until_ready(self) -> None:
        """Wait until every part does its work."""
        async with asyncio.timeout(SECONDS_MAX):
            while (await self.client.get("/ready")).status_code != 200:
                await asyncio.sleep(0.02)

    def _expect(self, status: int, answer: httpx.Response) -> Any:
        assert answer.status_code == status, answer.text
        return answer.json()
