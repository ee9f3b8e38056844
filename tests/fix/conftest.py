"""One exchange for the tests that change no settings: each logs on as a session of its own."""

from collections.abc import AsyncIterator, Iterator

import pytest

from testing.fix_client import FixClient
from testing.process import ServerProcess
from tests.fix.cases import UNUSED


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("shared") / "data") as exchange:
        yield exchange


@pytest.fixture(scope="module")
def anyone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One that takes any CompID: each test has a session of its own."""
    data = tmp_path_factory.mktemp("anyone") / "data"
    with ServerProcess(data, "fix.open=true") as exchange:
        yield exchange


@pytest.fixture
def client(anyone: ServerProcess, begin_string: str) -> FixClient:
    """A client that nobody was before, without a line."""
    return FixClient(anyone.fix, f"client-{next(UNUSED)}", begin_string=begin_string)


@pytest.fixture(params=["FIX.4.4", "FIX.4.2"])
def begin_string(request: pytest.FixtureRequest) -> str:
    """Each version; a test that is of one names it."""
    version: str = request.param
    return version


@pytest.fixture
async def session(client: FixClient) -> AsyncIterator[FixClient]:
    """The same, logged on."""
    async with client:
        await client.log_on()
        yield client
