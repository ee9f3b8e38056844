"""REST under load by wrk, and a thousand users who listen while it runs."""

import subprocess
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from benchmarks.context import Context, measure
from benchmarks.processes import (
    LOAD_TIMEOUT_S,
    BenchError,
    loading,
    longest_stop_ms,
)
from benchmarks.recorder import catch_up
from benchmarks.result import Row, figure
from testing.command import ROOT
from testing.process import ServerProcess

USERS = 1000
CONNECTIONS = 100
ACCEPTED = "quantscope_orders_total"
ANSWERS = "quantscope_rest_answers_total"
TRADES = "quantscope_trades_total"

RATE = figure(
    "REST POST /orders, durable",
    f"REST at full load (100 connections, {USERS:,} users listening): "
    "orders placed, each on disk first",
    "orders/s",
    bar=">= 8000",
    headline=True,
)
P99 = figure(
    "REST POST /orders, p99",
    "REST at full load: time to the answer, p99",
    "ms",
    bar="<= 3 x baseline",
    baseline="connections / orders a second",
    headline=True,
)
STOP = figure(
    "REST POST /orders, longest stop",
    "REST at full load: the event loop's longest stop",
    "ms",
    bar="<= 5",
)
ERRORS = figure(
    "REST POST /orders, errors and other answers than 201",
    "REST at full load: errors, and other answers than 201",
    "answers",
    bar="<= 0",
)
WRONG = figure(
    f"{USERS:,} users on /ws/notifications: missing, doubled or out of order",
    f"WebSocket, {USERS:,} users in that load: notifications missing, doubled or out of order",
    "notifications",
    bar="<= 0",
)
SOCKET = figure(
    f"{USERS:,} users on /ws/notifications: from the engine's time to the socket, p99",
    f"WebSocket, {USERS:,} users in that load: time from the engine to the user's socket, p99",
    "ms",
    bar="<= 50",
    headline=True,
)
BEHIND = figure(
    "recorder caught up after the wrk run",
    "REST at full load: time until the store had recorded it all",
    "s",
    bar="<= 5",
)


def wrk(
    port: int, seconds: int, *, threads: int = 4, connections: int = CONNECTIONS
) -> dict[str, Any]:
    """The load test, word for word but for the port and the time; gives the script's result."""
    command = (
        f"wrk -t{threads} -c{connections} -d{seconds}s -s tests/post.lua "
        f"http://localhost:{port}/orders"
    )
    done = subprocess.run(
        command.split(), cwd=ROOT, capture_output=True, text=True, timeout=LOAD_TIMEOUT_S,
        check=False,
    )  # fmt: skip
    found = [line for line in done.stdout.splitlines() if line.startswith("result ")]
    if done.returncode or not found:
        raise BenchError(f"{command}: {done.stdout} {done.stderr}")
    result: dict[str, Any] = msgspec.json.decode(found[0].removeprefix("result "))
    return result


def listening(port: int) -> AbstractContextManager[dict[str, Any]]:
    """A thousand users; what they heard is there once the block has ended."""
    return loading("notify", "--port", port, "--users", USERS)


def not_as_told(heard: dict[str, Any], exchange: ServerProcess) -> float:
    """Notifications that break a chain, and those by which the count is wrong."""
    metrics = exchange.metrics()
    events = heard["events"]
    missing = abs(metrics[ACCEPTED] - events.get("NEW", 0))
    missing += abs(2 * metrics[TRADES] - events.get("TRADE", 0))
    return float(heard["violations"] + missing + heard["closed"])


def answers_but_201(exchange: ServerProcess) -> float:
    """Answers with another status than 201, but for our own: 200 to a scrape, 101 to a listener."""
    metrics = exchange.metrics()
    expected = {f'{ANSWERS}{{status="{status}"}}' for status in (101, 200, 201)}
    return sum(
        value
        for name, value in metrics.items()
        if name.startswith(ANSWERS) and name not in expected
    )


@measure("rest")
def rest(ctx: Context) -> list[Row]:
    """The load test, with all users listening."""
    seconds = int(ctx.seconds(30, 1))
    command = f"wrk -t4 -c{CONNECTIONS} -d{seconds}s -s tests/post.lua http://localhost:8080/orders"
    rate, tail, errors = RATE.row(command), P99.row(command), ERRORS.row(command)
    stop = STOP.row(command)
    wrong, socket, behind = WRONG.row(command), SOCKET.row(command), BEHIND.row(command)
    for _ in ctx.each_run("rest"):
        with ctx.exchange() as exchange:
            with listening(exchange.http) as heard:
                result = wrk(exchange.http, seconds)
                stop.samples.append(longest_stop_ms(exchange))
                _, caught_up_s = catch_up(exchange)
            others = answers_but_201(exchange)
            wrong.samples.append(not_as_told(heard, exchange))
        rate.samples.append(result["requests"] / result["seconds"])
        tail.samples.append(result["p99_us"] / 1e3)
        tail.baseline_samples.append(1e3 * CONNECTIONS * result["seconds"] / result["requests"])
        errors.samples.append(result["socket_errors"] + others)
        socket.samples.append(heard["latency_us"]["p99"] / 1e3)
        behind.samples.append(caught_up_s)
    return [rate, tail, stop, errors, wrong, socket, behind]
