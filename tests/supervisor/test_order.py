"""What stands on others is started behind them, and stopped before; a bad start stops all."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from settings import Config
from supervisor import keeper
from supervisor.cluster import Cluster
from supervisor.console import Console
from supervisor.directory import Directory
from supervisor.failure import Failure
from supervisor.plan import Plan
from supervisor.program import Kind, Program

SECONDS_MAX = 30


class Begun:
    """Ready once a program has written that it has begun."""

    def __init__(self, file: Path, name: str) -> None:
        self.file = file
        self.line = f"begins {name}"

    async def fault(self) -> str | None:
        said = self.file.read_text().splitlines() if self.file.exists() else []
        return None if self.line in said else "it has not begun"


class Small(Plan):
    """Shells that write down when they begin and when they are told to end."""

    setup_script = "exit 0"

    @property
    def file(self) -> Path:
        return self.directory.path / "order"

    def written(self) -> list[str]:
        return self.file.read_text().splitlines()

    def shell(self, name: str, kind: Kind) -> Program:
        write = f'echo "$1 {name}" >>{self.file}'
        script = (
            f"say() {{ {write}; }}; trap 'say ends; exit 0' TERM; say begins; "
            "while :; do sleep 0.05; done"
        )
        return Program(name, kind, ("sh", "-c", script), Begun(self.file, name))

    def servers(self) -> Iterator[Program]:
        yield self.shell("server", Kind.SERVER)

    def setup(self) -> Program:
        script = f"echo once >>{self.file}; {self.setup_script}"
        return Program("setup", Kind.ONCE, ("sh", "-c", script))

    def roles(self) -> Iterator[Program]:
        yield self.shell("role", Kind.ROLE)
        yield self.shell("door", Kind.DOOR)

    def ready_line(self) -> str:
        return "ready"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Small]:
    monkeypatch.setattr(keeper, "LOOK_S", 0.01)
    # Its broker is made already.
    node = tmp_path / "kafka/1"
    node.mkdir(parents=True)
    (node / "server.properties").write_text("listeners=PLAINTEXT://127.0.0.1:1,CONTROLLER://x:2\n")
    with Directory.taken(tmp_path) as directory:
        yield Small(tmp_path / "none.toml", Config(), {}, directory, None)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_all_is_started_and_stopped_in_an_order(
    how: signal.Signals, small: Small, capsys: pytest.CaptureFixture[str]
) -> None:
    with Console(8) as console:
        async with asyncio.timeout(SECONDS_MAX), asyncio.TaskGroup() as group:
            group.create_task(Cluster(small, console).run())
            while "ready" not in capsys.readouterr().out:
                await asyncio.sleep(0.01)
            os.kill(os.getpid(), how)
    begun, ended = small.written()[:4], small.written()[4:]
    assert begun[:2] == ["begins server", "once"]
    assert {*begun[2:]} == {"begins role", "begins door"}
    assert ended == ["ends door", "ends role", "ends server"]


async def test_where_setup_fails_nothing_is_started_on_it_and_all_is_stopped(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Small, "setup_script", "echo no such topic >&2; exit 1")
    with Console(8) as console:
        async with asyncio.timeout(SECONDS_MAX):
            with pytest.raises(Failure, match="setup has ended, and never was ready"):
                await Cluster(small, console).run()
    assert small.written() == ["begins server", "once", "ends server"]


async def test_a_second_signal_kills_what_does_not_end(small: Small) -> None:
    with Console(8) as console:
        async with asyncio.timeout(SECONDS_MAX), asyncio.TaskGroup() as group:
            group.create_task(Cluster(Deaf(*vars(small).values()), console).run())
            while not small.file.exists() or "begins door" not in small.written():
                await asyncio.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)
            while "deaf door" not in small.written():
                await asyncio.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)
    assert not [line for line in small.written() if line.startswith("ends")]


class Deaf(Small):
    """Shells that are told to end, and do not."""

    def shell(self, name: str, kind: Kind) -> Program:
        one = super().shell(name, kind)
        script = one.command[2].replace("say ends; exit 0", "say deaf")
        return Program(name, kind, ("sh", "-c", script), one.ready)
