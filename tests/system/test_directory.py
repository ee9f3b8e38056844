"""A server whose data directory is gone, or another's, ends and touches nothing there."""

import asyncio
import http.client
import itertools
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from testing.client import Client
from testing.command import quantscope
from testing.damage import contents
from testing.process import ServerProcess

SERVE = ["serve", "--http-port", "0", "--binary-port", "0", "--fix-port", "0"]
SECONDS_TO_NOTICE = 5
"""Far above the second in which it has to be noticed: this machine may be busy."""


def ends(exchange: ServerProcess) -> str:
    """It notices soon."""
    begin = time.monotonic()
    line = exchange.ends()
    assert time.monotonic() - begin < SECONDS_TO_NOTICE
    return line


def place(exchange: ServerProcess, user: str, count: int = 5) -> list[str]:
    ids = []
    for number in range(count):
        order = exchange.place(user_id=user, client_order_id=f"{user}-{number}")
        ids.append(order["order_id"])
    return ids


def expect_whole(exchange: ServerProcess, user: str, ids: list[str]) -> None:
    """It has this user's orders and nobody else's."""
    page = exchange.get(f"/orders?user_id={user}&limit=1000")
    assert {order["order_id"] for order in page["orders"]} == set(ids)


def test_a_server_whose_directory_is_deleted_ends_and_leaves_the_next_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    first, second = ServerProcess(data), ServerProcess(data)
    second.log = tmp_path / "second.log"
    first.start()
    place(first, "ann")
    shutil.rmtree(data)
    second.start()
    ids = place(second, "bob")
    line = ends(first)
    assert f"another directory stands at {data} now" in line or f"{data} is gone" in line
    assert "this server ends, and touches nothing there" in line
    expect_whole(second, "bob", ids)
    second.stop()
    # Nobody wrote a snapshot there but the one whose directory it is.
    assert len(list((data / "snapshots").glob("*.snapshot"))) == 1
    second.verified()
    second.start()
    expect_whole(second, "bob", ids)
    second.stop()


def test_a_server_whose_directory_is_gone_ends_and_makes_no_other(tmp_path: Path) -> None:
    exchange = ServerProcess(tmp_path / "data").start()
    place(exchange, "ann")
    shutil.rmtree(tmp_path / "data")
    assert f"the data directory {tmp_path / 'data'} is gone" in ends(exchange)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("other", ["gone", "another's"])
def test_a_lock_that_is_not_the_one_held_ends_the_server(tmp_path: Path, other: str) -> None:
    exchange = ServerProcess(tmp_path / "data").start()
    place(exchange, "ann")
    (tmp_path / "data" / "lock").unlink()
    if other != "gone":
        (tmp_path / "data" / "lock").write_text("4711\n")
    assert f"lock is {other}" in ends(exchange)
    snapshots = tmp_path / "data" / "snapshots"
    assert not snapshots.exists()


