"""Batches go straight to brokers, and stand there once however that ends."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    IncompatibleBrokerVersion,
    KafkaConnectionError,
    NotLeaderForPartitionError,
    OutOfOrderSequenceNumber,
    RequestTimedOutError,
)

from journal.kafka import KafkaKept
from journal.kafka.clients import abandon
from journal.kafka.sending import send
from journal.kafka.straight import Produce, Produced
from testing.cluster import Cluster, records
from testing.kafka import Brokers

Answer = Callable[[Produced], Produced]


def stored(cluster: Cluster) -> list[bytes]:
    with KafkaKept(cluster.clients, cluster.topics.commands) as log:
        return records(log)


def answered(monkeypatch: pytest.MonkeyPatch, *answers: Answer) -> list[Produce]:
    """What is said straight from now on, and whose answers these change, one each."""
    said, left = list[Produce](), list(answers)
    ask = AIOKafkaClient.send

    async def changed(self: AIOKafkaClient, node: Any, request: Any, **how: Any) -> Any:
        answer = await ask(self, node, request, **how)  # type: ignore[no-untyped-call]
        if not isinstance(request, Produce):
            return answer
        said.append(request)
        return left.pop(0)(answer) if left else answer

    monkeypatch.setattr(AIOKafkaClient, "send", changed)
    return said


def failing(error: Exception) -> Answer:
    def fail(_: Produced) -> Produced:
        raise error

    return fail


async def begun(cluster: Cluster, kind: str) -> AIOKafkaProducer:
    """A producer that has sent something, by which the library has made it known."""
    if kind == "fenced":
        producer = await cluster.clients.fenced_producer(f"{cluster.topics.commands}.writer")
        await producer.begin_transaction()
    else:
        producer = await cluster.clients.producer()
    await send(producer, cluster.topics.commands, 0, [b"first"])
    return producer


@pytest.mark.parametrize("kind", ["plain", "fenced"])
async def test_what_was_there_though_no_answer_came_is_there_once(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    cluster = await Cluster(kafka).make()
    before = len(await asyncio.to_thread(stored, cluster))
    producer = await begun(cluster, kind)
    lost = [
        KafkaConnectionError("cut"),
        RequestTimedOutError(),
        IncompatibleBrokerVersion("it is another broker now"),
    ]
    said = answered(
        monkeypatch,
        *map(failing, lost),
        lambda answer: answer._replace(error_code=NotLeaderForPartitionError.errno),
    )
    sent = [[b"%d, %d" % (number, part) for part in range(3)] for number in range(6)]
    for batches in sent:
        assert await send(producer, cluster.topics.commands, 0, batches) is not None
    assert len(said) == len(sent)
    await abandon(producer)
    found = (await asyncio.to_thread(stored, cluster))[before:]
    assert found == [b"first", *(batch for batches in sent for batch in batches)]


async def test_a_refusal_for_good_is_told(kafka: Brokers, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = await Cluster(kafka).make()
    producer = await begun(cluster, "plain")
    said = answered(
        monkeypatch,
        lambda answer: answer._replace(error_code=OutOfOrderSequenceNumber.errno),
    )
    with pytest.raises(OutOfOrderSequenceNumber):
        await send(producer, cluster.topics.commands, 0, [b"refused"])
    assert len(said) == 1
    await abandon(producer)


async def test_each_transaction_says_first_where_it_writes(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = await Cluster(kafka).make()
    said = answered(monkeypatch)
    producer = await begun(cluster, "fenced")
    assert not said
    await send(producer, cluster.topics.commands, 0, [b"straight"])
    assert len(said) == 1
    await producer.commit_transaction()
    await producer.begin_transaction()
    await send(producer, cluster.topics.commands, 0, [b"first of the next"])
    assert len(said) == 1
    await send(producer, cluster.topics.commands, 0, [b"straight again"])
    assert len(said) == 2
    await producer.commit_transaction()
    await abandon(producer)
    found = await asyncio.to_thread(stored, cluster)
    assert found[-4:] == [b"first", b"straight", b"first of the next", b"straight again"]


@pytest.mark.parametrize("there", [True, False], ids=["taken", "not-taken"])
async def test_what_follows_a_canceled_batch_is_there_or_is_not_acknowledged(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    cluster = await Cluster(kafka).make()
    before = len(await asyncio.to_thread(stored, cluster))
    producer = await begun(cluster, "plain")
    ask, hangs = AIOKafkaClient.send, asyncio.Event()

    async def hang(self: AIOKafkaClient, node: Any, request: Any, **how: Any) -> Any:
        if there:
            await ask(self, node, request, **how)  # type: ignore[no-untyped-call]
        hangs.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(AIOKafkaClient, "send", hang)
        sending = asyncio.create_task(send(producer, cluster.topics.commands, 0, [b"canceled"]))
        await hangs.wait()
        sending.cancel()
        await asyncio.wait([sending])
    if there:
        await send(producer, cluster.topics.commands, 0, [b"next"])
    else:
        with pytest.raises(OutOfOrderSequenceNumber):
            await send(producer, cluster.topics.commands, 0, [b"next"])
    await abandon(producer)
    found = await asyncio.to_thread(stored, cluster)
    assert found[before:] == [b"first", *([b"canceled", b"next"] if there else [])]
