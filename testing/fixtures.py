"""Fixtures that tests of several folders use; ``tests/conftest.py`` names this file as a plugin."""

import random
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from testing.cluster_exchange import ClusterExchange
from testing.cluster_process import end_cluster
from testing.in_cluster import InCluster
from testing.in_process import InProcess
from testing.kafka import Brokers
from testing.libraries import CLOCK, FAULTS, built
from testing.port import NewExchange, Restartable
from testing.process import ServerProcess
from testing.redis import RedisServer


@pytest.fixture
def new_exchange(request: pytest.FixtureRequest) -> Iterator[NewExchange]:
    """What tests of behaviour run on: one process, or with ``--cluster`` one for each role."""
    brokers: Brokers | None = None
    if request.config.getoption("cluster"):
        brokers = request.getfixturevalue("kafka")

    def new(data_dir: Path, *settings: str) -> Restartable:
        if brokers is not None:
            return ClusterExchange(data_dir, brokers, *settings)
        return ServerProcess(data_dir, *settings, same_port=True)

    yield new
    end_cluster()


NewInProcess = Callable[..., InProcess]


@pytest.fixture
def new_in_process(request: pytest.FixtureRequest) -> NewInProcess:
    """What makes exchanges that a test can reach into, with settings of the facade if any."""
    if request.config.getoption("cluster"):
        return partial(InCluster, request.getfixturevalue("kafka"))
    return InProcess


@pytest.fixture(scope="session")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that makes a disk fail."""
    return built(FAULTS, tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="session")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that sets a process's clock."""
    return built(CLOCK, tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    """One broker for all tests, each of which has topics of its own, and lets it run."""
    with Brokers(tmp_path_factory.mktemp("kafka")) as brokers:
        yield brokers


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that nobody else has, empty."""
    with RedisServer(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def seed(pytestconfig: pytest.Config) -> int:
    """The seed of what is random: printed when a test fails, and accepted back by ``--seed``."""
    given: int | None = pytestconfig.getoption("seed")
    chosen = random.randrange(1 << 32) if given is None else given
    sys.stderr.write(f"--seed {chosen}\n")
    return chosen
