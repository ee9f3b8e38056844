"""Order entry over TCP: the generator's ceiling, round trips, pipelined and open loop."""

from typing import Any

from benchmarks.context import Context, measure
from benchmarks.processes import load, longest_stop_ms, native_echo, uvloop_echo
from benchmarks.recorder import catch_up
from benchmarks.result import Row, figure

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

CEILING = figure(
    "load generator against a bare echo",
    "load generator against a bare echo server: what it could measure at most",
    "messages/s",
    bar=">= 1500000",
)

MEMORY_P50 = figure(
    "binary round trip, one in flight, memory journal, p50",
    "TCP, one order at a time, nothing on disk: time to the answer, p50",
    "us",
    bar="<= 1.3 x baseline",
    baseline=ECHO,
    headline=True,
)
NATIVE_ECHO_P50 = figure(
    "bare native epoll echo, p50",
    "bare echo server in Rust, on epoll: time to the answer, p50",
    "us",
)
DURABLE_P50 = figure(
    "binary round trip, one in flight, durable, p50",
    "TCP, one order at a time, each on disk first: time to the answer, p50",
    "us",
    bar="<= 1 x baseline",
    baseline=f"{ECHO} + 1.25 x {DISK}",
    headline=True,
)
DURABLE_P99 = figure(
    "binary round trip, one in flight, durable, p99",
    "TCP, one order at a time, each on disk first: time to the answer, p99",
    "us",
    baseline=f"{DISK}, p99",
)

FULL = f"binary pipelined, durable, {CONNECTIONS} x {IN_FLIGHT} in flight"
FULL_RATE = figure(
    f"{FULL}, acknowledged",
    f"TCP at full load ({CONNECTIONS} connections, {IN_FLIGHT} requests in flight on each): "
    "orders acknowledged, each on disk first",
    "orders/s",
    bar=">= 500000",
    headline=True,
)
FULL_P99 = figure(
    f"{FULL}, p99",
    "TCP at full load: time to the answer, p99",
    "us",
    bar="<= 2 x baseline",
    baseline=f"requests in flight / orders a second + {DISK}, p99",
    headline=True,
)
STOP = "the event loop's longest stop"
STOP_MAX = "<= 5"
FULL_STOP = figure(f"{FULL}, longest stop", f"TCP at full load: {STOP}", "ms", bar=STOP_MAX)
FULL_REJECTS = figure(f"{FULL}, rejects", "TCP at full load: orders refused", "%", bar="<= 1")
FULL_LAG = figure(
    f"{FULL}, recorder's lag at the end",
    "TCP at full load: what the store had still to record at the end",
    "events",
)
FULL_BEHIND = figure(
    f"{FULL}, recorder caught up after",
    "TCP at full load: time until the store had recorded it all",
    "s",
)

STEADY = f"open loop, {RATE:,} orders/s, durable, {CONNECTIONS} connections"
STEADY_P99 = figure(
    f"{STEADY}, p99",
    f"TCP at a steady {RATE:,} orders/s: time to the answer, p99",
    "us",
    bar="<= 1 x baseline",
    baseline=f"4 x ({ECHO} + {DISK}, p50) + 2 x {DISK}, p99 by arrivals",
    headline=True,
)
STEADY_STOP = figure(
    f"{STEADY}, longest stop", f"TCP at a steady {RATE:,} orders/s: {STOP}", "ms", bar=STOP_MAX
)
STEADY_LOST = figure(
    f"{STEADY}, lost",
    f"TCP at a steady {RATE:,} orders/s: orders that got no answer",
    "orders",
    bar="<= 0",
)
STEADY_REJECTS = figure(
    f"{STEADY}, rejects", f"TCP at a steady {RATE:,} orders/s: orders refused", "%", bar="<= 1"
)


def sync(ctx: Context, size: int) -> dict[str, Any]:
    """Appends of ``size`` bytes with fdatasync on the disk that the exchange uses."""
    seconds = ctx.seconds(2, 0.3)
    return load("fdatasync", "--dir", ctx.directory, "--bytes", size, "--seconds", seconds)


