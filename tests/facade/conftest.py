"""A facade on a free port: on the pipeline that is shipped, or on Kafka with ``--cluster``."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from testing.fixtures import NewInProcess
from testing.in_process import InProcess


@pytest.fixture
async def exchange(new_in_process: NewInProcess) -> AsyncIterator[InProcess]:
    async with asyncio.timeout(30):
        async with new_in_process() as running:
            yield running


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that serves."""
    return {"uvloop": uvloop.new_event_loop}
