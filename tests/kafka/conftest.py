"""What all tests on Kafka have: brokers that a test may harm, and lines that end with it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from testing.client import hang_up
from testing.kafka import Brokers


@pytest.fixture(autouse=True)
async def lines() -> AsyncIterator[None]:
    """No line outlives its test."""
    yield
    await hang_up()


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    """One broker for the tests of a file: each leaves it running."""
    with Brokers(tmp_path_factory.mktemp("own")) as brokers:
        yield brokers
