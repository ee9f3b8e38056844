"""A cluster on one broker: as much as goes, and a steady rate, each beside the bare pipe."""

import asyncio
import contextlib
import pathlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks.cluster_roles import (
    PIPE,
    WARMUP_S,
    Bench,
    Roles,
    brokers_at,
    loads,
    pids,
    pipe,
)
from benchmarks.context import Context, measure
from benchmarks.processes import cpu_s
from benchmarks.result import Figure, Row, figure
from testing.kafka import Brokers

CONNECTIONS = 64
IN_FLIGHT = 100
GATEWAYS = 2
STEADY_CONNECTIONS = 16
RATES = (1_000, 5_000)
JAVA_WARMUP_S = 60.0
"""At less than full load its compilers take as much of two processors as its work, for a minute."""
LAG_INTERVAL_S = 0.1
LOAD = f"{CONNECTIONS} x {IN_FLIGHT} in flight, {GATEWAYS} gateways, one broker"
TOLD = f"{GATEWAYS} gateways, one broker; {CONNECTIONS} connections, {IN_FLIGHT} requests in flight"


@dataclass(frozen=True)
class Full:
    """What is seen at full load of one kind of cluster."""

    name: str
    engines: int
    recorded: bool
    rate: Figure
    share: Figure
    p99: Figure
    batch: Figure
    times: dict[str, Figure]
    lag: Figure | None = None


def full(name: str, title: str, engines: int, *, bar: str | None, recorded: bool = False) -> Full:
    """The figures of one kind."""
    of = f"{title}, {LOAD}"
    said = f"{title} at full load ({TOLD} on each)"
    parts = ["engines", "gateways", "broker"] + ["recorders"] * recorded
    return Full(
        name,
        engines,
        recorded,
        rate=figure(
            f"{of}, acknowledged",
            f"{said}: orders acknowledged",
            "orders/s",
            bar=bar,
            baseline=f"{PIPE}, commands/s",
            headline=name == "cluster-full",
        ),
        share=figure(
            f"{of}, against the pipe",
            f"{title} at full load: orders acknowledged, against what the bare pipe passes",
            "orders/s",
            bar=None if bar is None else ">= 0.5 x baseline",
            baseline=f"{PIPE}, commands/s",
        ),
        p99=figure(
            f"{of}, p99",
            f"{title} at full load: time to the answer, p99",
            "us",
            bar=None if bar is None else "<= 100000",
        ),
        batch=figure(
            f"{of}, commands in a batch",
            f"{title} at full load: commands in a batch, mean",
            "commands",
        ),
        times={
            part: figure(
                f"{of}, processor time of {part}",
                f"{title} at full load: processor time for an order, {part}",
                "us",
            )
            for part in parts
        },
        lag=figure(
            f"{of}, recorder behind",
            f"{title} at full load: how far the store is behind at the end",
            "s",
        )
        if recorded
        else None,
    )


SINGLE = full("cluster-full", "a cluster of one engine", 1, bar=">= 200000")
PAIR = full("cluster-pair", "a cluster of two engines", 2, bar=">= 130000")
RECORDED = full(
    "cluster-recorded", "a cluster of one engine with Redis", 1, bar=None, recorded=True
)


