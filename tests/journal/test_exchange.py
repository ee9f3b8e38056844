"""The whole exchange on a disk that fails: it stops acknowledging, says so, and goes on."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

SERVE = "from quantscope.cli import main; main()"
ORDER = {"symbol": "BTCUSD", "side": "BUY", "order_type": "LIMIT", "price": "100", "quantity": "1"}
SECONDS_MAX = 60


class Exchange:
    """``quantscope serve`` on one data directory."""

    def __init__(self, data: Path, env: dict[str, str]) -> None:
        """Start it, and wait until it serves."""
        command = [sys.executable, "-c", SERVE, "serve", "--data-dir", str(data)]
        command += ["--http-port", "0", "--binary-port", "0"]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ | env
        )
        assert self._process.stdout is not None
        ready = self._process.stdout.readline().decode()
        address = ready.split("http=")[1].split()[0]
        self.http = httpx.Client(base_url=f"http://{address}", timeout=20)

    def order(self, name: str) -> httpx.Response:
        """Place an order under a client's name for it."""
        return self.http.post("/orders", json=ORDER | {"user_id": "u", "client_order_id": name})

    def stop(self) -> int:
        """End it as an operator does."""
        self.http.close()
        self._process.terminate()
        code = self._process.wait(timeout=SECONDS_MAX)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[Path]:
    switch = tmp_path / "faults"
    switch.write_text("")
    yield switch
    switch.write_text("")


def until(exchange: Exchange, status: int, name: str) -> httpx.Response:
    """Try until the answer has this status."""
    end = time.monotonic() + SECONDS_MAX
    while time.monotonic() < end:
        answer = exchange.order(name)
        if answer.status_code == status:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"no {status}: {answer.status_code} {answer.text}")


@pytest.mark.parametrize("fault", ["sync 1", "write 4", "space 2", "torn 3"])
def test_a_failing_disk_stops_answers_and_a_good_one_brings_them_back(
    tmp_path: Path, faults: Path, switch: Path, fault: str
) -> None:
    exchange = Exchange(tmp_path / "data", {"LD_PRELOAD": str(faults), "FAULTS": str(switch)})
    try:
        orders = {n: exchange.order(f"a{n}").json()["order_id"] for n in range(3)}
        switch.write_text(fault)
        answers = [exchange.order(f"b{n}") for n in range(10)]
        unknown = [a for a in answers if a.status_code == 503]
        # A write may fail in the events log first, for which nobody waits: then nothing is unknown.
        codes = {"OUTCOME_UNKNOWN"} if fault == "sync 1" else {"OUTCOME_UNKNOWN", "UNAVAILABLE"}
        assert unknown[0].json()["code"] in codes
        assert {a.json()["code"] for a in unknown[1:]} == {"UNAVAILABLE"}
        switch.write_text("")
        until(exchange, 201, "c")
        # Who waited learns the outcome by the name he gave: the order is there once or not at all.
        settled = exchange.order(f"b{answers.index(unknown[0])}")
        assert settled.status_code in {200, 201}
        orders |= {9: settled.json()["order_id"]}
    finally:
        code = exchange.stop()
    assert code == 0
    exchange = Exchange(tmp_path / "data", {})
    try:
        for order in orders.values():
            assert exchange.http.get(f"/orders/{order}").json()["status"] == "NEW"
        listed = exchange.http.get("/orders", params={"user_id": "u", "limit": 100}).json()
        names = [order["client_order_id"] for order in listed["orders"]]
        assert len(names) == len(set(names))
    finally:
        assert exchange.stop() == 0
