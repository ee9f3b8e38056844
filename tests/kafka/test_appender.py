"""Batches are appended in order, each until it is there, or its outcome is left open in time."""

import asyncio
import random

import pytest

from journal.kafka import Appender, AppendFailed, KafkaKept
from journal.kafka.appender import TooLarge
from testing.cluster import Cluster, records
from testing.kafka import Brokers


def stored(cluster: Cluster) -> list[bytes]:
    with KafkaKept(cluster.clients, cluster.topics.commands) as log:
        return records(log)


async def test_all_sizes_stand_there_in_the_order_in_which_they_were_sent(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    before = len(await asyncio.to_thread(stored, cluster))
    rng = random.Random(5)
    sizes = [
        1,
        3_000_000,
        100,
        2_000_000,
        2_000_000,
        *(rng.randrange(1, 3_000) for _ in range(800)),
    ]
    batches = [number.to_bytes(4) + b"x" * size for number, size in enumerate(sizes)]
    async with cluster.appender() as out:
        await out.append(batches[:1])
        await out.append(batches[1:])
        assert out.retries == 0
    assert (await asyncio.to_thread(stored, cluster))[before:] == batches


async def test_what_is_too_large_is_not_sent_and_the_next_is(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    most = cluster.settings.message_bytes_max
    before = await asyncio.to_thread(stored, cluster)
    async with cluster.appender() as out:
        with pytest.raises(TooLarge, match=f"above kafka.message_bytes_max = {most}"):
            await out.append([b"fits", b"x" * most])
        await out.append([b"x" * (most - 512)])
        await out.append([b"after"])
    assert [len(x) for x in (await asyncio.to_thread(stored, cluster))[len(before) :]] == [
        most - 512,
        5,
    ]


async def test_nobody_who_appends_gets_between_the_batches_of_another(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    before = len(await asyncio.to_thread(stored, cluster))

    async def send(out: Appender, name: bytes) -> None:
        for number in range(100):
            await out.append([name + b"%d" % number])

    async with cluster.appender() as one, cluster.appender() as other, asyncio.TaskGroup() as group:
        group.create_task(send(one, b"a"))
        group.create_task(send(other, b"b"))
        group.create_task(send(other, b"c"))
    found = (await asyncio.to_thread(stored, cluster))[before:]
    for name in (b"a", b"b", b"c"):
        own = [int(x[1:]) for x in found if x.startswith(name)]
        assert own == list(range(100))


def once(batches: list[bytes]) -> list[bytes]:
    """Each at its first place: a repeat may follow."""
    return list(dict.fromkeys(batches))


async def test_a_broker_that_dies_and_comes_back_loses_nothing(own_kafka: Brokers) -> None:
    cluster = await Cluster(own_kafka).make()
    before = len(await asyncio.to_thread(stored, cluster))
    sent: list[bytes] = []
    over = asyncio.Event()

    async def send() -> None:
        async with Appender(cluster.clients, cluster.topics.commands, deadline_s=60) as out:
            while not over.is_set():
                batches = [b"%d" % number for number in range(len(sent), len(sent) + 5)]
                await out.append(batches)
                sent.extend(batches)

    async with asyncio.TaskGroup() as group:
        group.create_task(send())
        await asyncio.sleep(0.5)
        await asyncio.to_thread(own_kafka.kill)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(own_kafka.start)
        there = len(sent)
        async with asyncio.timeout(20):
            while len(sent) < there + 50:
                await asyncio.sleep(0.05)
        over.set()
    assert once((await asyncio.to_thread(stored, cluster))[before:]) == sent


async def test_what_a_frozen_broker_does_not_answer_is_left_open_in_time(
    own_kafka: Brokers,
) -> None:
    cluster = await Cluster(own_kafka).make()
    loop = asyncio.get_running_loop()
    async with Appender(cluster.clients, cluster.topics.commands, deadline_s=2) as out:
        await out.append([b"before"])
        own_kafka.freeze()
        begin = loop.time()
        try:
            with pytest.raises(AppendFailed, match="1 batch"):
                await out.append([b"open"])
        finally:
            own_kafka.thaw()
        assert 1.9 < loop.time() - begin < 4
        await out.append([b"after"])
    found = await asyncio.to_thread(stored, cluster)
    assert b"before" in found
    assert found[-1] == b"after" or found[-2:] == [b"after", b"open"]
