"""What dies is started again; who ended for good is not; whoever does not end in time is killed."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from supervisor import keeper
from supervisor.console import Console
from supervisor.failure import Failure
from supervisor.keeper import Keeper
from supervisor.program import Kind, Program
from testing.command import ROOT

SECONDS_MAX = 20


class There:
    """Ready once a file is there."""

    def __init__(self, file: Path) -> None:
        self.file = file

    async def fault(self) -> str | None:
        return None if self.file.exists() else "no file yet"


class Heard(Console):
    """Keeps the lines."""

    def __init__(self) -> None:
        super().__init__(8)
        self.lines: list[str] = []

    def say(self, text: str, name: str = "supervisor") -> None:
        self.lines.append(f"{name}|{text}")

    def count(self, words: str) -> int:
        return sum(words in line for line in self.lines)


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    yield descriptor
    os.close(descriptor)


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "PAUSE_S_MIN", 0.01)
    monkeypatch.setattr(keeper, "LOOK_S", 0.01)


def shell(script: str, kind: Kind = Kind.ROLE, ready: Path | None = None) -> Program:
    probe = None if ready is None else There(ready)
    return Program("one", kind, ("sh", "-c", script), probe, stop_s=SECONDS_MAX)


async def until(heard: Heard, words: str, times: int = 1) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while heard.count(words) < times:
            await asyncio.sleep(0.01)


async def test_what_dies_is_started_again_and_is_ready_again(tmp_path: Path, lock: int) -> None:
    heard, ready = Heard(), tmp_path / "ready"
    one = Keeper(shell(f"touch {ready}; exec sleep 99", ready=ready), heard, lock)
    async with asyncio.timeout(SECONDS_MAX), asyncio.TaskGroup() as group:
        group.create_task(one.run())
        await one.ready()
        started = next(line for line in heard.lines if "started, process" in line)
        os.kill(int(started.rpartition(" ")[2]), signal.SIGKILL)
        await until(heard, "one: ready", 2)
        assert one.is_ready
        await one.stop()
    assert "supervisor|one: died by SIGKILL; it is started again in 0.01 s" in heard.lines


async def test_the_pauses_grow(lock: int) -> None:
    heard = Heard()
    one = Keeper(shell("exit 3"), heard, lock)
    await asyncio.wait_for(one.run(), SECONDS_MAX)
    said = [line.rpartition(" in ")[2] for line in heard.lines if "started again" in line]
    assert said == ["0.01 s", "0.02 s", "0.04 s", "0.08 s"]
    assert (
        heard.lines[-1] == "supervisor|one: died with exit code 3, for the 5th time; it is given up"
    )
    with pytest.raises(Failure, match="one has ended, and never was ready"):
        await one.ready()


@pytest.mark.parametrize("kind", [Kind.ROLE, Kind.DOOR])
async def test_a_role_that_ended_without_an_error_stays_down(kind: Kind, lock: int) -> None:
    heard = Heard()
    await asyncio.wait_for(Keeper(shell("exit 0", kind), heard, lock).run(), SECONDS_MAX)
    assert heard.count("started, process") == 1
    assert heard.count("is not started again: another process has its name now") == 1


async def test_a_server_is_started_again_however_it_ended(tmp_path: Path, lock: int) -> None:
    heard, ready = Heard(), tmp_path / "ready"
    one = Keeper(
        shell(f"[ -e {ready} ] && exec sleep 99; touch {ready}", Kind.SERVER, ready), heard, lock
    )
    async with asyncio.timeout(SECONDS_MAX), asyncio.TaskGroup() as group:
        group.create_task(one.run())
        await until(heard, "started, process", 2)
        await one.stop()


@pytest.mark.parametrize(("code", "good"), [(0, True), (1, False)])
async def test_what_runs_once_is_ready_when_it_has_ended_well(
    code: int, *, good: bool, lock: int
) -> None:
    one = Keeper(shell(f"exit {code}", Kind.ONCE), Heard(), lock)
    await asyncio.wait_for(one.run(), SECONDS_MAX)
    if good:
        await one.ready()
    else:
        with pytest.raises(Failure):
            await one.ready()


async def test_its_lines_are_marked_whatever_they_hold(lock: int) -> None:
    heard = Heard()
    script = r"echo one; printf 'two\nno end'; printf '\377\n' >&2; head -c 40000 /dev/zero"
    await asyncio.wait_for(Keeper(shell(script), heard, lock).run(), SECONDS_MAX)
    said = [line for line in heard.lines if line.startswith("one|")]
    assert said[:3] == ["one|one", "one|two", "one|no end\N{REPLACEMENT CHARACTER}"]
    assert sum(line.count("\0") for line in said) == 40_000


async def test_who_does_not_end_in_time_is_killed(tmp_path: Path, lock: int) -> None:
    heard, ready = Heard(), tmp_path / "ready"
    deaf = shell(f"trap '' TERM; touch {ready}; while :; do sleep 0.1; done", ready=ready)
    one = Keeper(Program("one", Kind.ROLE, deaf.command, deaf.ready, stop_s=0.2), heard, lock)
    async with asyncio.timeout(SECONDS_MAX), asyncio.TaskGroup() as group:
        group.create_task(one.run())
        await one.ready()
        await one.stop()
    assert heard.count("killed: it did not end in its time") == 1


async def test_a_stop_does_not_wait_for_a_pause(monkeypatch: pytest.MonkeyPatch, lock: int) -> None:
    monkeypatch.setattr(keeper, "PAUSE_S_MIN", 1_000.0)
    heard = Heard()
    one = Keeper(shell("exit 1"), heard, lock)
    async with asyncio.timeout(SECONDS_MAX), asyncio.TaskGroup() as group:
        group.create_task(one.run())
        await until(heard, "it is started again in 1000 s")
        await one.stop()


def test_what_it_started_ends_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    child = tmp_path / "child"
    script = (
        "import asyncio, os\n"
        "from supervisor.console import Console\n"
        "from supervisor.keeper import Keeper\n"
        "from supervisor.program import Kind, Program\n"
        f"command = ('sh', '-c', 'echo $$ >{child}.part; mv {child}.part {child}; exec sleep 99')\n"
        "program = Program('one', Kind.ROLE, command)\n"
        "asyncio.run(Keeper(program, Console(8), os.open(os.devnull, os.O_RDONLY)).run())\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    wait_for(child.exists)
    supervisor.kill()
    supervisor.wait()
    process = Path("/proc") / child.read_text().strip()
    wait_for(lambda: not process.exists())


def wait_for(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS_MAX
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_lines_that_nobody_reads_hold_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supervisor.console.LINES_MAX", 2)
    written: list[str] = []

    class Reader:
        """Reads nothing until it is told."""

        held = True

        def write(self, line: str) -> None:
            while self.held:
                time.sleep(0.001)
            written.append(line)

        def flush(self) -> None:
            pass

    reader = Reader()
    monkeypatch.setattr("sys.stderr", reader)
    with Console(8) as console:
        for number in range(20):
            console.say(f"line {number}")
        reader.held = False
        while console.waiting:
            time.sleep(0.001)
        console.say("the last")
    lines = [line.rstrip().partition(" | ")[2] for line in written]
    assert lines[0] == "line 0"
    assert lines[-1] == "the last"
    left_out = next(line for line in lines if "are not shown" in line)
    assert int(left_out.split()[0]) == 20 - (len(lines) - 2)
