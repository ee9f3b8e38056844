"""An order of very many fills: what others notice while it is asked for and amended without end.

    python -m benchmarks.long_order 17 --http 8080 --seconds 5

asks for order 17 and amends it in turn, on one connection, each as soon as the last is answered.
"""

import http.client
import itertools
import json
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

import click

from benchmarks.context import Context, measure
from benchmarks.neighbours import BEGUN_S, modest, users
from benchmarks.processes import BenchError
from benchmarks.recorder import catch_up
from benchmarks.result import Row, figure
from protocol import sbe, soup
from protocol.messages import NewOrderSingle
from protocol.soup import Kind
from protocol.terms import ExecInst, OrdType, Side, TimeInForce
from testing.process import ServerProcess

FILLS = 60_000
QUICK_FILLS = 600
ONE = 10**8
PRICE = 1_000
QUANTITY = 100_000
FILL_TIMEOUT_S = 120.0
ROUNDS = 3
"""How often, in a run, the order with fills and the one without are asked for in turn."""

P99 = figure(
    f"orders beside an order of {FILLS} fills that is asked for and amended in a loop, p99",
    f"others' orders while one of {FILLS:,} fills is asked for and amended in a loop: "
    "time to the answer, p99",
    "us",
    bar="<= 1.2 x baseline",
    baseline="the same with an order without fills",
)


def call(port: int, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """One request on a connection of its own."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        text = json.dumps(body) if body else None
        line.request(method, path, text, {"Content-Type": "application/json"} if body else {})
        answer = line.getresponse()
        said = json.loads(answer.read())
    finally:
        line.close()
    if answer.status >= http.client.BAD_REQUEST:
        raise BenchError(f"{method} {path}: {answer.status} {said}")
    return said


def place(exchange: ServerProcess) -> int:
    """A large order that rests; its id."""
    order = {
        "symbol": "BTCUSD", "side": "SELL", "order_type": "LIMIT", "price": str(PRICE),
        "quantity": str(QUANTITY), "user_id": "long",
    }  # fmt: skip
    return int(call(exchange.http, "POST", "/orders", order)["order_id"])


def fill(exchange: ServerProcess, fills: int) -> None:
    """Trade with it so many times, over TCP."""
    requests = b"".join(
        soup.encode(
            Kind.UNSEQUENCED,
            sbe.encode(
                NewOrderSingle(
                    number,
                    PRICE * ONE,
                    ONE,
                    None,
                    1,
                    Side.BUY,
                    OrdType.LIMIT,
                    TimeInForce.IOC,
                    ExecInst.NONE,
                    None,
                )
            ),
        )
        for number in range(1, fills + 1)
    )
    with socket.create_connection(("127.0.0.1", exchange.binary), timeout=30) as line:
        line.sendall(soup.LoginRequest("g1", "demo").encode())
        line.setblocking(False)
        rest, end = memoryview(requests), time.monotonic() + FILL_TIMEOUT_S
        while exchange.metrics()["quantscope_trades_total"] < fills:
            if time.monotonic() > end:
                raise BenchError(f"an order was not filled {fills} times")
            looked = time.monotonic()
            while time.monotonic() < looked + 1:
                readable, writable, _ = select.select([line], [line] if rest else [], [], 0.1)
                if readable and not line.recv(1 << 20):
                    raise BenchError("the session was closed")
                if writable:
                    rest = rest[line.send(rest[: 1 << 16]) :]


@contextmanager
def asked(exchange: ServerProcess, order_id: int, seconds: float) -> Iterator[None]:
    """Meanwhile the order is asked for and amended."""
    arguments = [sys.executable, "-m", "benchmarks.long_order", str(order_id)]
    arguments += ["--http", str(exchange.http), "--seconds", str(seconds + BEGUN_S)]
    with subprocess.Popen(arguments) as process:
        try:
            time.sleep(BEGUN_S)
            yield
            if process.wait(60):
                raise BenchError("the order could not be asked for and amended")
        finally:
            process.kill()


def beside(exchange: ServerProcess, order_id: int, seconds: float) -> dict[str, dict[str, float]]:
    """The latencies of others meanwhile."""
    with asked(exchange, order_id, seconds):
        return modest(exchange, seconds)


@measure("long-order")
def long_order(ctx: Context) -> list[Row]:
    """A binary session and a REST user of 200 orders a second each, beside it."""
    config = ctx.directory / "long-order.toml"
    config.write_text(users())
    fills, seconds = QUICK_FILLS if ctx.quick else FILLS, ctx.seconds(4, 0.5)
    row = P99.row("python -m benchmarks.long_order")
    for _ in ctx.each_run("long-order"):
        with ctx.exchange("--config", str(config)) as exchange:
            modest(exchange, 0.2)
            filled, bare = place(exchange), place(exchange)
            fill(exchange, fills)
            catch_up(exchange)
            # In turns, for a machine has better and worse moments.
            rounds = [
                (beside(exchange, bare, seconds), beside(exchange, filled, seconds))
                for _ in range(ROUNDS)
            ]
        without, found = (_p99(part) for part in zip(*rounds, strict=True))
        worst = max(found, key=lambda user: found[user] / without[user])
        row.samples.append(found[worst])
        row.baseline_samples.append(without[worst])
    return [row]


def _p99(rounds: Sequence[dict[str, dict[str, float]]]) -> dict[str, float]:
    """The median over the rounds of each user's p99."""
    return {user: median(said[user]["p99"] for said in rounds) for user in rounds[0]}


@click.command()
@click.argument("order_id", type=int)
@click.option("--http", "port", default=8080)
@click.option("--seconds", default=5.0)
def main(order_id: int, *, port: int, seconds: float) -> None:
    """Ask for an order and amend it, in turn."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    path, end = f"/orders/{order_id}", time.monotonic() + seconds
    # Never what it is already, whoever amended it before.
    for number in itertools.count(int(time.time() * 1_000) % 20_000):
        if time.monotonic() > end:
            break
        body = json.dumps({"quantity": str(QUANTITY - 1 - number % 20_000)})
        for method, text in (("GET", None), ("PATCH", body)):
            line.request(method, path, text, {"Content-Type": "application/json"} if text else {})
            answer = line.getresponse()
            said = answer.read()
            if answer.status != http.client.OK:
                raise click.ClickException(f"{method} {path}: {answer.status} {said!r}")


if __name__ == "__main__":
    main()
