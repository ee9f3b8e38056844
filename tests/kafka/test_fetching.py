"""What comes next is asked for ahead, and read on after whatever a broker says."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    KafkaConnectionError,
    NotLeaderForPartitionError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
    UnknownError,
)

from journal.kafka.clients import stop
from journal.kafka.fetching import Fetching
from journal.kafka.straight import Fetch, Fetched
from testing.cluster import Cluster
from testing.kafka import Brokers


class Answers:
    """What brokers answer to reads; some of it is another."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        self.instead: list[int | Exception] = []
        ask = AIOKafkaClient.send

        async def changed(client: AIOKafkaClient, node: Any, request: Any, **how: Any) -> Any:
            if not isinstance(request, Fetch):
                return await ask(client, node, request, **how)  # type: ignore[no-untyped-call]
            self.asked += 1
            if not self.instead:
                return await ask(client, node, request, **how)  # type: ignore[no-untyped-call]
            answer = self.instead.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return Fetched(answer, b"")

        monkeypatch.setattr(AIOKafkaClient, "send", changed)


@asynccontextmanager
async def reading(cluster: Cluster) -> AsyncIterator[tuple[Fetching, int]]:
    """Fetches of the commands, and where those end."""
    at = TopicPartition(cluster.topics.commands, 0)
    consumer = await cluster.clients.consumer(0.5)
    end = (await consumer.end_offsets([at]))[at]
    client = consumer._client
    fetching = Fetching(client, at, wait_ms=500, bytes_max=2**20)
    try:
        yield fetching, end
    finally:
        fetching.let_go()
        await stop(consumer)


async def taken(fetching: Fetching, at: int) -> list[bytes]:
    async with asyncio.timeout(10):
        while True:
            records, _ = await fetching.take(at, 1.0)
            if records:
                return [record.value for record in records]


async def test_the_next_is_asked_for_before_it_is_wanted(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = await Cluster(kafka).make()
    answers = Answers(monkeypatch)
    async with reading(cluster) as (fetching, end), cluster.appender() as out:
        assert await fetching.take(end, 0.05) == ([], end)
        # Who has waited in vain asks no second time.
        assert answers.asked == 1
        await out.append([b"one"])
        records, following = await fetching.take(end, 5.0)
        assert [record.value for record in records] == [b"one"]
        assert following == records[-1].offset + 1
        await asyncio.sleep(0)
        assert answers.asked == 2
        await out.append([b"two"])
        assert await taken(fetching, following) == [b"two"]
        # Who wants to read elsewhere does not get what was asked for ahead.
        assert await taken(fetching, end) == [b"one", b"two"]


async def test_whatever_a_broker_says_it_is_asked_again(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = await Cluster(kafka).make()
    answers = Answers(monkeypatch)
    async with reading(cluster) as (fetching, end), cluster.appender() as out:
        await out.append([b"there"])
        answers.instead = [
            KafkaConnectionError("cut"),
            NotLeaderForPartitionError.errno,
            UnknownError.errno,
        ]
        assert await taken(fetching, end) == [b"there"]
        assert not answers.instead
    told = [x.message for x in caplog.records if x.message.endswith(": cut")]
    assert len(told) == 1


async def test_what_will_not_be_otherwise_is_told(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = await Cluster(kafka).make()
    answers = Answers(monkeypatch)
    async with reading(cluster) as (fetching, end):
        with pytest.raises(OffsetOutOfRangeError):
            await fetching.take(end + 10, 1.0)
        answers.instead = [TopicAuthorizationFailedError.errno]
        with pytest.raises(TopicAuthorizationFailedError):
            await fetching.take(end, 1.0)
        assert await fetching.take(end, 0.05) == ([], end)


async def test_who_lets_go_leaves_no_failure_that_nobody_has_seen(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = await Cluster(kafka).make()
    answers = Answers(monkeypatch)
    async with reading(cluster) as (fetching, end), cluster.appender() as out:
        await out.append([b"there"])
        _, following = await fetching.take(end, 5.0)
        answers.instead = [KafkaConnectionError("cut")]
        assert await fetching.take(following + 1, 0.0) == ([], following + 1)
        await asyncio.sleep(0.05)
        assert not answers.instead
    del fetching
    gc.collect()
    await asyncio.sleep(0)
    assert not [x.message for x in caplog.records if "never retrieved" in x.message]
