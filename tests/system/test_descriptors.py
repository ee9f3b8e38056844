"""A system that gives few descriptors: the storage never lacks one, and who is let in is served."""

import contextlib
import http.client
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from testing.client import Client
from testing.command import ROOT, SECONDS_MAX
from testing.process import ServerProcess

DESCRIPTORS = 400
HTTP, BINARY = 104, 26
"""What 400 descriptors do for, beside 128 in reserve and 64 for those who are turned away."""
BUSY = b"HTTP/1.1 503 "


def limited(data_dir: Path, soft: int, hard: int, *settings: str) -> ServerProcess:
    exchange = ServerProcess(data_dir, *settings)
    exchange.under = ["prlimit", f"--nofile={soft}:{hard}"]
    return exchange


@pytest.fixture
def few(tmp_path: Path) -> Iterator[ServerProcess]:
    often = ("journal.snapshot_interval_s=0.2", "journal.snapshot_commands_min=1")
    with limited(tmp_path / "data", DESCRIPTORS, DESCRIPTORS, *often) as exchange:
        yield exchange


class Line:
    """An HTTP connection that stays, and asks one thing after the other."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS_MAX)

    def ask(self, method: str, path: str, body: dict[str, str] | None = None) -> tuple[int, Any]:
        kind = {"Content-Type": "application/json"} if body else {}
        self.connection.request(method, path, json.dumps(body) if body else None, kind)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, text.decode() if path == "/metrics" else json.loads(text)

    def metric(self, name: str) -> float:
        found = re.search(rf"^{name} (.*)$", self.ask("GET", "/metrics")[1], re.MULTILINE)
        assert found, name
        return float(found[1])

    def place(self) -> str:
        body = {"symbol": "BTCUSD", "side": "BUY", "order_type": "LIMIT", "price": "100"}
        status, order = self.ask("POST", "/orders", {**body, "quantity": "1", "user_id": "line"})
        assert status == 201, order
        return str(order["order_id"])


def wait_until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS_MAX
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def crowd(stack: contextlib.ExitStack, port: int, count: int) -> list[socket.socket]:
    """Connections that say nothing."""
    address = ("127.0.0.1", port)
    return [
        stack.enter_context(socket.create_connection(address, SECONDS_MAX)) for _ in range(count)
    ]


def snapshots(exchange: ServerProcess) -> int:
    return exchange.said().count("snapshot at command batch")


def storage_goes_on(exchange: ServerProcess, line: Line) -> None:
    """What was asked is committed, recorded, and in a snapshot."""
    before = snapshots(exchange)
    order = line.place()
    recorded = line.metric("quantscope_events_total")
    wait_until(lambda: line.metric("quantscope_recorder_events_total") >= recorded)
    assert line.metric("quantscope_recorder_failed") == 0
    wait_until(lambda: snapshots(exchange) >= before + 2)
    assert "no snapshot" not in exchange.said()
    assert line.ask("GET", f"/orders/{order}")[0] == 200
    assert line.ask("GET", "/ready")[0] == 200


async def test_more_idle_connections_than_fit_take_nothing_from_anybody(few: ServerProcess) -> None:
    line = Line(few.http)
    assert line.ask("GET", "/ready")[0] == 200
    with contextlib.ExitStack() as stack:
        idle = crowd(stack, few.http, 300)
        told = 0
        for connection in idle[HTTP - 1 :]:
            assert connection.recv(1000).startswith(BUSY)
            told += 1
        assert told == 300 - (HTTP - 1)
        assert line.metric("quantscope_http_connections") == HTTP
        assert line.metric("quantscope_http_connections_refused_total") == told
        # Others get in by the other door, as many as are promised.
        storage_goes_on(few, line)
        traders = [await Client(few.binary, f"demo{n}").login() for n in range(1, 17)]
        for trader in traders:
            trader.place(1)
            await trader.expect_new(1)
        lines = crowd(stack, few.binary, 60)
        for extra in lines[BINARY - 16 :]:
            with contextlib.suppress(ConnectionResetError):
                assert extra.recv(1) == b""
        assert line.metric('quantscope_order_entry_connections{protocol="binary"}') == BINARY
        assert line.metric("process_open_fds") < DESCRIPTORS - 40
        storage_goes_on(few, line)
    # When the crowd is gone there is room again.
    wait_until(lambda: line.metric("quantscope_http_connections") == 1)
    again = Line(few.http)
    assert again.ask("GET", "/health")[0] == 200
    for one in (line, again):
        one.connection.close()


def test_the_start_says_what_it_can_not_keep(few: ServerProcess) -> None:
    (said,) = [row for row in few.said().splitlines() if "descriptors" in row]
    assert " WARNING " in said
    assert f"may have {DESCRIPTORS} descriptors, and the configuration may need 3264" in said
    assert f"facade.connections_max is {HTTP} instead of 2048" in said
    assert f"gateway.connections_max {BINARY} instead of 256" in said


def test_the_soft_limit_is_raised_to_the_hard_one(tmp_path: Path) -> None:
    with limited(tmp_path / "data", 256, 4000) as exchange:
        assert exchange.metrics()["process_max_fds"] == 4000
        assert "descriptors" not in exchange.said()


def test_too_few_for_anybody_is_refused_in_one_line(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "quantscope.cli",
        "serve",
        "--data-dir",
        str(tmp_path / "data"),
    ]
    done = subprocess.run(
        ["prlimit", "--nofile=200:200", *command],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS_MAX,
    )  # fmt: skip
    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert said.startswith("Error: this process may have 200 descriptors, and needs at least 272 ")
    assert not (tmp_path / "data").exists()


async def test_a_storm_of_connections_leaves_orders_and_storage_alone(few: ServerProcess) -> None:
    """They come faster than they can be told that it is full, and read nothing."""
    line = Line(few.http)
    assert line.ask("GET", "/ready")[0] == 200
    trader = await Client(few.binary).login()
    for _ in range(5):
        with contextlib.ExitStack() as stack:
            crowd(stack, few.http, 300)
            crowd(stack, few.binary, 100)
            assert line.metric("process_open_fds") < DESCRIPTORS - 40
    trader.place(1)
    await trader.expect_new(1)
    storage_goes_on(few, line)
    line.connection.close()
