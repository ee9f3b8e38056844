"""A facade on a free port, with a real engine behind it and no journal."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.facade.harness import Exchange


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    async with asyncio.timeout(30):
        async with Exchange() as running:
            yield running
