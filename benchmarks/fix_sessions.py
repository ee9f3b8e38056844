"""What a thousand FIX sessions cost that only say that they are there."""

import time

from benchmarks.context import Context, measure
from benchmarks.processes import cpu_s, exchange_at, loading, resident_bytes
from benchmarks.result import Row, figure
from testing.process import ServerProcess

SESSIONS = 1_000
HEARTBEAT_S = 30
"""The generator's HeartBtInt."""
SETTLE_S = 10.0
"""What logons have left behind is done by then."""

IDLE = f"{SESSIONS:,} idle FIX sessions"
CPU = figure(
    f"{IDLE}, processor",
    f"{SESSIONS:,} FIX sessions that are idle, heartbeats every {HEARTBEAT_S} s: share of a "
    "processor, above the exchange without them",
    "%",
    bar="<= 3",
)
ALONE = figure(
    f"{IDLE}, processor without them", "the exchange without sessions: share of a processor", "%"
)
SIZE = figure(
    f"{IDLE}, memory of each",
    f"{SESSIONS:,} FIX sessions that are idle: memory of each",
    "KiB",
    bar="<= 16",
)


def share(exchange: ServerProcess, seconds: float) -> float:
    """What it takes of a processor for so long, in percent."""
    assert exchange.process is not None
    pid = exchange.process.pid
    begun, before = time.monotonic(), cpu_s(pid)
    time.sleep(seconds)
    return 100 * (cpu_s(pid) - before) / (time.monotonic() - begun)


@measure("fix-sessions")
def sessions(ctx: Context) -> list[Row]:
    """Sessions that are logged on, in an open exchange, beside the same exchange without them."""
    count = 20 if ctx.quick else SESSIONS
    seconds = ctx.seconds(4 * HEARTBEAT_S, 1)
    settle = ctx.seconds(SETTLE_S, 0.1)
    command = f"quantscope load stay --protocol fix --connections {SESSIONS}"
    cpu, alone, size = CPU.row(command), ALONE.row(command), SIZE.row(command)
    room = f"gateway.connections_max={2 * count}"
    for _ in ctx.each_run("fix-sessions"):
        with (
            ctx.data_dir() as path,
            exchange_at(path / "data", "--set", "fix.open=true", "--set", room) as exchange,
        ):
            assert exchange.process is not None
            pid = exchange.process.pid
            time.sleep(settle)
            idle, before = share(exchange, seconds), resident_bytes(pid)
            stay = loading(
                "stay", "--protocol", "fix", "--port", exchange.fix, "--connections", count,
                "--seconds", seconds + 2 * settle,
            )  # fmt: skip
            with stay:
                time.sleep(settle)
                busy, after = share(exchange, seconds), resident_bytes(pid)
        cpu.samples.append(busy - idle)
        alone.samples.append(idle)
        size.samples.append((after - before) / count / 1024)
    return [cpu, alone, size]