def echo_p50(ctx: Context) -> float:
    """A round trip of the bare uvloop echo, in microseconds."""
    with uvloop_echo() as port:
        result = load(
            "--echo", "--json", "--port", port, "--seconds", ctx.seconds(1, 0.3),
            "--connections", 1, "--in-flight", 1,
        )  # fmt: skip
    p50: float = result["latency_us"]["p50"]
    return p50


@measure("ceiling")
def ceiling(ctx: Context) -> list[Row]:
    """What the generator itself can do."""
    row = CEILING.row("quantscope load --echo")
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
    row, native = MEMORY_P50.row(command), NATIVE_ECHO_P50.row(command)
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
    row, tail = DURABLE_P50.row(command), DURABLE_P99.row(command)
    for _ in ctx.each_run("round-trip-durable"):
        disk = sync(ctx, ONE_COMMAND_BYTES)["latency_us"]
        result = round_trip(ctx)
        row.samples.append(result["exchange"]["p50"])
        row.baseline_samples.append(result["echoes"][0]["p50"] + 1.25 * disk["p50"])
        tail.samples.append(result["exchange"]["p99"])
        tail.baseline_samples.append(disk["p99"])
    return [row, tail]


@measure("pipelined")
def pipelined(ctx: Context) -> list[Row]:
    """As much as goes: 16 sessions with 100 requests in flight."""
    command = f"quantscope load --connections {CONNECTIONS} --in-flight {IN_FLIGHT}"
    rate, tail, rejects = FULL_RATE.row(command), FULL_P99.row(command), FULL_REJECTS.row(command)
    lag, behind = FULL_LAG.row(command), FULL_BEHIND.row(command)
    stop = FULL_STOP.row(command)
    for _ in ctx.each_run("pipelined"):
        disk = sync(ctx, PIPELINED_BYTES)["latency_us"]
        with ctx.exchange() as exchange:
            result = load(
                "--json", "--port", exchange.binary, "--seconds", ctx.seconds(10, 1),
                "--connections", CONNECTIONS, "--in-flight", IN_FLIGHT,
            )  # fmt: skip
            stop.samples.append(longest_stop_ms(exchange))
            lag_events, lag_s = catch_up(exchange)
        rate.samples.append(result["orders_per_s"])
        tail.samples.append(result["latency_us"]["p99"])
        in_turn_us = 1e6 * CONNECTIONS * IN_FLIGHT / result["orders_per_s"]
        tail.baseline_samples.append(in_turn_us + disk["p99"])
        rejects.samples.append(100 * result["reject_ratio"])
        lag.samples.append(lag_events)
        behind.samples.append(lag_s)
    return [rate, tail, stop, rejects, lag, behind]


@measure("open-loop")
def open_loop(ctx: Context) -> list[Row]:
    """A steady rate that waits for nobody."""
    command = f"quantscope load --connections {CONNECTIONS} --rate {RATE}"
    tail, lost = STEADY_P99.row(command), STEADY_LOST.row(command)
    rejects, stop = STEADY_REJECTS.row(command), STEADY_STOP.row(command)
    for _ in ctx.each_run("open-loop"):
        disk, echo_us = sync(ctx, OPEN_LOOP_BYTES), echo_p50(ctx)
        with ctx.exchange() as exchange:
            result = load(
                "--json", "--port", exchange.binary, "--seconds", ctx.seconds(10, 1),
                "--connections", CONNECTIONS, "--rate", RATE,
            )  # fmt: skip
            stop.samples.append(longest_stop_ms(exchange))
        tail.samples.append(result["latency_us"]["p99"])
        p50, p99 = disk["latency_us"]["p50"], disk["latency_by_arrivals_us"]["p99"]
        tail.baseline_samples.append(4 * (echo_us + p50) + 2 * p99)
        lost.samples.append(result["lost"])
        rejects.samples.append(100 * result["reject_ratio"])
    return [tail, stop, lost, rejects]
