"""Whether the memory of each process of a cluster stays flat under a steady load."""

import statistics
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from benchmarks.cluster import STEADY_CONNECTIONS
from benchmarks.cluster_roles import Bench, brokers_at, loads, pids
from benchmarks.context import Context, measure
from benchmarks.processes import resident_bytes
from benchmarks.result import Row, figure

RATE = 5_000
MINUTES = 10
FROM_MINUTE = 2
LOOKS = 30
"""In the minute that begins then, and in the last one.

The median counts, for what is done once a minute needs memory for a moment."""
MARGIN_S = 5.0
"""The load goes on for so long after the last look."""
REDIS_BYTES = 64 * 2**20
"""Redis is at its bound after a minute and a half."""
FIXED_HEAP = "-Xms256m -Xmx256m -XX:+AlwaysPreTouch"
"""Java takes its heap at once, and not as far as its collector happens to let it grow."""
PARTS = ("engines", "gateways", "facades", "recorders", "broker", "Redis")

GROWTH = {
    part: figure(
        f"cluster, memory of {part}, growth",
        f"a cluster at a steady {RATE:,} orders/s with Redis at its bound: growth of memory from "
        f"minute {FROM_MINUTE} to {MINUTES}, {part}",
        "%",
        bar="<= 5",
    )
    for part in PARTS
}
SIZE = {
    part: figure(
        f"cluster, memory of {part}",
        f"a cluster at a steady {RATE:,} orders/s: memory after {MINUTES} minutes, {part}",
        "MB",
    )
    for part in PARTS
}


@measure("cluster-memory")
def cluster_memory(ctx: Context) -> list[Row]:
    """Memory of an engine, a gateway, a facade, a recorder, a broker and Redis."""
    minute = ctx.seconds(60, 1)
    command = f"quantscope load --rate {RATE} --seconds {60 * MINUTES:g} (cluster)"
    growth = {part: row.row(command) for part, row in GROWTH.items()}
    size = {part: row.row(command) for part, row in SIZE.items()}
    for _ in ctx.each_run("cluster-memory"):
        with brokers_at(ctx, FIXED_HEAP) as (brokers, path):
            bench = Bench(brokers, path, "memory", f"[redis]\nredis_bytes_max = {REDIS_BYTES}")
            with (
                bench.roles(gateways=1, facades=1, recorded=True) as roles,
                ThreadPoolExecutor(1) as pool,
            ):
                watched = pids(brokers, roles)
                seconds = MINUTES * minute + ctx.seconds(MARGIN_S, 1)
                how = ("--connections", STEADY_CONNECTIONS, "--rate", RATE)
                load = pool.submit(loads, roles.gateways, *how, "--seconds", seconds)
                time.sleep(FROM_MINUTE * minute)
                first = used(watched, minute)
                time.sleep((MINUTES - FROM_MINUTE - 2) * minute)
                last = used(watched, minute)
                load.result()
        for part in PARTS:
            growth[part].samples.append(100 * (last[part] - first[part]) / first[part])
            size[part].samples.append(last[part] / 1e6)
    return [*growth.values(), *size.values()]


def used(watched: Mapping[str, list[int]], minute: float) -> dict[str, float]:
    """Bytes of the processes of each part, over a minute."""
    seen: dict[str, list[int]] = {part: [] for part in watched}
    for _ in range(LOOKS):
        time.sleep(minute / LOOKS)
        for part, found in watched.items():
            seen[part].append(sum(map(resident_bytes, found)))
    return {part: statistics.median(sizes) for part, sizes in seen.items()}
