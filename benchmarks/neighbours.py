"""What modest users notice of a client that asks for all it can get."""

import json
import pathlib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.context import Context, measure
from benchmarks.processes import LOAD_TIMEOUT_S, BenchError
from benchmarks.recorder import catch_up
from benchmarks.result import Row, figure
from testing.command import ROOT
from testing.process import ServerProcess

KINDS = {
    "get": "pipelined GETs whose answers are read",
    "pong": "WebSocket pongs",
    "packets": "packets without a login",
    "status": "order status requests",
    "malformed": "bytes that are no HTTP",
    "malformed-packets": "bytes that are no packets",
}
CONNECTIONS = (1, 64)
BEGUN_S = 0.7
"""How long a greedy client is at it before anything is measured."""
MODEST = "modest"
P99 = {
    (kind, count): figure(
        f"orders beside {count} x {about}, p99",
        f"others' orders beside {count} connection{'s' * (count > 1)} of {about}: "
        "time to the answer, p99",
        "us",
        bar="<= 3 x baseline",
        baseline="beside a program that takes as much of a processor",
    )
    for kind, about in KINDS.items()
    for count in CONNECTIONS
}


def users() -> str:
    """As many sessions as may be greedy, and the modest one's."""
    names = [MODEST, *(f"g{number}" for number in range(1, max(CONNECTIONS) + 1))]
    return "".join(f'[[users]]\nname = "{name}"\npassword = "demo"\n' for name in names)


def _arguments(module: str, exchange: ServerProcess, seconds: float, *more: object) -> list[str]:
    ports = ["--http", exchange.http, "--binary", exchange.binary, "--seconds", seconds]
    return [sys.executable, "-m", f"benchmarks.{module}", *map(str, (*more, *ports))]


def modest(exchange: ServerProcess, seconds: float) -> dict[str, dict[str, float]]:
    """The latencies of the modest users, in microseconds."""
    arguments = _arguments("modest", exchange, seconds, "--user", MODEST)
    done = subprocess.run(
        arguments, cwd=ROOT, capture_output=True, text=True, timeout=LOAD_TIMEOUT_S, check=False
    )
    if done.returncode:
        raise BenchError(f"{' '.join(arguments[2:])}: {done.stderr.strip()}")
    said: dict[str, dict[str, float]] = json.loads(done.stdout)
    return said


@contextmanager
def greedy(
    exchange: ServerProcess, seconds: float, kind: str, *more: object
) -> Iterator[dict[str, Any]]:
    """A greedy client; what it came to is there once the block has ended."""
    said: dict[str, Any] = {}
    arguments = _arguments("greedy", exchange, seconds + BEGUN_S, kind, *more)
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            time.sleep(BEGUN_S)
            yield said
            output, _ = process.communicate(timeout=LOAD_TIMEOUT_S)
            said.update(json.loads(output))
        finally:
            process.kill()


def beside(ctx: Context, config: pathlib.Path, kind: str, connections: int) -> tuple[float, float]:
    """The p99 of whichever user suffers more, and its p99 beside one who only takes processor."""
    seconds = ctx.seconds(6, 0.5)
    with ctx.exchange("--config", str(config)) as exchange:
        modest(exchange, 0.2)
        with greedy(exchange, seconds, kind, "--connections", connections) as said:
            found = modest(exchange, seconds)
        catch_up(exchange)
        with greedy(exchange, seconds, "burn", "--share", min(said["share"], 0.999)):
            alone = modest(exchange, seconds)
    worst = max(found, key=lambda user: found[user]["p99"] / alone[user]["p99"])
    return found[worst]["p99"], alone[worst]["p99"]


@measure("neighbours")
def neighbours(ctx: Context) -> list[Row]:
    """A binary session and a REST user of 200 orders a second each, beside greedy clients."""
    config = ctx.directory / "neighbours.toml"
    config.write_text(users())
    rows = {
        (kind, count): known.row(f"python -m benchmarks.greedy {kind} --connections {count}")
        for (kind, count), known in P99.items()
    }
    for _ in ctx.each_run("neighbours"):
        for (kind, count), row in rows.items():
            found, alone = beside(ctx, config, kind, count)
            row.samples.append(found)
            row.baseline_samples.append(alone)
    return list(rows.values())
