"""What the tests of the whole exchange share."""

import random
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.system.client import hang_up
from tests.system.exchange import end_all

FAULTS = Path(__file__).parents[1] / "journal" / "faults.c"
CLOCK = Path(__file__).parent / "clock.c"


@pytest.fixture(autouse=True)
async def lines() -> AsyncIterator[None]:
    """No line and no exchange outlives its test."""
    yield
    await hang_up()
    end_all()


def built(source: Path, directory: Path) -> Path:
    """A library that is to be preloaded."""
    library = directory / source.with_suffix(".so").name
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True, timeout=60)
    return library


@pytest.fixture(scope="session")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that makes a disk fail."""
    return built(FAULTS, tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="session")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that sets a process's clock."""
    return built(CLOCK, tmp_path_factory.mktemp("clock"))


@pytest.fixture
def seed(pytestconfig: pytest.Config) -> int:
    """The seed of what is random: printed when a test fails, and accepted back by ``--seed``."""
    given: int | None = pytestconfig.getoption("seed")
    chosen = random.randrange(1 << 32) if given is None else given
    sys.stderr.write(f"--seed {chosen}\n")
    return chosen