def measured(ctx: Context, kind: Full) -> list[Row]:
    """As much as goes through two gateways."""
    command = f"quantscope load --connections {CONNECTIONS // GATEWAYS} (at each gateway)"
    rate, share = kind.rate.row(command), kind.share.row(command)
    p99, batch = kind.p99.row(command), kind.batch.row(command)
    times = {role: row.row(command) for role, row in kind.times.items()}
    lag = None if kind.lag is None else kind.lag.row(command)
    warm, seconds = ctx.seconds(WARMUP_S, 2), ctx.seconds(10, 2)
    for _ in ctx.each_run(kind.name):
        with brokers_at(ctx) as (brokers, path):
            bench = Bench(brokers, path, kind.name, engines=kind.engines)
            with bench.roles(gateways=GATEWAYS, recorded=kind.recorded) as roles:
                how = ("--connections", CONNECTIONS // GATEWAYS, "--in-flight", IN_FLIGHT)
                loads(roles.gateways, *how, "--seconds", warm)
                watched = pids(brokers, roles)
                before = {part: sum(map(cpu_s, found)) for part, found in watched.items()}
                found = loads(roles.gateways, *how, "--seconds", seconds)
                spent = {part: sum(map(cpu_s, pid)) - before[part] for part, pid in watched.items()}
                if lag is not None:
                    lag.samples.append(behind_s(roles))
                orders = sum(result["orders"] for result in found)
                commands = roles.commands
            frames = bench.frames(commands)
            other = Bench(brokers, path, "pipe", engines=kind.engines)
            in_flight = max(1, round(CONNECTIONS * IN_FLIGHT / GATEWAYS / frames.commands))
            passed = pipe(
                other.config.kafka,
                frames,
                GATEWAYS,
                seconds,
                warm,
                "--in-flight",
                in_flight,
                relays=other.names,
            )
        rate.samples.append(sum(result["orders_per_s"] for result in found))
        share.samples.append(rate.samples[-1])
        baseline = frames.commands * sum(x["frames_per_s"] for x in passed)
        rate.baseline_samples.append(baseline)
        share.baseline_samples.append(baseline)
        p99.samples.append(max(result["latency_us"]["p99"] for result in found))
        batch.samples.append(frames.commands)
        for role, row in times.items():
            row.samples.append(1e6 * spent[role] / orders)
    return [rate, share, p99, batch, *times.values(), *([] if lag is None else [lag])]


@measure(SINGLE.name)
def cluster_full(ctx: Context) -> list[Row]:
    """One engine."""
    return measured(ctx, SINGLE)


@measure(PAIR.name)
def cluster_pair(ctx: Context) -> list[Row]:
    """Two engines, of whose logs each gateway reads both."""
    return measured(ctx, PAIR)


@measure(RECORDED.name)
def cluster_recorded(ctx: Context) -> list[Row]:
    """One engine, and a recorder into Redis on the same processors."""
    return measured(ctx, RECORDED)


# -- a steady rate ---------------------------------------------------------------------------

STEADY_P50 = {
    rate: figure(
        f"cluster, {rate:,} orders/s, one gateway, one broker, p50",
        f"a cluster at a steady {rate:,} orders/s (one engine, one gateway, a facade, Redis and "
        f"its recorder, one broker, {STEADY_CONNECTIONS} connections): time to the answer, p50",
        "us",
        bar=f"<= {3_000 + 1_000 * (rate == RATES[1])}",
    )
    for rate in RATES
}
STEADY_OVER = {
    rate: figure(
        f"cluster, {rate:,} orders/s, p50 over the pipe",
        f"a cluster at a steady {rate:,} orders/s: time to the answer against the bare pipe, p50",
        "us",
        bar="<= 1000 + 1 x baseline",
        baseline=f"{PIPE} at as many frames a second, p50",
    )
    for rate in RATES
}
STEADY_P99 = figure(
    f"cluster, {RATES[1]:,} orders/s, p99",
    f"a cluster at a steady {RATES[1]:,} orders/s: time to the answer, p99",
    "us",
    bar="<= 15000",
    baseline=f"{PIPE} at as many frames a second, p99",
)
STEADY_LAG = figure(
    f"cluster, {RATES[1]:,} orders/s, store behind",
    f"a cluster at a steady {RATES[1]:,} orders/s: how far the store is behind, at most",
    "s",
    bar="<= 1",
)


def behind_s(roles: Roles) -> float:
    """How far the store is behind the events, in seconds."""
    return roles.recorders[0].metrics()["quantscope_recorder_lag_seconds"]


def longest_behind_s(roles: Roles, seconds: float) -> float:
    """At most, while so many seconds pass."""

    async def look() -> float:
        worst = 0.0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    worst = max(worst, await asyncio.to_thread(behind_s, roles))
                    await asyncio.sleep(LAG_INTERVAL_S)
        return worst

    return asyncio.run(look())


@measure("cluster-steady")
def cluster_steady(ctx: Context) -> list[Row]:
    """A steady rate through one gateway and an engine, with all that else belongs to a cluster."""
    command = f"quantscope load --connections {STEADY_CONNECTIONS} --rate N (cluster)"
    rows = {rate: (STEADY_P50[rate].row(command), STEADY_OVER[rate].row(command)) for rate in RATES}
    tail, lag = STEADY_P99.row(command), STEADY_LAG.row(command)
    for _ in ctx.each_run("cluster-steady"):
        with brokers_at(ctx) as (brokers, path):
            with Bench(brokers, path, "warm").roles(gateways=1, facades=1, recorded=True) as roles:
                how = ("--connections", STEADY_CONNECTIONS, "--in-flight", STEADY_CONNECTIONS)
                loads(roles.gateways, *how, "--seconds", ctx.seconds(JAVA_WARMUP_S, 2))
            for rate in RATES:
                _at_a_rate(ctx, brokers, path, rate, rows[rate], (tail, lag))
    return [row for pair in rows.values() for row in pair] + [tail, lag]


def _at_a_rate(
    ctx: Context,
    brokers: Brokers,
    path: pathlib.Path,
    rate: int,
    rows: tuple[Row, Row],
    at_most: tuple[Row, Row],
) -> None:
    warm, seconds = ctx.seconds(WARMUP_S, 2), ctx.seconds(10, 2)
    bench = Bench(brokers, path, f"steady{rate}")
    with bench.roles(gateways=1, facades=1, recorded=True) as roles:
        how = ("--connections", STEADY_CONNECTIONS, "--rate", rate)
        loads(roles.gateways, *how, "--seconds", warm)
        with ThreadPoolExecutor(1) as pool:
            watched = pool.submit(longest_behind_s, roles, seconds)
            (found,) = loads(roles.gateways, *how, "--seconds", seconds)
            behind = watched.result()
    frames = bench.frames(round(rate * (warm + seconds)))
    other = Bench(brokers, path, f"pipe{rate}")
    per_s = frames.batches / (warm + seconds)
    # The facade and the recorder read the events, too.
    (passed,) = pipe(other.config.kafka, frames, 1, seconds, warm, "--rate", per_s, readers=2)
    p50, over = rows
    p50.samples.append(found["latency_us"]["p50"])
    over.samples.append(found["latency_us"]["p50"])
    over.baseline_samples.append(passed["p50_us"])
    if rate == RATES[1]:
        tail, lag = at_most
        tail.samples.append(found["latency_us"]["p99"])
        tail.baseline_samples.append(passed["p99_us"])
        lag.samples.append(behind)
