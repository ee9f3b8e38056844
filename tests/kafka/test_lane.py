"""From socket to socket over Kafka: a session hears of each request once, in order."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from core import Clock, Commands, Engine, EventsEnd
from journal.kafka import Beginning, Displaced
from protocol.terms import Gateway
from settings import Config, EngineSettings, ServerSettings
from testing.client import Client
from testing.cluster import Cluster, Served
from testing.kafka import Brokers
from testing.trader import Trader
from testing.waiting import SECONDS_MAX

SHORT_LEASE = Config(engine=EngineSettings(gateway_lease_s=3.0))


async def test_an_order_goes_through_and_is_told_again_from_any_number(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    async with cluster.following(), cluster.gateway() as served:
        client = await Client(served.binary).login()
        for number in range(1, 6):
            client.place(number, price=10 + number)
            await client.expect_new(number)
        client.cancel(6, 1)
        assert type(await client.report()).__name__ == "ExecutionReportCancel"
        client.cut()
        await asyncio.sleep(0.1)
        for first in (1, 4):
            again = await Client(served.binary).login(sequence=first)
            assert again.last_cl_ord_id == 6
            for number in range(first, 6):
                await again.expect_new(number)
            assert type(await again.report()).__name__ == "ExecutionReportCancel"
            again.cut()
            await asyncio.sleep(0.1)


async def test_a_silent_gateway_keeps_its_lease(kafka: Brokers) -> None:
    cluster = await Cluster(kafka, SHORT_LEASE).make()
    async with cluster.following() as follower, cluster.gateway() as served:
        client = await Client(served.binary).login()
        await asyncio.sleep(4.5)
        client.place(1, price=10)
        await client.expect_new(1)
        assert served.lane.outages == 0
        (state,) = follower.engine.gateways()
        assert (state.gateway, state.incarnation) == (Gateway.BINARY, 1)


async def test_a_gateway_that_is_woken_for_nothing_keeps_its_lease(kafka: Brokers) -> None:
    cluster = await Cluster(kafka, SHORT_LEASE).make()
    async with cluster.following(), cluster.gateway() as served:
        end = asyncio.get_running_loop().time() + 4.5
        while asyncio.get_running_loop().time() < end:
            await Client(served.binary, "nobody").expect_rejected_login("A")
            await asyncio.sleep(0.3)
        assert (served.lane.ready, served.lane.outages) == (True, 0)


async def test_a_gateway_whose_clock_is_behind_says_so_and_is_not_ready(
    kafka: Brokers, caplog: pytest.LogCaptureFixture
) -> None:
    def late() -> int:
        return cluster.clock.now_ns() - 60 * 10**9

    cluster = await Cluster(kafka).make()
    async with cluster.following(), cluster.control() as control:
        clock = Clock(ServerSettings(), wall=late, boot=late)
        lane = cluster.lane(Gateway.BINARY, control, clock)
        running = asyncio.create_task(lane.run(Beginning({"a": 0}, EventsEnd(sequence=0, hash=0))))
        async with asyncio.timeout(20):
            while "is the clock of this machine right?" not in caplog.text:
                await asyncio.sleep(0.05)
        assert not lane.ready
        running.cancel()
        await asyncio.wait([running])


async def test_another_gateway_of_the_number_ends_the_first(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()

    async def displace() -> None:
        async with cluster.gateway() as served:
            client = await Client(served.binary).login()
            async with cluster.gateway() as later:
                await asyncio.sleep(0.5)
                other = await Client(later.binary).login()
                other.place(1, price=10)
                await other.expect_new(1)
            client.cut()

    async with cluster.following():
        with pytest.raises(Displaced, match="another gateway 1 has begun: this one ends"):
            await displace()


@asynccontextmanager
async def trading(
    seed: int, served: Callable[[], Served], count: int = 3
) -> AsyncIterator[list[Trader]]:
    """Traders without end, who come back whenever their line is lost."""
    traders = [Trader(f"demo{n}", random.Random(seed + n)) for n in range(1, count + 1)]

    async def live(trader: Trader) -> None:
        while True:
            try:
                await trader.come_back(served())
            except (EOFError, ConnectionError, AssertionError, TimeoutError):
                await asyncio.sleep(0.05)
            else:
                await trader.trade()

    tasks = [asyncio.create_task(live(trader)) for trader in traders]
    yield traders
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def heard(traders: list[Trader], more: int) -> None:
    """Each hears so much more."""
    wanted = [len(trader.told) + more for trader in traders]
    async with asyncio.timeout(60):
        while any(len(x.told) < n for x, n in zip(traders, wanted, strict=True)):
            await asyncio.sleep(0.02)


async def settled(cluster: Cluster, traders: list[Trader], served: Served) -> None:
    """Each request was executed once, and all is told again as it was."""
    for trader in traders:
        trader.client.cut()
        async with asyncio.timeout(SECONDS_MAX):
            while True:
                try:
                    await trader.come_back(served)
                except (EOFError, ConnectionError, AssertionError):
                    await asyncio.sleep(0.1)
                else:
                    break
        await trader.check(served)
    engine: Engine = await asyncio.to_thread(cluster.compared)
    engine.validate()
    assert engine.counts()["unreadable"] == 0


async def test_gateways_come_and_go_and_each_request_is_executed_once(
    kafka: Brokers, seed: int
) -> None:
    cluster = await Cluster(kafka).make()
    async with cluster.following(), AsyncExitStack() as last:
        now = [await last.enter_async_context(cluster.gateway())]
        first = last.pop_all()
        async with trading(seed, lambda: now[-1]) as traders:
            for _ in range(3):
                await heard(traders, 100)
                await first.aclose()
                now.append(await last.enter_async_context(cluster.gateway()))
                first = last.pop_all()
            await heard(traders, 100)
        await settled(cluster, traders, now[-1])
        await first.aclose()


async def test_a_broker_that_dies_under_load_costs_nobody_a_report(
    own_kafka: Brokers, seed: int
) -> None:
    cluster = await Cluster(own_kafka).make()
    async with cluster.following(), cluster.gateway() as served:
        async with trading(seed, lambda: served) as traders:
            for _ in range(2):
                await heard(traders, 100)
                await asyncio.to_thread(own_kafka.kill)
                await asyncio.to_thread(own_kafka.start)
            await heard(traders, 100)
        await settled(cluster, traders, served)


async def test_brokers_that_are_away_longer_than_any_deadline_end_no_gateway(
    own_kafka: Brokers,
) -> None:
    cluster = await Cluster(own_kafka, start_deadline_s=1.0, request_timeout_s=1.0).make()
    async with cluster.following(), cluster.gateway() as served:
        await asyncio.to_thread(own_kafka.kill)
        await asyncio.sleep(9)
        assert not served.lane.ready
        await asyncio.to_thread(own_kafka.start)
        async with asyncio.timeout(SECONDS_MAX):
            while not served.lane.ready:
                await asyncio.sleep(0.05)
        client = await Client(served.binary).login()
        client.place(1, price=10)
        await client.expect_new(1)


async def test_an_engine_that_is_replaced_costs_nobody_a_report(kafka: Brokers, seed: int) -> None:
    cluster = await Cluster(kafka).make()
    async with AsyncExitStack() as engines:
        await engines.enter_async_context(cluster.following())
        running = engines.pop_all()
        async with cluster.gateway() as served:
            async with trading(seed, lambda: served) as traders:
                for _ in range(3):
                    await heard(traders, 100)
                    await running.aclose()
                    await engines.enter_async_context(cluster.following())
                    running = engines.pop_all()
                await heard(traders, 100)
            # Only now: a trader who comes back by itself would have the session.
            await settled(cluster, traders, served)
        await running.aclose()


async def test_what_nobody_can_read_is_no_matter_of_a_gateway(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    async with cluster.following(), cluster.gateway() as served, cluster.appender() as out:
        client = await Client(served.binary).login()
        await out.append([b"no batch", Commands().seal(0, 0, 0, 1, 1) or b"none"])
        client.place(1, price=10)
        await client.expect_new(1)
