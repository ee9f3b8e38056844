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
from testing.rest import Rest
from testing.waiting import SECONDS_MAX


class Within(Rest):
    """What ``quantscope serve`` has put together, and what asks it over HTTP."""

    def __init__(self, exchange: serve.Exchange, client: httpx.AsyncClient) -> None:
        self.exchange = exchange
        self.client = client
        self.http = _port(exchange.facade.ports["http"])
        self.binary = _port(exchange.gateway.ports["binary"])


def _port(acceptor: Acceptor) -> int:
    port: int = acceptor.sockets[0].getsockname()[1]
    return port


@asynccontextmanager
async def within(
    directory: Path, *overrides: str, change: Callable[[Config], Config] = lambda config: config
) -> AsyncIterator[Within]:
    """Serve until the block ends, and stop as an operator would."""
    ports = (
        "server.http_port=0",
        "server.binary_port=0",
        "server.fix_port=0",
        f"server.data_dir={directory}",
    )
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
