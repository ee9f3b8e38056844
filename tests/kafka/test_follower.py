"""The engine of a cluster publishes what any engine makes of the commands, whatever happens."""

import asyncio
import random

import pytest

from engine.follower import Follower
from journal.kafka import AppendFailed, Fenced, FencedLog, KafkaKept
from journal.kafka.reader import KafkaError
from testing.cluster import Cluster
from testing.cluster_flow import flow, grown
from testing.kafka import Brokers


async def published(cluster: Cluster, follower: Follower) -> None:
    """All that the commands make stands in the log, once."""
    engine = await asyncio.to_thread(cluster.compared)
    assert engine.position().command_offset > 0
    end = await asyncio.to_thread(commands_end, cluster)
    async with asyncio.timeout(20):
        while follower.engine.position().command_offset < end:
            await asyncio.sleep(0.02)
    engine = await asyncio.to_thread(cluster.compared)
    engine.validate()


def commands_end(cluster: Cluster) -> int:
    with KafkaKept(cluster.clients, cluster.topics.commands) as commands:
        return commands.written_offset


async def test_each_life_goes_on_where_the_one_before_it_ended(kafka: Brokers, seed: int) -> None:
    cluster = await Cluster(kafka).make()
    rng = random.Random(seed)
    async with cluster.following():
        pass
    async with asyncio.timeout(60):
        stack = cluster.following()
        follower = await stack.__aenter__()
        async with flow(cluster, seed) as sent:
            for _ in range(3):
                await grown(sent, rng.randrange(5, 50))
                await stack.__aexit__(None, None, None)
                await grown(sent, rng.randrange(5, 50))
                stack = cluster.following()
                follower = await stack.__aenter__()
            await grown(sent, 20)
        await published(cluster, follower)
        await stack.__aexit__(None, None, None)


async def test_a_later_engine_of_the_same_name_ends_the_one_before(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    first = cluster.follower()
    running = asyncio.create_task(first.run())
    async with asyncio.timeout(20):
        while not first.ready:
            await asyncio.sleep(0.01)
    async with cluster.following() as second, flow(cluster, 1) as sent:
        await grown(sent, 20)
        with pytest.raises(Fenced):
            await running
        await grown(sent, 20)
        await published(cluster, second)


async def test_what_is_no_batch_is_passed_over(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    async with cluster.following() as follower, flow(cluster, 2) as sent:
        await grown(sent, 5)
        async with cluster.appender() as out:
            await out.append([b"no batch"])
        await grown(sent, 5)
        await published(cluster, follower)
        assert follower.engine.counts()["unreadable"] == 1


async def test_a_broker_that_dies_again_and_again_loses_and_doubles_nothing(
    own_kafka: Brokers, seed: int
) -> None:
    cluster = await Cluster(own_kafka).make()
    async with cluster.following() as follower, flow(cluster, seed) as sent:
        for _ in range(2):
            await grown(sent, 50)
            await asyncio.to_thread(own_kafka.kill)
            await asyncio.to_thread(own_kafka.start)
        await grown(sent, 50)
        await published(cluster, follower)


async def test_a_broker_that_hangs_is_waited_for(own_kafka: Brokers) -> None:
    cluster = await Cluster(own_kafka).make()
    async with cluster.following() as follower, flow(cluster, 3) as sent:
        await grown(sent, 20)
        own_kafka.freeze()
        await asyncio.sleep(5)
        own_kafka.thaw()
        await grown(sent, 50)
        await published(cluster, follower)


async def test_a_failed_append_begins_it_again_and_a_fence_ends_it(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = await Cluster(kafka).make()
    errors: list[Exception] = [AppendFailed("injected"), KafkaError("injected")]
    real = FencedLog.append

    async def append(self: FencedLog, batches: list[bytes]) -> None:
        if errors:
            raise errors.pop(0)
        await real(self, batches)

    monkeypatch.setattr(FencedLog, "append", append)
    async with cluster.following() as follower, flow(cluster, 4) as sent:
        await grown(sent, 20)
        assert follower.restarts == 2
        await published(cluster, follower)
    follower = cluster.follower()
    running = asyncio.create_task(follower.run())
    async with asyncio.timeout(20):
        while not follower.ready:
            await asyncio.sleep(0.01)
    errors.append(Fenced("injected"))
    with pytest.raises(Fenced, match="injected"):
        await running
    assert not follower.ready


async def test_brokers_that_hang_while_it_begins_are_waited_for(own_kafka: Brokers) -> None:
    cluster = await Cluster(own_kafka).make()
    follower = cluster.follower()
    running = asyncio.create_task(follower.run())
    await asyncio.sleep(0.05)
    own_kafka.freeze()
    await asyncio.sleep(4.5)
    own_kafka.thaw()
    async with asyncio.timeout(30):
        while not follower.ready:
            assert not running.done()
            await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.wait([running])
