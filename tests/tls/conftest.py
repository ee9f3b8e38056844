"""What the tests of an encrypted exchange share."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from testing.client import hang_up


@pytest.fixture(autouse=True)
async def lines() -> AsyncIterator[None]:
    """No line outlives its test."""
    yield
    await hang_up()


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that serves."""
    return {"uvloop": uvloop.new_event_loop}
