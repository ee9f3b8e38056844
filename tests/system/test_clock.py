"""A whole exchange whose system's clock is set while it runs, and between two runs."""

import re
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from testing.command import SECONDS_MAX
from testing.process import ServerProcess
from testing.wall import Wall

HOURS_25 = 25 * 3600
YEARS_70 = 70 * 365 * 86_400
DAY_S = 86_400
SLACK_S = 60
"""What a busy machine may be late, in seconds."""


@pytest.fixture
def wall(clock: Path, tmp_path: Path) -> Wall:
    return Wall(clock, tmp_path / "clock")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS_MAX
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def ahead_s(exchange: ServerProcess) -> float:
    """How far an order's time is from the real one."""
    order = exchange.place(price="1")
    told = datetime.fromisoformat(order["timestamp"])
    return (told - datetime.now(UTC)).total_seconds()


def day_order(exchange: ServerProcess) -> str:
    order = exchange.place(price="2", time_in_force="DAY")
    return str(order["order_id"])


def state(exchange: ServerProcess, order: str) -> str:
    return str(exchange.get(f"/orders/{order}")["status"])


def shows(exchange: ServerProcess, metric: str, value: float) -> bool:
    return exchange.metrics()[metric] == value


def says(exchange: ServerProcess, text: str) -> bool:
    return text in exchange.said()


def warnings(exchange: ServerProcess) -> list[str]:
    rows = (line.partition(" WARNING ") for line in exchange.said().splitlines())
    return [text for _, found, text in rows if found]


def jump(exchange: ServerProcess, wall: Wall, seconds: int) -> None:
    """A clock that is set, and a look at it."""
    before = exchange.metrics()["quantscope_clock_jumps_total"]
    wall.set(seconds)
    until(lambda: exchange.metrics()["quantscope_clock_jumps_total"] > before)


def test_a_second_with_a_wrong_clock_changes_nothing_but_the_log(data: Path, wall: Wall) -> None:
    for seconds in (HOURS_25, YEARS_70, -HOURS_25):
        with ServerProcess(data, env=wall.env) as exchange:
            assert abs(ahead_s(exchange)) < SLACK_S
            order = day_order(exchange)
            exchange.place(price="7", quantity="0.5", side="SELL")
            exchange.place(price="7", quantity="0.5")
            jump(exchange, wall, seconds)
            assert exchange.metrics()["quantscope_clock_held_seconds"] == pytest.approx(seconds)
            assert abs(ahead_s(exchange)) < SLACK_S
            assert exchange.get("/ticker/BTCUSD")["last"] == "7"
            assert exchange.get("/ticker/BTCUSD")["volume"] != "0"
            time.sleep(1.1)  # a tick or more: it is said once all the same
            wall.set(0)
            until(partial(shows, exchange, "quantscope_clock_held_seconds", 0))
            assert abs(ahead_s(exchange)) < SLACK_S
            assert state(exchange, order) == "NEW"
            assert exchange.metrics()["quantscope_clock_jumps_taken_total"] == 0
            assert exchange.metrics()["quantscope_engine_time_ahead_seconds"] == 0
            until(partial(says, exchange, "the system's clock is back where it was"))
    said = warnings(exchange)
    assert len(said) == 3, said
    for text, away in zip(said, ("1 day, 1:00:00 ahead", "25550 days", "behind"), strict=True):
        assert "the system's clock jumped, and is " in text
        assert away in text
    exchange.verified()


def test_a_jump_that_stands_is_taken_and_so_is_one_by_a_signal(data: Path, wall: Wall) -> None:
    with ServerProcess(data, "server.clock_settle_s=1", env=wall.env) as exchange:
        order = day_order(exchange)
        wall.set(HOURS_25)
        until(lambda: exchange.metrics()["quantscope_clock_jumps_taken_total"] == 1)
        assert ahead_s(exchange) == pytest.approx(HOURS_25, abs=SLACK_S)
        until(lambda: state(exchange, order) == "EXPIRED")
        until(lambda: "the system's clock is taken, 1 day, 1:00:00 ahead" in exchange.said())
    with ServerProcess(data, env=wall.env) as exchange:
        jump(exchange, wall, 2 * HOURS_25)
        assert exchange.process is not None
        exchange.process.send_signal(signal.SIGUSR1)
        until(lambda: exchange.metrics()["quantscope_clock_jumps_taken_total"] == 1)
        assert ahead_s(exchange) == pytest.approx(2 * HOURS_25, abs=SLACK_S)


