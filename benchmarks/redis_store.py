"""How fast a store on Redis is built anew from events, and how large an order is there.

Each order is two commands: it is placed, and canceled long after, in another transaction.  Events
are read from memory; Redis runs on the same processors, with ``appendonly``.
"""

import asyncio
import pathlib
import time
from collections.abc import Iterator

from benchmarks.context import Context, measure
from benchmarks.result import Row, figure
from core import Commands, Engine, split_batches
from settings import StoreSettings
from testing.batches import BUY, GTC, LIMIT, START_NS, UNIT
from testing.redis import RedisServer
from testing.redis_store import PlainLog, recording

BATCH = 1_000
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


def placed_and_canceled(orders: int) -> Iterator[bytes]:
    """Event batches of so many orders."""
    engine, buffer = Engine(0), Commands()
    buffer.gateway_open(2, 1)
    buffer.instrument(1, "BTCUSD", tick=UNIT, lot=1)
    for number, first in enumerate(range(1, orders + LATER + 1, BATCH)):
        for order_id in range(first, first + BATCH):
            if order_id <= orders:
                buffer.new_order(
                    instrument=1,
                    side=BUY,
                    ord_type=LIMIT,
                    tif=GTC,
                    qty=UNIT,
                    price=(100 + order_id % 50) * UNIT,
                    user=f"user{order_id % ACCOUNTS}",
                    text="",
                    stp=0,
                )
            if order_id > LATER:
                buffer.cancel(num=order_id, order_id=order_id - LATER)
        now = START_NS + number * 10**7
        sealed = buffer.seal(2, min(number, 1), max(number - 1, 0), now, 3 * BATCH)
        assert sealed is not None
        yield from split_batches(engine.apply(number + 1, now, [sealed]))


@measure("redis")
def redis_store(ctx: Context) -> list[Row]:
    """A store on Redis, built anew."""
    orders = 50_000 if ctx.quick else 400_000
    batches = list(placed_and_canceled(orders))
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
