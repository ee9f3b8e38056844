"""One exchange for the tests that change no settings: each logs on as a session of its own."""

from collections.abc import Iterator

import pytest

from testing.process import ServerProcess


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("shared") / "data") as exchange:
        yield exchange
