"""Brokers that a test may harm."""

from collections.abc import Iterator

import pytest

from testing.kafka import Brokers


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    """One broker for the tests of a file: each leaves it running."""
    with Brokers(tmp_path_factory.mktemp("own")) as brokers:
        yield brokers
