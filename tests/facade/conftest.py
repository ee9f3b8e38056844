"""A facade on a free port, with a real engine behind it and no journal."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from tests.facade.harness import Exchange


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    async with asyncio.timeout(30):
        async with Exchange() as running:
            yield running


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that serves."""
    return {"uvloop": uvloop.new_event_loop}
