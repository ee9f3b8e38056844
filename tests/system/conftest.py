"""What the tests of the whole exchange share."""

from collections.abc import AsyncIterator

import pytest

from testing.client import hang_up
from testing.process import end_all


@pytest.fixture(autouse=True)
async def lines() -> AsyncIterator[None]:
    """No line and no exchange outlives its test."""
    yield
    await hang_up()
    end_all()
