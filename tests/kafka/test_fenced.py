"""A log with one writer at a time."""

import asyncio

import pytest

from core import first_batch_after
from journal.kafka import AppendFailed, Fenced, FencedLog, KafkaKept
from settings import Config, JournalSettings
from testing.cluster import Cluster, records
from testing.kafka import Brokers


def writer(cluster: Cluster, name: str = "w") -> FencedLog:
    topic = cluster.topics.events("a")
    return FencedLog(cluster.clients, topic, 0, f"{topic}.{name}", cluster.clock)


def kept(cluster: Cluster) -> KafkaKept:
    return KafkaKept(cluster.clients, cluster.topics.events("a"))


def stored(cluster: Cluster) -> list[bytes]:
    with kept(cluster) as log:
        return records(log)


async def test_a_later_writer_ends_the_one_before_it(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    async with writer(cluster) as first:
        await first.append([b"1", b"2"])
        async with writer(cluster) as second:
            with pytest.raises(Fenced, match="another writer"):
                await first.append([b"lost"])
            with pytest.raises(AppendFailed, match="is over"):
                await first.append([b"lost"])
            await second.append([b"3"])
    assert await asyncio.to_thread(stored, cluster) == [b"1", b"2", b"3"]


async def test_another_name_ends_nobody(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    async with writer(cluster, "one") as one, writer(cluster, "other") as other:
        await one.append([b"1"])
        await other.append([b"2"])
        await one.append([b"3"])
    assert await asyncio.to_thread(stored, cluster) == [b"1", b"2", b"3"]


async def test_the_ends_of_transactions_are_no_records(kafka: Brokers) -> None:
    cluster = await Cluster(kafka, transaction_renew_s=1.0).make()
    async with writer(cluster) as out:
        for number in range(3):
            await out.append([b"%d" % number, b"again"])
            await asyncio.sleep(1.05)
            await out.renew()
        await out.renew()

    def read() -> None:
        with kept(cluster) as log:
            # Three ends stand there, one behind every two records.
            assert log.next_offset - log.first_offset == 8
            offsets = []
            at = log.first_offset
            while at < log.next_offset:
                record = log.read(at, 1)[0]
                offsets.append(record.offset)
                at = record.offset + 1
            assert offsets == [1, 2, 4, 5, 7, 8]
            assert log.read(3, 1)[0].batch == b"1"
            log.look()
            assert log.read(log.next_offset, 1) == []

    await asyncio.to_thread(read)


async def test_a_batch_is_found_by_its_command_between_ends_of_transactions(kafka: Brokers) -> None:
    config = Config(journal=JournalSettings(tick_interval_s=0.2))
    cluster = await Cluster(kafka, config, transaction_renew_s=1.0).make()
    async with cluster.following() as follower, asyncio.timeout(20):
        while follower.engine.position().command_offset < 12:
            await asyncio.sleep(0.05)

    def find() -> None:
        with kept(cluster) as log:
            found = [first_batch_after(log, command) for command in range(12)]
            offsets = [log.read(at, 1)[0].offset for at in found]
            assert offsets == sorted(set(offsets))
            assert offsets[-1] - offsets[0] > 11, "no transaction has ended"

    await asyncio.to_thread(find)
