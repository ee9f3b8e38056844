"""A whole exchange in this process, on real sockets: a test can reach into its parts."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

import settings
from journal.datadir import DataDir
from quantscope import serve
from quantscope.acceptor import Acceptor
from settings import Config
from testing.client import hang_up

SECONDS_MAX = 30


class Within:
    """The exchange, and what asks it over HTTP."""

    def __init__(self, exchange: serve.Exchange, client: httpx.AsyncClient) -> None:
        self.exchange = exchange
        self.client = client
        self.http = _port(exchange.facade.ports["http"])
        self.binary = _port(exchange.gateway.ports["binary"])

    async def place(self, status: int = 201, /, **fields: Any) -> Any:
        """An order: a buy of one at 100 unless told otherwise."""
        plain = {"symbol": "BTCUSD", "side": "BUY", "order_type": "LIMIT", "price": "100"}
        answer = await self.client.post(
            "/orders", json={**plain, "quantity": "1", "user_id": "rest", **fields}
        )
        assert answer.status_code == status, answer.text
        return answer.json()

    async def get(self, path: str, status: int = 200) -> Any:
        answer = await self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def faults(self) -> dict[str, float]:
        """Faults that were counted, by part."""
        lines = (await self.client.get("/metrics")).text.splitlines()
        rows = [line for line in lines if line.startswith("quantscope_faults_total{")]
        counts = {row.split('"')[1]: float(row.rsplit(" ", 1)[1]) for row in rows}
        return {part: count for part, count in counts.items() if count}

    async def ready(self) -> None:
        """Wait until every part does its work."""
        async with asyncio.timeout(SECONDS_MAX):
            while (await self.client.get("/ready")).status_code != 200:
                await asyncio.sleep(0.02)


def _port(acceptor: Acceptor) -> int:
    port: int = acceptor.sockets[0].getsockname()[1]
    return port


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while not holds():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def within(
    directory: Path, *overrides: str, change: Callable[[Config], Config] = lambda config: config
) -> AsyncIterator[Within]:
    """Serve until the block ends, and stop as an operator would."""
    ports = ("server.http_port=0", "server.binary_port=0", f"server.data_dir={directory}")
    config = change(settings.load(None, {}, (*ports, *overrides)))
    with DataDir(directory) as held:
        exchange = serve.Exchange(config, held, 1_000)
        serving = asyncio.create_task(exchange.run())
        async with asyncio.timeout(SECONDS_MAX):
            while not exchange.ready:
                assert not serving.done(), serving
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.02)
        url = f"http://{exchange.facade.ports['http'].address}"
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            served = Within(exchange, client)
            try:
                yield served
                assert not serving.done()
            finally:
                await hang_up()
                if serving.done():
                    serving.result()
                signal.raise_signal(signal.SIGTERM)
                await serving


def with_users(**changes: Any) -> Callable[[Config], Config]:
    """All users of order entry with these settings."""

    def change(config: Config) -> Config:
        users = tuple(msgspec.structs.replace(user, **changes) for user in config.users)
        return msgspec.structs.replace(config, users=users)

    return change
