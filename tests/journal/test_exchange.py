"""The whole exchange on a disk that fails: it stops acknowledging, says so, and goes on."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testing.process import ServerProcess

SECONDS_MAX = 60


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[Path]:
    switch = tmp_path / "faults"
    switch.write_text("")
    yield switch
    switch.write_text("")


def until(exchange: ServerProcess, status: int, name: str) -> None:
    """Try until the answer has this status."""
    end = time.monotonic() + SECONDS_MAX
    while time.monotonic() < end:
        found, answer = order(exchange, name)
        if found == status:
            return
        time.sleep(0.1)
    raise AssertionError(f"no {status}: {found} {answer}")


def order(exchange: ServerProcess, name: str) -> tuple[int, Any]:
    """Place an order under a client's name for it: status and body."""
    return exchange.try_place(user_id="u", client_order_id=name)


@pytest.mark.parametrize("fault", ["sync 1", "write 4", "space 2", "torn 3"])
def test_a_failing_disk_stops_answers_and_a_good_one_brings_them_back(
    tmp_path: Path, faults: Path, switch: Path, fault: str
) -> None:
    disk = {"LD_PRELOAD": str(faults), "FAULTS": str(switch)}
    with ServerProcess(tmp_path / "data", env=disk) as exchange:
        orders = {n: order(exchange, f"a{n}")[1]["order_id"] for n in range(3)}
        switch.write_text(fault)
        answers = [order(exchange, f"b{n}") for n in range(10)]
        unknown = [answer for status, answer in answers if status == 503]
        # A write may fail in the events log first, for which nobody waits: then nothing is unknown.
        codes = {"OUTCOME_UNKNOWN"} if fault == "sync 1" else {"OUTCOME_UNKNOWN", "UNAVAILABLE"}
        assert unknown[0]["code"] in codes
        assert {answer["code"] for answer in unknown[1:]} == {"UNAVAILABLE"}
        switch.write_text("")
        until(exchange, 201, "c")
        # Who waited learns the outcome by the name he gave: the order is there once or not at all.
        status, settled = order(exchange, f"b{answers.index((503, unknown[0]))}")
        assert status in {200, 201}
        orders |= {9: settled["order_id"]}
    with ServerProcess(tmp_path / "data") as exchange:
        for order_id in orders.values():
            assert exchange.get(f"/orders/{order_id}")["status"] == "NEW"
        listed = exchange.get("/orders?user_id=u&limit=100")
        names = [told["client_order_id"] for told in listed["orders"]]
        assert len(names) == len(set(names))
