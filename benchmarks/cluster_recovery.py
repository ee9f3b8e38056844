"""How long an engine of a cluster takes to come back: from a snapshot, and from commands alone."""

import asyncio
import time
from collections.abc import Iterator

from benchmarks.cluster_roles import Bench, brokers_at
from benchmarks.context import Context, measure
from benchmarks.processes import BenchError
from benchmarks.result import Row, figure
from core import Commands
from journal.kafka import NEW, Appender, Clients, KafkaKept, KafkaSnapshots, Topics
from protocol.terms import Gateway, OrdType, Side, TimeInForce
from testing.cluster_process import ClusterProcess

RESTING = 1_000_000
REPLAYED = 2_000_000
BATCHES = (5, 100)
INSTRUMENTS = 6
USERS = 1_000
LATER = 20_000
"""So many orders come between an order and its cancel, where orders do not rest for good."""
UNIT = 10**8
DEADLINE_S = 60.0
FIRST = 1
"""The first incarnation of a gateway's number."""
REQUEST_BATCHES = 400
SNAPSHOT_S_MAX = 120.0

START = figure(
    f"cluster, start of an engine with {RESTING:,} resting orders",
    f"an engine of a cluster with {RESTING:,} open orders: start from its snapshot in Kafka",
    "s",
    bar="<= 5",
)
REPLAY = {
    size: figure(
        f"cluster, replay of an engine, batches of {size}",
        f"an engine of a cluster that starts without a snapshot: commands replayed from Kafka, "
        f"{size} in a batch",
        "commands/s",
        bar=">= 500000",
    )
    for size in BATCHES
}


def resting(orders: int) -> Iterator[tuple[int, int]]:
    """Orders by their number, all of which rest; none of them is canceled."""
    for number in range(1, orders + 1):
        yield number, 0


def passing(orders: int) -> Iterator[tuple[int, int]]:
    """Orders by their number, and the one that is canceled behind it."""
    for number in range(1, orders + 1):
        yield number, max(0, number - LATER)


def batches_of(commands: Iterator[tuple[int, int]], size: int, opened: int) -> Iterator[bytes]:
    """Command batches of a facade that has opened; the last one may be shorter."""
    buffer, count, number = Commands(), 0, 1
    for order, canceled in commands:
        side = Side.BUY if order // INSTRUMENTS % 2 else Side.SELL
        level = (order // (2 * INSTRUMENTS)) % 500
        buffer.new_order(
            instrument=1 + order % INSTRUMENTS,
            side=side,
            ord_type=OrdType.LIMIT,
            tif=TimeInForce.GTC,
            qty=UNIT,
            price=UNIT * (1_000 - level if side == Side.BUY else 1_001 + level),
            user=f"user{order % USERS}",
            text="",
            stp=0,
        )
        count += 1
        if canceled:
            buffer.cancel(num=order, order_id=canceled)
            count += 1
        if count >= size:
            sealed = buffer.seal(Gateway.FACADE, opened, number, time.time_ns(), size)
            assert sealed is not None
            yield sealed
            count, number = count - size, number + 1
    while (sealed := buffer.seal(Gateway.FACADE, opened, number, time.time_ns(), size)) is not None:
        yield sealed
        number += 1


class Written:
    """Commands that were written to Kafka without a gateway, and the engine that starts on them."""

    def __init__(self, bench: Bench) -> None:
        """The exchange is set up, and nobody runs."""
        self._bench = bench
        self._clients = Clients(bench.config.kafka)
        self._topics = Topics(bench.config.kafka)

    async def write(self, commands: Iterator[tuple[int, int]], size: int) -> None:
        """Open a facade's incarnation, and write all in batches of this size."""
        out = Appender(self._clients, self._topics.commands, deadline_s=DEADLINE_S)
        buffer = Commands()
        buffer.gateway_open(Gateway.FACADE, 1)
        opening = buffer.seal(Gateway.FACADE, 0, 0, time.time_ns(), 1)
        assert opening is not None
        async with out:
            await out.append([opening])
            group: list[bytes] = []
            for batch in batches_of(commands, size, FIRST):
                group.append(batch)
                if len(group) == REQUEST_BATCHES or sum(map(len, group)) > 2**20:
                    await out.append(group)
                    group = []
            if group:
                await out.append(group)

    def _end(self) -> int:
        with KafkaKept(self._clients, self._topics.commands) as log:
            return log.written_offset

    def engine(self) -> ClusterProcess:
        """An engine, not started."""
        return ClusterProcess(self._bench.path, "engine")

    def wait_for_snapshot(self) -> None:
        """Until a good one stands behind all that was written."""
        end, deadline = self._end(), time.monotonic() + SNAPSHOT_S_MAX
        snapshots = KafkaSnapshots(self._clients, self._topics, deadline_s=DEADLINE_S, bases=NEW)
        while time.monotonic() < deadline:
            newest = snapshots.newest(1)
            if newest and newest[0].good.command_offset >= end:
                return
            time.sleep(0.5)
        raise BenchError("no snapshot was made")


def started_s(engine: ClusterProcess) -> float:
    """How long an engine takes until it is ready, in seconds."""
    begun = time.monotonic()
    engine.ready_s_max = 300
    engine.start()
    return time.monotonic() - begun


def instruments() -> str:
    """So many that each side can hold its share of the orders."""
    return "\n".join(
        f'[[instruments]]\nsymbol = "I{number}"' for number in range(1, INSTRUMENTS + 1)
    )


@measure("cluster-start")
def cluster_start(ctx: Context) -> list[Row]:
    """An engine that is started again behind a million open orders."""
    orders = RESTING // 50 if ctx.quick else RESTING
    row = START.row("quantscope engine")
    journal = "[journal]\nsnapshot_interval_s = 2.0\nsnapshot_commands_min = 1"
    for _ in ctx.each_run("cluster-start"):
        with brokers_at(ctx) as (brokers, path):
            bench = Bench(brokers, path, "start", journal, instruments())
            written = Written(bench)
            asyncio.run(written.write(resting(orders), 1_000))
            engine = written.engine()
            started_s(engine)
            _check(engine, orders)
            written.wait_for_snapshot()
            engine.stop()
            row.samples.append(started_s(engine))
            _check(engine, orders)
            engine.stop()
    return [row]


def _check(engine: ClusterProcess, orders: int) -> None:
    found = engine.metrics()["quantscope_open_orders"]
    if found != orders:
        raise BenchError(f"{found:.0f} open orders instead of {orders}")


@measure("cluster-replay")
def cluster_replay(ctx: Context) -> list[Row]:
    """An engine that is started again without a snapshot, in batches narrow and wide."""
    orders = REPLAYED // 2 // (50 if ctx.quick else 1)
    rows = {size: REPLAY[size].row("quantscope engine, without a snapshot") for size in BATCHES}
    journal = "[journal]\nsnapshot_interval_s = 3600.0\nsnapshot_commands_min = 1000000000"
    for _ in ctx.each_run("cluster-replay"):
        with brokers_at(ctx) as (brokers, path):
            for size, row in rows.items():
                bench = Bench(brokers, path, f"replay{size}", journal, instruments())
                engine = (written := Written(bench)).engine()
                started_s(engine)
                engine.stop()
                empty_s = started_s(engine)
                engine.stop()
                asyncio.run(written.write(passing(orders), size))
                started_s(engine)
                commands = engine.metrics()["quantscope_commands_total"]
                engine.stop()
                row.samples.append(commands / max(started_s(engine) - empty_s, 1e-3))
                engine.stop()
    return list(rows.values())