async def test_a_backup_put_in_the_place_of_a_live_directory_is_left_alone(tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    exchange = ServerProcess(data).start()
    ids = await asyncio.to_thread(place, exchange, "ann")
    session = (await Client(exchange.binary).login()).session
    exchange.stop()
    shutil.copytree(data, backup)
    exchange.start()
    await asyncio.to_thread(place, exchange, "bob")
    data.rename(tmp_path / "aside")
    backup.rename(data)
    before = contents(data)
    assert "another directory stands at" in await asyncio.to_thread(ends, exchange)
    assert contents(data) == before
    # What was put there is a copy: it goes on by itself, under new session ids.
    exchange.start()
    await asyncio.to_thread(expect_whole, exchange, "ann", ids)
    await asyncio.to_thread(expect_whole, exchange, "bob", [])
    assert (await Client(exchange.binary).login()).session != session
    exchange.stop()
    exchange.verified()
    # And the one that was moved away is whole.
    moved = ServerProcess(tmp_path / "aside").start()
    await asyncio.to_thread(expect_whole, moved, "ann", ids)
    moved.stop()
    moved.verified()


def keep_placing(exchange: ServerProcess, user: str, ids: list[str]) -> None:
    """Place orders until nobody answers any more."""
    for number in itertools.count():
        try:
            status, order = exchange.try_place(user_id=user, client_order_id=f"{user}-{number}")
        except (OSError, http.client.HTTPException):
            return
        if status == 201:
            ids.append(order["order_id"])


def test_a_commands_log_that_is_deleted_under_a_server_costs_nothing(tmp_path: Path) -> None:
    """The directory is still its own: a last snapshot holds all that was answered."""
    exchange = ServerProcess(tmp_path / "data").start()
    ids = place(exchange, "ann", 20)
    placed: dict[str, list[str]] = {f"user{number}": [] for number in range(4)}
    with ThreadPoolExecutor() as threads:
        for user, of_user in placed.items():
            threads.submit(keep_placing, exchange, user, of_user)
        for file in (tmp_path / "data").glob("commands.db*"):
            file.unlink()
        line = ends(exchange)
    assert "commands.db is gone" in line
    assert "with a snapshot of what it had acknowledged" in line
    assert "commands.db is missing or empty" in exchange.refuses_to_start()
    code, said, errors = quantscope("recover", str(tmp_path / "data"), "--accept-loss")
    assert code == 0, errors
    assert "goes on from command batch" in said
    exchange.start()
    expect_whole(exchange, "ann", ids)
    for user, of_user in placed.items():
        assert of_user
        for order_id in of_user:
            order = exchange.get(f"/orders/{order_id}")
            assert order["user_id"] == user
    exchange.stop()
    exchange.verified()


@pytest.mark.parametrize("command", [SERVE, ["verify"]])
def test_what_is_no_directory_is_said_plainly(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    before = sorted(path.name for path in tmp_path.iterdir())
    words = {
        "": "server.data_dir",
        "file": "file is a file, not a directory: name another data directory",
        "link": f"link is a link to {tmp_path / 'nowhere'}, which does not exist",
    }
    for name, said in words.items():
        path = str(tmp_path / name) if name else ""
        code, out, errors = quantscope(*command, "--data-dir", path)
        assert (code, out) == (1, ""), errors
        (line,) = [line for line in errors.splitlines() if line.startswith("Error: ")]
        assert said in line
        assert "Traceback" not in errors
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / "file").read_text() == "mine"


def test_an_empty_name_is_no_directory_wherever_it_comes_from(tmp_path: Path) -> None:
    for env, flags in (
        ({"QUANTSCOPE_SERVER_DATA_DIR": ""}, []),
        ({}, ["--set", "server.data_dir="]),
        ({}, ["--data-dir", ""]),
    ):
        code, _, errors = quantscope("serve", *flags, env=env)
        assert code == 1
        assert "server.data_dir" in errors.splitlines()[-1]


def test_a_server_that_is_stopped_while_snapshots_are_written_says_no_error(
    tmp_path: Path,
) -> None:
    """How one waits for the other is in ``tests/engine/test_housekeeping.py``."""
    exchange = ServerProcess(
        tmp_path / "data", "journal.snapshot_interval_s=0.01", "journal.snapshot_commands_min=1"
    )
    for life in range(5):
        exchange.start()
        place(exchange, f"ann{life}", 30)
        exchange.stop()
    assert "ERROR" not in exchange.said()
    assert "Traceback" not in exchange.said()
    names = [path.name for path in (tmp_path / "data" / "snapshots").iterdir()]
    assert not [name for name in names if name.endswith(".partial")]
    exchange.verified()


def test_a_directory_behind_a_link_serves(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "real")
    with ServerProcess(tmp_path / "data") as exchange:
        ids = place(exchange, "ann")
        time.sleep(1)
        expect_whole(exchange, "ann", ids)
    assert subprocess.run(["test", "-s", str(tmp_path / "real" / "commands.db")]).returncode == 0
    exchange.verified()
