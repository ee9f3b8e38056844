"""What is no file where one belongs, or no folder, is named with what to do, and left alone."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from testing.command import quantscope
from testing.damage import contents
from testing.process import ServerProcess

DATABASES = ("commands.db", "events.db", "store.db")
SNAPSHOT = "snapshots/the newest"
NAMES = (
    *DATABASES,
    *(f"{name}-wal" for name in DATABASES),
    *(f"{name}-shm" for name in DATABASES),
    *("mark", "era", "mark.partial", "era.partial", "snapshots/sessions.index", SNAPSHOT),
    f"snapshots/{7:020d}.snapshot.partial",
)
NOWHERE = "/nowhere/at-all"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that was stopped."""
    exchange = ServerProcess(tmp_path_factory.mktemp("sound") / "data").start()
    for _ in range(10):
        exchange.place(user_id="ann")
    exchange.stop()
    return exchange.data_dir


@pytest.fixture
def data(tmp_path: Path, sound: Path) -> Path:
    return shutil.copytree(sound, tmp_path / "data")


def instead(data: Path, name: str, how: Callable[[Path], object]) -> str:
    """Put something else under a name; the name."""
    if name == SNAPSHOT:
        name = f"snapshots/{max(file.name for file in (data / 'snapshots').glob('*.snapshot'))}"
    place = data / name
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    how(place)
    return name


def refused(data: Path, words: str) -> None:
    """It is refused by all that would read it, in one line, and nothing is changed."""
    before, names = contents(data), sorted(os.listdir(data))
    line = ServerProcess(data).refuses_to_start()
    assert line.startswith(f"{data}: {words}"), line
    assert "nothing was changed: move it away, and put back what was there" in line
    assert quantscope("verify", "--data-dir", str(data)) == (1, "", f"Error: {line}\n")
    for command in (
        ("recover", str(data), "--accept-loss"),
        ("restore", str(data), str(data)),
        ("restore", str(data), f"{data}-2"),
        ("journal", "commands", "--data-dir", str(data)),
    ):
        code, out, errors = quantscope(*command)
        assert (code, out) == (1, "")
        assert errors.startswith(f"Error: {data}: {words}")
        assert errors.count("\n") == 1
    assert (contents(data), sorted(os.listdir(data))) == (before, names)
    assert not Path(f"{data}-2").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_directory_where_a_file_belongs(data: Path, name: str) -> None:
    name = instead(data, name, Path.mkdir)
    refused(data, f"{name} is a directory, where a file belongs")


@pytest.mark.parametrize("name", [*NAMES, "snapshots"])
def test_a_link_that_leads_nowhere(data: Path, name: str) -> None:
    name = instead(data, name, lambda place: place.symlink_to(NOWHERE))
    refused(data, f"{name} is a link to {NOWHERE}, w")


def test_a_file_where_the_folder_of_snapshots_belongs(data: Path) -> None:
    instead(data, "snapshots", lambda place: place.write_text("x"))
    refused(data, "snapshots is a file, where a directory belongs")


@pytest.mark.parametrize("name", ["mark", "era", "commands.db", "snapshots/sessions.index"])
def test_what_would_be_waited_for(data: Path, name: str) -> None:
    """To open a pipe that nobody writes takes for ever."""
    instead(data, name, os.mkfifo)
    refused(data, f"{name} is a device, a pipe or a socket, where a file belongs")


def test_a_link_to_a_file_or_a_folder_is_as_good_as_that(tmp_path: Path, data: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("snapshots", "store.db"):
        (data / name).rename(elsewhere / name)
        (data / name).symlink_to(elsewhere / name)
    with ServerProcess(data) as exchange:
        assert exchange.get("/orders?user_id=ann")["count"] == 10
    ServerProcess(data).verified()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (Path.mkdir, "is not a file"),
        (os.mkfifo, "is not a file"),
        (lambda place: place.symlink_to(NOWHERE), "is a link to what does not exist"),
    ],
)
def test_a_lock_that_is_no_file(data: Path, how: Callable[[Path], object], words: str) -> None:
    instead(data, "lock", how)
    before = contents(data)
    line = ServerProcess(data).refuses_to_start()
    assert line == f"{data}/lock {words}: move it away, and make sure that no server runs"
    assert quantscope("verify", "--data-dir", str(data)) == (1, "", f"Error: {line}\n")
    assert contents(data) == before


def test_a_directory_where_the_store_of_a_memory_journal_belongs(data: Path) -> None:
    (data / "memory-store.db").mkdir()
    before = contents(data)
    code, _, errors = quantscope(
        *("serve", "--data-dir", str(data), "--journal", "memory", "--http-port", "0")
    )
    assert code == 1
    words = f"Error: {data}/memory-store.db is a directory, where a file belongs: move it away"
    assert errors.splitlines()[-1] == words
    assert contents(data) == before


def test_a_socket_is_no_file_either(data: Path) -> None:
    place = data / "era"
    with socket.socket(socket.AF_UNIX) as one:
        folder = os.open(data, os.O_RDONLY)
        try:
            # A path to it is longer than a socket's may be.
            one.bind(f"/proc/self/fd/{folder}/{place.name}")
        finally:
            os.close(folder)
    refused(data, "era is a device, a pipe or a socket, where a file belongs")
