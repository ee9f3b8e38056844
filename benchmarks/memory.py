"""Whether memory stays flat under a steady load."""

import contextlib
import subprocess
import time
from collections.abc import Iterator

from benchmarks.context import Context, measure
from benchmarks.processes import LOAD_TIMEOUT_S
from benchmarks.result import Row, figure
from testing.command import QUANTSCOPE, ROOT
from testing.process import ServerProcess

RATE = 25_000
MARGIN_S = 5.0
"""The load goes on for so long after the last look."""

GROWTH = figure(
    f"memory at {RATE:,} orders/s, growth from minute 1 to 5",
    f"memory of the exchange at a steady {RATE:,} orders/s: growth from minute 1 to 5",
    "%",
    bar="<= 5",
)
SIZE = figure(
    f"memory at {RATE:,} orders/s, minute 5",
    f"memory of the exchange at a steady {RATE:,} orders/s, after 5 minutes",
    "MB",
)


@contextlib.contextmanager
def under_load(exchange: ServerProcess, seconds: float) -> Iterator[None]:
    """A steady load in the background."""
    arguments = ["--port", exchange.binary, "--rate", RATE, "--seconds", seconds, "--json"]
    with subprocess.Popen(
        [*QUANTSCOPE, "load", *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        try:
            yield
            process.communicate(timeout=LOAD_TIMEOUT_S)
        finally:
            process.kill()


@measure("memory")
def memory(ctx: Context) -> list[Row]:
    """Resident memory of the exchange from minute 1 to minute 5."""
    minute = ctx.seconds(60, 1)
    command = f"quantscope load --rate {RATE} --seconds 305"
    growth, size = GROWTH.row(command), SIZE.row(command)
    for _ in ctx.each_run("memory"):
        with (
            ctx.exchange() as exchange,
            under_load(exchange, 5 * minute + ctx.seconds(MARGIN_S, 1)),
        ):
            time.sleep(minute)
            first = exchange.memory_bytes()
            time.sleep(4 * minute)
            last = exchange.memory_bytes()
        growth.samples.append(100 * (last - first) / first)
        size.samples.append(last / 1e6)
    return [growth, size]
