"""One exchange for the tests that change no settings: each logs in as a user of its own."""

from collections.abc import AsyncIterator, Iterator

import pytest

from testing.client import hang_up
from testing.process import ServerProcess


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("shared") / "data") as exchange:
        yield exchange


@pytest.fixture(autouse=True)
async def lines() -> AsyncIterator[None]:
    """No line outlives its test."""
    yield
    await hang_up()
