"""The library's clients: whoever no longer waits for one leaves nothing behind."""

import asyncio
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.protocol.metadata import MetadataRequest

from journal.kafka.clients import stop
from testing.cluster import Cluster
from testing.kafka import Brokers


async def test_who_is_canceled_while_it_connects_leaves_no_connection(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Cluster(kafka)
    asked, connections = asyncio.Event(), set[AIOKafkaConnection]()
    send = AIOKafkaConnection.send

    async def late(self: AIOKafkaConnection, request: Any, *how: Any, **named: Any) -> Any:
        connections.add(self)
        if isinstance(request, MetadataRequest):
            asked.set()
            await asyncio.sleep(0.2)
        return await send(self, request, *how, **named)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(AIOKafkaConnection, "send", late)
    starting = asyncio.create_task(cluster.clients.consumer(0.5))
    await asked.wait()
    starting.cancel()
    await asyncio.wait([starting])
    assert starting.cancelled()
    assert connections
    assert not any(connection.connected() for connection in connections)


async def test_a_connection_that_uvloop_has_closed_is_a_broken_one(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = await Cluster(kafka).make()
    at = TopicPartition(cluster.topics.commands, 0)
    consumer = await cluster.clients.consumer(0.5)
    ends = await consumer.end_offsets([at])
    broken = list(consumer._client._conns.values())
    assert broken

    def closed(_: bytes) -> None:
        raise RuntimeError("unable to perform operation on <TCPTransport>; the handler is closed")

    for connection in broken:
        connection._writer.transport.abort()
        monkeypatch.setattr(connection._writer, "write", closed)
    assert await consumer.end_offsets([at]) == ends
    assert not any(connection.connected() for connection in broken)
    await stop(consumer)


async def test_a_client_that_is_let_go_of_keeps_no_connection_that_comes_late(
    kafka: Brokers,
) -> None:
    consumer = await Cluster(kafka).clients.consumer(0.5)
    await stop(consumer)
    host, port = kafka.bootstrap_servers.split(":")
    late = await create_conn(host, int(port))
    assert late.connected()
    consumer._client._conns["late"] = late
    assert not late.connected()