def gone_ahead(data: Path, wall: Wall, seconds: int) -> None:
    """An exchange that was started with a wrong clock."""
    wall.set(seconds)
    with ServerProcess(data, env=wall.env) as exchange:
        assert ahead_s(exchange) == pytest.approx(seconds, abs=SLACK_S)
    wall.set(0)


def test_a_start_on_a_journal_that_is_ahead_says_by_how_much_and_what_follows(
    data: Path, wall: Wall
) -> None:
    gone_ahead(data, wall, HOURS_25)
    with ServerProcess(data, env=wall.env) as exchange:
        (said,) = warnings(exchange)
        assert re.search(r"the journal is ahead of the clock by 1 day, (0:59|1:00):", said)
        assert "DAY orders do not expire" in said
        first = ahead_s(exchange)
        time.sleep(1.5)
        assert ahead_s(exchange) < first - 1  # it stands still
        shown = exchange.metrics()["quantscope_engine_time_ahead_seconds"]
        assert shown == pytest.approx(HOURS_25, abs=10)
        # The clock catches up, as real time would: all goes on by itself.
        wall.set(HOURS_25 + 4)
        assert exchange.process is not None
        until(lambda: exchange.metrics()["quantscope_clock_jumps_total"] == 1)
        exchange.process.send_signal(signal.SIGUSR1)
        until(lambda: "the clock has caught up with the journal" in exchange.said())
        assert ahead_s(exchange) == pytest.approx(HOURS_25 + 4, abs=SLACK_S)
    exchange.verified()


def test_time_goes_on_whole_days_ahead_where_an_operator_says_so(data: Path, wall: Wall) -> None:
    """What docs/operations.md tells of a journal that is ahead: nothing is lost, and all moves."""
    gone_ahead(data, wall, HOURS_25)
    # Some seconds before midnight, so that a session ends.
    now = datetime.now(UTC)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    evening = int((midnight - now).total_seconds()) - 8
    wall.set(evening)
    with ServerProcess(data, "server.clock_ahead_days=2", env=wall.env) as exchange:
        order = day_order(exchange)
        assert ahead_s(exchange) == pytest.approx(evening + 2 * DAY_S, abs=SLACK_S)
        time.sleep(1)
        assert ahead_s(exchange) == pytest.approx(evening + 2 * DAY_S, abs=SLACK_S)
        assert state(exchange, order) == "NEW"
        until(lambda: state(exchange, order) == "EXPIRED")
        assert exchange.metrics()["quantscope_engine_time_ahead_seconds"] == 0
    assert "goes 2 days, 0:00:00 ahead of the system's (server.clock_ahead_days)" in exchange.said()
    # Long stopped, it is not needed any more.
    wall.set(evening + 3 * DAY_S)
    with ServerProcess(data, "server.clock_ahead_days=2", env=wall.env) as exchange:
        assert ahead_s(exchange) == pytest.approx(evening + 3 * DAY_S, abs=SLACK_S)
        assert "is not needed any more, and passed over" in exchange.said()
    exchange.verified()


def test_an_exchange_is_begun_anew_beside_the_one_that_is_ahead(
    data: Path, wall: Wall, tmp_path: Path
) -> None:
    """The other way of docs/operations.md, where days ahead are no way: seventy years."""
    gone_ahead(data, wall, YEARS_70)
    with ServerProcess(data, env=wall.env) as exchange:
        order = exchange.get("/orders?user_id=rest")["orders"][0]["order_id"]
        assert exchange.cancel_all("rest") == {"canceled": 1}
        until(lambda: state(exchange, order) == "CANCELED")
    kept = tmp_path / "kept"
    data.rename(kept)
    with ServerProcess(data, env=wall.env) as exchange:
        assert abs(ahead_s(exchange)) < SLACK_S
        assert "ahead of the clock" not in exchange.said().split("stopping")[-1]
    with ServerProcess(kept, env=wall.env) as exchange:
        assert exchange.get(f"/orders/{order}")["status"] == "CANCELED"
