"""The Kafka of the tests takes records and gives them back, also after a kill of its nodes."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from testing.command import ROOT, SECONDS_MAX
from testing.kafka import Brokers

BYTES_MAX = 4 << 20
"""The longest record that brokers are set up for."""


async def new_topic(kafka: Brokers, name: str) -> TopicPartition:
    """A topic of one partition, of which each node has a copy."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, len(kafka.nodes))])
    finally:
        await admin.close()
    return TopicPartition(name, 0)


@asynccontextmanager
async def producing(kafka: Brokers) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers,
        acks="all",
        enable_idempotence=True,
        max_request_size=BYTES_MAX + 1000,
        request_timeout_ms=5_000,
        retry_backoff_ms=20,
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def taken(kafka: Brokers, partition: TopicPartition, count: int) -> list[bytes | None]:
    """The first records of a partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers)
    await consumer.start()
    try:
        consumer.assign([partition])
        consumer.seek(partition, 0)
        async with asyncio.timeout(SECONDS_MAX):
            return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def test_what_is_given_is_taken(kafka: Brokers) -> None:
    partition = await new_topic(kafka, "test-broker-given")
    records = [b"a record", os.urandom(BYTES_MAX)]
    async with producing(kafka) as producer:
        for offset, record in enumerate(records):
            assert (await producer.send_and_wait(partition.topic, record)).offset == offset
    assert await taken(kafka, partition, 2) == records


async def test_a_broker_hangs_and_is_killed_and_goes_on(tmp_path: Path) -> None:
    with Brokers(tmp_path / "kafka") as kafka:
        partition = await new_topic(kafka, "test")
        async with producing(kafka) as producer:
            await producer.send_and_wait("test", b"before")
            kafka.freeze()
            frozen = asyncio.create_task(producer.send_and_wait("test", b"frozen"))
            await asyncio.sleep(0.3)
            assert not frozen.done()
            kafka.thaw()
            await frozen
            kafka.kill()
            assert not kafka.runs()
            killed = asyncio.create_task(producer.send_and_wait("test", b"killed"))
            await asyncio.to_thread(kafka.start)
            async with asyncio.timeout(SECONDS_MAX):
                await killed
        assert await taken(kafka, partition, 3) == [b"before", b"frozen", b"killed"]
        kafka.stop()
        assert not kafka.runs()


async def test_two_of_three_nodes_go_on_when_their_leader_is_killed(tmp_path: Path) -> None:
    with Brokers(tmp_path / "kafka", 3) as kafka:
        partition = await new_topic(kafka, "test")
        async with producing(kafka) as producer:
            await producer.send_and_wait("test", b"of three")
            leader = producer.client.cluster.leader_for_partition(partition)
            kafka.kill(leader)
            assert [node for node in kafka.nodes if not kafka.runs(node)] == [leader]
            async with asyncio.timeout(SECONDS_MAX):
                await producer.send_and_wait("test", b"of two")
        assert await taken(kafka, partition, 2) == [b"of three", b"of two"]


ABANDONED = """
import os, pathlib, signal, sys
from testing.kafka import Brokers

Brokers(pathlib.Path(sys.argv[1])).start()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_no_node_outlives_a_test_run_that_was_killed(tmp_path: Path) -> None:
    """And none holds its pipes: what it printed ends with it."""
    subprocess.run(
        [sys.executable, "-c", ABANDONED, str(tmp_path / "kafka")],
        cwd=ROOT,
        capture_output=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    process = Path("/proc") / (tmp_path / "kafka/1/pid").read_text().strip()
    end = time.monotonic() + SECONDS_MAX
    while process.exists():
        assert time.monotonic() < end
        time.sleep(0.02)
