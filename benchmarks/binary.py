"""Order entry over TCP: the generator's ceiling, round trips, pipelined and open loop."""

from typing import Any

from benchmarks.context import Context, measure
from benchmarks.processes import load, native_echo, uvloop_echo
from benchmarks.recorder import catch_up
from benchmarks.result import Row

ONE_COMMAND_BYTES = 128
"""A batch of one order as the journal keeps it: its header, a record, its place in the log."""
PIPELINED_BYTES = 64 * 1024
"""A batch of 1,000 commands, the most that one holds."""
OPEN_LOOP_BYTES = 4 * 1024
"""The commands that come during one commit at 50,000 a second."""
CONNECTIONS = 16
IN_FLIGHT = 100
RATE = 50_000
ECHO = "bare uvloop echo"
DISK = "bare append and fdatasync"


def sync(ctx: Context, size: int) -> dict[str, Any]:
    """Appends of ``size`` bytes with fdatasync on the disk that the exchange uses."""
    seconds = ctx.seconds(2, 0.3)
    return load("fdatasync", "--dir", ctx.directory, "--bytes", size, "--seconds", seconds)


@measure("ceiling")
def ceiling(ctx: Context) -> list[Row]:
    """What the generator itself can do."""
    row = Row(
        name="load generator against a bare echo",
        unit="messages/s",
        command="quantscope load --echo",
        bar=">= 1500000",
    )
    for _ in ctx.each_run("ceiling"):
        with native_echo() as port:
            result = load(
                "--echo", "--json", "--port", port, "--seconds", ctx.seconds(5, 0.5),
                "--connections", CONNECTIONS, "--in-flight", IN_FLIGHT,
            )  # fmt: skip
        row.samples.append(result["orders_per_s"])
    return [row]


def round_trip(ctx: Context, *arguments: str) -> dict[str, Any]:
    """One run of round trips against an exchange and both echoes in turns."""
    with uvloop_echo() as uv, native_echo() as native, ctx.exchange(*arguments) as exchange:
        return load(
            "round-trip", "--port", exchange.binary, "--echo-port", uv, "--echo-port", native,
            "--seconds", ctx.seconds(9, 0.9), "--resting", 2000,
        )  # fmt: skip


@measure("round-trip-memory")
def round_trip_memory(ctx: Context) -> list[Row]:
    """One request in flight, nothing on disk."""
    command = "quantscope load round-trip (serve --journal memory)"
    row = Row(
        name="binary round trip, one in flight, memory journal, p50",
        unit="us",
        command=command,
        bar="<= 1.3 x baseline",
        baseline_name=ECHO,
    )
    native = Row(name="bare native epoll echo, p50", unit="us", command=command)
    for _ in ctx.each_run("round-trip-memory"):
        result = round_trip(ctx, "--journal", "memory")
        row.samples.append(result["exchange"]["p50"])
        row.baseline_samples.append(result["echoes"][0]["p50"])
        native.samples.append(result["echoes"][1]["p50"])
    return [row, native]


@measure("round-trip-durable")
def round_trip_durable(ctx: Context) -> list[Row]:
    """One request in flight, each on disk before it is answered."""
    command = "quantscope load round-trip"
    row = Row(
        name="binary round trip, one in flight, durable, p50",
        unit="us",
        command=command,
        bar="<= 1 x baseline",
        baseline_name=f"{ECHO} + 1.4 x {DISK}",
    )
    tail = Row(
        name="binary round trip, one in flight, durable, p99",
        unit="us",
        command=command,
        baseline_name=f"{DISK}, p99",
    )
    for _ in ctx.each_run("round-trip-durable"):
        disk = sync(ctx, ONE_COMMAND_BYTES)["latency_us"]
        result = round_trip(ctx)
        row.samples.append(result["exchange"]["p50"])
        row.baseline_samples.append(result["echoes"][0]["p50"] + 1.4 * disk["p50"])
        tail.samples.append(result["exchange"]["p99"])
        tail.baseline_samples.append(disk["p99"])
    return [row, tail]


@measure("pipelined")
def pipelined(ctx: Context) -> list[Row]:
    """As much as goes: 16 sessions with 100 requests in flight."""
    command = f"quantscope load --connections {CONNECTIONS} --in-flight {IN_FLIGHT}"
    name = f"binary pipelined, durable, {CONNECTIONS} x {IN_FLIGHT} in flight"
    rate = Row(name=f"{name}, acknowledged", unit="orders/s", command=command, bar=">= 500000")
    tail = Row(
        name=f"{name}, p99",
        unit="us",
        command=command,
        bar="<= 5000 + 2 x baseline",
        baseline_name=f"{DISK}, p99",
    )
    rejects = Row(name=f"{name}, rejects", unit="%", command=command, bar="<= 1")
    lag = Row(name=f"{name}, recorder's lag at the end", unit="events", command=command)
    behind = Row(name=f"{name}, recorder caught up after", unit="s", command=command)
    for _ in ctx.each_run("pipelined"):
        disk = sync(ctx, PIPELINED_BYTES)["latency_us"]
        with ctx.exchange() as exchange:
            result = load(
                "--json", "--port", exchange.binary, "--seconds", ctx.seconds(10, 1),
                "--connections", CONNECTIONS, "--in-flight", IN_FLIGHT,
            )  # fmt: skip
            lag_events, lag_s = catch_up(exchange)
        rate.samples.append(result["orders_per_s"])
        tail.samples.append(result["latency_us"]["p99"])
        tail.baseline_samples.append(disk["p99"])
        rejects.samples.append(100 * result["reject_ratio"])
        lag.samples.append(lag_events)
        behind.samples.append(lag_s)
    return [rate, tail, rejects, lag, behind]


@measure("open-loop")
def open_loop(ctx: Context) -> list[Row]:
    """A steady rate that waits for nobody."""
    command = f"quantscope load --connections {CONNECTIONS} --rate {RATE}"
    name = f"open loop, {RATE:,} orders/s, durable, {CONNECTIONS} connections"
    tail = Row(
        name=f"{name}, p99",
        unit="us",
        command=command,
        bar="<= 1500 + 2 x baseline",
        baseline_name=f"{DISK}, p99 by arrivals",
    )
    lost = Row(name=f"{name}, lost", unit="orders", command=command, bar="<= 0")
    rejects = Row(name=f"{name}, rejects", unit="%", command=command, bar="<= 1")
    for _ in ctx.each_run("open-loop"):
        disk = sync(ctx, OPEN_LOOP_BYTES)["latency_by_arrivals_us"]
        with ctx.exchange() as exchange:
            result = load(
                "--json", "--port", exchange.binary, "--seconds", ctx.seconds(10, 1),
                "--connections", CONNECTIONS, "--rate", RATE,
            )  # fmt: skip
        tail.samples.append(result["latency_us"]["p99"])
        tail.baseline_samples.append(disk["p99"])
        lost.samples.append(result["lost"])
        rejects.samples.append(100 * result["reject_ratio"])
    return [tail, lost, rejects]
