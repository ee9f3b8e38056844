"""FIX beside the binary protocol: the same orders, in the same run, on the same two cores."""

import pathlib
from typing import Any

from benchmarks.binary import CONNECTIONS, IN_FLIGHT
from benchmarks.context import Context, measure
from benchmarks.processes import load, native_echo
from benchmarks.result import Row, figure
from testing.foreign_fix.acceptor import QuickfixAcceptor

SYMBOLS = "BTCUSD,ETHUSD,SOLUSD,XRPUSD"
"""Those that the exchange lists first, for who does not list any."""
TURNS = "the same over the binary protocol, in turns"

CEILING = figure(
    "load generator against a bare echo, FIX",
    "load generator in FIX against a bare echo server: what it could measure at most",
    "messages/s",
)
MEMORY_P50 = figure(
    "FIX round trip, one in flight, memory journal, p50",
    "FIX, one order at a time, nothing on disk: time to the answer, p50",
    "us",
    bar="<= 1.25 x baseline",
    baseline=TURNS,
)
DURABLE_P50 = figure(
    "FIX round trip, one in flight, durable, p50",
    "FIX, one order at a time, each on disk first: time to the answer, p50",
    "us",
    bar="<= 1.15 x baseline",
    baseline=TURNS,
)

FULL = f"FIX pipelined, durable, {CONNECTIONS} x {IN_FLIGHT} in flight"
FULL_RATE = figure(
    f"{FULL}, acknowledged",
    f"FIX at full load ({CONNECTIONS} sessions, {IN_FLIGHT} requests in flight on each): "
    "orders acknowledged, each on disk first",
    "orders/s",
    bar=">= 0.45 x baseline",
    baseline=TURNS,
    headline=True,
)
FULL_P99 = figure(f"{FULL}, p99", "FIX at full load: time to the answer, p99", "us", baseline=TURNS)
REFERENCE = {
    store: figure(
        f"a QuickFIX acceptor, {store} store, {CONNECTIONS} x {IN_FLIGHT} in flight, acknowledged",
        f"an acceptor on QuickFIX's Python package that only acknowledges, {what}: the same load",
        "orders/s",
    )
    for store, what in (
        ("memory", "its messages in memory"),
        ("file", "its messages in files that are not synced"),
    )
}
"""For comparison: it keeps no order, and journals none."""
FULL_REJECTS = figure(f"{FULL}, rejects", "FIX at full load: orders refused", "%", bar="<= 1")


@measure("fix-ceiling")
def ceiling(ctx: Context) -> list[Row]:
    """What the generator itself can do in FIX."""
    row = CEILING.row("quantscope load --protocol fix --echo")
    for _ in ctx.each_run("fix-ceiling"):
        with native_echo() as port:
            result = load(
                "--protocol", "fix", "--echo", "--json", "--port", port,
                "--seconds", ctx.seconds(5, 0.5),
                "--connections", CONNECTIONS, "--in-flight", IN_FLIGHT,
            )  # fmt: skip
        row.samples.append(result["orders_per_s"])
    return [row]


def round_trip(ctx: Context, *arguments: str) -> dict[str, Any]:
    """One run of round trips, in turns over FIX and the binary protocol of one exchange."""
    with ctx.exchange(*arguments) as exchange:
        return load(
            "round-trip", "--protocol", "fix", "--port", exchange.fix,
            "--binary-port", exchange.binary,
            "--seconds", ctx.seconds(9, 0.9), "--resting", 2000,
        )  # fmt: skip


@measure("fix-round-trip-memory")
def round_trip_memory(ctx: Context) -> list[Row]:
    """One request in flight, nothing on disk."""
    row = MEMORY_P50.row("quantscope load round-trip --protocol fix (serve --journal memory)")
    for _ in ctx.each_run("fix-round-trip-memory"):
        result = round_trip(ctx, "--journal", "memory")
        row.samples.append(result["exchange"]["p50"])
        row.baseline_samples.append(result["binary"]["p50"])
    return [row]


@measure("fix-round-trip-durable")
def round_trip_durable(ctx: Context) -> list[Row]:
    """One request in flight, each on disk before it is answered."""
    row = DURABLE_P50.row("quantscope load round-trip --protocol fix")
    for _ in ctx.each_run("fix-round-trip-durable"):
        result = round_trip(ctx)
        row.samples.append(result["exchange"]["p50"])
        row.baseline_samples.append(result["binary"]["p50"])
    return [row]


def full(ctx: Context, protocol: str) -> dict[str, Any]:
    """As much as goes over one protocol, on an exchange of its own."""
    with ctx.exchange() as exchange:
        return load(
            "--protocol", protocol, "--json",
            "--port", exchange.fix if protocol == "fix" else exchange.binary,
            "--seconds", ctx.seconds(10, 1),
            "--connections", CONNECTIONS, "--in-flight", IN_FLIGHT,
        )  # fmt: skip


@measure("fix-pipelined")
def pipelined(ctx: Context) -> list[Row]:
    """16 sessions with 100 requests in flight, over FIX and over the binary protocol in turns."""
    command = f"quantscope load --protocol fix --connections {CONNECTIONS} --in-flight {IN_FLIGHT}"
    rate, tail, rejects = FULL_RATE.row(command), FULL_P99.row(command), FULL_REJECTS.row(command)
    for _ in ctx.each_run("fix-pipelined"):
        fix, binary = full(ctx, "fix"), full(ctx, "binary")
        rate.samples.append(fix["orders_per_s"])
        rate.baseline_samples.append(binary["orders_per_s"])
        tail.samples.append(fix["latency_us"]["p99"])
        tail.baseline_samples.append(binary["latency_us"]["p99"])
        rejects.samples.append(100 * fix["reject_ratio"])
    return [rate, tail, rejects]


def reference(ctx: Context, store: pathlib.Path | None) -> float:
    """Orders a second that the acceptor on QuickFIX acknowledges."""
    users = [f"demo{number}" for number in range(1, CONNECTIONS + 1)]
    acceptor = QuickfixAcceptor(store, *users, options=["--no-validation"], fast=True)
    acceptor.start()
    try:
        result = load(
            "--protocol", "fix", "--json", "--port", acceptor.port, "--symbols", SYMBOLS,
            "--seconds", ctx.seconds(10, 1),
            "--connections", CONNECTIONS, "--in-flight", IN_FLIGHT,
        )  # fmt: skip
    finally:
        acceptor.stop()
    rate: float = result["orders_per_s"]
    return rate


@measure("fix-reference")
def references(ctx: Context) -> list[Row]:
    """The same load on the acceptor of another engine."""
    command = f"quantscope load --protocol fix --connections {CONNECTIONS} --in-flight {IN_FLIGHT}"
    rows = {store: made.row(f"{command} --symbols {SYMBOLS}") for store, made in REFERENCE.items()}
    for _ in ctx.each_run("fix-reference"):
        rows["memory"].samples.append(reference(ctx, None))
        with ctx.data_dir() as path:
            rows["file"].samples.append(reference(ctx, path))
    return [*rows.values()]
