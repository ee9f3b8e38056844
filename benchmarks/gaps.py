"""For how long a client hears nothing while a process of a cluster is killed under it.

A client orders at a steady rate, and logs in at another gateway where its own is gone.  The longest
time between two reports is compared with the longest of as long a while without a kill.
"""

import asyncio
import contextlib
import itertools
import pathlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks.cluster_roles import loads
from benchmarks.context import Context, measure
from benchmarks.result import Figure, Row, figure
from testing.client import Client
from testing.cluster_process import ClusterProcess
from testing.kafka import Brokers
from testing.pair_exchange import PairExchange, Part
from testing.redis import RedisServer

INTERVAL_S = 0.005
"""Between two orders."""
WINDOW_S = 10.0
"""How long is looked at, with a kill and without."""
LOGIN_S = 0.05
"""Between two attempts to log in."""
WITHOUT = "the longest of the same run without a kill"


def _figure(what: str, bar_s: float) -> Figure:
    return figure(
        f"cluster, gap in reports, {what}",
        f"a cluster whose {what} is killed (kill -9): longest time between two reports",
        "ms",
        bar=f"<= {round(bar_s * 1e3)} + 1 x baseline",
        baseline=WITHOUT,
    )


@dataclass(frozen=True)
class Kill:
    """What is killed, in which cluster."""

    figure: Figure
    victim: Callable[[PairExchange], Part]
    brokers: int = 1
    engines: tuple[str, ...] = ("a", "b")


KILLS = (
    Kill(_figure("first engine of two", 0.1), lambda exchange: exchange.engines["a"]),
    Kill(_figure("second engine of two", 0.1), lambda exchange: exchange.engines["b"]),
    Kill(_figure("only engine", 5.0), lambda exchange: exchange.engines["a"], engines=("a",)),
    Kill(_figure("gateway, one of two", 2.0), lambda exchange: exchange.gateways[0]),
    Kill(
        _figure("broker, the leader of three", 5.0),
        lambda exchange: exchange.parts[f"broker {exchange.leader()}"],
        brokers=3,
    ),
)

ROLLING_RATE = 5_000
ROLLING_CONNECTIONS = 16
RESTART_S = 6.0
"""What a restart takes, at most."""
BETWEEN_S = 1.0
"""Between two restarts."""
ROLLING = figure(
    "cluster, rolling restart, longest time to the answer",
    f"a cluster at a steady {ROLLING_RATE:,} orders/s, all whose roles but the gateway of the load "
    "are stopped and started again, one after the other: longest time to the answer",
    "ms",
    bar="<= 4000",
)
ROLLING_LOST = figure(
    "cluster, rolling restart, orders lost",
    "a cluster in that rolling restart: orders that were not answered",
    "orders",
    bar="<= 0",
)
ROLLING_REJECTS = figure(
    "cluster, rolling restart, rejects",
    "a cluster in that rolling restart: rejects, of cancels that came behind an execution",
    "rejects",
    baseline="as many seconds before it",
)


class Probe:
    """A client that orders without end, and when it heard of something."""

    def __init__(self, exchange: PairExchange) -> None:
        """Nothing was asked."""
        self._ports = itertools.cycle([gateway.binary for gateway in exchange.gateways])
        self._client: Client | None = None
        self._numbers = itertools.count(1)
        self._heard = 0.0
        self.longest_s = 0.0
        """Between two reports."""

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Order while the block runs."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._listen()), group.create_task(self._order())]
            yield
            for task in tasks:
                task.cancel()

    async def look(self, seconds: float) -> float:
        """The longest time between two reports within so many seconds, and to the next one."""
        self.longest_s, self._heard = 0.0, time.monotonic()
        await asyncio.sleep(seconds)
        before = self._heard
        while self._heard == before:
            await asyncio.sleep(INTERVAL_S)
        return self.longest_s

    async def _order(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_S)
            if self._client is not None:
                self._client.place(next(self._numbers), price=10)

    async def _listen(self) -> None:
        following = 1
        while True:
            client = Client(next(self._ports))
            try:
                await client.login(sequence=following)
                self._client = client
                while True:
                    await client.report()
                    following = client.following
                    now = time.monotonic()
                    self.longest_s = max(self.longest_s, now - self._heard)
                    self._heard = now
            except (EOFError, OSError, AssertionError):
                # It is away, or has not heard yet that the session's old gateway is.
                self._client = None
                client.cut()
                await asyncio.sleep(LOGIN_S)


@contextlib.contextmanager
def exchange_of(path: pathlib.Path, kill: Kill) -> Iterator[PairExchange]:
    """A whole cluster at work."""
    with (
        Brokers(path / "kafka", kill.brokers, jvm="") as brokers,
        RedisServer(path / "redis") as redis,
    ):
        exchange = PairExchange(path, brokers, redis, engines=kill.engines)
        exchange.start()
        try:
            yield exchange
        finally:
            for role in exchange.roles:
                role.kill()


@measure("gaps")
def gaps(ctx: Context) -> list[Row]:
    """One kind of process after the other is killed, each in a new cluster, and started again."""
    rows = [(kill, kill.figure.row("a session at 200 orders/s")) for kill in KILLS]
    window = ctx.seconds(WINDOW_S, 3)
    for _ in ctx.each_run("gaps"):
        for kill, row in rows:
            with ctx.data_dir() as path, exchange_of(path, kill) as exchange:
                quiet, killed = asyncio.run(_killed(exchange, kill.victim(exchange), window))
            row.baseline_samples.append(1e3 * quiet)
            row.samples.append(1e3 * killed)
    return [row for _, row in rows]


async def _killed(exchange: PairExchange, victim: Part, window: float) -> tuple[float, float]:
    probe = Probe(exchange)
    async with probe.at_work():
        # A new cluster is slower than one that has run for a while.
        await probe.look(window)
        quiet = await probe.look(window)
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(probe.look(window))
            await asyncio.sleep(window / 10)
            await asyncio.to_thread(victim.kill)
            group.create_task(asyncio.to_thread(victim.start))
    return quiet, looking.result()


@measure("rolling")
def rolling(ctx: Context) -> list[Row]:
    """Each role but one gateway is stopped as an operator would, and started again."""
    command = f"quantscope load --rate {ROLLING_RATE} (at a gateway of a cluster of two engines)"
    longest, lost, rejects = (row.row(command) for row in (ROLLING, ROLLING_LOST, ROLLING_REJECTS))
    for _ in ctx.each_run("rolling"):
        with ctx.data_dir() as path, exchange_of(path, KILLS[0]) as exchange:
            gateway, *_ = exchange.gateways
            how = ("--connections", ROLLING_CONNECTIONS, "--rate", ROLLING_RATE)
            roles = [role for role in exchange.roles if role is not gateway]
            how_long = ("--seconds", RESTART_S * len(roles))
            (before,) = loads([gateway], *how, *how_long)
            with ThreadPoolExecutor(1) as pool:
                restarted = pool.submit(_restarted, roles)
                (found,) = loads([gateway], *how, *how_long)
                restarted.result()
        longest.samples.append(found["latency_us"]["max"] / 1e3)
        lost.samples.append(float(found["lost"]))
        rejects.samples.append(float(found["rejects"]))
        rejects.baseline_samples.append(float(before["rejects"]))
    return [longest, lost, rejects]


def _restarted(roles: list[ClusterProcess]) -> None:
    for role in roles:
        time.sleep(BETWEEN_S)
        role.stop()
        role.start()
