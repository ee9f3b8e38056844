"""A new exchange on Kafka for each test, its roles in processes of their own."""

import itertools
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from testing.client import hang_up
from testing.cluster_process import config_of, end_cluster
from testing.kafka import Brokers

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
async def lines() -> AsyncIterator[None]:
    """No line and no process outlives its test."""
    yield
    await hang_up()
    end_cluster()


@pytest.fixture
def config(tmp_path: Path, kafka: Brokers) -> Callable[..., Path]:
    """What makes configurations: each of an exchange of its own, with some lines of TOML."""

    def new(*lines: str) -> Path:
        prefix = f"c{next(_numbers)}-{secrets.token_hex(3)}"
        return config_of(tmp_path, kafka, prefix, *lines)

    return new
