"""How fast a store on Redis is built anew from events, and how large an order is there.

Each order is two commands: it is placed, and canceled long after, in another transaction.  Events
are read from memory; Redis runs on the same processors, with ``appendonly``.
"""

import asyncio
import pathlib
import time

from benchmarks.context import Context, measure
from benchmarks.result import Row, figure
from settings import StoreSettings
from testing.batches import placed_and_canceled
from testing.redis import RedisServer
from testing.redis_store import PlainLog, recording

ACCOUNTS = 1_000
LATER = 20_000
"""So many orders come between an order and its cancel."""
RATE = figure(
    "recorder on Redis",
    "recorder on Redis: orders of two commands, written anew",
    "orders/s",
    bar=">= 40000",
)
SIZE = figure(
    "recorder on Redis, size of an order", "recorder on Redis: memory of an order", "bytes"
)


@measure("redis")
def redis_store(ctx: Context) -> list[Row]:
    """A store on Redis, built anew."""
    orders = 50_000 if ctx.quick else 400_000
    batches = list(placed_and_canceled(orders, later=LATER, users=ACCOUNTS))
    command = f"redis-server, {orders:,} orders"
    rate, size = RATE.row(command), SIZE.row(command)
    for _ in ctx.each_run("redis"):
        with ctx.data_dir() as path, RedisServer(path / "redis") as server:
            seconds, used = asyncio.run(rebuilt(server, batches, path))
        rate.samples.append(orders / seconds)
        size.samples.append(used / orders)
    return [rate, size]


async def rebuilt(
    server: RedisServer, batches: list[bytes], path: pathlib.Path
) -> tuple[float, float]:
    """Seconds that it takes, and bytes of memory that it needs."""
    log = PlainLog(batches)
    before = used_memory(server)
    start = time.monotonic()
    async with recording(log, server.settings(), StoreSettings(adapter="redis")) as recorder:
        while recorder.position().sequence < log.last_seq:
            await asyncio.sleep(0.01)
        seconds = time.monotonic() - start
    return seconds, used_memory(server) - before


def used_memory(server: RedisServer) -> float:
    """As Redis says."""
    said = dict(line.partition(":")[::2] for line in server.ask("INFO", "memory").splitlines())
    return float(said["used_memory"])
